//! What only SQLite's rows are like.

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_journal::port::Inconsistency;
use registry_journal::port::raw::{BadColumn, RawEvent, RawIdempotency, RawQuarantine, RawUnclaimed};
use registry_journal::record::EventRow;
use uuid::Uuid;

/// The rows of the log that fit a condition.
macro_rules! events {
    ($condition:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            StoredEventRow,
            r#"
            SELECT tenant_id AS "tenant_id: Uuid", seq, event_id, stream_kind AS "stream_kind: Vec<u8>", stream_id, version,
                type AS "event_type: Vec<u8>", recorded_at, actor AS "actor: Vec<u8>", correlation_id, causation_id,
                idempotency_key AS "idempotency_key: Vec<u8>", data AS "data: Vec<u8>", sealed, hash
            FROM events
            "# + $condition,
            $($value),+
        )
    };
}

/// An `idempotency_keys` row.
pub(crate) type StoredIdempotency = RawIdempotency<i64>;

/// A `quarantine` row.
pub(crate) type StoredQuarantine = RawQuarantine<i64>;

/// An `unclaimed_merchants` row.
pub(crate) type StoredUnclaimed = RawUnclaimed<i64>;

/// Microseconds since 1970.
pub(crate) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// A merchants row with the key of its personal data.
pub(crate) struct StoredMerchantRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) merchant_id: Uuid,
    pub(crate) state: String,
    pub(crate) wrapped: Option<Vec<u8>>,
}

/// An events row. Texts and ids are bytes here: one that somebody altered may be none any more, and the row must still
/// be named.
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

impl StoredEventRow {
    pub(crate) fn into_row(self) -> Result<EventRow, Inconsistency> {
        let key = format!("{} seq {}", TenantId::from_uuid(self.tenant_id), self.seq);
        let row = self.convert().and_then(RawEvent::convert);
        row.map_err(|error| Inconsistency::of("events", key, error))
    }

    fn convert(self) -> Result<RawEvent<i64>, BadColumn> {
        let causation_id = self.causation_id.as_deref();
        let idempotency_key = self.idempotency_key.map(|key| text("idempotency_key", key));
        Ok(RawEvent {
            tenant_id: self.tenant_id,
            seq: self.seq,
            event_id: uuid("event_id", &self.event_id)?,
            stream_kind: text("stream_kind", self.stream_kind)?,
            stream_id: uuid("stream_id", &self.stream_id)?,
            version: self.version,
            event_type: text("type", self.event_type)?,
            recorded_at: self.recorded_at,
            actor: text("actor", self.actor)?,
            correlation_id: uuid("correlation_id", &self.correlation_id)?,
            causation_id: causation_id.map(|bytes| uuid("causation_id", bytes)).transpose()?,
            idempotency_key: idempotency_key.transpose()?,
            data: text("data", self.data)?,
            sealed: self.sealed,
            hash: self.hash,
        })
    }
}

fn uuid(column: &'static str, bytes: &[u8]) -> Result<Uuid, BadColumn> {
    Uuid::from_slice(bytes).map_err(|_| BadColumn(column))
}

fn text(column: &'static str, bytes: Vec<u8>) -> Result<String, BadColumn> {
    String::from_utf8(bytes).map_err(|_| BadColumn(column))
}
