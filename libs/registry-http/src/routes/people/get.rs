//! `GET /v1/people/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{PersonDocument, find};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::PersonNotFound],
    };
    operation.document(routes!(get_person))
}

/// Read one of your people
///
/// Who it is, and what they may do for you.
#[utoipa::path(
    get,
    path = "/v1/people/{id}",
    tag = "People",
    params(("id" = String, Path, description = "The person's id", example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The person", body = PersonDocument))
)]
async fn get_person(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PersonDocument>, Problem> {
    caller.require(SCOPE)?;
    let found = find(&state, &caller, &id).await?;
    Ok(Json(PersonDocument::new(&found, &caller)))
}
