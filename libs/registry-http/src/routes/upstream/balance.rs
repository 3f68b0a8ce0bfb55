//! `GET /v1/balance`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::tenant::Scope;
use registry_upstream::Urgency;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{BalanceDocument, PROBLEMS_OF_QUESTIONS};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::UpstreamAsk;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: PROBLEMS_OF_QUESTIONS,
    };
    operation.document(routes!(get_balance))
}

/// Ask for your balance
///
/// Asks Paymint now for the points in the partner's wallet (`/read/remain_count`). If they are below the threshold of
/// your settings, that becomes an event, once.
#[utoipa::path(
    get,
    path = "/v1/balance",
    tag = "Billing",
    responses((status = 200, description = "The balance", body = BalanceDocument))
)]
async fn get_balance(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
) -> Result<Json<BalanceDocument>, Problem> {
    caller.require(SCOPE)?;
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    let threshold = tenant.ok_or(Code::Unauthenticated)?.settings.low_balance_threshold;
    let origin = caller.origin(&context);
    let read = state
        .inquirer
        .balance(caller.tenant_id(), Urgency::Person, &origin)
        .await?;
    Ok(Json(BalanceDocument::new(None, threshold, read)))
}
