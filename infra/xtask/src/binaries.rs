//! Cargo, called by us: builds that tell which programs they made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::process::{Interruption, run};

/// A build from nothing on a small machine.
pub const BUILD_LIMIT: Duration = Duration::from_hours(1);

/// What every build without optimisation selects, whatever it then makes of it. Cargo unites the features of all that is
/// selected: under one selection a dependency is built once for all tasks, under several once for each. There are no
/// examples; asking for them brings in the features that tests ask for.
pub const SELECTION: [&str; 3] = ["--workspace", "--all-features", "--examples"];

/// What `cargo run` tells us about ourselves. Left in the environment it would make the build scripts that look at it
/// (those of ring do) run again at every change between a build of ours and one typed by hand.
const ABOUT_OURSELVES: [&str; 8] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// The command `cargo` in the repository.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    for name in ABOUT_OURSELVES {
        command.env_remove(name);
    }
    command
}

/// Builds a workspace with the given arguments and returns where each program lies, by its name.
pub fn build(root: &Path, arguments: &[&str], interruption: &Interruption) -> Result<BTreeMap<String, PathBuf>> {
    // Into a file, so that nobody needs to read while the build runs.
    let messages = NamedTempFile::new().context("creating a file for the messages of the build")?;
    let mut command = cargo(root);
    command
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .stdout(messages.reopen()?);
    let status = run("cargo build", &mut command, BUILD_LIMIT, interruption)?;
    ensure!(status.success(), "cargo build {} failed", arguments.join(" "));
    let messages = fs::read_to_string(messages.path()).context("reading the messages of the build")?;
    Ok(messages.lines().filter_map(executable).collect())
}

/// One program out of those that [`build`] made.
pub fn program<'a>(programs: &'a BTreeMap<String, PathBuf>, name: &str) -> Result<&'a Path> {
    programs
        .get(name)
        .map(PathBuf::as_path)
        .with_context(|| format!("the build made no program {name}"))
}

fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    // The tests of a program are a program of the same name.
    if message.pointer("/profile/test")?.as_bool()? {
        return None;
    }
    let path = message.get("executable")?.as_str()?;
    let name = message.pointer("/target/name")?.as_str()?;
    Some((name.to_owned(), PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::executable;

    #[test]
    fn a_program_is_told_from_its_tests_and_from_other_messages() {
        let message = |test: bool, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"registry"}},"profile":{{"test":{test}}},"executable":{executable}}}"#
            )
        };
        let program = ("registry".to_owned(), PathBuf::from("target/debug/registry"));
        assert_eq!(executable(&message(false, r#""target/debug/registry""#)), Some(program));
        assert_eq!(executable(&message(true, r#""target/debug/deps/registry-1""#)), None);
        assert_eq!(executable(&message(false, "null")), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(executable("warning: no message"), None);
    }
}
