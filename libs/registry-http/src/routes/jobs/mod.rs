//! `/v1/jobs`: what is being done to many merchants, and what came of it.

pub mod cancel;
pub mod get;
pub mod list;
pub mod pause;
pub mod progress;
pub mod resume;
pub mod rows;
pub mod table;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use registry_documents::ActorDocument;
use registry_domain::JobId;
use registry_domain::jobs::{HeldUp, JobState, JobWish, RowState};
use registry_journal::port::Job;
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;

use super::plans::{CodeCount, ImportWishDocument, codes, tag_texts};
use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// What is being done to many merchants.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobDocument {
    /// Always `job`.
    #[schema(example = "job")]
    object: &'static str,
    /// Its id.
    #[schema(example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// The plan that it was.
    #[schema(example = "pln_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    plan_id: String,
    /// What is done to each merchant.
    #[schema(example = "issue_links")]
    action: &'static str,
    /// The tags that it is about.
    tags: Vec<String>,
    /// For which merchants it was planned, as a query of `GET /v1/merchants`; null if they were named one by one.
    #[schema(required = true, example = "stage=registered")]
    filter: Option<String>,
    /// Of which job it takes up what failed.
    #[schema(required = true)]
    failed_of: Option<String>,
    /// How a file is read in; null of every other action.
    #[schema(required = true, example = json!(null))]
    import: Option<ImportWishDocument>,
    /// `queued`, `running`, `paused`, `cancelled` (what was begun comes to its end), `finished`.
    #[schema(example = "running")]
    state: &'static str,
    /// Why it does not go on although it could: `upstream_down`, `upstream_paused` (Paymint refuses you as a whole), `not_allowed` (whoever
    /// runs it may not do so any more; somebody who may can resume it), `overloaded`. It goes on by itself. Others may appear.
    #[schema(required = true, example = json!(null))]
    held_up: Option<&'static str>,
    /// Why it is done.
    #[schema(required = true, example = "월요일 재발송")]
    reason: Option<String>,
    /// On whose authority it runs.
    actor: ActorDocument,
    /// Its rows.
    counts: CountsDocument,
    /// Why rows have failed, most first. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<Vec<CodeCount>>,
    /// When it was planned.
    created_at: DateTime<Utc>,
    /// When it was confirmed.
    #[schema(required = true)]
    confirmed_at: Option<DateTime<Utc>>,
    /// When nothing of it was left to do.
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
}

/// How many rows of a job stand so.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JobCounts)]
struct CountsDocument {
    /// All of them.
    #[schema(example = 1234)]
    rows: u64,
    /// It did not fit: not tried.
    #[schema(example = 54)]
    refused: u64,
    /// To be done.
    #[schema(example = 300)]
    waiting: u64,
    /// Begun.
    #[schema(example = 8)]
    running: u64,
    /// Done.
    #[schema(example = 870)]
    done: u64,
    /// Tried in vain.
    #[schema(example = 2)]
    failed: u64,
    /// Not begun when the job was cancelled.
    #[schema(example = 0)]
    cancelled: u64,
}

impl JobDocument {
    /// A job as a list shows it.
    pub fn new(job: &Job) -> Self {
        let tally = &job.tally;
        Self {
            object: "job",
            id: job.id.to_string(),
            plan_id: job.id.plan().to_string(),
            action: job.action.kind().as_str(),
            tags: tag_texts(job.action.tags()),
            filter: job.filter.clone(),
            failed_of: job.retry_of.map(|id| id.to_string()),
            import: job.action.import().map(ImportWishDocument::new),
            state: job.state.as_str(),
            held_up: job.held_up.map(HeldUp::as_str),
            reason: job.reason.as_ref().map(|reason| reason.as_str().to_owned()),
            actor: ActorDocument::from_actor(&job.actor),
            counts: CountsDocument {
                rows: tally.rows(),
                refused: tally.refused,
                waiting: tally.waiting,
                running: tally.running,
                done: tally.ended.done,
                failed: tally.ended.failed,
                cancelled: tally.ended.cancelled,
            },
            failures: None,
            created_at: job.created_at,
            confirmed_at: job.confirmed_at,
            ended_at: job.ended_at,
        }
    }

    /// A job by itself.
    pub async fn read(state: &AppState, caller: &Caller, job: &Job) -> Result<Self, Problem> {
        let failures = codes(state, caller, job, RowState::Failed).await?;
        Ok(Self {
            failures: Some(failures),
            ..Self::new(job)
        })
    }
}

fn parse_id(text: &str) -> Result<JobId, Problem> {
    text.parse().map_err(|_| Code::JobNotFound.into())
}

/// A job of the caller's. A plan is none.
async fn found(state: &AppState, caller: &Caller, id: JobId) -> Result<Job, Problem> {
    let job = state.jobs.get(caller.tenant_id(), id).await?;
    if job.state == JobState::Planned {
        return Err(Code::JobNotFound.into());
    }
    Ok(job)
}

/// Does with a job what somebody wants who may.
async fn fulfil(
    state: &AppState,
    caller: &Caller,
    context: &RequestContext,
    id: &str,
    wish: JobWish,
) -> Result<Response, Problem> {
    let job = found(state, caller, parse_id(id)?).await?;
    if wish == JobWish::Resume && (job.state == JobState::Paused || job.held_up == Some(HeldUp::NotAllowed)) {
        // It runs on the authority of whoever has it go on.
        for scope in job.action.scopes() {
            caller.require(*scope)?;
        }
    }
    let origin = caller.origin(context);
    let job = state
        .jobs
        .fulfil(caller.tenant_id(), job.id, wish, &origin, None)
        .await?;
    let document = JobDocument::read(state, caller, &job).await?;
    Ok((StatusCode::ACCEPTED, Json(document)).into_response())
}
