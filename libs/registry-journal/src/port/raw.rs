//! Rows as a database gives them, and what they are: what adapters share. A row that does not fit names its table and
//! key.

mod worklist;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::review::ReviewStatus;
use registry_domain::tenant::Tenant;
use registry_domain::{
    CorrelationId, EventId, LinkId, MemberCode, MerchantCode, MerchantId, Reference, Seq, TenantId, Version,
};
use uuid::Uuid;

use super::{Head, IdempotencyRow, Inconsistency, PublishCursor, StatusCount};
use crate::record::{EventRow, StreamId};
use crate::stored::{merchant_from_json, tenant_from_json};

pub use worklist::{
    RawHealth, RawQuarantine, RawUnclaimed, approval, due_question, quarantine_count, question_counts, silent_links,
};

/// A value that no row of ours holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column {0} holds a value that was never written")]
pub struct BadColumn(pub &'static str);

/// A moment as an engine keeps it.
pub trait RawTime {
    /// The moment.
    fn read(self, column: &'static str) -> Result<DateTime<Utc>, BadColumn>;
}

impl RawTime for DateTime<Utc> {
    fn read(self, _column: &'static str) -> Result<Self, BadColumn> {
        Ok(self)
    }
}

/// Microseconds since 1970.
impl RawTime for i64 {
    fn read(self, column: &'static str) -> Result<DateTime<Utc>, BadColumn> {
        DateTime::from_timestamp_micros(self).ok_or(BadColumn(column))
    }
}

/// A number of ours as a database counts. No log grows that long.
pub fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The inverse of [`bigint`].
pub fn number(column: &'static str, value: i64) -> Result<u64, BadColumn> {
    u64::try_from(value).map_err(|_| BadColumn(column))
}

fn hash(column: &'static str, bytes: Vec<u8>) -> Result<[u8; 32], BadColumn> {
    bytes.try_into().map_err(|_| BadColumn(column))
}

fn reference(member: &str, merchant: &str) -> Result<Reference, BadColumn> {
    Ok(Reference {
        member_code: MemberCode::parse(member).map_err(|_| BadColumn("member_code"))?,
        merchant_code: MerchantCode::parse(merchant).map_err(|_| BadColumn("merchant_code"))?,
    })
}

/// The merchant of a row.
pub fn merchant(merchant_id: Uuid, state: &str) -> Result<Merchant, Inconsistency> {
    let id = MerchantId::from_uuid(merchant_id);
    merchant_from_json(id, state).map_err(|error| Inconsistency::of("merchants", id, error))
}

/// The tenant of a row.
pub fn tenant(tenant_id: Uuid, state: &str) -> Result<Tenant, Inconsistency> {
    let id = TenantId::from_uuid(tenant_id);
    tenant_from_json(id, state).map_err(|error| Inconsistency::of("tenants", id, error))
}

/// The same with the end of its log.
pub fn tenant_with_head(tenant_id: Uuid, state: &str, head: i64) -> Result<(Tenant, Seq), Inconsistency> {
    let tenant = tenant(tenant_id, state)?;
    let head = number("seq", head).map_err(|error| Inconsistency::of("events", tenant.id, error))?;
    Ok((tenant, Seq(head)))
}

/// The end of a log.
pub fn head(tenant: TenantId, seq: i64, bytes: Vec<u8>, recorded_at: impl RawTime) -> Result<Head, Inconsistency> {
    let head = || -> Result<Head, BadColumn> {
        Ok(Head {
            seq: Seq(number("seq", seq)?),
            hash: hash("hash", bytes)?,
            recorded_at: recorded_at.read("recorded_at")?,
        })
    };
    head().map_err(|error| Inconsistency::of("events", format!("{tenant} seq {seq}"), error))
}

/// Where the relay stands.
pub fn publish_cursor(
    tenant: TenantId,
    seq: i64,
    published_seq: i64,
    stream_seq: i64,
) -> Result<PublishCursor, Inconsistency> {
    let cursor = || -> Result<PublishCursor, BadColumn> {
        Ok(PublishCursor {
            seq: Seq(number("seq", seq)?),
            published_seq: Seq(number("published_seq", published_seq)?),
            stream_seq: number("stream_seq", stream_seq)?,
        })
    };
    cursor().map_err(|error| Inconsistency::of("publish_cursors", tenant, error))
}

/// Counts of merchants by status and stage.
pub fn status_counts(
    tenant: TenantId,
    counted: impl IntoIterator<Item = (String, String, i64)>,
) -> Result<Vec<StatusCount>, Inconsistency> {
    let count = |(status, stage, count): (String, String, i64)| -> Result<StatusCount, BadColumn> {
        Ok(StatusCount {
            status: ReviewStatus::from_word(&status).ok_or(BadColumn("status"))?,
            stage: Stage::from_word(&stage).ok_or(BadColumn("stage"))?,
            count: number("count", count)?,
        })
    };
    let counts = counted.into_iter().map(count).collect::<Result<_, _>>();
    counts.map_err(|error| Inconsistency::of("merchants", tenant, error))
}

/// A row of `events`.
pub struct RawEvent<Time> {
    /// Column.
    pub tenant_id: Uuid,
    /// Column.
    pub seq: i64,
    /// Column.
    pub event_id: Uuid,
    /// Column.
    pub stream_kind: String,
    /// Column.
    pub stream_id: Uuid,
    /// Column.
    pub version: i64,
    /// Column `type`.
    pub event_type: String,
    /// Column.
    pub recorded_at: Time,
    /// Column.
    pub actor: String,
    /// Column.
    pub correlation_id: Uuid,
    /// Column.
    pub causation_id: Option<Uuid>,
    /// Column.
    pub idempotency_key: Option<String>,
    /// Column.
    pub data: String,
    /// Column.
    pub sealed: Vec<u8>,
    /// Column.
    pub hash: Vec<u8>,
}

impl<Time: RawTime> RawEvent<Time> {
    /// The event.
    pub fn into_row(self) -> Result<EventRow, Inconsistency> {
        let key = format!("{} seq {}", TenantId::from_uuid(self.tenant_id), self.seq);
        self.convert().map_err(|error| Inconsistency::of("events", key, error))
    }

    /// The event, for an engine whose rows can be worse than this.
    pub fn convert(self) -> Result<EventRow, BadColumn> {
        Ok(EventRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            seq: Seq(number("seq", self.seq)?),
            event_id: EventId::from_uuid(self.event_id),
            stream: StreamId::from_stored(&self.stream_kind, self.stream_id).ok_or(BadColumn("stream_kind"))?,
            version: Version(number("version", self.version)?),
            event_type: self.event_type,
            recorded_at: self.recorded_at.read("recorded_at")?,
            actor: self.actor,
            correlation_id: CorrelationId::from_uuid(self.correlation_id),
            causation_id: self.causation_id.map(EventId::from_uuid),
            idempotency_key: self.idempotency_key,
            data: self.data,
            sealed: self.sealed,
            hash: hash("hash", self.hash)?,
        })
    }
}

/// A row of `idempotency_keys`.
pub struct RawIdempotency<Time> {
    /// Column.
    pub tenant_id: Uuid,
    /// Column.
    pub key: String,
    /// Column.
    pub fingerprint: Vec<u8>,
    /// Column.
    pub merchant_id: Uuid,
    /// Column.
    pub link_id: Option<Uuid>,
    /// Column.
    pub version: i64,
    /// Column.
    pub created_at: Time,
    /// Column.
    pub expires_at: Time,
}

impl<Time: RawTime> RawIdempotency<Time> {
    /// What the key stands for.
    pub fn into_row(self) -> Result<IdempotencyRow, Inconsistency> {
        let key = self.key.clone();
        self.convert()
            .map_err(|error| Inconsistency::of("idempotency_keys", key, error))
    }

    fn convert(self) -> Result<IdempotencyRow, BadColumn> {
        Ok(IdempotencyRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            key: self.key,
            fingerprint: hash("fingerprint", self.fingerprint)?,
            merchant_id: MerchantId::from_uuid(self.merchant_id),
            link_id: self.link_id.map(LinkId::from_uuid),
            version: Version(number("version", self.version)?),
            created_at: self.created_at.read("created_at")?,
            expires_at: self.expires_at.read("expires_at")?,
        })
    }
}
