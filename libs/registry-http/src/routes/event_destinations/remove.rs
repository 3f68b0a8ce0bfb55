//! `DELETE /v1/event-destinations/{id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use registry_domain::destinations::DestinationWish;
use registry_domain::tenant::{Command, Scope};
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::parse_id;
use crate::caller::Caller;
use crate::commands;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::EventDestinationNotFound, Code::Overloaded, Code::Stopping],
    };
    operation.document(routes!(remove_event_destination))
}

/// Remove an event destination
///
/// What is on its way there is dropped.
#[utoipa::path(
    delete,
    path = "/v1/event-destinations/{id}",
    tag = "Event destinations",
    params(("id" = String, Path, description = "The event destination's id", example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 204, description = "There is no such event destination any more"))
)]
async fn remove_event_destination(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(SCOPE)?;
    let wish = DestinationWish::Remove { id: parse_id(&id)? };
    commands::run_of_tenant(&state, &caller, &context, Command::Destination(Box::new(wish))).await?;
    Ok(StatusCode::NO_CONTENT)
}
