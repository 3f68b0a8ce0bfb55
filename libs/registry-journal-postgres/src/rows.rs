//! What PostgreSQL's rows are like.

use chrono::{DateTime, Utc};
use registry_journal::port::raw::{RawEvent, RawIdempotency, RawQuarantine, RawUnclaimed};

/// The rows of the log that fit a condition.
macro_rules! events {
    ($condition:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            StoredEvent,
            r#"
            SELECT tenant_id, seq, event_id, stream_kind, stream_id, version, type AS event_type, recorded_at, actor,
                correlation_id, causation_id, idempotency_key, data, sealed, hash
            FROM events
            "# + $condition,
            $($value),+
        )
    };
}

/// An events row.
pub(crate) type StoredEvent = RawEvent<DateTime<Utc>>;

/// An `idempotency_keys` row.
pub(crate) type StoredIdempotency = RawIdempotency<DateTime<Utc>>;

/// A `quarantine` row.
pub(crate) type StoredQuarantine = RawQuarantine<DateTime<Utc>>;

/// An `unclaimed_merchants` row.
pub(crate) type StoredUnclaimed = RawUnclaimed<DateTime<Utc>>;
