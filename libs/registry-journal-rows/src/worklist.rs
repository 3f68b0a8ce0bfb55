//! Rows about what waits for somebody, and about how well callbacks arrive.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Merchant, QuarantineReason};
use registry_domain::review::MappingStatus;
use registry_domain::tenant::{SilentLinks, Tenant};
use registry_domain::{EventId, MerchantId, Seq, TenantId, UnclaimedId, Version};
use registry_journal::port::{
    ApprovalDigest, DueQuestion, Inconsistency, Loaded, QuarantineCount, QuarantineRow, QuarantineState,
    QuestionCounts, TenantHealth, UnclaimedRow, UnclaimedState,
};
use registry_journal::record::StreamId;
use uuid::Uuid;

use crate::merchants::RawMerchant;
use crate::tenants::RawTenant;
use crate::{BadColumn, Found, RawRow, RawValue, reference};

/// A question that is due.
#[expect(missing_docs, reason = "columns")]
pub struct RawDueQuestion<Time> {
    pub merchant_id: Uuid,
    pub version: i64,
    pub ask_at: Time,
    pub confirming_since: Option<Time>,
    pub updated_at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawDueQuestion<Time> {
    type Row = DueQuestion;

    fn into_row(self) -> Result<DueQuestion, Inconsistency> {
        let merchant_id = MerchantId::from_uuid(self.merchant_id);
        let question = || -> Result<DueQuestion, BadColumn> {
            Ok(DueQuestion {
                merchant_id,
                version: Version(self.version.read("version")?),
                ask_at: self.ask_at.read("ask_at")?,
                confirming_since: self.confirming_since.read("confirming_since")?,
                updated_at: self.updated_at.read("updated_at")?,
            })
        };
        question().map_err(|error| Inconsistency::of("merchants", merchant_id, error))
    }
}

/// A merchant with its tenant.
#[expect(missing_docs, reason = "columns")]
pub struct RawAskedAbout {
    pub tenant_id: Uuid,
    pub tenant_state: String,
    pub merchant_id: Uuid,
    pub merchant_state: String,
}

impl RawRow for RawAskedAbout {
    type Row = (Tenant, Merchant);

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        let tenant = RawTenant {
            tenant_id: self.tenant_id,
            state: self.tenant_state,
        };
        let merchant = RawMerchant {
            merchant_id: self.merchant_id,
            state: self.merchant_state,
        };
        Ok((tenant.into_row()?, merchant.into_row()?))
    }
}

/// How many questions wait.
#[expect(missing_docs, reason = "columns")]
pub struct RawQuestionCounts<Time> {
    pub tenant_id: Uuid,
    pub due: i64,
    pub oldest_due_at: Option<Time>,
    pub open_confirmations: i64,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawQuestionCounts<Time> {
    type Row = QuestionCounts;

    fn into_row(self) -> Result<QuestionCounts, Inconsistency> {
        let counts = || -> Result<QuestionCounts, BadColumn> {
            Ok(QuestionCounts {
                due: self.due.read("count")?,
                oldest_due_at: self.oldest_due_at.read("ask_at")?,
                open_confirmations: self.open_confirmations.read("count")?,
            })
        };
        counts().map_err(|error| Inconsistency::of("merchants", TenantId::from_uuid(self.tenant_id), error))
    }
}

/// A row of `quarantine`.
#[expect(missing_docs, reason = "columns")]
pub struct RawQuarantine<Time> {
    pub tenant_id: Uuid,
    pub event_id: Uuid,
    pub seq: i64,
    pub stream_kind: String,
    pub stream_id: Uuid,
    pub version: i64,
    pub reason: String,
    pub member_code: Option<String>,
    pub merchant_code: Option<String>,
    pub received_at: Time,
    pub state: String,
    pub settled_by: Option<Uuid>,
}

impl<Time: RawValue<DateTime<Utc>>> RawQuarantine<Time> {
    fn convert(self) -> Result<QuarantineRow, BadColumn> {
        let pair = self.member_code.as_deref().zip(self.merchant_code.as_deref());
        Ok(QuarantineRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            event_id: EventId::from_uuid(self.event_id),
            seq: Seq(self.seq.read("seq")?),
            stream: StreamId::from_stored(&self.stream_kind, self.stream_id).ok_or(BadColumn("stream_kind"))?,
            version: Version(self.version.read("version")?),
            reason: QuarantineReason::from_word(&self.reason).ok_or(BadColumn("reason"))?,
            reference: pair.map(|(member, merchant)| reference(member, merchant)).transpose()?,
            received_at: self.received_at.read("received_at")?,
            state: QuarantineState::from_word(&self.state).ok_or(BadColumn("state"))?,
            settled_by: self.settled_by.map(EventId::from_uuid),
        })
    }
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawQuarantine<Time> {
    type Row = QuarantineRow;

    fn into_row(self) -> Result<QuarantineRow, Inconsistency> {
        let key = EventId::from_uuid(self.event_id);
        self.convert()
            .map_err(|error| Inconsistency::of("quarantine", key, error))
    }
}

impl<Time: RawValue<DateTime<Utc>>> Found for RawQuarantine<Time> {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let row = self.into_row()?;
        loaded.quarantined.insert((row.tenant_id, row.event_id), row);
        Ok(())
    }
}

