//! Callbacks per second, from the socket to the disk and back.

use std::time::Duration;

use registry::config::Config;
use tempfile::TempDir;

use crate::load::{self, Outcome};
use crate::report::{self, Figure};
use crate::seed::{self, Target};
use crate::service::Service;

/// What the service uses by default.
const GROUPED: usize = 1_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// On SQLite, the embedded default.
    #[arg(long)]
    sqlite: bool,
    /// One line of JSON for each figure.
    #[arg(long)]
    json: bool,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    #[arg(long, default_value_t = 10)]
    tenants: usize,
    /// Merchants of each tenant.
    #[arg(long, default_value_t = 1_000)]
    merchants: usize,
}

struct Measured {
    outcome: Outcome,
    memory_idle: f64,
    memory_loaded: f64,
    ready_after: Duration,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    anyhow::ensure!(args.sqlite, "name the engine: --sqlite");
    let mut figures = Vec::new();
    let single = measure(&args, 256, 1).await?;
    let grouped = measure(&args, 256, GROUPED).await?;
    let rate = grouped.outcome.rate();
    let name = "callbacks on SQLite, 256 connections, against one transaction each";
    figures.push(Figure::at_least(name, rate, "1/s", single.outcome.rate(), 5.0).bar(">= 5x"));
    figures.push(Figure::plain("  median latency", grouped.outcome.percentile(50), "ms"));
    figures.push(Figure::plain("  p99 latency", grouped.outcome.percentile(99), "ms"));
    for connections in [1, 16, 64] {
        let measured = measure(&args, connections, GROUPED).await?;
        let name = format!("callbacks on SQLite, {connections} connections");
        figures.push(Figure::plain(name, measured.outcome.rate(), "1/s"));
        figures.push(Figure::plain("  median latency", measured.outcome.percentile(50), "ms"));
    }
    figures.push(Figure::at_most("resident memory, idle", grouped.memory_idle, "MiB", 64.0).bar("<= 64"));
    figures
        .push(Figure::at_most("resident memory, under that load", grouped.memory_loaded, "MiB", 256.0).bar("<= 256"));
    let ready = grouped.ready_after.as_secs_f64();
    figures.push(Figure::at_most("start to ready", ready, "s", 1.0).bar("<= 1"));
    report::print(&figures, args.json)
}

/// Each measurement begins with a fresh data directory, so that none pays for what another wrote.
async fn measure(args: &Args, connections: usize, batch_length_max: usize) -> anyhow::Result<Measured> {
    let directory = TempDir::with_prefix("registry-bench-")?;
    let config = Config {
        data_dir: directory.path().to_owned(),
        ..Config::default()
    };
    let targets: Vec<Target> = seed::fill(&config, args.tenants, args.merchants).await?;
    let service = Service::start(directory.path(), batch_length_max).await?;
    let memory_idle = service.resident_mebibytes()?;
    let scripts = seed::scripts(&targets, service.address, connections);
    let outcome = load::run(
        service.address,
        scripts,
        Duration::from_secs(1),
        Duration::from_secs(args.seconds),
    )
    .await?;
    let memory_loaded = service.resident_mebibytes()?;
    Ok(Measured {
        outcome,
        memory_idle,
        memory_loaded,
        ready_after: service.ready_after,
    })
}
