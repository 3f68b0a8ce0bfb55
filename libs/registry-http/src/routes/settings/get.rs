//! `GET /v1/settings`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::routes;

use super::SettingsDocument;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::AnyKey,
        problems: &[],
    };
    operation.document(routes!(get_settings))
}

/// Read your settings
///
/// Any API key may ask.
#[utoipa::path(
    get,
    path = "/v1/settings",
    tag = "Account",
    responses((status = 200, description = "Your settings", body = SettingsDocument))
)]
async fn get_settings(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<SettingsDocument>, Problem> {
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    let tenant = tenant.ok_or(Code::Unauthenticated)?;
    Ok(Json(SettingsDocument::new(&tenant.settings)))
}
