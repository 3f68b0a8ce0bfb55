//! `DELETE /v1/api-keys/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::KeyId;
use registry_domain::tenant::{Command, Scope};
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{KeyDocument, one};
use crate::caller::Caller;
use crate::commands;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::KeysWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::ApiKeyNotFound, Code::Overloaded, Code::Stopping],
    };
    operation.document(routes!(revoke_api_key))
}

/// Revoke an API key
///
/// Requests with it are refused from now on; other replicas of the registry may take it for five seconds more. Revoking a key
/// twice changes nothing. A key may revoke itself.
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{id}",
    tag = "Account",
    params(("id" = String, Path, description = "The key's id", example = "key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The API key, revoked", body = KeyDocument))
)]
async fn revoke_api_key(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<Json<KeyDocument>, Problem> {
    caller.require(SCOPE)?;
    let key_id: KeyId = id.parse().map_err(|_| Code::ApiKeyNotFound)?;
    commands::run_of_tenant(&state, &caller, &context, Command::RevokeKey(key_id)).await?;
    state.authenticator.forget(key_id);
    one(&state, &caller, &id).await.map(Json)
}
