//! `PUT /v1/alert-rules/{rule}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_domain::alerts::{
    AlertRule, HealthCondition, LEVEL_DAYS_MAX, Levels, LevelsError, MORE_THAN_MAX, Severity, Subject,
    UNUSUAL_PERCENT_MAX,
};
use registry_domain::merchant::Stage;
use registry_domain::tenant::{Command, ExpectedRule, Scope};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{RuleDocument, etag, expected, subject};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IfMatchInvalid,
            Code::AlertRuleNotFound,
            Code::RequestTimeout,
            Code::AlertChanged,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IfMatchRequired,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(set_alert_rule))
}

/// Set an alert rule
///
/// For a stage say after how many of your business days there a shop is soon late, late and very late; a level that is left out
/// raises nothing; and from which wait on a shop is unusual among yours. For what can be wrong with your connection say how bad that is. Alerts are raised on business days only:
/// about shops from nine in the morning in Korea on. Whoever makes a rule sends no `If-Match`; whoever changes one sends what
/// they have seen.
#[utoipa::path(
    put,
    path = "/v1/alert-rules/{rule}",
    tag = "Alerts",
    params(
        ("rule" = String, Path, description = "A stage (`registered`, `link_issued`, `drafting`, `in_review`, `documents_required`, `rejected`, `unknown`, `unlinked`), or `callbacks_missing`, `upstream_paused`, `balance_low`, `quarantine_growing`, `publishing_behind`", example = "in_review"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the rule that you change, or `*`; left out for a new one", example = "\"12\""),
    ),
    request_body(content = RuleBody, description = "The rule, whole"),
    responses(
        (status = 200, description = "The rule, changed or as it was", body = RuleDocument, headers(("ETag" = String, description = "The rule's version"))),
        (status = 201, description = "The rule, new", body = RuleDocument, headers(("ETag" = String, description = "The rule's version"))),
    )
)]
async fn set_alert_rule(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(rule): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let subject = subject(&rule)?;
    let expected = expected(&headers)?;
    let rule = read(subject, body.fields(Null::Absent)?)?;
    let command = Command::SetAlertRule { rule, expected };
    let done = commands::run_of_tenant(&state, &caller, &context, command).await?;
    let set = done.tenant.alert_rule(subject).ok_or(Code::Internal)?;
    let is_new = done.is_news && expected == ExpectedRule::Absent;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(ETAG, etag(set.version))], Json(RuleDocument::new(set))).into_response())
}

/// What you want to be told of.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
#[schema(as = AlertRuleBody)]
struct RuleBody {
    /// For a stage: after how many business days it is soon late.
    #[schema(minimum = 1, maximum = 250, example = 3)]
    warn: Option<u16>,
    /// For a stage: after how many it is late; more than for `warn`.
    #[schema(minimum = 1, maximum = 250, example = 6)]
    late: Option<u16>,
    /// For a stage: after how many it is very late; more than for `late`.
    #[schema(minimum = 1, maximum = 250, example = 11)]
    critical: Option<u16>,
    /// For a stage: of how many percent of your waits there that ended in the last 180 days one is longer that is unusual, and told of as
    /// `warn`. It says nothing as long as there are fewer than 30.
    #[schema(minimum = 1, maximum = 100, example = 95)]
    unusual: Option<u8>,
    /// For what can be wrong with your connection: how bad that is, `warn`, `late` or `critical`.
    #[schema(example = json!(null))]
    severity: Option<String>,
    /// For `quarantine_growing` and `publishing_behind`: how many callbacks or events may wait.
    #[schema(minimum = 0, maximum = 1_000_000, example = json!(null))]
    more_than: Option<u32>,
}

fn read(subject: Subject, fields: Fields) -> Result<AlertRule, Problem> {
    match subject {
        Subject::Stage(stage) => read_stage(stage, fields),
        Subject::Health(condition) => read_health(condition, fields),
    }
}

