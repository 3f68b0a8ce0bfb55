//! `registry rebuild`.

use std::ops::ControlFlow;
use std::pin::pin;
use std::process::ExitCode;

use clap::Args;
use registry_domain::TenantId;
use registry_domain::tenant::Tenant;
use registry_journal::port::PageSize;
use registry_maintenance::rebuild::{Difference, Mode, Rebuild, Report};
use tokio_util::sync::CancellationToken;

use super::operate::{Desk, tell_unreadable};
use super::progress::Meter;
use crate::config::Config;
use crate::signals::StopSignals;

#[derive(Args)]
pub(super) struct RebuildArgs {
    /// Only this tenant.
    #[arg(long)]
    tenant: Option<String>,
    /// Only compare; fail if anything differs.
    #[arg(long)]
    check: bool,
}

pub(super) async fn run(config: Config, args: RebuildArgs) -> anyhow::Result<ExitCode> {
    let mut signals = StopSignals::listen()?;
    let desk = Desk::open(&config).await?;
    let stop = CancellationToken::new();
    let done = {
        let mut work = pin!(rebuild_all(&desk, &args, &stop));
        tokio::select! {
            done = &mut work => done,
            _ = signals.next() => {
                // The page that is being worked on is finished first.
                stop.cancel();
                work.await
            }
        }
    };
    desk.close().await;
    Ok(if done? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn rebuild_all(desk: &Desk, args: &RebuildArgs, stop: &CancellationToken) -> anyhow::Result<bool> {
    if let Some(slug) = &args.tenant {
        return rebuild_one(desk, &desk.tenant(slug).await?, args, stop).await;
    }
    let (mut after, mut sound): (Option<TenantId>, bool) = (None, true);
    loop {
        let page = desk.archive.reader().tenants(after, PageSize::MAX).await?;
        for listed in &page {
            after = Some(listed.id);
            sound &= match &listed.tenant {
                Ok(tenant) => rebuild_one(desk, tenant, args, stop).await?,
                Err(row) => tell_unreadable(row),
            };
            if stop.is_cancelled() {
                return Ok(false);
            }
        }
        if page.len() < PageSize::MAX.get() as usize {
            return Ok(sound);
        }
    }
}

/// Returns whether everything is as the log says now.
async fn rebuild_one(
    desk: &Desk,
    tenant: &Tenant,
    args: &RebuildArgs,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    let mode = if args.check { Mode::Check } else { Mode::Repair };
    let all = desk.archive.reader().head(tenant.id).await?.seq.0;
    let mut meter = Meter::new(&tenant.slug);
    let rebuild = Rebuild {
        archive: desk.archive.clone(),
        journal: desk.storage.journal.clone(),
        ambient: desk.ambient.clone(),
    };
    let mut observe = |progress: registry_maintenance::rebuild::Progress| {
        meter.note(progress.events, all);
        if stop.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let report = rebuild.run(tenant.id, mode, &mut observe).await?;
    print(tenant, mode, &report);
    Ok(!report.cancelled && (mode == Mode::Repair || report.progress.differing == 0))
}

fn print(tenant: &Tenant, mode: Mode, report: &Report) {
    let slug = &tenant.slug;
    for difference in &report.differences {
        match difference {
            Difference::Merchant(id) => say!("{slug}: what is projected of {id} is not what the log says"),
            Difference::Surplus(id) => say!("{slug}: {id} has rows, and the log knows no such merchant"),
            Difference::Tenant => say!("{slug}: the tenant's row is not what the log says"),
            Difference::Callback(id) => say!("{slug}: {id} does not stand in quarantine as the log says"),
            Difference::Unclaimed(id) => say!("{slug}: what is known of {id} is not what the log says"),
            Difference::Audit(seq) => say!("{slug}: who did what at {seq} is not what the log says"),
            Difference::Counts(table) => say!("{slug}: what {} counts is not what the log says", table.as_str()),
        }
    }
    let progress = report.progress;
    let done = match mode {
        Mode::Check => "differ",
        Mode::Repair => "differed and were put right",
    };
    let end = if report.cancelled { ", then cancelled" } else { "" };
    say!(
        "{slug}: {} events folded, {} merchants compared, {} {done}{end}",
        progress.events,
        progress.merchants,
        progress.differing
    );
}
