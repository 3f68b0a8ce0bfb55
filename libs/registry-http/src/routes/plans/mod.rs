//! `/v1/plans`: what would be done to many merchants, before it is.

pub mod confirm;
pub mod create;
pub mod get;
pub mod import;
mod row;
pub mod rows;
pub mod table;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use registry_domain::jobs::{JobState, RowState};
use registry_domain::{Label, PlanId};
use registry_jobs::PLAN_KEPT_FOR;
use registry_journal::port::{Job, JobRowQuery, PageSize};
use registry_web::Language;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::state::AppState;

pub use row::{ImportWishDocument, RowDocument, RowPage, Rows, RowsAsked, faults, read_state, said};

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
    #[schema(required = true, example = "stage=registered")]
    filter: Option<String>,
    /// Of which job it takes up what failed.
    #[schema(required = true)]
    failed_of: Option<String>,
    /// How a file is read in; null of every other action.
    #[schema(required = true, example = json!(null))]
    import: Option<ImportWishDocument>,
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
    #[schema(required = true, example = json!(null))]
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
    /// `not_known_upstream` (Paymint cannot know the shop yet), `nothing_to_change`, `too_many_tags`, `nothing_quarantined`; of rows of a file `invalid` (a cell
    /// cannot be used), `already_registered`, `duplicate_row` (an earlier row is about the same merchant); of what has failed also
    /// `changed_meanwhile`, `still_quarantined`, `upstream_not_configured`, `upstream_unusable`, `read_back_off`, `upstream_refused`, `upstream_unreachable`,
    /// `upstream_outcome_unknown`, `upstream_other_merchant`, `internal`. Others may appear.
    #[schema(example = "already_open")]
    code: &'static str,
    /// How many.
    #[schema(example = 40)]
    count: u64,
}

impl PlanDocument {
    async fn read(state: &AppState, caller: &Caller, language: Language, job: &Job) -> Result<Self, Problem> {
        let rows = Rows::of(state, caller, language, job);
        let mut sample = Vec::new();
        for wanted in [RowState::Waiting, RowState::Refused] {
            let query = JobRowQuery {
                id: job.id,
                state: Some(wanted),
                after: 0,
                limit: SAMPLE,
            };
            sample.extend(rows.read(&query).await?);
        }
        Ok(Self {
            object: "plan",
            id: job.id.plan().to_string(),
            action: job.action.kind().as_str(),
            tags: tag_texts(job.action.tags()),
            filter: job.filter.clone(),
            failed_of: job.retry_of.map(|id| id.to_string()),
            import: job.action.import().map(ImportWishDocument::new),
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
