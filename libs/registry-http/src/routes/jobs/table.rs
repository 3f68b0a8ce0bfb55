//! `GET /v1/jobs/{id}/rows.csv`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::routes::rows_table as table;
use crate::state::AppState;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(table::SCOPES),
        problems: &[Code::JobNotFound, Code::TooManyDownloads, Code::ValidationFailed],
    };
    operation.document(routes!(export_job_rows))
}

/// Take the rows of a job out as a file
///
/// CSV (UTF-8 with a byte order mark), in the language that you accept. Of a file that was read in, the rows as they came, with three more
/// columns: how each stands, why, and what is wrong with its cells. Those three are passed over when it is read in again, so `state=failed`
/// is what is to be corrected, in the same shape.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/rows.csv",
    tag = "Jobs",
    params(
        ("id" = String, Path, description = "The job's id", example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("state" = Option<String>, Query, description = "`refused`, `waiting`, `running`, `done`, `failed` or `cancelled`", example = "failed"),
    ),
    responses((
        status = 200,
        description = "The file",
        body = String,
        content_type = "text/csv",
        headers(("Content-Disposition" = String, description = "What to call the file")),
    ))
)]
async fn export_job_rows(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    query: Parameters,
) -> Result<Response, Problem> {
    let wanted = table::read(&caller, query)?;
    let job = found(&state, &caller, parse_id(&id)?).await?;
    table::answer(state, caller, context.language, job, wanted).await
}
