//! Folding the log anew, against reading the same rows and nothing else.

use std::ops::ControlFlow;
use std::time::Instant;

use registry_domain::TenantId;
use registry_journal::Reader;
use registry_journal::port::PageSize;
use registry_maintenance::rebuild::{Mode, Rebuild};

use crate::bulk;
use crate::installation::{Engine, Installation};
use crate::load::approximate;
use crate::report::Figure;
use crate::seed;
use crate::service::GROUPED;
use crate::write_path::WritePath;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long, default_value_t = 10_000)]
    merchants: usize,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for engine in Engine::ALL {
        let installation = Installation::empty(engine).await?;
        let targets = seed::fill(&installation, 1, args.merchants).await?;
        let tenant = targets[0].tenant_id;
        let path = WritePath::open(&installation, GROUPED).await?;
        path.live(&targets, GROUPED).await?;
        path.close().await?;
        bulk::forget_merchants(&installation).await?;
        installation.settle().await?;
        let path = WritePath::open(&installation, GROUPED).await?;
        // Once for the caches.
        read(path.storage.reader.as_ref(), tenant).await?;
        let reading = read(path.storage.reader.as_ref(), tenant).await?;
        let folding = rebuild(&path, tenant, args.merchants).await?;
        let name = format!(
            "rebuild of emptied tables on {}, against reading the log",
            engine.name()
        );
        figures.push(Figure::at_least(name, folding, "events/s", reading, 0.30).bar(">= 0.30"));
        let comparing = rebuild(&path, tenant, 0).await?;
        figures.push(Figure::beside(
            "  where nothing differs",
            comparing,
            "events/s",
            reading,
        ));
        path.close().await?;
        installation.remove().await?;
    }
    Ok(figures)
}

/// Events per second.
async fn read(reader: &dyn Reader, tenant: TenantId) -> anyhow::Result<f64> {
    let started = Instant::now();
    let (mut after, mut events) = (None, 0);
    loop {
        let page = reader.events_by_stream(tenant, after, PageSize::MAX).await?;
        events += page.len();
        let Some(last) = page.last() else { break };
        after = Some((last.stream.as_uuid(), last.version));
    }
    Ok(approximate(events) / started.elapsed().as_secs_f64())
}

/// Events per second; so many merchants must have been put right.
async fn rebuild(path: &WritePath, tenant: TenantId, differing: usize) -> anyhow::Result<f64> {
    let rebuild = Rebuild {
        archive: path.storage.archive.clone(),
        journal: path.storage.journal.clone(),
        ambient: path.ambient.clone(),
    };
    let started = Instant::now();
    let report = rebuild
        .run(tenant, Mode::Repair, &mut |_| ControlFlow::Continue(()))
        .await?;
    let seconds = started.elapsed().as_secs_f64();
    anyhow::ensure!(report.progress.differing == differing as u64, "{:?}", report.progress);
    Ok(approximate(usize::try_from(report.progress.events)?) / seconds)
}
