//! `GET /v1/api-keys`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{KeyDocument, all};
use crate::caller::Caller;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::problem::Problem;
use crate::state::AppState;

const SCOPE: Scope = Scope::KeysWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[],
    };
    operation.document(routes!(list_api_keys))
}

/// List your API keys
///
/// The oldest first, without their secrets. Of those that have expired or were revoked the latest 100 are remembered. There is
/// always one page.
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "Account",
    responses((status = 200, description = "Your API keys", body = KeyPage))
)]
async fn list_api_keys(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<KeyPage>, Problem> {
    caller.require(SCOPE)?;
    Ok(Json(KeyPage {
        data: all(&state, &caller).await?,
        page: Page { next: None, prev: None },
    }))
}

/// All API keys.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeyPage)]
struct KeyPage {
    /// The keys, the oldest first.
    data: Vec<KeyDocument>,
    /// Where other pages begin.
    page: Page,
}
