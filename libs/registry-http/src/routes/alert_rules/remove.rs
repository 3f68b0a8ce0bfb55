//! `DELETE /v1/alert-rules/{rule}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use registry_domain::tenant::{Command, ExpectedRule, Scope};
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{expected, subject};
use crate::caller::Caller;
use crate::commands;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::IfMatchInvalid,
            Code::AlertRuleNotFound,
            Code::AlertChanged,
            Code::IfMatchRequired,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(remove_alert_rule))
}

/// Remove an alert rule
///
/// What it has raised ends within a minute.
#[utoipa::path(
    delete,
    path = "/v1/alert-rules/{rule}",
    tag = "Alerts",
    params(
        ("rule" = String, Path, description = "The rule", example = "in_review"),
        ("If-Match" = String, Header, description = "The ETag of the rule that you have seen, or `*`", example = "\"12\""),
    ),
    responses((status = 204, description = "There is no such rule any more"))
)]
async fn remove_alert_rule(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(rule): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    caller.require(SCOPE)?;
    let subject = subject(&rule)?;
    let expected = expected(&headers)?;
    if expected == ExpectedRule::Absent {
        return Err(Code::IfMatchRequired.into());
    }
    let command = Command::RemoveAlertRule { subject, expected };
    commands::run_of_tenant(&state, &caller, &context, command).await?;
    Ok(StatusCode::NO_CONTENT)
}