fn read_stage(stage: Stage, mut fields: Fields) -> Result<AlertRule, Problem> {
    for name in ["severity", "more_than"] {
        fields.refuse(name, Fault::Inapplicable);
    }
    let mut days = |name| {
        let days = fields.number(name, 1..=i64::from(LEVEL_DAYS_MAX));
        days.and_then(|days| u16::try_from(days).ok())
    };
    let [warn, late, critical] = ["warn", "late", "critical"].map(&mut days);
    let unusual = fields.number("unusual", 1..=i64::from(UNUSUAL_PERCENT_MAX));
    let unusual = unusual.and_then(|percent| u8::try_from(percent).ok());
    let levels = Levels::new(warn, late, critical, unusual);
    if !fields.has_faults() {
        match levels {
            Ok(_) => {}
            Err(LevelsError::None) => fields.blame_there("warn", Fault::Required),
            Err(LevelsError::OutOfRange) => fields.blame_there("warn", Fault::OutOfRange),
            Err(LevelsError::NotRising) => {
                let name = if late.is_some() && late <= warn {
                    "late"
                } else {
                    "critical"
                };
                fields.blame_there(name, Fault::NotRising);
            }
        }
    }
    fields.finish()?;
    // What is wrong with them is among the faults.
    let levels = levels.map_err(|_| Code::Internal)?;
    Ok(AlertRule::Stage { stage, levels })
}

fn read_health(condition: HealthCondition, mut fields: Fields) -> Result<AlertRule, Problem> {
    for name in ["warn", "late", "critical", "unusual"] {
        fields.refuse(name, Fault::Inapplicable);
    }
    let severity = fields.required("severity", |word| {
        Severity::from_word(word).ok_or(Fault::UnknownWord(Severity::WORDS))
    });
    let mut more_than = None;
    if condition.is_counted() {
        more_than = fields.number("more_than", 0..=i64::from(MORE_THAN_MAX));
        if more_than.is_none() && !fields.has_faults() {
            fields.blame_there("more_than", Fault::Required);
        }
    } else {
        fields.refuse("more_than", Fault::Inapplicable);
    }
    fields.finish()?;
    Ok(AlertRule::Health {
        condition,
        severity: severity.ok_or(Code::Internal)?,
        more_than: more_than
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read_body(rule: &str, body: &Value) -> Result<AlertRule, Problem> {
        let fields = Fields::read(body.to_string().as_bytes(), Null::Absent).unwrap();
        read(Subject::from_word(rule).unwrap(), fields)
    }

    #[test]
    fn a_rule_says_what_goes_with_it() {
        for (rule, body) in [
            ("in_review", json!({"warn": 3, "late": 6, "critical": 11})),
            ("in_review", json!({"warn": null, "late": 6})),
            ("upstream_paused", json!({"severity": "critical"})),
            ("quarantine_growing", json!({"severity": "late", "more_than": 0})),
        ] {
            assert!(read_body(rule, &body).is_ok(), "{rule} {body}");
        }
        for (rule, body) in [
            ("in_review", json!({})),
            ("in_review", json!({"warn": 0})),
            ("in_review", json!({"warn": 251})),
            ("in_review", json!({"warn": 6, "late": 6})),
            ("in_review", json!({"warn": 6, "critical": 3})),
            ("in_review", json!({"warn": 3, "severity": "late"})),
            ("in_review", json!({"warn": "3"})),
            ("upstream_paused", json!({})),
            ("upstream_paused", json!({"severity": "bad"})),
            ("upstream_paused", json!({"severity": "late", "more_than": 3})),
            ("upstream_paused", json!({"severity": "late", "warn": 3})),
            ("quarantine_growing", json!({"severity": "late"})),
            (
                "quarantine_growing",
                json!({"severity": "late", "more_than": 1_000_001}),
            ),
        ] {
            assert_eq!(
                read_body(rule, &body).unwrap_err().code(),
                Code::ValidationFailed,
                "{rule} {body}"
            );
        }
    }
}
