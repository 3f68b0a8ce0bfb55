//! `GET /v1/merchants/{id}/approvals`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_documents::{PublicEvent, event_shown};
use registry_domain::Version;
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::commands::current;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::routes::merchants::parse_id;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::MerchantNotFound, Code::ValidationFailed],
    };
    operation.document(routes!(list_approvals))
}

/// List a merchant's payment approvals
///
/// The newest first, each once however often Paymint repeated it. What they say is what Paymint claimed: read the bill
/// before money moves. `api_key` tells how the key in the callback compared with yours; keys are not kept.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}/approvals",
    tag = "Billing",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("before_version" = Option<u64>, Query, description = "Only what was written down before this version", minimum = 1),
        ("limit" = Option<u32>, Query, description = "Most approvals on the page; 50 if left out", minimum = 1, maximum = 500),
    ),
    responses((status = 200, description = "A page of approvals", body = ApprovalPage))
)]
async fn list_approvals(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
    mut query: Parameters,
) -> Result<Json<ApprovalPage>, Problem> {
    caller.require(SCOPE)?;
    let before = query.position("before_version", 1).map(Version);
    let limit = query.limit();
    query.finish()?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    let tenant_id = caller.tenant_id();
    let events = state.archive.approvals(tenant_id, merchant.id, before, limit).await?;
    let is_full = events.len() == limit.get() as usize;
    let last = events.last().filter(|_| is_full);
    let next_before_version = last.map(|recorded| recorded.stamp.version.0);
    Ok(Json(ApprovalPage {
        data: events.iter().map(|event| event_shown(event, caller.sight())).collect(),
        page: ApprovalPosition { next_before_version },
    }))
}

/// A page of payment approvals.
#[derive(Serialize, ToSchema)]
struct ApprovalPage {
    /// The `payment.approved` events, the newest first.
    data: Vec<PublicEvent>,
    /// Where the next page begins.
    page: ApprovalPosition,
}

/// Where the next page of approvals begins.
#[derive(Serialize, ToSchema)]
struct ApprovalPosition {
    /// The `before_version` of the next page; null on the last.
    #[schema(required = true, example = 7)]
    next_before_version: Option<u64>,
}
