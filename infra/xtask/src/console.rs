//! What the build of the console needs: npm, which fetches what its lock file names. Once that is fetched, nothing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::Interruption;
use crate::tools::{Given, Tools};

/// Sees to it that the console can be built.
pub fn arrange(root: &Path, interruption: &Interruption) -> Result<()> {
    let wanted = root.join("libs/registry-console/package-lock.json");
    let wanted = fs::read(&wanted).with_context(|| format!("reading {}", wanted.display()))?;
    // The build writes it when it has everything.
    let is_fetched = fs::read(root.join("target/tools/console/installed.json")).is_ok_and(|fetched| fetched == wanted);
    let given = Given::default();
    let tools = Tools {
        root,
        given: &given,
        interruption,
    };
    if is_fetched || (tools.on_path("node").is_some() && tools.on_path("npm").is_some()) {
        return Ok(());
    }
    eprintln!("xtask: installing Node.js with npm, which the build of the console needs");
    tools.install(&["nodejs", "npm"]).context("no npm: install Node.js")
}
