//! What PostgreSQL's rows are like.

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
            SELECT tenant_id, seq, event_id, stream_kind, stream_id, version, type AS event_type, recorded_at, actor,
                correlation_id, causation_id, idempotency_key, data, sealed, hash
            FROM events
            "# + $condition,
            $($value),+
        )
    };
}

pub(crate) type AuditEntry = raw::RawAuditEntry<DateTime<Utc>>;
pub(crate) type Delivery = raw::RawDelivery<DateTime<Utc>>;
pub(crate) type View = raw::RawView<DateTime<Utc>>;
pub(crate) type DueThere = raw::RawDueThere<DateTime<Utc>>;
pub(crate) type DueJob = raw::RawDueJob<DateTime<Utc>>;
pub(crate) type ImportFile = raw::RawImportFile<DateTime<Utc>>;
pub(crate) type DueExport = raw::RawDueExport<DateTime<Utc>>;
pub(crate) type Export = raw::RawExport<DateTime<Utc>>;
pub(crate) type Job = raw::RawJob<DateTime<Utc>>;
pub(crate) type JobRow = raw::RawJobRow<DateTime<Utc>>;
pub(crate) type DueQuestion = raw::RawDueQuestion<DateTime<Utc>>;
pub(crate) type Event = raw::RawEvent<DateTime<Utc>>;
pub(crate) type Head = raw::RawHead<DateTime<Utc>>;
pub(crate) type Health = raw::RawHealth<DateTime<Utc>>;
pub(crate) type Idempotency = raw::RawIdempotency<DateTime<Utc>>;
pub(crate) type KeyUse = raw::RawKeyUse<DateTime<Utc>>;
pub(crate) type LateMerchant = raw::RawLateMerchant<DateTime<Utc>>;
pub(crate) type Moment = raw::RawMoment<DateTime<Utc>>;
pub(crate) type OwnedMerchant = raw::RawOwnedMerchant<DateTime<Utc>>;
pub(crate) type Payers = raw::RawPayers<DateTime<Utc>>;
pub(crate) type Person = raw::RawPerson<DateTime<Utc>>;
pub(crate) type PersonLink = raw::RawPersonLink<DateTime<Utc>>;
pub(crate) type Projection = raw::RawProjection<DateTime<Utc>>;
pub(crate) type Quarantine = raw::RawQuarantine<DateTime<Utc>>;
pub(crate) type QuarantineCount = raw::RawQuarantineCount<DateTime<Utc>>;
pub(crate) type QuestionCounts = raw::RawQuestionCounts<DateTime<Utc>>;
pub(crate) type Session = raw::RawSession<DateTime<Utc>>;
pub(crate) type SessionOfPerson = raw::RawSessionOfPerson<DateTime<Utc>>;
pub(crate) type SignInFailures = raw::RawSignInFailures<DateTime<Utc>>;
pub(crate) type SilentLinks = raw::RawSilentLinks<DateTime<Utc>>;
pub(crate) type Unclaimed = raw::RawUnclaimed<DateTime<Utc>>;
