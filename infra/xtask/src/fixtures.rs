//! `cargo xtask fixtures`: what later versions must be able to take over, written by this one before it is released.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::process::{Interruption, output};
use crate::test::{self, Test};
use crate::tools::Given;

/// The test that writes the databases, and where it leaves them.
const TEST: &str = "what_this_version_writes_can_be_taken_over";
const WRITTEN: &str = "target/upgrade";

/// Each stored event as this version writes it.
const EVENTS: &str = "libs/registry-journal/golden";

/// Where everything of a released version lies, in a folder named after it.
pub const RELEASED: &str = "tests/fixtures/upgrade";

/// The file that says of which commit it is.
pub const COMMIT: &str = "commit";

/// Which tools to use.
#[derive(clap::Args)]
pub struct Fixtures {
    #[command(flatten)]
    given: Given,
}

/// Writes them. The exit code is the test runner's.
pub fn run(root: &Path, fixtures: &Fixtures, interruption: &Interruption) -> Result<ExitCode> {
    let version = env!("CARGO_PKG_VERSION");
    let folder = root.join(RELEASED).join(version);
    ensure!(
        !folder.exists(),
        "{} is there already, and what a released version wrote is not changed: give the workspace the next version",
        folder.display()
    );
    let outcome = test::run(root, &Test::of(fixtures.given.clone(), TEST), interruption)?;
    if outcome != ExitCode::SUCCESS {
        return Ok(outcome);
    }
    for engine in ["sqlite", "postgres"] {
        copy(&root.join(WRITTEN).join(engine), &folder.join(engine))?;
    }
    copy(&root.join(EVENTS), &folder.join("events"))?;
    let root = root.to_str().context("the repository has a name that is text")?;
    let commit = output("git", &["-C", root, "rev-parse", "HEAD"], interruption)?;
    fs::write(folder.join(COMMIT), commit).context("writing which commit it is")?;
    eprintln!("xtask: wrote {RELEASED}/{version}; the test `tidy` says what else a release needs");
    Ok(outcome)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    for file in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let file = file.with_context(|| format!("reading {}", from.display()))?;
        fs::copy(file.path(), to.join(file.file_name()))
            .with_context(|| format!("copying {}", file.path().display()))?;
    }
    Ok(())
}
