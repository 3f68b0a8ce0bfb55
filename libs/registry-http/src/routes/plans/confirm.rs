//! `POST /v1/plans/{id}/confirmation`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_domain::jobs::{JobWish, Reason};
use registry_domain::tenant::Scope;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{found, parse_id};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::routes::jobs::JobDocument;
use crate::state::AppState;

const SCOPE: Scope = Scope::JobsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::RequestTimeout,
            Code::PlanNotFound,
            Code::NothingToDo,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(confirm_plan))
}

/// Confirm a plan
///
/// It becomes a job and is carried out row by row, each once, on your authority: you need the scope of its action too, and it stops if
/// you lose it. A repeat answers with the same job.
#[utoipa::path(
    post,
    path = "/v1/plans/{id}/confirmation",
    tag = "Jobs",
    params(("id" = String, Path, description = "The plan's id", example = "pln_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    request_body(content = PlanConfirmation, description = "Why"),
    responses((
        status = 202,
        description = "The job",
        body = JobDocument,
        headers(("Location" = String, description = "The path of the job")),
    ))
)]
async fn confirm_plan(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let plan = found(&state, &caller, parse_id(&id)?).await?;
    let mut fields = body.fields(Null::Absent)?;
    let reason = fields.required("reason", Reason::parse);
    fields.finish()?;
    for scope in plan.action.scopes() {
        caller.require(*scope)?;
    }
    let origin = caller.origin(&context);
    let confirmed = state
        .jobs
        .fulfil(caller.tenant_id(), plan.id, JobWish::Confirm, &origin, reason);
    let job = confirmed.await?;
    let location = HeaderValue::try_from(format!("/v1/jobs/{}", job.id));
    let document = JobDocument::read(&state, &caller, &job).await?;
    let mut response = (StatusCode::ACCEPTED, Json(document)).into_response();
    response
        .headers_mut()
        .insert(LOCATION, location.expect("an id is a header value"));
    Ok(response)
}

/// What is said of a plan that is confirmed.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct PlanConfirmation {
    /// Why it is done. It stands in your log.
    #[schema(min_length = 1, max_length = 200, example = "월요일 재발송")]
    reason: String,
}
