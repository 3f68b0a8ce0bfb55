//! How long the service takes from its start until it is ready, where there is a long log already.

use crate::bulk;
use crate::installation::{Engine, Installation};
use crate::report::Figure;
use crate::seed;
use crate::service::{GROUPED, Service, Start};
use crate::write_path::WritePath;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
    #[arg(long, default_value_t = 10)]
    tenants: usize,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let installation = Installation::empty(Engine::Sqlite).await?;
    let targets = seed::fill(&installation, args.tenants, 100).await?;
    let path = WritePath::open(&installation, GROUPED).await?;
    path.live(&targets, GROUPED).await?;
    path.close().await?;
    bulk::events(&installation, args.events / args.tenants).await?;
    // The worst of a few: nobody is helped by a start that is fast at times.
    let mut slowest = 0.0_f64;
    for _ in 0..5 {
        let service = Service::start(&installation, Start::default()).await?;
        slowest = slowest.max(service.ready_after.as_secs_f64());
    }
    let name = format!("start to ready on SQLite, {} events in the log", args.events);
    Ok(vec![Figure::at_most(name, slowest, "s", 2.0).bar("<= 2")])
}
