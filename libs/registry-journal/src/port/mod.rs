//! What the registry asks of storage: one method that writes, named questions that read, and one that tells which of
//! several processes does a work that only one may do.
//!
//! No transaction object crosses this port. [`Journal::transact`] is the whole of writing: lock, read, decide, write,
//! commit. [`Journal::append`] is its second half alone, for what was decided on the ground of what is remembered. The
//! contract suite (`registry-journal-contract`) proves an adapter.

mod alerts;
mod append;
mod audit;
mod balances;
mod callbacks;
mod counts;
mod deliveries;
mod exports;
mod filter;
mod imports;
mod insight;
mod installation;
mod jobs;
mod key_uses;
mod lease;
mod listed;
mod people;
mod projected;
mod read;
mod schema;
mod shares;
mod views;
mod worklist;
mod write;

use std::error::Error;
use std::fmt::Display;

use registry_domain::{TenantId, causes};

pub use alerts::{AlertCount, AlertPosition, AlertQuery, AlertRow, Alerts, LateMerchant, LateQuery, ProjectedAlert};
pub use append::{Additions, AppendError, ExpectedHead};
pub use audit::{AuditEntry, AuditFilter, AuditQuery, AuditTrail};
pub use balances::Balances;
pub use callbacks::{
    ApprovalDigest, ApprovalRow, QuarantineRow, QuarantineState, Settlement, UnclaimedRow, UnclaimedState,
};
pub use counts::{CountCorrection, CountKey, CountTable, Counted, CountedBefore, WRONG_COUNTS_MAX, WrongCount};
pub use deliveries::{
    ANSWER_BODY_MAX, Answer, Attempt, Claim, Deliveries, Delivery, DeliveryPlan, DeliveryPosition, DeliveryQuery,
    DeliveryState, DueThere, Matter, PlannedDigest, PlannedEvent, Tally,
};
pub use exports::{DueExport, Export, ExportEnd, ExportPiece, ExportPosition, Exports, Written};
pub use filter::{
    Direction, FacetCount, MerchantFilter, MerchantQuery, PagePosition, PlaceKey, SILENT, SortKey, Span, WAIT_STEP,
    WaitOrder, wait_level,
};
pub use imports::{ImportFile, Imports, RowSource};
pub use insight::{
    CohortQuery, Insight, StandingCount, Stay, StayCount, StayQuery, Step, StepCount, usual_of, usual_query,
};
pub use installation::{Founding, KeyEvidence};
pub use jobs::{
    DueJob, Job, JobExpiry, JobMove, JobPosition, JobRow, JobRowQuery, Jobs, PlannedRow, RowClaim, RowOutcome, RowTally,
};
pub use key_uses::KeyUses;
pub use lease::{Duty, Held, Leases, SoleProcess};
pub use listed::{ListedMerchant, ListedTenant, ListedThen};
pub use people::{
    Census, Identity, PasswordHash, People, Person, PersonLink, RoleMapping, SESSIONS_LISTED_MAX, SecretDigest,
    Session, Sessions, SignInFailures,
};
pub use projected::{EndedStay, HistoryRow, IdentityRow, LinkRow, MilestonesRow, TermsRow};
pub use read::{
    PAGE_SIZE_MAX, PageSize, PresentedKey, ProjectedMerchant, PublishCursor, ReadError, Reader, StreamQuery,
    WHOLE_LIST_LIMIT,
};
pub use schema::SchemaState;
pub use shares::{Asker, ShareCounts, Shares};
pub use views::{View, Views};
pub use worklist::{
    DueQuestion, HEALTH_WINDOW, Postponement, QuarantineCount, QuarantineQuery, QuestionCounts, SILENCE_WINDOW,
    TenantHealth, UnclaimedQuery, Worklist,
};
pub use write::{
    ClockCheck, Head, IdempotencyRow, Journal, KeyRow, Loaded, LoadedMerchant, LoadedTenant, MerchantRow, Scope,
    TransactError, Writes,
};

/// Any failure below the port, kept as the source of ours.
pub type Cause = Box<dyn Error + Send + Sync>;

/// The rows that can be read. One that cannot must not keep a tenant from all the others: it is told in the log of the process.
pub fn readable<T>(tenant: TenantId, rows: Vec<Result<T, Inconsistency>>) -> Vec<T> {
    let read = |row: Result<T, Inconsistency>| match row {
        Ok(row) => Some(row),
        Err(error) => {
            tracing::error!(%tenant, error = %causes(&error), "a row is passed over; `registry rebuild` makes it anew from the log");
            None
        }
    };
    rows.into_iter().filter_map(read).collect()
}

/// A stored row that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("row {key} of {table} cannot be read")]
pub struct Inconsistency {
    /// The table.
    pub table: &'static str,
    /// The row's key.
    pub key: String,
    /// Why.
    #[source]
    pub source: Cause,
}

impl Inconsistency {
    /// A row of a table that cannot be read, by its key.
    pub fn of(table: &'static str, key: impl Display, source: impl Into<Cause>) -> Self {
        Self {
            table,
            key: key.to_string(),
            source: source.into(),
        }
    }
}
