//! `DELETE /v1/registration-links/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::merchant::Command;
use registry_domain::tenant::Scope;
use registry_journal::Order;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{LinkDocument, find};
use crate::caller::Caller;
use crate::commands;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::LinksWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::LinkNotFound,
            Code::MerchantNotFound,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(revoke_registration_link))
}

/// Revoke a registration link
///
/// Callbacks that come through the link from now on are kept, but no longer believed. Paymint is not told: it knows no
/// way to take a URL back. Revoking a link twice changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/registration-links/{id}",
    tag = "Registration links",
    params(("id" = String, Path, description = "The link's id", example = "lnk_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The link, revoked", body = LinkDocument))
)]
async fn revoke_registration_link(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<Json<LinkDocument>, Problem> {
    caller.require(SCOPE)?;
    let (merchant, link_id) = find(&state, &caller, &id).await?;
    let order = Order::Merchant {
        merchant_id: merchant.id,
        command: Command::RevokeLink { link_id },
        expected: None,
    };
    let done = commands::run(&state, &caller, &context, None, merchant.id, order).await?;
    LinkDocument::of(&done.merchant, link_id).map(Json)
}
