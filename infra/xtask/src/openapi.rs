//! `cargo xtask openapi`: the committed contract documents, written anew from the handlers, and what operations answer.

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
use crate::test::{self, Test};
use crate::tools::Given;

/// Printing a document takes no time.
const LIMIT: Duration = Duration::from_mins(1);

/// Each command that prints a contract, and the file that holds it.
const CONTRACTS: [(&str, &str); 2] = [("openapi", "registry.json"), ("asyncapi", "asyncapi.json")];

/// What operations really answer, which a test has written down, and where the document takes it from.
const EXAMPLES: (&str, &str) = (
    "target/test-logs/examples.json",
    "libs/registry-http/src/openapi/examples.json",
);

/// The test that calls every operation.
const VISIT: &str = "contract::every_operation_answers_as_documented";

/// What to write.
#[derive(clap::Args)]
pub struct Openapi {
    /// First call every operation, and keep what it answers as its example.
    #[arg(long)]
    examples: bool,
    #[command(flatten)]
    given: Given,
}

/// Replaces the committed contracts by what `registry` prints, each as a whole or not at all.
pub fn run(root: &Path, what: &Openapi, interruption: &Interruption) -> Result<ExitCode> {
    if what.examples {
        // It fails where an example is missing, which is what it is run for.
        test::run(root, &Test::of(what.given.clone(), VISIT), interruption)?;
        let (written, kept) = EXAMPLES;
        fs::copy(root.join(written), root.join(kept)).context("the test has written no examples")?;
    }
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
