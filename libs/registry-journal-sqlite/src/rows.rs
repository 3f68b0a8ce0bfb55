//! Rows to types and back. A row that does not fit names its table and key.

use chrono::{DateTime, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::{CorrelationId, EventId, LinkId, MerchantId, Seq, TenantId, Version};
use registry_journal::port::{IdempotencyRow, Inconsistency};
use registry_journal::record::{EventRow, StreamId};
use registry_journal::stored::merchant_from_json;
use uuid::Uuid;

use crate::error::inconsistent;

/// A value that no row of ours holds.
#[derive(Debug, thiserror::Error)]
#[error("column {0} holds a value that was never written")]
pub(crate) struct BadColumn(pub(crate) &'static str);

/// An events row as SQLite gives it. Texts are bytes here: one that somebody altered may be no text any more, and the
/// row must still be named.
pub(crate) struct StoredEventRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) seq: i64,
    pub(crate) event_id: Vec<u8>,
    pub(crate) stream_kind: Vec<u8>,
    pub(crate) stream_id: Vec<u8>,
    pub(crate) version: i64,
    pub(crate) event_type: Vec<u8>,
    pub(crate) recorded_at: i64,
    pub(crate) actor: Vec<u8>,
    pub(crate) correlation_id: Vec<u8>,
    pub(crate) causation_id: Option<Vec<u8>>,
    pub(crate) idempotency_key: Option<Vec<u8>>,
    pub(crate) data: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

/// Microseconds since 1970.
pub(crate) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(crate) fn time(column: &'static str, micros: i64) -> Result<DateTime<Utc>, BadColumn> {
    DateTime::from_timestamp_micros(micros).ok_or(BadColumn(column))
}

pub(crate) fn number(column: &'static str, value: i64) -> Result<u64, BadColumn> {
    u64::try_from(value).map_err(|_| BadColumn(column))
}

fn uuid(column: &'static str, bytes: &[u8]) -> Result<Uuid, BadColumn> {
    Uuid::from_slice(bytes).map_err(|_| BadColumn(column))
}

fn text(column: &'static str, bytes: Vec<u8>) -> Result<String, BadColumn> {
    String::from_utf8(bytes).map_err(|_| BadColumn(column))
}

impl StoredEventRow {
    pub(crate) fn into_row(self) -> Result<EventRow, Inconsistency> {
        let key = format!("{} seq {}", TenantId::from_uuid(self.tenant_id), self.seq);
        self.convert().map_err(|error| inconsistent("events", key, error))
    }

    fn convert(self) -> Result<EventRow, BadColumn> {
        let stream = uuid("stream_id", &self.stream_id)?;
        let kind = text("stream_kind", self.stream_kind)?;
        let causation = self
            .causation_id
            .as_deref()
            .map(|bytes| uuid("causation_id", bytes))
            .transpose()?;
        Ok(EventRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            seq: Seq(number("seq", self.seq)?),
            event_id: EventId::from_uuid(uuid("event_id", &self.event_id)?),
            stream: StreamId::from_stored(&kind, stream).ok_or(BadColumn("stream_kind"))?,
            version: Version(number("version", self.version)?),
            event_type: text("type", self.event_type)?,
            recorded_at: time("recorded_at", self.recorded_at)?,
            actor: text("actor", self.actor)?,
            correlation_id: CorrelationId::from_uuid(uuid("correlation_id", &self.correlation_id)?),
            causation_id: causation.map(EventId::from_uuid),
            idempotency_key: self
                .idempotency_key
                .map(|key| text("idempotency_key", key))
                .transpose()?,
            data: text("data", self.data)?,
            sealed: self.sealed,
            hash: self.hash.try_into().map_err(|_| BadColumn("hash"))?,
        })
    }
}

/// A merchants row with the key of its personal data, as SQLite gives it.
pub(crate) struct StoredMerchantRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) merchant_id: Uuid,
    pub(crate) state: String,
    pub(crate) wrapped: Option<Vec<u8>>,
}

pub(crate) fn merchant(merchant_id: Uuid, state: &str) -> Result<Merchant, Inconsistency> {
    let id = MerchantId::from_uuid(merchant_id);
    merchant_from_json(id, state).map_err(|error| inconsistent("merchants", id, error))
}

/// An `idempotency_keys` row as SQLite gives it.
pub(crate) struct StoredIdempotencyRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) key: String,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) merchant_id: Uuid,
    pub(crate) link_id: Option<Uuid>,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
}

impl StoredIdempotencyRow {
    pub(crate) fn into_row(self) -> Result<IdempotencyRow, Inconsistency> {
        let key = self.key.clone();
        self.convert()
            .map_err(|error| inconsistent("idempotency_keys", key, error))
    }

    fn convert(self) -> Result<IdempotencyRow, BadColumn> {
        Ok(IdempotencyRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            key: self.key,
            fingerprint: self.fingerprint.try_into().map_err(|_| BadColumn("fingerprint"))?,
            merchant_id: MerchantId::from_uuid(self.merchant_id),
            link_id: self.link_id.map(LinkId::from_uuid),
            version: Version(number("version", self.version)?),
            created_at: time("created_at", self.created_at)?,
            expires_at: time("expires_at", self.expires_at)?,
        })
    }
}

pub(crate) fn tenant(tenant_id: Uuid, state: &str) -> Result<registry_domain::tenant::Tenant, Inconsistency> {
    let id = TenantId::from_uuid(tenant_id);
    registry_journal::stored::tenant_from_json(id, state).map_err(|error| inconsistent("tenants", id, error))
}
