//! `GET /v1/unclaimed-merchants/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{UnclaimedDocument, find};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::UnclaimedMerchantNotFound],
    };
    operation.document(routes!(get_unclaimed_merchant))
}

/// Read an unclaimed merchant
///
/// What Paymint told of a pair of codes that you had not registered, and what became of it.
#[utoipa::path(
    get,
    path = "/v1/unclaimed-merchants/{id}",
    tag = "Unclaimed merchants",
    params(("id" = String, Path, description = "Its id", example = "unc_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The unclaimed merchant", body = UnclaimedDocument))
)]
async fn get_unclaimed_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<UnclaimedDocument>, Problem> {
    caller.require(SCOPE)?;
    let row = find(&state, &caller, &id).await?;
    Ok(Json(UnclaimedDocument::new(&row)))
}
