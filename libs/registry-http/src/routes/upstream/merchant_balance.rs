//! `GET /v1/merchants/{id}/balance`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::Scope;
use registry_upstream::Urgency;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{BalanceDocument, PROBLEMS_OF_QUESTIONS};
use crate::caller::Caller;
use crate::commands::current;
use crate::operation::{Access, Operation, Route};
use crate::problem::Problem;
use crate::routes::merchants::parse_id;
use crate::state::AppState;

const SCOPE: Scope = Scope::UpstreamAsk;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: PROBLEMS_OF_QUESTIONS,
    };
    operation.document(routes!(get_merchant_balance))
}

/// Ask for a merchant's balance
///
/// Asks Paymint now for the points in the shop's own wallet (`/read/merchant/remain_count`). Whether that wallet or
/// yours pays for a bill is a matter of your contract with Paymint. Your threshold is about your own wallet only.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}/balance",
    tag = "Billing",
    params(("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The balance", body = BalanceDocument))
)]
async fn get_merchant_balance(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<Json<BalanceDocument>, Problem> {
    caller.require(SCOPE)?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    let origin = caller.origin(&context);
    let read = state
        .inquirer
        .merchant_balance(
            caller.tenant_id(),
            merchant.id,
            &merchant.reference,
            Urgency::Person,
            &origin,
        )
        .await?;
    Ok(Json(BalanceDocument::new(Some(merchant.id.to_string()), None, read)))
}
