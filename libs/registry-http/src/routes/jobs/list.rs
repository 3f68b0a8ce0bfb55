//! `GET /v1/jobs`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::JobId;
use registry_domain::tenant::Scope;
use registry_journal::port::{Job, JobPosition, PageSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::JobDocument;
use crate::caller::Caller;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The list, in what is signed of a cursor.
const LIST: &str = "jobs";

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CursorInvalid, Code::ValidationFailed],
    };
    operation.document(routes!(list_jobs))
}

/// List jobs
///
/// Those that were planned last first. Jobs that have ended are kept for 30 days, unless this installation says otherwise.
#[utoipa::path(
    get,
    path = "/v1/jobs",
    tag = "Jobs",
    params(
        ("limit" = Option<u32>, Query, description = "Most jobs on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before"),
    ),
    responses((status = 200, description = "A page of jobs", body = JobPage))
)]
async fn list_jobs(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<JobPage>, Problem> {
    caller.require(SCOPE)?;
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;
    let before = cursor
        .map(|cursor| open(&state, &caller, &cursor).ok_or(Code::CursorInvalid))
        .transpose()?;
    let more = PageSize::clamped(limit.get() + 1);
    let mut jobs = state.archive.reader().jobs(caller.tenant_id(), before, more).await?;
    let limit = limit.get() as usize;
    let has_more = jobs.len() > limit;
    jobs.truncate(limit);
    let next = jobs.last().filter(|_| has_more).map(|end| seal(&state, &caller, end));
    Ok(Json(JobPage {
        data: jobs.iter().map(JobDocument::new).collect(),
        page: Page { next, prev: None },
    }))
}

fn seal(state: &AppState, caller: &Caller, end: &Job) -> String {
    let id = end.id.as_uuid();
    state
        .cursor_key
        .seal_moment(caller.tenant_id(), LIST, end.created_at, id)
}

fn open(state: &AppState, caller: &Caller, cursor: &str) -> Option<JobPosition> {
    let (created_at, id) = state.cursor_key.open_moment(caller.tenant_id(), LIST, cursor)?;
    let id = JobId::from_uuid(id);
    Some(JobPosition { created_at, id })
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
struct JobPage {
    /// The jobs.
    data: Vec<JobDocument>,
    /// Where other pages begin.
    page: Page,
}
