//! `GET /v1/api-keys/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{KeyDocument, one};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::KeysWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::ApiKeyNotFound],
    };
    operation.document(routes!(get_api_key))
}

/// Read an API key
///
/// Without its secret, which nobody knows but its owner.
#[utoipa::path(
    get,
    path = "/v1/api-keys/{id}",
    tag = "Account",
    params(("id" = String, Path, description = "The key's id", example = "key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The API key", body = KeyDocument))
)]
async fn get_api_key(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<KeyDocument>, Problem> {
    caller.require(SCOPE)?;
    one(&state, &caller, &id).await.map(Json)
}
