//! `registry job`.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use registry_domain::JobId;
use registry_domain::jobs::{JobState, JobWish, RowState};
use registry_domain::tenant::Tenant;
use registry_jobs::DeskParts;
use registry_journal::port::{Job, JobRowQuery, PageSize};
use serde::Serialize;

use super::operate::Desk;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum JobCommand {
    /// List a tenant's jobs, those that were planned last first.
    #[command(after_help = "Example:\n  registry job list --tenant acme --json")]
    List(ListArgs),
    /// Show a job, and the rows that have failed.
    #[command(after_help = "Example:\n  registry job show --tenant acme --job job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    Show(JobArgs),
    /// Have a job rest. What was begun comes to its end.
    #[command(after_help = "Example:\n  registry job pause --tenant acme --job job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    Pause(JobArgs),
    /// Have a job go on, on the operator's authority.
    #[command(after_help = "Example:\n  registry job resume --tenant acme --job job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    Resume(JobArgs),
    /// Give a job up. What was begun comes to its end.
    #[command(after_help = "Example:\n  registry job cancel --tenant acme --job job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    Cancel(JobArgs),
}

#[derive(Args)]
pub(super) struct ListArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct JobArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// The job.
    #[arg(long)]
    job: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A job as it is listed.
#[derive(Serialize)]
struct Listed {
    id: String,
    action: &'static str,
    state: &'static str,
    held_up: Option<&'static str>,
    reason: Option<String>,
    rows: u64,
    refused: u64,
    waiting: u64,
    running: u64,
    done: u64,
    failed: u64,
    cancelled: u64,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

pub(super) async fn run(config: Config, command: JobCommand) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&config).await?;
    let done = match command {
        JobCommand::List(args) => list(&desk, &args).await,
        JobCommand::Show(args) => show(&desk, &args).await,
        JobCommand::Pause(args) => fulfil(&desk, &config, &args, JobWish::Pause).await,
        JobCommand::Resume(args) => fulfil(&desk, &config, &args, JobWish::Resume).await,
        JobCommand::Cancel(args) => fulfil(&desk, &config, &args, JobWish::Cancel).await,
    };
    desk.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn list(desk: &Desk, args: &ListArgs) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let jobs = desk.archive.reader().jobs(tenant.id, None, PageSize::MAX).await?;
    let listed: Vec<_> = jobs.iter().map(line).collect();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(());
    }
    for it in listed {
        say_line(&it);
    }
    Ok(())
}

async fn show(desk: &Desk, args: &JobArgs) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let job = found(desk, &tenant, &args.job).await?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&line(&job))?);
        return Ok(());
    }
    say_line(&line(&job));
    let query = JobRowQuery {
        id: job.id,
        state: Some(RowState::Failed),
        after: 0,
        limit: PageSize::MAX,
    };
    for row in desk.archive.reader().job_rows(tenant.id, &query).await? {
        let code = row.code.map_or("", registry_domain::jobs::RowCode::as_str);
        let upstream_code = row.upstream_code.unwrap_or_default();
        let merchant = row.merchant_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        say!("{}\t{merchant}\t{code}\t{upstream_code}", row.number);
    }
    Ok(())
}

async fn fulfil(desk: &Desk, config: &Config, args: &JobArgs, wish: JobWish) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let job = found(desk, &tenant, &args.job).await?;
    let jobs = registry_jobs::Desk::new(DeskParts {
        archive: desk.archive.clone(),
        writer: desk.writer(),
        ambient: desk.ambient.clone(),
        limits: config.job_limits(),
    });
    let job = jobs.fulfil(tenant.id, job.id, wish, &desk.origin(), None).await?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&line(&job))?);
    } else {
        say_line(&line(&job));
    }
    Ok(())
}

async fn found(desk: &Desk, tenant: &Tenant, id: &str) -> anyhow::Result<Job> {
    let id: JobId = id.parse().context("the job cannot be found by this")?;
    let job = desk.archive.reader().job(tenant.id, id).await?;
    let job = job.filter(|job| !matches!(job.state, JobState::Making | JobState::Planned));
    job.with_context(|| format!("there is no job {id}"))
}

fn say_line(it: &Listed) {
    let tried = it.done + it.failed + it.cancelled;
    let all = tried + it.waiting + it.running;
    say!(
        "{}\t{}\t{}\t{tried}/{all}\t{} failed",
        it.id,
        it.action,
        it.held_up.unwrap_or(it.state),
        it.failed
    );
}

fn line(job: &Job) -> Listed {
    let tally = &job.tally;
    Listed {
        id: job.id.to_string(),
        action: job.action.kind().as_str(),
        state: job.state.as_str(),
        held_up: job.held_up.map(registry_domain::jobs::HeldUp::as_str),
        reason: job.reason.as_ref().map(|reason| reason.as_str().to_owned()),
        rows: tally.rows(),
        refused: tally.refused,
        waiting: tally.waiting,
        running: tally.running,
        done: tally.ended.done,
        failed: tally.ended.failed,
        cancelled: tally.ended.cancelled,
        created_at: job.created_at,
        ended_at: job.ended_at,
    }
}
