//! Alerts and the rules that raise them as they are written, in events and in rows.

use chrono::{DateTime, Utc};
use registry_domain::alerts::{
    Alert, AlertEnd, AlertFact, AlertRule, HealthCondition, Levels, SetAlertRule, Severity, Subject,
};
use registry_domain::{AlertId, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{StoredError, read, to_json, word};

/// The types of facts about alerts, in the stream of whatever they are about.
pub(super) struct AlertTypes {
    raised: &'static str,
    acknowledged: &'static str,
    snoozed: &'static str,
    resolved: &'static str,
}

impl AlertTypes {
    /// Whether a type is one of these.
    pub(super) fn has(&self, event_type: &str) -> bool {
        [self.raised, self.acknowledged, self.snoozed, self.resolved].contains(&event_type)
    }
}

/// In a merchant's.
pub(super) const OF_MERCHANT: AlertTypes = AlertTypes {
    raised: "alert.raised",
    acknowledged: "alert.acknowledged",
    snoozed: "alert.snoozed",
    resolved: "alert.resolved",
};

/// In the tenant's own.
pub(super) const OF_TENANT: AlertTypes = AlertTypes {
    raised: "tenant_alert.raised",
    acknowledged: "tenant_alert.acknowledged",
    snoozed: "tenant_alert.snoozed",
    resolved: "tenant_alert.resolved",
};

#[derive(Serialize, Deserialize)]
struct Raised {
    alert_id: Uuid,
    rule: String,
    severity: String,
    due_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct OfAlert {
    alert_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct Snoozed {
    alert_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
struct Resolved {
    alert_id: Uuid,
    rule: String,
    severity: String,
    end: String,
}

/// The stored shape of a fact.
pub(super) fn from_fact(types: &AlertTypes, fact: &AlertFact) -> (&'static str, String) {
    match fact {
        AlertFact::Raised {
            alert_id,
            subject,
            severity,
            due_at,
        } => {
            let data = Raised {
                alert_id: alert_id.as_uuid(),
                rule: subject.as_str().to_owned(),
                severity: severity.as_str().to_owned(),
                due_at: *due_at,
            };
            (types.raised, to_json(&data))
        }
        AlertFact::Acknowledged { alert_id } => {
            let alert_id = alert_id.as_uuid();
            (types.acknowledged, to_json(&OfAlert { alert_id }))
        }
        AlertFact::Snoozed { alert_id, until } => {
            let data = Snoozed {
                alert_id: alert_id.as_uuid(),
                until: *until,
            };
            (types.snoozed, to_json(&data))
        }
        AlertFact::Resolved {
            alert_id,
            subject,
            severity,
            end,
        } => {
            let data = Resolved {
                alert_id: alert_id.as_uuid(),
                rule: subject.as_str().to_owned(),
                severity: severity.as_str().to_owned(),
                end: end.as_str().to_owned(),
            };
            (types.resolved, to_json(&data))
        }
    }
}

/// The fact of a type; none if it is none of these.
pub(super) fn into_fact(types: &AlertTypes, event_type: &str, data: &str) -> Result<Option<AlertFact>, StoredError> {
    let fact = match event_type {
        known if known == types.raised => {
            let data: Raised = read(event_type, data)?;
            AlertFact::Raised {
                alert_id: AlertId::from_uuid(data.alert_id),
                subject: subject(&data.rule)?,
                severity: severity(&data.severity)?,
                due_at: data.due_at,
            }
        }
        known if known == types.acknowledged => AlertFact::Acknowledged {
            alert_id: AlertId::from_uuid(read::<OfAlert>(event_type, data)?.alert_id),
        },
        known if known == types.snoozed => {
            let data: Snoozed = read(event_type, data)?;
            AlertFact::Snoozed {
                alert_id: AlertId::from_uuid(data.alert_id),
                until: data.until,
            }
        }
        known if known == types.resolved => {
            let data: Resolved = read(event_type, data)?;
            AlertFact::Resolved {
                alert_id: AlertId::from_uuid(data.alert_id),
                subject: subject(&data.rule)?,
                severity: severity(&data.severity)?,
                end: word("end", AlertEnd::from_word(&data.end))?,
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(fact))
}

pub(super) fn subject(text: &str) -> Result<Subject, StoredError> {
    word("rule", Subject::from_word(text))
}

pub(super) fn severity(text: &str) -> Result<Severity, StoredError> {
    word("severity", Severity::from_word(text))
}

/// A rule.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRule {
    rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warn: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    late: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    critical: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unusual: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    more_than: Option<u32>,
}

/// The name of a rule.
#[derive(Serialize, Deserialize)]
pub(super) struct OfRule {
    pub(super) rule: String,
}

impl OfRule {
    pub(super) fn subject(&self) -> Result<Subject, StoredError> {
        subject(&self.rule)
    }
}

impl From<&AlertRule> for StoredRule {
    fn from(rule: &AlertRule) -> Self {
        let name = rule.subject().as_str().to_owned();
        match rule {
            AlertRule::Stage { stage: _, levels } => Self {
                rule: name,
                warn: levels.of(Severity::Warn),
                late: levels.of(Severity::Late),
                critical: levels.of(Severity::Critical),
                unusual: levels.unusual(),
                severity: None,
                more_than: None,
            },
            AlertRule::Health {
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

impl StoredRule {
    pub(super) fn into_domain(self) -> Result<AlertRule, StoredError> {
        Ok(match subject(&self.rule)? {
            Subject::Stage(stage) => AlertRule::Stage {
                stage,
                levels: word(
                    "levels",
                    Levels::new(self.warn, self.late, self.critical, self.unusual).ok(),
                )?,
            },
            Subject::Health(condition) => health(condition, &self)?,
        })
    }
}

fn health(condition: HealthCondition, stored: &StoredRule) -> Result<AlertRule, StoredError> {
    Ok(AlertRule::Health {
        condition,
        severity: severity(stored.severity.as_deref().unwrap_or_default())?,
        more_than: stored.more_than.unwrap_or_default(),
    })
}

/// A rule of a tenant's row.
#[derive(Serialize, Deserialize)]
pub(super) struct RuleRow {
    #[serde(flatten)]
    rule: StoredRule,
    version: u64,
}

impl From<&SetAlertRule> for RuleRow {
    fn from(set: &SetAlertRule) -> Self {
        Self {
            rule: (&set.rule).into(),
            version: set.version.0,
        }
    }
}

impl RuleRow {
    pub(super) fn into_domain(self) -> Result<SetAlertRule, StoredError> {
        Ok(SetAlertRule {
            rule: self.rule.into_domain()?,
            version: Version(self.version),
        })
    }
}

/// An alert that has not ended, in the row of whatever it is about.
#[derive(Serialize, Deserialize)]
pub(super) struct AlertState {
    id: Uuid,
    rule: String,
    severity: String,
    due_at: DateTime<Utc>,
    raised_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snoozed_until: Option<DateTime<Utc>>,
    version: u64,
}

impl From<&Alert> for AlertState {
    fn from(alert: &Alert) -> Self {
        Self {
            id: alert.id.as_uuid(),
            rule: alert.subject.as_str().to_owned(),
            severity: alert.severity.as_str().to_owned(),
            due_at: alert.due_at,
            raised_at: alert.raised_at,
            acknowledged_at: alert.acknowledged_at,
            snoozed_until: alert.snoozed_until,
            version: alert.version.0,
        }
    }
}

impl AlertState {
    pub(super) fn into_domain(self) -> Result<Alert, StoredError> {
        Ok(Alert {
            id: AlertId::from_uuid(self.id),
            subject: subject(&self.rule)?,
            severity: severity(&self.severity)?,
            due_at: self.due_at,
            raised_at: self.raised_at,
            acknowledged_at: self.acknowledged_at,
            snoozed_until: self.snoozed_until,
            version: Version(self.version),
        })
    }
}
