//! `GET /v1/alert-rules`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::RuleDocument;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[],
    };
    operation.document(routes!(list_alert_rules))
}

/// List your alert rules
///
/// One for each stage and for each thing that can be wrong with your connection, at most. Without rules nothing is raised.
#[utoipa::path(
    get,
    path = "/v1/alert-rules",
    tag = "Alerts",
    responses((status = 200, description = "All of them", body = AlertRules))
)]
async fn list_alert_rules(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<AlertRules>, Problem> {
    caller.require(SCOPE)?;
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    let tenant = tenant.ok_or(Code::Unauthenticated)?;
    let data = tenant.alert_rules.iter().map(RuleDocument::new).collect();
    Ok(Json(AlertRules { data }))
}

/// Alert rules.
#[derive(Serialize, ToSchema)]
struct AlertRules {
    /// In the order in which they were first set.
    data: Vec<RuleDocument>,
}
