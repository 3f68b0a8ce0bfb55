//! Rows about what waits for somebody.

use chrono::{DateTime, Utc};
use registry_domain::merchant::QuarantineReason;
use registry_domain::review::MappingStatus;
use registry_domain::tenant::SilentLinks;
use registry_domain::{EventId, MerchantId, Seq, TenantId, UnclaimedId, Version};
use uuid::Uuid;

use super::{BadColumn, RawTime, hash, number, reference};
use crate::port::{
    ApprovalDigest, ApprovalRow, DueQuestion, Inconsistency, QuarantineCount, QuarantineRow, QuarantineState,
    QuestionCounts, TenantHealth, UnclaimedRow, UnclaimedState,
};
use crate::record::StreamId;

/// A question that is due.
pub fn due_question(
    merchant_id: Uuid,
    ask_at: impl RawTime,
    confirming_since: Option<impl RawTime>,
    updated_at: impl RawTime,
) -> Result<DueQuestion, Inconsistency> {
    let merchant_id = MerchantId::from_uuid(merchant_id);
    let question = || -> Result<DueQuestion, BadColumn> {
        Ok(DueQuestion {
            merchant_id,
            ask_at: ask_at.read("ask_at")?,
            confirming_since: confirming_since.map(|at| at.read("confirming_since")).transpose()?,
            updated_at: updated_at.read("updated_at")?,
        })
    };
    question().map_err(|error| Inconsistency::of("merchants", merchant_id, error))
}

/// How many callbacks are in quarantine for a reason.
pub fn quarantine_count(
    tenant: TenantId,
    reason: &str,
    count: i64,
    oldest_received_at: impl RawTime,
) -> Result<QuarantineCount, Inconsistency> {
    let counted = || -> Result<QuarantineCount, BadColumn> {
        Ok(QuarantineCount {
            reason: QuarantineReason::from_word(reason).ok_or(BadColumn("reason"))?,
            count: number("count", count)?,
            oldest_received_at: oldest_received_at.read("received_at")?,
        })
    };
    counted().map_err(|error| Inconsistency::of("quarantine", tenant, error))
}

/// A payment approval.
pub fn approval(
    tenant_id: TenantId,
    merchant_id: MerchantId,
    version: i64,
    event_id: Uuid,
    identity: Option<Vec<u8>>,
    recorded_at: impl RawTime,
) -> Result<ApprovalRow, Inconsistency> {
    let row = || -> Result<ApprovalRow, BadColumn> {
        Ok(ApprovalRow {
            tenant_id,
            merchant_id,
            version: Version(number("version", version)?),
            event_id: EventId::from_uuid(event_id),
            identity: identity
                .map(|bytes| hash("identity", bytes).map(ApprovalDigest))
                .transpose()?,
            recorded_at: recorded_at.read("recorded_at")?,
        })
    };
    row().map_err(|error| Inconsistency::of("approvals", merchant_id, error))
}

/// How many questions wait.
pub fn question_counts(
    tenant: TenantId,
    due: i64,
    oldest_due_at: Option<impl RawTime>,
    open_confirmations: i64,
) -> Result<QuestionCounts, Inconsistency> {
    let counts = || -> Result<QuestionCounts, BadColumn> {
        Ok(QuestionCounts {
            due: number("count", due)?,
            oldest_due_at: oldest_due_at.map(|at| at.read("ask_at")).transpose()?,
            open_confirmations: number("count", open_confirmations)?,
        })
    };
    counts().map_err(|error| Inconsistency::of("merchants", tenant, error))
}

/// Links that were issued since the last callback; none if the first of them has no time.
pub fn silent_links(
    tenant: TenantId,
    since: Option<impl RawTime>,
    links: i64,
) -> Result<Option<SilentLinks>, Inconsistency> {
    let Some(since) = since else { return Ok(None) };
    let silent = || -> Result<SilentLinks, BadColumn> {
        Ok(SilentLinks {
            since: since.read("recorded_at")?,
            links: number("count", links)?,
        })
    };
    silent()
        .map(Some)
        .map_err(|error| Inconsistency::of("events", tenant, error))
}

/// Counts of how a tenant's truth comes in.
#[derive(Debug, Clone, Copy)]
pub struct RawHealth {
    /// Changes of a review or a link in the window.
    pub changes: i64,
    /// Readings in the window that found one by themselves.
    pub healed: i64,
    /// Callbacks in quarantine.
    pub quarantined: i64,
    /// Pairs that wait to be claimed.
    pub unclaimed: i64,
    /// Merchants with an open confirmation.
    pub held: i64,
}

