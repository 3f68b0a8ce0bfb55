//! `GET /v1/deliveries/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
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
        problems: &[Code::DeliveryNotFound],
    };
    operation.document(routes!(get_delivery))
}

/// Read a delivery
///
/// It is kept for 30 days.
#[utoipa::path(
    get,
    path = "/v1/deliveries/{id}",
    tag = "Event destinations",
    params(("id" = String, Path, description = "The delivery's id", example = "dlv_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The delivery", body = DeliveryDocument))
)]
async fn get_delivery(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DeliveryDocument>, Problem> {
    caller.require(SCOPE)?;
    let delivery = known(state.archive.reader(), caller.tenant_id(), parse_id(&id)?).await?;
    Ok(Json(DeliveryDocument::new(delivery)))
}
