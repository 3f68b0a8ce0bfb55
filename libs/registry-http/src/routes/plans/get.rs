//! `GET /v1/plans/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{PlanDocument, found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::PlanNotFound],
    };
    operation.document(routes!(get_plan))
}

/// Get a plan
///
/// Also after it was confirmed: then it names its job.
#[utoipa::path(
    get,
    path = "/v1/plans/{id}",
    tag = "Jobs",
    params(("id" = String, Path, description = "The plan's id", example = "pln_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The plan", body = PlanDocument))
)]
async fn get_plan(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<Json<PlanDocument>, Problem> {
    caller.require(SCOPE)?;
    let job = found(&state, &caller, parse_id(&id)?).await?;
    Ok(Json(PlanDocument::read(&state, &caller, context.language, &job).await?))
}
