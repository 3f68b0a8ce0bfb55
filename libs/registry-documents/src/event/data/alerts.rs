//! What the events about alerts tell.

use chrono::{DateTime, Utc};
use registry_domain::alerts;
use registry_domain::alerts::Severity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Of what the tenant wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertRuleData)]
pub struct AlertRule {
    /// The stage of shops that wait too long, or what is wrong with the tenant itself: `callbacks_missing`, `upstream_paused`,
    /// `balance_low`, `quarantine_growing`, `publishing_behind`.
    #[schema(example = "in_review")]
    pub rule: String,
    /// For a stage: after how many business days there it is soon late; null for never.
    #[schema(required = true, example = 3)]
    pub warn: Option<u16>,
    /// For a stage: after how many it is late; null for never.
    #[schema(required = true, example = 6)]
    pub late: Option<u16>,
    /// For a stage: after how many it is very late; null for never.
    #[schema(required = true, example = 11)]
    pub critical: Option<u16>,
    /// For a stage: of how many percent of the tenant's waits there that ended in the last 180 days one is longer that is told of as
    /// `warn`; null for never.
    #[serde(default)]
    #[schema(required = true, example = 95)]
    pub unusual: Option<u8>,
    /// For what is wrong with the tenant itself: how bad that is, `warn`, `late` or `critical`.
    #[schema(required = true, example = json!(null))]
    pub severity: Option<String>,
    /// Where something is counted: how much may pass.
    #[schema(required = true, example = json!(null))]
    pub more_than: Option<u32>,
}

impl From<&alerts::AlertRule> for AlertRule {
    fn from(rule: &alerts::AlertRule) -> Self {
        let name = rule.subject().as_str().to_owned();
        match rule {
            alerts::AlertRule::Stage { stage: _, levels } => Self {
                rule: name,
                warn: levels.of(Severity::Warn),
                late: levels.of(Severity::Late),
                critical: levels.of(Severity::Critical),
                unusual: levels.unusual(),
                severity: None,
                more_than: None,
            },
            alerts::AlertRule::Health {
                condition,
                severity,
                more_than,
            } => Self {
                rule: name,
                warn: None,
                late: None,
                critical: None,
                unusual: None,
                severity: Some(severity.as_str().to_owned()),
                more_than: condition.is_counted().then_some(*more_than),
            },
        }
    }
}

/// The tenant does not want to be told of something any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertRuleRemovedData)]
pub struct AlertRuleRemoved {
    /// The rule.
    #[schema(example = "in_review")]
    pub rule: String,
}

/// An alert was raised, or became worse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertRaisedData)]
pub struct AlertRaised {
    /// Its id. One that becomes worse keeps it.
    #[schema(example = "alt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub alert_id: String,
    /// The rule.
    #[schema(example = "in_review")]
    pub rule: String,
    /// `warn`, `late` or `critical`.
    #[schema(example = "late")]
    pub severity: String,
    /// When it became due.
    pub due_at: DateTime<Utc>,
}

/// Somebody has taken note of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertAcknowledgedData)]
pub struct AlertAcknowledged {
    /// Its id.
    #[schema(example = "alt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub alert_id: String,
}

/// An alert sleeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertSnoozedData)]
pub struct AlertSnoozed {
    /// Its id.
    #[schema(example = "alt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub alert_id: String,
    /// Until when; null if it was woken.
    #[schema(required = true)]
    pub until: Option<DateTime<Utc>>,
}

/// An alert has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertResolvedData)]
pub struct AlertResolved {
    /// Its id.
    #[schema(example = "alt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub alert_id: String,
    /// The rule.
    #[schema(example = "in_review")]
    pub rule: String,
    /// How bad it was.
    #[schema(example = "late")]
    pub severity: String,
    /// Why it ended: `moved`, `recovered` or `rule_changed`.
    #[schema(example = "moved")]
    pub reason: String,
}
