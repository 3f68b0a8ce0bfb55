//! `/v1/plans`: what would be done to many merchants, before it is.

pub mod confirm;
pub mod create;
pub mod get;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use registry_domain::jobs::{JobState, RowState};
use registry_domain::{Label, PlanId};
use registry_jobs::PLAN_KEPT_FOR;
use registry_journal::port::{Job, JobRow, JobRowQuery, PageSize};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// How many rows are shown of those that would be done, and of those that are refused.
const SAMPLE: PageSize = PageSize::clamped(5);

/// What would be done to many merchants.
#[derive(Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanDocument {
    /// Always `plan`.
    #[schema(example = "plan")]
    object: &'static str,
    /// Its id.
    #[schema(example = "pln_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// What is done to each merchant.
    #[schema(example = "issue_links")]
    action: &'static str,
    /// The tags that it is about.
    tags: Vec<String>,
    /// For which merchants it was made, as a query of `GET /v1/merchants`; null if they were named one by one.
    #[schema(example = "stage=registered")]
    filter: Option<String>,
    /// Of which job it takes up what failed.
    failed_of: Option<String>,
    /// How many merchants it is about.
    #[schema(example = 1234)]
    count: u64,
    /// To how many it would be done.
    #[schema(example = 1180)]
    eligible: u64,
    /// How many it does not fit, by reason.
    refused: Vec<CodeCount>,
    /// Some of those to whom it would be done, and some of those whom it does not fit.
    sample: Vec<RowDocument>,
    /// The job that became of it; null as long as nobody has confirmed it.
    #[schema(example = json!(null))]
    job_id: Option<String>,
    /// When it was made. Merchants are as they were then; each is looked at again when its turn comes.
    created_at: DateTime<Utc>,
    /// When it is forgotten, unless somebody confirms it.
    expires_at: DateTime<Utc>,
}

/// How many rows came to the same.
#[derive(Serialize, ToSchema)]
#[schema(as = RowReason)]
pub struct CodeCount {
    /// Why: `merchant_not_found`, `archived`, `not_archived`, `erased`, `codes_too_long`, `too_many_links`, `already_open`,
    /// `not_known_upstream` (Paymint cannot know the shop yet), `nothing_to_change`, `too_many_tags`; of what has failed also
    /// `changed_meanwhile`, `upstream_not_configured`, `upstream_unusable`, `read_back_off`, `upstream_refused`, `upstream_unreachable`,
    /// `upstream_outcome_unknown`, `upstream_other_merchant`, `internal`. Others may appear.
    #[schema(example = "already_open")]
    code: &'static str,
    /// How many.
    #[schema(example = 40)]
    count: u64,
}

/// A merchant in a plan or a job.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRow)]
pub struct RowDocument {
    /// Its place in the job, from 1.
    #[schema(example = 1)]
    number: u32,
    /// The merchant.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: String,
    /// Its member code; null if there was no such merchant.
    #[schema(example = "acad-12")]
    member_code: Option<String>,
    /// Its merchant code.
    #[schema(example = "store-3")]
    merchant_code: Option<String>,
    /// `refused` (it does not fit and is not tried), `waiting`, `running`, `done`, `failed` or `cancelled`.
    #[schema(example = "done")]
    state: &'static str,
    /// Why it was refused or has failed.
    #[schema(example = json!(null))]
    code: Option<&'static str>,
    /// What Paymint calls it.
    #[schema(example = json!(null))]
    upstream_code: Option<String>,
    /// The registration link that was issued, or at least asked for.
    #[schema(example = "lnk_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    link_id: Option<String>,
    /// When it came to its end.
    ended_at: Option<DateTime<Utc>>,
}

impl RowDocument {
    /// A row as it is shown.
    pub fn new(row: JobRow) -> Self {
        let (member_code, merchant_code) = row.codes.unzip();
        Self {
            number: row.number,
            merchant_id: row.merchant_id.to_string(),
            member_code,
            merchant_code,
            state: row.state.as_str(),
            code: row.code.map(registry_domain::jobs::RowCode::as_str),
            upstream_code: row.upstream_code,
            link_id: row.link_id.map(|link| link.to_string()),
            ended_at: row.ended_at,
        }
    }
}

impl PlanDocument {
    async fn read(state: &AppState, caller: &Caller, job: &Job) -> Result<Self, Problem> {
        let (reader, tenant) = (state.archive.reader(), caller.tenant_id());
        let mut sample = Vec::new();
        for wanted in [RowState::Waiting, RowState::Refused] {
            let query = JobRowQuery {
                id: job.id,
                state: Some(wanted),
                after: 0,
                limit: SAMPLE,
            };
            sample.extend(reader.job_rows(tenant, &query).await?.into_iter().map(RowDocument::new));
        }
        Ok(Self {
            object: "plan",
            id: job.id.plan().to_string(),
            action: job.action.kind().as_str(),
            tags: tag_texts(job.action.tags()),
            filter: job.filter.clone(),
            failed_of: job.retry_of.map(|id| id.to_string()),
            count: job.tally.rows(),
            eligible: job.tally.eligible(),
            refused: codes(state, caller, job, RowState::Refused).await?,
            sample,
            job_id: (job.state != JobState::Planned).then(|| job.id.to_string()),
            created_at: job.created_at,
            expires_at: job.created_at + PLAN_KEPT_FOR,
        })
    }
}

/// Why rows of a job came to an end, most first.
pub async fn codes(state: &AppState, caller: &Caller, job: &Job, wanted: RowState) -> Result<Vec<CodeCount>, Problem> {
    let found = state.archive.reader().job_row_codes(caller.tenant_id(), job.id).await?;
    let of_state = found.into_iter().filter(|(state, ..)| *state == wanted);
    let mut counts: Vec<_> = of_state
        .map(|(_, code, count)| CodeCount {
            code: code.as_str(),
            count,
        })
        .collect();
    counts.sort_by_key(|count| (Reverse(count.count), count.code));
    Ok(counts)
}

/// Tags as texts.
pub fn tag_texts(tags: &[Label]) -> Vec<String> {
    tags.iter().map(|tag| tag.as_str().to_owned()).collect()
}

fn parse_id(text: &str) -> Result<PlanId, Problem> {
    text.parse().map_err(|_| Code::PlanNotFound.into())
}

/// A plan, whatever became of it.
async fn found(state: &AppState, caller: &Caller, id: PlanId) -> Result<Job, Problem> {
    let job = state.archive.reader().job(caller.tenant_id(), id.job()).await?;
    job.filter(|job| job.state != JobState::Making)
        .ok_or_else(|| Code::PlanNotFound.into())
}
