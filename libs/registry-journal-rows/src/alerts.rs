//! Rows about alerts.

use chrono::{DateTime, Utc};
use registry_domain::alerts::{Severity, Standing};
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{AlertCount, Inconsistency, LateMerchant};
use uuid::Uuid;

use crate::{BadColumn, RawRow, RawValue};

/// The place of a severity in lists: the worst first.
pub const fn alert_rank(severity: Severity) -> i16 {
    match severity {
        Severity::Critical => 0,
        Severity::Late => 1,
        Severity::Warn => 2,
    }
}

/// A merchant that stands in its stage for long.
#[expect(missing_docs, reason = "columns")]
pub struct RawLateMerchant<Time> {
    pub stage_since: Time,
    pub merchant_id: Uuid,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawLateMerchant<Time> {
    type Row = LateMerchant;

    fn into_row(self) -> Result<LateMerchant, Inconsistency> {
        let merchant_id = MerchantId::from_uuid(self.merchant_id);
        let stage_since = self.stage_since.read("stage_since");
        let stage_since = stage_since.map_err(|error| Inconsistency::of("merchants", merchant_id, error))?;
        Ok(LateMerchant {
            stage_since,
            merchant_id,
        })
    }
}

/// How many alerts there are.
#[expect(missing_docs, reason = "columns")]
pub struct RawAlertCount {
    pub tenant_id: Uuid,
    pub rank: i64,
    pub standing: String,
    pub count: i64,
}

impl RawRow for RawAlertCount {
    type Row = AlertCount;

    fn into_row(self) -> Result<AlertCount, Inconsistency> {
        let count = || -> Result<AlertCount, BadColumn> {
            let mut severities = Severity::ALL.iter();
            let severity = severities.find(|severity| i64::from(alert_rank(**severity)) == self.rank);
            Ok(AlertCount {
                severity: *severity.ok_or(BadColumn("rank"))?,
                standing: Standing::from_word(&self.standing).ok_or(BadColumn("standing"))?,
                count: self.count.read("count")?,
            })
        };
        count().map_err(|error| Inconsistency::of("merchant_alerts", TenantId::from_uuid(self.tenant_id), error))
    }
}
