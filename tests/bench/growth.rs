//! The rate of callbacks where the log is long, against the rate where it is short.

use std::time::Duration;

use crate::bulk;
use crate::ingest::{self, How};
use crate::installation::{Engine, Installation};
use crate::report::Figure;
use crate::seed;
use crate::service::GROUPED;
use crate::write_path::WritePath;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// On SQLite, the embedded default.
    #[arg(long)]
    sqlite: bool,
    /// How many events are many.
    #[arg(long, default_value_t = 10_000_000)]
    events: usize,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    #[arg(long, default_value_t = 10)]
    tenants: usize,
    /// Merchants of each tenant.
    #[arg(long, default_value_t = 300)]
    merchants: usize,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let engine = Engine::of(args.sqlite);
    let installation = Installation::empty(engine).await?;
    let targets = seed::fill(&installation, args.tenants, args.merchants).await?;
    let path = WritePath::open(&installation, GROUPED).await?;
    // One merchant of each tenant, to have a callback that can be copied.
    let first: Vec<_> = targets.iter().step_by(args.merchants).cloned().collect();
    path.live(&first, GROUPED).await?;
    path.close().await?;
    let length = Duration::from_secs(args.seconds);
    let copy = installation.copy().await?;
    let short = ingest::measure(&copy, &targets, 256, How::DEFAULT, length)
        .await?
        .outcome;
    copy.remove().await?;
    bulk::events(&installation, args.events / args.tenants).await?;
    let long = ingest::measure(&installation, &targets, 256, How::DEFAULT, length)
        .await?
        .outcome;
    installation.remove().await?;
    let few = args.tenants * (1 + 3 * args.merchants);
    let name = format!(
        "callbacks on {}, {} events in the log, against {few}",
        engine.name(),
        args.events
    );
    Ok(vec![
        Figure::at_least(name, long.rate(), "1/s", short.rate(), 0.8).bar(">= 0.8"),
        Figure::beside("  median latency", long.percentile(50), "ms", short.percentile(50)),
    ])
}
