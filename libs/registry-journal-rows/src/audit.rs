//! Rows about who did what.

use chrono::{DateTime, Utc};
use registry_domain::tenant::AuditOutcome;
use registry_domain::{Channel, MerchantId, Seq, TenantId};
use registry_journal::port::{AuditEntry, Inconsistency};
use uuid::Uuid;

use crate::{BadColumn, RawRow, RawValue};

/// A row of `audit_entries`.
#[expect(missing_docs, reason = "columns")]
pub struct RawAuditEntry<Time> {
    pub tenant_id: Uuid,
    pub seq: i64,
    pub recorded_at: Time,
    pub actor: String,
    pub channel: String,
    pub action: String,
    pub merchant_id: Option<Uuid>,
    pub outcome: String,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawAuditEntry<Time> {
    type Row = AuditEntry;

    fn into_row(self) -> Result<AuditEntry, Inconsistency> {
        let tenant_id = TenantId::from_uuid(self.tenant_id);
        let key = format!("{tenant_id} seq {}", self.seq);
        let entry = || -> Result<AuditEntry, BadColumn> {
            Ok(AuditEntry {
                tenant_id,
                seq: Seq(self.seq.read("seq")?),
                recorded_at: self.recorded_at.read("recorded_at")?,
                actor: self.actor,
                channel: Channel::from_word(&self.channel).ok_or(BadColumn("channel"))?,
                action: self.action,
                merchant_id: self.merchant_id.map(MerchantId::from_uuid),
                outcome: AuditOutcome::from_word(&self.outcome).ok_or(BadColumn("outcome"))?,
            })
        };
        entry().map_err(|error| Inconsistency::of("audit_entries", key, error))
    }
}
