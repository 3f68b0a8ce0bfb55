//! Of what a tenant wants to be told.

pub mod get;
pub mod list;
pub mod remove;
pub mod set;

use axum::http::{HeaderMap, HeaderValue};
use registry_documents::event::data::AlertRule;
use registry_domain::Version;
use registry_domain::alerts::{SetAlertRule, Subject};
use registry_domain::tenant::ExpectedRule;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conditional;
use crate::problem::{Code, Problem};

/// Of what you want to be told.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertRule)]
struct RuleDocument {
    /// Always `alert_rule`.
    #[schema(example = "alert_rule")]
    object: &'static str,
    #[serde(flatten)]
    rule: AlertRule,
    /// Counts up with each change of it; the `ETag` says the same.
    #[schema(example = 12)]
    version: u64,
}

impl RuleDocument {
    fn new(set: &SetAlertRule) -> Self {
        Self {
            object: "alert_rule",
            rule: (&set.rule).into(),
            version: set.version.0,
        }
    }
}

/// The rule of a path.
fn subject(text: &str) -> Result<Subject, Problem> {
    Subject::from_word(text).ok_or_else(|| Code::AlertRuleNotFound.into())
}

fn etag(version: Version) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits in quotation marks are a header value")
}

/// What the client knows of the rule that it changes.
fn expected(headers: &HeaderMap) -> Result<ExpectedRule, Problem> {
    if !headers.contains_key(axum::http::header::IF_MATCH) {
        return Ok(ExpectedRule::Absent);
    }
    let version = conditional::expected(headers)?;
    Ok(version.map_or(ExpectedRule::Any, ExpectedRule::SetBy))
}
