//! `cargo xtask pictures`: what README shows of the console, taken anew by the test that takes it in a real browser.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::process::Interruption;
use crate::test::{self, Test};
use crate::tools::Given;

/// The test that takes them, and where it leaves them.
const TEST: &str = "pictures_are_taken_for_readme";
const TAKEN: &str = "target/pictures";

/// Where README has them.
const SHOWN: &str = "libs/registry-console/pictures";

/// Which tools to use.
#[derive(clap::Args)]
pub struct Pictures {
    #[command(flatten)]
    given: Given,
}

/// Takes them. The exit code is the test runner's.
pub fn run(root: &Path, pictures: &Pictures, interruption: &Interruption) -> Result<ExitCode> {
    let test = Test::of(pictures.given.clone(), TEST);
    let outcome = test::run(root, &test, interruption)?;
    if outcome != ExitCode::SUCCESS {
        return Ok(outcome);
    }
    let (taken, shown) = (root.join(TAKEN), root.join(SHOWN));
    fs::create_dir_all(&shown).with_context(|| format!("creating {}", shown.display()))?;
    for picture in fs::read_dir(&taken).with_context(|| format!("reading {}", taken.display()))? {
        let picture = picture.context("reading what was taken")?;
        fs::copy(picture.path(), shown.join(picture.file_name()))
            .with_context(|| format!("copying {}", picture.path().display()))?;
    }
    Ok(outcome)
}
