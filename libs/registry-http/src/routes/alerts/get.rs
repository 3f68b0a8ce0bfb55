//! `GET /v1/alerts/{id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{AlertDocument, own, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::AlertNotFound],
    };
    operation.document(routes!(get_alert))
}

/// Read an alert
///
/// One that has ended is not found: the timeline of the merchant, or the feed, tells of it.
#[utoipa::path(
    get,
    path = "/v1/alerts/{id}",
    tag = "Alerts",
    params(("id" = String, Path, description = "The alert's id", example = "alt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((
        status = 200,
        description = "The alert",
        body = AlertDocument,
        headers(("ETag" = String, description = "The alert's version")),
    ))
)]
async fn get_alert(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let id = parse_id(&id)?;
    let tenant = own(&state, &caller).await?;
    let now = state.ambient.now();
    if let Some(alert) = tenant.alerts.iter().find(|alert| alert.id == id) {
        return Ok(AlertDocument::of_tenant(alert, now).answer());
    }
    let found = state.archive.reader().merchant_of_alert(tenant.id, id).await?;
    let found = found.and_then(|merchant| AlertDocument::of_merchant(&merchant, &tenant.settings.calendar, now));
    Ok(found.ok_or(Code::AlertNotFound)?.answer())
}
