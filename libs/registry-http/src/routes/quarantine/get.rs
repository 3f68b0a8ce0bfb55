//! `GET /v1/quarantine/{event_id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{QuarantinedDocument, find};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::NotQuarantined],
    };
    operation.document(routes!(get_quarantined_callback))
}

/// Read a quarantined callback
///
/// Why it could not be used, and what became of it since.
#[utoipa::path(
    get,
    path = "/v1/quarantine/{event_id}",
    tag = "Quarantine",
    params(("event_id" = String, Path, description = "The id of the event that recorded the callback", example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The callback", body = QuarantinedDocument))
)]
async fn get_quarantined_callback(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(event_id): Path<String>,
) -> Result<Json<QuarantinedDocument>, Problem> {
    caller.require(SCOPE)?;
    let row = find(&state, &caller, &event_id).await?;
    Ok(Json(QuarantinedDocument::new(&row)))
}
