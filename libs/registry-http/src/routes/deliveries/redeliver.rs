//! `POST /v1/deliveries/{id}/redeliver`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use registry_deliveries::GIVE_UP_AFTER;
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{DeliveryDocument, known, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::DeliveryNotFound,
            Code::DeliveryOpen,
            Code::EventDestinationDisabled,
        ],
    };
    operation.document(routes!(redeliver))
}

/// Deliver again
///
/// It is tried at once, and for three days from now on, whether or not it has arrived before. The message is the same, `webhook-id`
/// included.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{id}/redeliver",
    tag = "Event destinations",
    params(("id" = String, Path, description = "The delivery's id", example = "dlv_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 202, description = "The delivery, waiting", body = DeliveryDocument))
)]
async fn redeliver(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let (id, tenant_id) = (parse_id(&id)?, caller.tenant_id());
    let (reader, now) = (state.archive.reader(), state.ambient.now());
    let delivery = known(reader, tenant_id, id).await?;
    let tenant = reader.tenant(tenant_id).await?.ok_or(Code::Unauthenticated)?;
    let there = tenant.destination(delivery.destination);
    if there.is_none_or(|there| there.disabled.is_some()) {
        return Err(Code::EventDestinationDisabled.into());
    }
    if !reader.redeliver(tenant_id, id, now, now + GIVE_UP_AFTER).await? {
        return Err(Code::DeliveryOpen.into());
    }
    let document = DeliveryDocument::new(known(reader, tenant_id, id).await?);
    Ok((StatusCode::ACCEPTED, Json(document)).into_response())
}
