//! Alerts about merchants that have not ended, and who is late by a rule. The alerts stand in the merchants' states; rows
//! beside them make lists of them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::alerts::{Alert, Severity, Standing, Subject};
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::{AlertId, MerchantId, TenantId};

use super::{PageSize, ReadError};

/// What stands beside a merchant of its alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertRow {
    /// Whose merchant.
    pub tenant_id: TenantId,
    /// Which merchant.
    pub merchant_id: MerchantId,
    /// Its alert; none if it has ended, so that the row goes.
    pub alert: Option<Alert>,
}

/// What stands beside a merchant of its alert, as storage has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectedAlert {
    /// Its id.
    pub id: AlertId,
    /// The rule that raised it; none for a word that no rule has.
    pub subject: Option<Subject>,
    /// How bad it is; none for a number that stands for nothing.
    pub severity: Option<Severity>,
    /// When it became due.
    pub due_at: DateTime<Utc>,
    /// When somebody has taken note of it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Until when nobody wants to hear of it.
    pub snoozed_until: Option<DateTime<Utc>>,
}

impl ProjectedAlert {
    /// That of an alert.
    pub const fn of(alert: &Alert) -> Self {
        Self {
            id: alert.id,
            subject: Some(alert.subject),
            severity: Some(alert.severity),
            due_at: alert.due_at,
            acknowledged_at: alert.acknowledged_at,
            snoozed_until: alert.snoozed_until,
        }
    }
}

/// Who stands in a stage for so long that somebody is to be told, and was not told of so badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateQuery {
    /// The stage.
    pub stage: Stage,
    /// Only those that have stood there since this moment or longer.
    pub since_until: DateTime<Utc>,
    /// Only those without an alert that is so bad, or that sleeps.
    pub severity: Severity,
    /// Now.
    pub now: DateTime<Utc>,
    /// Where the page begins; none for the first.
    pub after: Option<LateMerchant>,
    /// At most so many.
    pub limit: PageSize,
}

/// A merchant that stands in its stage for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateMerchant {
    /// Since when.
    pub stage_since: DateTime<Utc>,
    /// Which.
    pub merchant_id: MerchantId,
}

/// The place of an alert in a list: the worst first, of those the longest due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertPosition {
    /// How bad it is.
    pub severity: Severity,
    /// When it became due.
    pub due_at: DateTime<Utc>,
    /// About which merchant.
    pub merchant_id: MerchantId,
}

/// Which alerts about merchants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertQuery {
    /// Only those that stand so; empty for all.
    pub standings: Vec<Standing>,
    /// Only those that are so bad; empty for all.
    pub severities: Vec<Severity>,
    /// Only those of this rule.
    pub subject: Option<Subject>,
    /// Now.
    pub now: DateTime<Utc>,
    /// Where the page begins; none for the first.
    pub after: Option<AlertPosition>,
    /// At most so many.
    pub limit: PageSize,
}

/// How many alerts about merchants there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertCount {
    /// How bad they are.
    pub severity: Severity,
    /// How they stand.
    pub standing: Standing,
    /// How many.
    pub count: u64,
}

/// Reading alerts about merchants.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// A page of who is late, the longest first.
    async fn late_merchants(&self, tenant: TenantId, query: &LateQuery) -> Result<Vec<LateMerchant>, ReadError>;

    /// A page of the merchants with an alert that fits, the worst first. Their states hold the alerts.
    async fn alerted_merchants(&self, tenant: TenantId, query: &AlertQuery) -> Result<Vec<Merchant>, ReadError>;

    /// The merchant with an alert.
    async fn merchant_of_alert(&self, tenant: TenantId, alert: AlertId) -> Result<Option<Merchant>, ReadError>;

    /// How many there are.
    async fn alert_counts(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<AlertCount>, ReadError>;
}
