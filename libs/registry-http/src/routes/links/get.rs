//! `GET /v1/registration-links/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{LinkDocument, find};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::LinkNotFound],
    };
    operation.document(routes!(get_registration_link))
}

/// Read a registration link
///
/// How far the link got. Its URL is not shown again.
#[utoipa::path(
    get,
    path = "/v1/registration-links/{id}",
    tag = "Registration links",
    params(("id" = String, Path, description = "The link's id", example = "lnk_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The link", body = LinkDocument))
)]
async fn get_registration_link(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LinkDocument>, Problem> {
    caller.require(SCOPE)?;
    let (merchant, link_id) = find(&state, &caller, &id).await?;
    LinkDocument::of(&merchant, link_id).map(Json)
}
