//! `GET /v1/event-destinations/{id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{DestinationDocument, one, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::EventDestinationNotFound],
    };
    operation.document(routes!(get_event_destination))
}

/// Read an event destination
///
/// With the `ETag` that whoever changes it sends. No answer shows its signing secret.
#[utoipa::path(
    get,
    path = "/v1/event-destinations/{id}",
    tag = "Event destinations",
    params(("id" = String, Path, description = "The event destination's id", example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((
        status = 200,
        description = "The event destination",
        body = DestinationDocument,
        headers(("ETag" = String, description = "Its version")),
    ))
)]
async fn get_event_destination(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let document = one(&state, &caller, parse_id(&id)?).await?;
    Ok(document.answer(StatusCode::OK))
}
