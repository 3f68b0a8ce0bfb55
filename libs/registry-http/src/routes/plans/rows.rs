//! `GET /v1/plans/{id}/rows`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{RowPage, Rows, RowsAsked, found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::PlanNotFound, Code::ValidationFailed],
    };
    operation.document(routes!(list_plan_rows))
}

/// List the rows of a plan
///
/// Whom it is about, in its order: with `state=refused` all that it does not fit, and why. Of a file, each row with what it says and
/// everything that is wrong with it.
#[utoipa::path(
    get,
    path = "/v1/plans/{id}/rows",
    tag = "Jobs",
    params(
        ("id" = String, Path, description = "The plan's id", example = "pln_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("state" = Option<String>, Query, description = "`refused` or `waiting`", example = "refused"),
        ("after" = Option<u32>, Query, description = "Only rows behind this `number`", minimum = 0),
        ("limit" = Option<u32>, Query, description = "Most rows on the page; 50 if left out", minimum = 1, maximum = 500),
    ),
    responses((status = 200, description = "A page of rows", body = RowPage))
)]
async fn list_plan_rows(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    query: Parameters,
) -> Result<Json<RowPage>, Problem> {
    caller.require(SCOPE)?;
    let asked = RowsAsked::read(query)?;
    let plan = found(&state, &caller, parse_id(&id)?).await?;
    let rows = Rows::of(&state, &caller, context.language, &plan);
    Ok(Json(rows.page(&asked).await?))
}
