//! `GET /v1/callbacks/{event_id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_documents::{PublicEvent, event_shown};
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::recorded;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CallbackNotFound],
    };
    operation.document(routes!(get_callback))
}

/// Read a callback
///
/// The event that recorded it, as it stands in the feed: when it came, and what the registry made of it. Its `type` is
/// `callback.received`, `payment.approved`, or, for one without a merchant, `callback.quarantined` or
/// `unclaimed_merchant.seen`. The body is at `/v1/callbacks/{event_id}/payload`.
#[utoipa::path(
    get,
    path = "/v1/callbacks/{event_id}",
    tag = "Callbacks",
    params(("event_id" = String, Path, description = "The id of the event that recorded the callback", example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The event", body = PublicEvent))
)]
async fn get_callback(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(event_id): Path<String>,
) -> Result<Json<PublicEvent>, Problem> {
    caller.require(SCOPE)?;
    let recorded = recorded(&state, &caller, &event_id).await?;
    Ok(Json(event_shown(&recorded, caller.sight())))
}
