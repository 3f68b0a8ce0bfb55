//! `cargo xtask …`: what a developer types beside plain cargo. Arranges servers and tools, runs things, cleans up.
//! It knows no other crate of the workspace: it builds their programs and starts them.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Error, Result};
use clap::{Parser, Subcommand};

use crate::process::Interruption;

mod bench;
mod binaries;
mod console;
mod consumers;
mod deny;
mod dev;
mod fixtures;
mod holidays;
mod nats;
mod openapi;
mod pictures;
mod postgres;
mod process;
mod secrets;
mod servers;
mod sqlx;
mod storm;
mod test;
mod tools;
mod upgrade;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Run, test and measure the Submerchant Registry")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run everything on this machine: the service, a sandbox upstream, a demo tenant, NATS.
    Dev(dev::Dev),
    /// Run every test of the workspace with the servers and the browser they need.
    Test(test::Test),
    /// Measure: `bench ingest --sqlite`, `bench relay`, `bench all --json` …
    Bench(bench::Bench),
    /// Let many shops live in bad weather, and compare the registry with upstream: `storm --merchants 10000 --seed 1`.
    Storm(storm::Storm),
    /// Install npm where there is none: the build of the console fetches with it what is not ours.
    Npm,
    /// Write the documents in openapi anew.
    Openapi(openapi::Openapi),
    /// Write the table of Korea's public holidays anew.
    Holidays,
    /// Take the pictures of the console in README anew.
    Pictures(pictures::Pictures),
    /// Write the descriptions of all SQL statements anew.
    Sqlx(sqlx::Sqlx),
    /// Look through all dependencies: advisories, licences, second versions, sources.
    Deny,
    /// Write the databases and events of this version, which later ones must be able to take over. Done before a release.
    Fixtures(fixtures::Fixtures),
    /// Build the version before, and let it serve beside this one on one PostgreSQL.
    Upgrade(upgrade::Upgrade),
}

/// The exit code of a command that failed by our own doing.
const FAILED: u8 = 1;

/// The exit code of a command that was interrupted, as shells have it.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    let interruption = match Interruption::listen() {
        Ok(interruption) => interruption,
        Err(error) => return report(&error, FAILED),
    };
    match run(&task, &interruption) {
        Ok(code) => code,
        Err(error) if interruption.happened() => report(&error, INTERRUPTED),
        Err(error) => report(&error, FAILED),
    }
}

fn report(error: &Error, code: u8) -> ExitCode {
    eprintln!("xtask: {error:#}");
    ExitCode::from(code)
}

fn run(task: &Task, interruption: &Interruption) -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .context("xtask lies in infra/xtask")?;
    // Whatever is built, the console is a part of it.
    console::arrange(root, interruption)?;
    match task {
        Task::Npm => Ok(ExitCode::SUCCESS),
        Task::Dev(dev) => dev::run(root, dev, interruption),
        Task::Test(test) => test::run(root, test, interruption),
        Task::Bench(bench) => bench::run(root, bench, interruption),
        Task::Storm(storm) => storm::run(root, storm, interruption),
        Task::Holidays => holidays::run(root, interruption),
        Task::Openapi(what) => openapi::run(root, what, interruption),
        Task::Pictures(pictures) => pictures::run(root, pictures, interruption),
        Task::Sqlx(sqlx) => sqlx::run(root, sqlx, interruption),
        Task::Deny => deny::run(root, interruption),
        Task::Fixtures(fixtures) => fixtures::run(root, fixtures, interruption),
        Task::Upgrade(upgrade) => upgrade::run(root, upgrade, interruption),
    }
}
