//! The rate of callbacks where the log is long, against the rate where it is short.

use std::time::Duration;

use crate::bulk;
use crate::ingest::{self, How};
use crate::installation::{Engine, Installation};
use crate::load;
use crate::report::Figure;
use crate::seed::{self, Target};
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
    /// Merchants of each tenant in one turn.
    #[arg(long, default_value_t = 300)]
    merchants: usize,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let engine = Engine::of(args.sqlite);
    let merchants = args.merchants * load::TURNS;
    let short = Installation::empty(engine).await?;
    let targets = seed::fill(&short, args.tenants, merchants).await?;
    let path = WritePath::open(&short, GROUPED).await?;
    // One merchant of each tenant, to have a callback that can be copied.
    let first: Vec<_> = targets.iter().step_by(merchants).cloned().collect();
    path.live(&first, GROUPED).await?;
    path.close().await?;
    let long = short.copy().await?;
    bulk::events(&long, args.events / args.tenants).await?;
    let length = Duration::from_secs(args.seconds);
    let mut turns = Vec::with_capacity(load::TURNS);
    for turn in 0..load::TURNS {
        // Too long to be copied for each turn. Where lives have begun they cannot begin again, so each turn has its merchants.
        let targets = share(&targets, merchants, turn);
        let copy = short.copy().await?;
        let before = ingest::measure(&copy, &targets, 256, How::DEFAULT, length)
            .await?
            .outcome;
        copy.remove().await?;
        let now = ingest::measure(&long, &targets, 256, How::DEFAULT, length)
            .await?
            .outcome;
        turns.push((before, now));
    }
    short.remove().await?;
    long.remove().await?;
    let (before, now) = load::middle(turns, |(before, now)| now.rate() / before.rate());
    let few = args.tenants * (1 + 3 * merchants);
    let name = format!(
        "callbacks on {}, {} events in the log, against {few}",
        engine.name(),
        args.events
    );
    Ok(vec![
        Figure::at_least(name, now.rate(), "1/s", before.rate(), 0.8).bar(">= 0.8"),
        Figure::beside("  median latency", now.percentile(50), "ms", before.percentile(50)),
    ])
}

/// The merchants of one turn, out of all that each tenant has.
fn share(targets: &[Target], merchants: usize, turn: usize) -> Vec<Target> {
    let each = merchants / load::TURNS;
    let of_tenant = |targets: &[Target]| targets.iter().skip(turn * each).take(each).cloned().collect::<Vec<_>>();
    targets.chunks(merchants).flat_map(of_tenant).collect()
}
