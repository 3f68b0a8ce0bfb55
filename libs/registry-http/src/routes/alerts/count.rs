//! `GET /v1/stats/alerts`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::alerts::{Severity, Standing};
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::own;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::Problem;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[],
    };
    operation.document(routes!(count_alerts))
}

/// Count alerts
///
/// Those that have not ended, about shops and about your connection.
#[utoipa::path(
    get,
    path = "/v1/stats/alerts",
    tag = "Alerts",
    responses((status = 200, description = "The counts", body = AlertStats))
)]
async fn count_alerts(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<AlertStats>, Problem> {
    caller.require(SCOPE)?;
    let now = state.ambient.now();
    let tenant = own(&state, &caller).await?;
    let counts = state.archive.reader().alert_counts(tenant.id, now).await?;
    let of_merchants = counts.iter().map(|row| (row.severity, row.standing, row.count));
    let of_tenant = tenant
        .alerts
        .iter()
        .map(|alert| (alert.severity, alert.standing(now), 1));
    let mut answer = AlertStats {
        by_state: Standing::ALL.iter().map(|standing| (standing.as_str(), 0)).collect(),
        open_by_severity: Severity::ALL.iter().map(|severity| (severity.as_str(), 0)).collect(),
    };
    for (severity, standing, count) in of_merchants.chain(of_tenant) {
        *answer.by_state.entry(standing.as_str()).or_default() += count;
        if standing == Standing::Open {
            *answer.open_by_severity.entry(severity.as_str()).or_default() += count;
        }
    }
    Ok(Json(answer))
}

/// How many alerts there are.
#[derive(Serialize, ToSchema)]
struct AlertStats {
    /// By how they stand. Every word is there, also with 0.
    #[schema(example = json!({"open": 3, "acknowledged": 1, "snoozed": 0}))]
    by_state: BTreeMap<&'static str, u64>,
    /// Open ones by how bad they are. Every word is there, also with 0.
    #[schema(example = json!({"warn": 1, "late": 2, "critical": 0}))]
    open_by_severity: BTreeMap<&'static str, u64>,
}
