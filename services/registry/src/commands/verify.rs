//! `registry verify`.

use std::process::ExitCode;

use clap::Args;
use registry_domain::tenant::Tenant;
use registry_journal::port::{PageSize, ReadError};
use registry_journal::verify::{Flaw, verify};

use super::operate::Desk;
use crate::config::Config;

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// Only this tenant's log.
    #[arg(long)]
    tenant: Option<String>,
}

pub(super) async fn run(config: Config, args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&config).await?;
    println!(
        "the master key in {} is that of this installation",
        desk.secrets.master_key_file.display()
    );
    let sound = verify_all(&desk, args.tenant.as_deref()).await;
    desk.close().await;
    Ok(if sound? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn verify_all(desk: &Desk, only: Option<&str>) -> anyhow::Result<bool> {
    if let Some(slug) = only {
        return verify_one(desk, &desk.tenant(slug).await?).await;
    }
    let (mut after, mut sound) = (None, true);
    loop {
        let page = desk.archive.reader().tenants(after, PageSize::MAX).await?;
        for (tenant, _) in &page {
            after = Some(tenant.id);
            sound &= verify_one(desk, tenant).await?;
        }
        if page.len() < PageSize::MAX.get() as usize {
            return Ok(sound);
        }
    }
}

async fn verify_one(desk: &Desk, tenant: &Tenant) -> anyhow::Result<bool> {
    let slug = &tenant.slug;
    match verify(desk.archive.reader(), tenant.id).await {
        Ok(report) => match report.flaw {
            None => {
                let end = hex::encode(report.end);
                println!("{slug}: {} events, the chain is whole; its end is {end}", report.rows);
                Ok(true)
            }
            Some(flaw) => {
                println!("{slug}: {}", describe(&flaw));
                Ok(false)
            }
        },
        // A row that cannot even be read is a flaw of the log, not a failure of the check.
        Err(ReadError::Inconsistent(row)) => {
            println!("{slug}: {row}: {}", row.source);
            Ok(false)
        }
        Err(error @ ReadError::Unavailable { .. }) => Err(error.into()),
    }
}

fn describe(flaw: &Flaw) -> String {
    match flaw {
        Flaw::MissingSeq { expected, found } => format!("event {expected} is missing; after it comes {found}"),
        Flaw::Altered { seq } => format!("event {seq} was altered after it was written, or the one before it removed"),
        Flaw::MissingVersion { seq, expected, .. } => {
            format!("event {seq} should be version {expected} of its stream and is not")
        }
        Flaw::TimeRunsBack { seq } => format!("event {seq} is older than the one before it"),
        Flaw::CutOff { seq } => format!("the log ends before event {seq}, which was there"),
    }
}
