//! What the registry asks of storage: one method that writes, named questions that read, and one that tells which of
//! several processes does a work that only one may do.
//!
//! No transaction object crosses this port. [`Journal::transact`] is the whole of writing: lock, read, decide, write,
//! commit. The contract suite (feature `contract`) proves an adapter.

mod lease;
mod read;
mod schema;
mod write;

use std::error::Error;

pub use lease::{Duty, Held, Leases, SoleProcess};
pub use read::{
    Direction, MerchantFilter, MerchantQuery, PAGE_SIZE_MAX, PagePosition, PageSize, PresentedKey, ProjectedMerchant,
    PublishCursor, ReadError, Reader, SortKey, StatusCount, StreamQuery,
};
pub use schema::SchemaState;
pub use write::{
    Head, HistoryRow, IdempotencyRow, Journal, KeyRow, LinkRow, Loaded, LoadedMerchant, LoadedTenant, Scope,
    TransactError, Writes,
};

/// Any failure below the port, kept as the source of ours.
pub type Cause = Box<dyn Error + Send + Sync>;

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
