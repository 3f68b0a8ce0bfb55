//! `DELETE /v1/merchants/{id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use registry_documents::MerchantDocument;
use registry_domain::merchant::Command;
use registry_domain::tenant::Scope;
use registry_journal::Order;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{document, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::{commands, conditional};

const SCOPE: Scope = Scope::MerchantsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::IfMatchInvalid,
            Code::MerchantNotFound,
            Code::VersionMismatch,
            Code::IfMatchRequired,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(archive_merchant))
}

/// Archive a merchant
///
/// The merchant no longer appears in lists unless they ask for the stage `archived`, and no link can be issued for it.
/// Nothing is lost: its callbacks are still taken, and a restoration brings it back.
#[utoipa::path(
    delete,
    path = "/v1/merchants/{id}",
    tag = "Merchants",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("If-Match" = String, Header, description = "The ETag of the merchant that you have seen, or `*`", example = "\"7.1\""),
    ),
    responses((
        status = 200,
        description = "The merchant, archived",
        body = MerchantDocument,
        headers(("ETag" = String, description = "The merchant's version and form")),
    ))
)]
async fn archive_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let merchant_id = parse_id(&id)?;
    let expected = conditional::expected(&headers)?;
    let order = Order::Merchant {
        merchant_id,
        command: Command::Archive,
        expected,
    };
    let done = commands::run(&state, &caller, &context, None, merchant_id, order).await?;
    Ok(document(StatusCode::OK, &done.merchant, caller.sight()))
}
