//! `GET /v1/merchants/{id}/registration-links`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{LinkDocument, stable_link};
use crate::caller::Caller;
use crate::commands::current;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::routes::merchants::parse_id;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::MerchantNotFound],
    };
    operation.document(routes!(list_registration_links))
}

/// List a merchant's registration links
///
/// All of them, the newest first; a merchant has at most 200. The URLs are not shown again. The link to send to the shop
/// (`stable_link`) is.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}/registration-links",
    tag = "Registration links",
    params(("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The links", body = LinkList))
)]
async fn list_registration_links(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LinkList>, Problem> {
    caller.require(SCOPE)?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    let data = merchant
        .links
        .iter()
        .rev()
        .map(|link| LinkDocument::new(merchant.id, link))
        .collect();
    let stable_link = stable_link(&state, &caller, &merchant);
    Ok(Json(LinkList { data, stable_link }))
}

/// A merchant's registration links.
#[derive(Serialize, ToSchema)]
#[schema(as = RegistrationLinkList)]
struct LinkList {
    /// The links, the newest first.
    data: Vec<LinkDocument>,
    /// The link to send to the shop: a page of its own that says how far it has come, and leads on to Paymint with a URL that
    /// works. It stays the same and never runs out. Whoever has it sees what the shop sees. Null for whoever may not issue
    /// links, and for a merchant that is archived.
    #[schema(required = true, example = "https://registry.example/l/BAEBlwAAAAB3AAAAAAAAAAAAAA")]
    stable_link: Option<String>,
}