impl RawHealth {
    /// How a tenant's truth comes in. What was found by asking says so itself; every other change was brought.
    pub fn into_health(
        self,
        tenant: TenantId,
        last_callback_at: Option<DateTime<Utc>>,
    ) -> Result<TenantHealth, Inconsistency> {
        let health = || -> Result<TenantHealth, BadColumn> {
            let healed = number("count", self.healed)?;
            Ok(TenantHealth {
                last_callback_at,
                changes_by_callback: number("count", self.changes)?.saturating_sub(healed),
                changes_by_reading: healed,
                open_quarantine: number("count", self.quarantined)?,
                unclaimed: number("count", self.unclaimed)?,
                held: number("count", self.held)?,
            })
        };
        health().map_err(|error| Inconsistency::of("events", tenant, error))
    }
}

/// A row of `quarantine`.
pub struct RawQuarantine<Time> {
    /// Column.
    pub tenant_id: Uuid,
    /// Column.
    pub event_id: Uuid,
    /// Column.
    pub seq: i64,
    /// Column.
    pub stream_kind: String,
    /// Column.
    pub stream_id: Uuid,
    /// Column.
    pub version: i64,
    /// Column.
    pub reason: String,
    /// Column.
    pub member_code: Option<String>,
    /// Column.
    pub merchant_code: Option<String>,
    /// Column.
    pub received_at: Time,
    /// Column.
    pub state: String,
    /// Column.
    pub settled_by: Option<Uuid>,
}

impl<Time: RawTime> RawQuarantine<Time> {
    /// The callback.
    pub fn into_row(self) -> Result<QuarantineRow, Inconsistency> {
        let key = EventId::from_uuid(self.event_id);
        self.convert()
            .map_err(|error| Inconsistency::of("quarantine", key, error))
    }

    fn convert(self) -> Result<QuarantineRow, BadColumn> {
        let pair = self.member_code.as_deref().zip(self.merchant_code.as_deref());
        Ok(QuarantineRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            event_id: EventId::from_uuid(self.event_id),
            seq: Seq(number("seq", self.seq)?),
            stream: StreamId::from_stored(&self.stream_kind, self.stream_id).ok_or(BadColumn("stream_kind"))?,
            version: Version(number("version", self.version)?),
            reason: QuarantineReason::from_word(&self.reason).ok_or(BadColumn("reason"))?,
            reference: pair.map(|(member, merchant)| reference(member, merchant)).transpose()?,
            received_at: self.received_at.read("received_at")?,
            state: QuarantineState::from_word(&self.state).ok_or(BadColumn("state"))?,
            settled_by: self.settled_by.map(EventId::from_uuid),
        })
    }
}

/// A row of `unclaimed_merchants`.
pub struct RawUnclaimed<Time> {
    /// Column.
    pub tenant_id: Uuid,
    /// Column.
    pub member_code: String,
    /// Column.
    pub merchant_code: String,
    /// Column.
    pub id: Uuid,
    /// Column.
    pub first_seen_at: Time,
    /// Column.
    pub last_seen_at: Time,
    /// Column.
    pub callbacks: i64,
    /// Column.
    pub listed: bool,
    /// Column.
    pub mapping_status: Option<String>,
    /// Column.
    pub state: String,
    /// Column.
    pub merchant_id: Option<Uuid>,
    /// Column.
    pub settled_by: Option<Uuid>,
}

impl<Time: RawTime> RawUnclaimed<Time> {
    /// The pair.
    pub fn into_row(self) -> Result<UnclaimedRow, Inconsistency> {
        let key = UnclaimedId::from_uuid(self.id);
        self.convert()
            .map_err(|error| Inconsistency::of("unclaimed_merchants", key, error))
    }

    fn convert(self) -> Result<UnclaimedRow, BadColumn> {
        Ok(UnclaimedRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            reference: reference(&self.member_code, &self.merchant_code)?,
            id: UnclaimedId::from_uuid(self.id),
            first_seen_at: self.first_seen_at.read("first_seen_at")?,
            last_seen_at: self.last_seen_at.read("last_seen_at")?,
            callbacks: number("callbacks", self.callbacks)?,
            listed: self.listed,
            mapping_status: self.mapping_status.as_deref().and_then(MappingStatus::from_untrusted),
            state: UnclaimedState::from_word(&self.state).ok_or(BadColumn("state"))?,
            merchant_id: self.merchant_id.map(MerchantId::from_uuid),
            settled_by: self.settled_by.map(EventId::from_uuid),
        })
    }
}
