//! `cargo xtask bench`: the figures, measured by the program `bench` of the tests, with the servers it needs.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::binaries::{build, program};
use crate::postgres::Durability;
use crate::process::{Interruption, Process, exit_code};
use crate::servers::Servers;
use crate::tools::{Given, Tools};

/// All figures on a small machine.
const LIMIT: Duration = Duration::from_hours(3);

/// The figures that need NATS.
const WITH_NATS: [&str; 2] = ["relay", "all"];

/// The figures that need the program `peers`.
const WITH_PEERS: [&str; 2] = ["peers", "all"];

/// What builds that: a workspace of its own, beside ours.
const PEERS: [&str; 5] = [
    "--release",
    "--manifest-path",
    "tests/peers/Cargo.toml",
    "--target-dir",
    "target/peers",
];

/// Figures are of PostgreSQL, unless the program is told otherwise.
const WITHOUT_POSTGRES: &str = "--sqlite";

/// What to measure.
#[derive(clap::Args)]
pub struct Bench {
    #[command(flatten)]
    given: Given,
    /// The figure, or `all`.
    what: String,
    /// Passed on to the program.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the measurement; the exit code is its own.
pub fn run(root: &Path, bench: &Bench, interruption: &Interruption) -> Result<ExitCode> {
    let arguments = [
        "--release",
        "--package",
        "registry",
        "--package",
        "registry-tests",
        "--bin",
        "registry",
        "--bin",
        "bench",
    ];
    let programs = build(root, &arguments, interruption)?;
    let scratch = TempDir::with_prefix("registry-bench-").context("creating a temporary directory")?;
    let tools = Tools {
        root,
        given: &bench.given,
        interruption,
    };
    let mut command = Command::new(program(&programs, "bench")?);
    command.arg(&bench.what).args(&bench.arguments).current_dir(root);
    command.env("TEST_REGISTRY_BIN", program(&programs, "registry")?);
    if WITH_PEERS.contains(&bench.what.as_str()) {
        let peers = build(root, &PEERS, interruption)?;
        command.env("TEST_PEERS_BIN", program(&peers, "peers")?);
    }
    let mut servers = Servers::new(&tools, scratch.path());
    if !bench.arguments.iter().any(|argument| argument == WITHOUT_POSTGRES) {
        servers.postgres(Durability::Durable, &mut command)?;
    }
    if WITH_NATS.contains(&bench.what.as_str()) {
        servers.nats(&scratch.path().join("nats"), &mut command)?;
    }
    let status = Process::start("bench", &mut command)?.supervise(Some(LIMIT), interruption, &mut || {})?;
    servers.stop()?;
    Ok(exit_code(status))
}
