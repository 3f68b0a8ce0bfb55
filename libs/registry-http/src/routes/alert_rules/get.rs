//! `GET /v1/alert-rules/{rule}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{RuleDocument, etag, subject};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::AlertRuleNotFound],
    };
    operation.document(routes!(get_alert_rule))
}

/// Read an alert rule
///
/// With the `ETag` that whoever changes it sends.
#[utoipa::path(
    get,
    path = "/v1/alert-rules/{rule}",
    tag = "Alerts",
    params(("rule" = String, Path, description = "The rule: a stage, or what can be wrong with your connection", example = "in_review")),
    responses((
        status = 200,
        description = "The rule",
        body = RuleDocument,
        headers(("ETag" = String, description = "The rule's version")),
    ))
)]
async fn get_alert_rule(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(rule): Path<String>,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let subject = subject(&rule)?;
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    let tenant = tenant.ok_or(Code::Unauthenticated)?;
    let set = tenant.alert_rule(subject).ok_or(Code::AlertRuleNotFound)?;
    Ok(([(ETAG, etag(set.version))], Json(RuleDocument::new(set))).into_response())
}
