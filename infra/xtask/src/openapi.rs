//! `cargo xtask openapi`: the committed contract document, written anew from the handlers.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::binaries::{SELECTION, build, program};
use crate::process::{self, Interruption};

/// Printing a document takes no time.
const LIMIT: Duration = Duration::from_mins(1);

/// Replaces `openapi/registry.json` by what `registry openapi` prints, as a whole or not at all.
pub fn run(root: &Path, interruption: &Interruption) -> Result<ExitCode> {
    let programs = build(root, &[&SELECTION[..], &["--bin", "registry"]].concat(), interruption)?;
    let directory = root.join("openapi");
    let file = NamedTempFile::new_in(&directory).with_context(|| format!("writing into {}", directory.display()))?;
    let mut command = Command::new(program(&programs, "registry")?);
    command.arg("openapi").stdout(file.reopen()?);
    let status = process::run("registry openapi", &mut command, LIMIT, interruption)?;
    ensure!(status.success(), "registry openapi failed with {status}");
    let document = fs::read(file.path()).context("reading the new document")?;
    serde_json::from_slice::<Value>(&document).context("registry openapi did not print JSON")?;
    fs::set_permissions(file.path(), Permissions::from_mode(0o644)).context("making the document readable")?;
    let target = directory.join("registry.json");
    file.persist(&target)
        .with_context(|| format!("replacing {}", target.display()))?;
    Ok(ExitCode::SUCCESS)
}
