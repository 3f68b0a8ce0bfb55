//! What SQLite's rows are like: times are microseconds, and a file that somebody altered holds texts and ids to nothing.

use chrono::{DateTime, Utc};
use registry_journal_rows as raw;

/// A statement that returns one for each row that it changed.
macro_rules! changes {
    ($statement:literal, $($value:expr),+ $(,)?) => {
        sqlx::query!($statement, $($value),+).map(|row| row.one)
    };
}

/// The rows of the log that fit a condition.
macro_rules! events {
    ($condition:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::rows::Event,
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

pub(crate) type AuditEntry = raw::RawAuditEntry<i64>;
pub(crate) type Delivery = raw::RawDelivery<i64>;
pub(crate) type View = raw::RawView<i64>;
pub(crate) type DueThere = raw::RawDueThere<i64>;
pub(crate) type DueJob = raw::RawDueJob<i64>;
pub(crate) type Job = raw::RawJob<i64>;
pub(crate) type ImportFile = raw::RawImportFile<i64>;
pub(crate) type DueExport = raw::RawDueExport<i64>;
pub(crate) type Export = raw::RawExport<i64>;
pub(crate) type JobRow = raw::RawJobRow<i64>;
pub(crate) type DueQuestion = raw::RawDueQuestion<i64>;
pub(crate) type Event = raw::RawEvent<i64, Vec<u8>, Vec<u8>>;
pub(crate) type Head = raw::RawHead<i64>;
pub(crate) type Health = raw::RawHealth<i64>;
pub(crate) type Idempotency = raw::RawIdempotency<i64>;
pub(crate) type KeyUse = raw::RawKeyUse<i64>;
pub(crate) type LateMerchant = raw::RawLateMerchant<i64>;
pub(crate) type Moment = raw::RawMoment<i64>;
pub(crate) type OwnedMerchant = raw::RawOwnedMerchant<i64>;
pub(crate) type Payers = raw::RawPayers<i64>;
pub(crate) type Person = raw::RawPerson<i64>;
pub(crate) type PersonLink = raw::RawPersonLink<i64>;
pub(crate) type Projection = raw::RawProjection<i64>;
pub(crate) type Quarantine = raw::RawQuarantine<i64>;
pub(crate) type QuarantineCount = raw::RawQuarantineCount<i64>;
pub(crate) type QuestionCounts = raw::RawQuestionCounts<i64>;
pub(crate) type Session = raw::RawSession<i64>;
pub(crate) type SessionOfPerson = raw::RawSessionOfPerson<i64>;
pub(crate) type SignInFailures = raw::RawSignInFailures<i64>;
pub(crate) type SilentLinks = raw::RawSilentLinks<i64>;
pub(crate) type Unclaimed = raw::RawUnclaimed<i64>;

/// Microseconds since 1970.
pub(crate) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}