/// How many callbacks are in quarantine for a reason.
#[expect(missing_docs, reason = "columns")]
pub struct RawQuarantineCount<Time> {
    pub tenant_id: Uuid,
    pub reason: String,
    pub count: i64,
    pub oldest: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawQuarantineCount<Time> {
    type Row = QuarantineCount;

    fn into_row(self) -> Result<QuarantineCount, Inconsistency> {
        let counted = || -> Result<QuarantineCount, BadColumn> {
            Ok(QuarantineCount {
                reason: QuarantineReason::from_word(&self.reason).ok_or(BadColumn("reason"))?,
                count: self.count.read("count")?,
                oldest_received_at: self.oldest.read("received_at")?,
            })
        };
        counted().map_err(|error| Inconsistency::of("quarantine", TenantId::from_uuid(self.tenant_id), error))
    }
}

/// A row of `unclaimed_merchants`.
#[expect(missing_docs, reason = "columns")]
pub struct RawUnclaimed<Time> {
    pub tenant_id: Uuid,
    pub member_code: String,
    pub merchant_code: String,
    pub id: Uuid,
    pub first_seen_at: Time,
    pub last_seen_at: Time,
    pub callbacks: i64,
    pub listed: bool,
    pub mapping_status: Option<String>,
    pub state: String,
    pub merchant_id: Option<Uuid>,
    pub settled_by: Option<Uuid>,
}

impl<Time: RawValue<DateTime<Utc>>> RawUnclaimed<Time> {
    fn convert(self) -> Result<UnclaimedRow, BadColumn> {
        Ok(UnclaimedRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            reference: reference(&self.member_code, &self.merchant_code)?,
            id: UnclaimedId::from_uuid(self.id),
            first_seen_at: self.first_seen_at.read("first_seen_at")?,
            last_seen_at: self.last_seen_at.read("last_seen_at")?,
            callbacks: self.callbacks.read("callbacks")?,
            listed: self.listed,
            mapping_status: self.mapping_status.as_deref().and_then(MappingStatus::from_untrusted),
            state: UnclaimedState::from_word(&self.state).ok_or(BadColumn("state"))?,
            merchant_id: self.merchant_id.map(MerchantId::from_uuid),
            settled_by: self.settled_by.map(EventId::from_uuid),
        })
    }
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawUnclaimed<Time> {
    type Row = UnclaimedRow;

    fn into_row(self) -> Result<UnclaimedRow, Inconsistency> {
        let key = UnclaimedId::from_uuid(self.id);
        self.convert()
            .map_err(|error| Inconsistency::of("unclaimed_merchants", key, error))
    }
}

impl<Time: RawValue<DateTime<Utc>>> Found for RawUnclaimed<Time> {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let row = self.into_row()?;
        loaded.unclaimed.insert((row.tenant_id, row.reference.clone()), row);
        Ok(())
    }
}

/// Which merchant has a payment approval.
#[expect(missing_docs, reason = "columns")]
pub struct RawApproval {
    pub tenant_id: Uuid,
    pub identity: Vec<u8>,
    pub merchant_id: Uuid,
}

impl Found for RawApproval {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let merchant_id = MerchantId::from_uuid(self.merchant_id);
        let digest = self.identity.read("identity");
        let digest = digest.map_err(|error| Inconsistency::of("approvals", merchant_id, error))?;
        let tenant_id = TenantId::from_uuid(self.tenant_id);
        loaded
            .approvals
            .insert((tenant_id, merchant_id, ApprovalDigest(digest)));
        Ok(())
    }
}

/// Links that were issued since the last callback.
#[expect(missing_docs, reason = "columns")]
pub struct RawSilentLinks<Time> {
    pub tenant_id: Uuid,
    pub since: Option<Time>,
    pub links: i64,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawSilentLinks<Time> {
    type Row = Option<SilentLinks>;

    /// None if the first of them has no time.
    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        let silent = || -> Result<Self::Row, BadColumn> {
            let links = self.links.read("count")?;
            let since = self.since.read("recorded_at")?;
            Ok(since.map(|since| SilentLinks { since, links }))
        };
        silent().map_err(|error| Inconsistency::of("events", TenantId::from_uuid(self.tenant_id), error))
    }
}

/// Counts of how a tenant's truth comes in.
#[expect(missing_docs, reason = "counts of what `TenantHealth` tells")]
pub struct RawHealth<Time> {
    pub tenant_id: Uuid,
    pub last_callback_at: Option<Time>,
    /// Changes of a review or a link in the window that a callback told, be it at once or once its claim was settled.
    pub claimed: i64,
    /// Those that nothing but an answer told.
    pub found: i64,
    pub quarantined: i64,
    pub unclaimed: i64,
    pub held: i64,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawHealth<Time> {
    type Row = TenantHealth;

    fn into_row(self) -> Result<TenantHealth, Inconsistency> {
        let health = || -> Result<TenantHealth, BadColumn> {
            Ok(TenantHealth {
                last_callback_at: self.last_callback_at.read("recorded_at")?,
                changes_by_callback: self.claimed.read("count")?,
                changes_by_reading: self.found.read("count")?,
                open_quarantine: self.quarantined.read("count")?,
                unclaimed: self.unclaimed.read("count")?,
                held: self.held.read("count")?,
            })
        };
        health().map_err(|error| Inconsistency::of("events", TenantId::from_uuid(self.tenant_id), error))
    }
}
