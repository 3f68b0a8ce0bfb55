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

/// Each command that prints a contract, and the file that holds it.
const CONTRACTS: [(&str, &str); 2] = [("openapi", "registry.json"), ("asyncapi", "asyncapi.json")];

/// Replaces the committed contracts by what `registry` prints, each as a whole or not at all.
pub fn run(root: &Path, interruption: &Interruption) -> Result<ExitCode> {
    let programs = build(root, &[&SELECTION[..], &["--bin", "registry"]].concat(), interruption)?;
    let registry = program(&programs, "registry")?;
    for (command, name) in CONTRACTS {
        write(&root.join("openapi"), registry, command, name, interruption)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(directory: &Path, registry: &Path, contract: &str, name: &str, interruption: &Interruption) -> Result<()> {
    let file = NamedTempFile::new_in(directory).with_context(|| format!("writing into {}", directory.display()))?;
    let mut command = Command::new(registry);
    command.arg(contract).stdout(file.reopen()?);
    let status = process::run(&format!("registry {contract}"), &mut command, LIMIT, interruption)?;
    ensure!(status.success(), "registry {contract} failed with {status}");
    let document = fs::read(file.path()).context("reading the new document")?;
    serde_json::from_slice::<Value>(&document).context("it did not print JSON")?;
    fs::set_permissions(file.path(), Permissions::from_mode(0o644)).context("making the document readable")?;
    let target = directory.join(name);
    file.persist(&target)
        .with_context(|| format!("replacing {}", target.display()))?;
    Ok(())
}
