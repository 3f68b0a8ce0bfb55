//! `GET /v1/jobs/{id}/rows`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::routes::plans::{RowPage, Rows, RowsAsked};
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
    context: RequestContext,
    Path(id): Path<String>,
    query: Parameters,
) -> Result<Json<RowPage>, Problem> {
    caller.require(SCOPE)?;
    let asked = RowsAsked::read(query)?;
    let job = found(&state, &caller, parse_id(&id)?).await?;
    let rows = Rows::of(&state, &caller, context.language, &job);
    Ok(Json(rows.page(&asked).await?))
}
