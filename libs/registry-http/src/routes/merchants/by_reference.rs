//! `GET /v1/merchants/by-reference/{member_code}/{merchant_code}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use registry_documents::MerchantDocument;
use registry_domain::merchant::Merchant;
use registry_domain::tenant::Scope;
use registry_domain::{MemberCode, MerchantCode, Reference};
use utoipa_axum::routes;

use super::document_unless_known;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::MerchantNotFound],
    };
    operation.document(routes!(get_merchant_by_reference))
}

/// Read a merchant by your codes
///
/// The same document as under the merchant's id.
#[utoipa::path(
    get,
    path = "/v1/merchants/by-reference/{member_code}/{merchant_code}",
    tag = "Merchants",
    params(
        ("member_code" = String, Path, description = "Your code for the member, percent-encoded", example = "acad-12"),
        ("merchant_code" = String, Path, description = "Your code for the shop, percent-encoded", example = "store-3"),
        ("If-None-Match" = Option<String>, Header, description = "ETags that you have"),
    ),
    responses(
        (
            status = 200,
            description = "The merchant",
            body = MerchantDocument,
            headers(("ETag" = String, description = "The merchant's version and form")),
        ),
        (status = 304, description = "You have this version"),
    )
)]
async fn get_merchant_by_reference(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((member_code, merchant_code)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let merchant = find(&state, &caller, &member_code, &merchant_code).await?;
    let merchant = merchant.ok_or(Code::MerchantNotFound)?;
    Ok(document_unless_known(&headers, &merchant, caller.sight()))
}

/// The merchant with these codes, however they are spelled. What is not a code stands under no merchant.
pub(super) async fn find(
    state: &AppState,
    caller: &Caller,
    member_code: &str,
    merchant_code: &str,
) -> Result<Option<Merchant>, Problem> {
    let (Ok(member_code), Ok(merchant_code)) =
        (MemberCode::recorded(member_code), MerchantCode::recorded(merchant_code))
    else {
        return Ok(None);
    };
    let typed = Reference {
        member_code,
        merchant_code,
    };
    let reader = state.archive.reader();
    Ok(reader.merchant_by_any_spelling(caller.tenant_id(), &typed).await?)
}
