//! `POST /v1/event-destinations/{id}/test`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use registry_domain::tenant::Scope;
use registry_domain::{DeliveryId, Seq};
use registry_journal::port::{DeliveryState, Matter, PlannedEvent};
use utoipa_axum::routes;

use super::{found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::routes::deliveries::{DeliveryDocument, any, known};
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// For how long a test is tried: whoever tries something out is there to see it.
const TRIED_FOR: TimeDelta = TimeDelta::minutes(10);

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::EventDestinationNotFound, Code::EventDestinationDisabled],
    };
    operation.document(routes!(test_event_destination))
}

/// Try an event destination out
///
/// Sends a message that tells of nothing, on the same way as any other. What came of it says the delivery, a moment later. It is
/// tried for ten minutes. While one is on its way another request is answered with the same one.
#[utoipa::path(
    post,
    path = "/v1/event-destinations/{id}/test",
    tag = "Event destinations",
    params(("id" = String, Path, description = "The event destination's id", example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((
        status = 202,
        description = "The delivery",
        body = DeliveryDocument,
        headers(("Location" = String, description = "The path of the delivery")),
    ))
)]
async fn test_event_destination(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let id = parse_id(&id)?;
    if found(&state, &caller, id).await?.disabled.is_some() {
        return Err(Code::EventDestinationDisabled.into());
    }
    let (reader, now) = (state.archive.reader(), state.ambient.now());
    let waiting = any(reader, caller.tenant_id(), id, DeliveryState::Waiting).await?;
    let under_way = waiting.into_iter().find(|it| it.matter == Matter::Test);
    let delivery = if let Some(delivery) = under_way {
        delivery
    } else {
        let planned = PlannedEvent {
            id: DeliveryId::from_uuid(state.ambient.ids.uuid()),
            destination: id,
            seq: Seq::ZERO,
        };
        let added = reader.add_test_delivery(caller.tenant_id(), planned, now, now + TRIED_FOR);
        added.await?;
        known(reader, caller.tenant_id(), planned.id).await?
    };
    let location = HeaderValue::try_from(format!("/v1/deliveries/{}", delivery.id));
    let location = location.expect("an id is a header value");
    let document = Json(DeliveryDocument::new(delivery));
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], document).into_response())
}
