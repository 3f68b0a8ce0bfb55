//! `POST /v1/jobs/{id}/resume`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use registry_domain::jobs::JobWish;
use registry_domain::tenant::Scope;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{JobDocument, fulfil};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::JobsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::JobNotFound, Code::JobEnded, Code::Overloaded, Code::Stopping],
    };
    operation.document(routes!(resume_job))
}

/// Resume a job
///
/// It goes on from where it was, on your authority from now on: you need the scope of its action too.
#[utoipa::path(
    post,
    path = "/v1/jobs/{id}/resume",
    tag = "Jobs",
    params(("id" = String, Path, description = "The job's id", example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 202, description = "The job", body = JobDocument))
)]
async fn resume_job(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    fulfil(&state, &caller, &context, &id, JobWish::Resume).await
}
