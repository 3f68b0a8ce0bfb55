//! What a tenant was told, and what somebody has said to it.

use chrono::{DateTime, Utc};

use super::rule::{Severity, Subject};
use crate::ids::{AlertId, Stamp, Version};
use crate::words::words;

/// An alert that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// The rule that raised it.
    pub subject: Subject,
    /// How bad it is.
    pub severity: Severity,
    /// When it became due.
    pub due_at: DateTime<Utc>,
    /// When it was raised to this severity.
    pub raised_at: DateTime<Utc>,
    /// When somebody has taken note of it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Until when nobody wants to hear of it.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// The event of its stream that changed it last.
    pub version: Version,
}

/// How an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Nobody has taken note of it.
    Open,
    /// Somebody has.
    Acknowledged,
    /// It sleeps.
    Snoozed,
}

words!(Standing {
    Open => "open",
    Acknowledged => "acknowledged",
    Snoozed => "snoozed",
});

impl Alert {
    /// Whether it sleeps at a moment.
    pub fn is_snoozed(&self, now: DateTime<Utc>) -> bool {
        self.snoozed_until.is_some_and(|until| now < until)
    }

    /// How it stands at a moment.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        if self.is_snoozed(now) {
            Standing::Snoozed
        } else if self.acknowledged_at.is_some() {
            Standing::Acknowledged
        } else {
            Standing::Open
        }
    }
}

/// Why an alert ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertEnd {
    /// The shop has moved on.
    Moved,
    /// What was wrong is right again.
    Recovered,
    /// By the rules of today, or by the calendar, it would not be raised.
    RuleChanged,
}

words!(AlertEnd {
    Moved => "moved",
    Recovered => "recovered",
    RuleChanged => "rule_changed",
});

/// What happens to alerts: a fact of a merchant's stream, or of the tenant's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertFact {
    /// One was raised, or became worse.
    Raised {
        /// Its id.
        alert_id: AlertId,
        /// The rule.
        subject: Subject,
        /// How bad it is.
        severity: Severity,
        /// When it became due.
        due_at: DateTime<Utc>,
    },
    /// Somebody has taken note of it.
    Acknowledged {
        /// Which.
        alert_id: AlertId,
    },
    /// Nobody wants to hear of it for some time.
    Snoozed {
        /// Which.
        alert_id: AlertId,
        /// Until when; none for from now on again.
        until: Option<DateTime<Utc>>,
    },
    /// It has ended.
    Resolved {
        /// Which.
        alert_id: AlertId,
        /// The rule.
        subject: Subject,
        /// How bad it was.
        severity: Severity,
        /// Why.
        end: AlertEnd,
    },
}

impl AlertFact {
    /// Changes the alerts of whoever it is a fact of.
    pub(crate) fn apply_to(&self, alerts: &mut Vec<Alert>, stamp: Stamp) {
        let mut with = |id: AlertId, change: &dyn Fn(&mut Alert)| {
            if let Some(alert) = alerts.iter_mut().find(|alert| alert.id == id) {
                change(alert);
                alert.version = stamp.version;
            }
        };
        match *self {
            Self::Raised {
                alert_id,
                subject,
                severity,
                due_at,
            } => {
                alerts.retain(|alert| alert.id != alert_id);
                alerts.push(Alert {
                    id: alert_id,
                    subject,
                    severity,
                    due_at,
                    raised_at: stamp.recorded_at,
                    acknowledged_at: None,
                    snoozed_until: None,
                    version: stamp.version,
                });
            }
            Self::Acknowledged { alert_id } => with(alert_id, &|alert| {
                alert.acknowledged_at = Some(stamp.recorded_at);
                alert.snoozed_until = None;
            }),
            Self::Snoozed { alert_id, until } => with(alert_id, &|alert| alert.snoozed_until = until),
            Self::Resolved { alert_id, .. } => alerts.retain(|alert| alert.id != alert_id),
        }
    }
}

/// Why nothing can be said to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AlertRefusal {
    /// There is none, or it has ended.
    #[error("there is no such alert, or it has ended")]
    NoSuchAlert,
    /// It has changed since it was seen.
    #[error("the alert has changed")]
    Changed,
}

fn found(alerts: &[Alert], id: AlertId, expected: Option<Version>) -> Result<&Alert, AlertRefusal> {
    let alert = alerts.iter().find(|alert| alert.id == id);
    let alert = alert.ok_or(AlertRefusal::NoSuchAlert)?;
    if expected.is_some_and(|expected| expected != alert.version) {
        return Err(AlertRefusal::Changed);
    }
    Ok(alert)
}

/// Takes note of an alert. Done once, however often it is said.
pub fn acknowledge(
    alerts: &[Alert],
    id: AlertId,
    expected: Option<Version>,
) -> Result<Option<AlertFact>, AlertRefusal> {
    let alert = found(alerts, id, expected)?;
    let is_done = alert.acknowledged_at.is_some() && alert.snoozed_until.is_none();
    Ok((!is_done).then_some(AlertFact::Acknowledged { alert_id: id }))
}

/// Puts an alert to sleep, or wakes it.
pub fn snooze(
    alerts: &[Alert],
    id: AlertId,
    until: Option<DateTime<Utc>>,
    expected: Option<Version>,
) -> Result<Option<AlertFact>, AlertRefusal> {
    let alert = found(alerts, id, expected)?;
    let is_done = alert.snoozed_until == until;
    Ok((!is_done).then_some(AlertFact::Snoozed { alert_id: id, until }))
}
