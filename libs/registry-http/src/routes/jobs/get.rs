//! `GET /v1/jobs/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{JobDocument, found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::JobNotFound],
    };
    operation.document(routes!(get_job))
}

/// Get a job
///
/// How far it is, and why rows have failed.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}",
    tag = "Jobs",
    params(("id" = String, Path, description = "The job's id", example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The job", body = JobDocument))
)]
async fn get_job(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobDocument>, Problem> {
    caller.require(SCOPE)?;
    let job = found(&state, &caller, parse_id(&id)?).await?;
    Ok(Json(JobDocument::read(&state, &caller, &job).await?))
}
