//! `GET /v1/jobs/{id}/rows`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::jobs::RowState;
use registry_domain::tenant::Scope;
use registry_journal::port::{JobRowQuery, PageSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::routes::plans::RowDocument;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::JobNotFound, Code::ValidationFailed],
    };
    operation.document(routes!(list_job_rows))
}

/// List the rows of a job
///
/// What came of each merchant, in the order of the plan. Each row comes to one end: `refused`, `done`, `failed` or `cancelled`.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/rows",
    tag = "Jobs",
    params(
        ("id" = String, Path, description = "The job's id", example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("state" = Option<String>, Query, description = "`refused`, `waiting`, `running`, `done`, `failed` or `cancelled`", example = "failed"),
        ("after" = Option<u32>, Query, description = "Only rows behind this `number`", minimum = 0),
        ("limit" = Option<u32>, Query, description = "Most rows on the page; 50 if left out", minimum = 1, maximum = 500),
    ),
    responses((status = 200, description = "A page of rows", body = RowPage))
)]
async fn list_job_rows(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
    mut query: Parameters,
) -> Result<Json<RowPage>, Problem> {
    caller.require(SCOPE)?;
    let wanted = query.optional("state", |word| RowState::from_word(word).ok_or(Fault::UnknownWord));
    let after = query.number("after", 0..=u64::from(u32::MAX));
    let limit = query.limit();
    query.finish()?;
    let job = found(&state, &caller, parse_id(&id)?).await?;
    let query = JobRowQuery {
        id: job.id,
        state: wanted,
        after: after.and_then(|after| u32::try_from(after).ok()).unwrap_or(0),
        limit: PageSize::clamped(limit.get() + 1),
    };
    let mut rows = state.archive.reader().job_rows(caller.tenant_id(), &query).await?;
    let limit = limit.get() as usize;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_after = rows.last().filter(|_| has_more).map(|last| last.number);
    Ok(Json(RowPage {
        data: rows.into_iter().map(RowDocument::new).collect(),
        page: RowPageEnd { next_after },
    }))
}

/// A page of the rows of a job.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRowPage)]
struct RowPage {
    /// The rows.
    data: Vec<RowDocument>,
    /// Where the next page begins.
    page: RowPageEnd,
}

/// Where a page of rows ends.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRowPageEnd)]
struct RowPageEnd {
    /// `after` of the next page; null behind the last one.
    #[schema(example = 50)]
    next_after: Option<u32>,
}
