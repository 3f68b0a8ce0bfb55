//! `GET /v1/event-destinations`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{DestinationDocument, all};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::Problem;
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[],
    };
    operation.document(routes!(list_event_destinations))
}

/// List your event destinations
///
/// To whom and to what your alerts are carried. There are 20 at most.
#[utoipa::path(
    get,
    path = "/v1/event-destinations",
    tag = "Event destinations",
    responses((status = 200, description = "All of them", body = EventDestinations))
)]
async fn list_event_destinations(
    State(state): State<Arc<AppState>>,
    caller: Caller,
) -> Result<Json<EventDestinations>, Problem> {
    caller.require(SCOPE)?;
    let data = all(&state, &caller).await?;
    Ok(Json(EventDestinations { data }))
}

/// Event destinations.
#[derive(Serialize, ToSchema)]
struct EventDestinations {
    /// In the order in which they were made.
    data: Vec<DestinationDocument>,
}
