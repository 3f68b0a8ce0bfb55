//! Lists of merchants that are taken out as files: what is wanted, how far it is, and the files themselves, in pieces that are sealed by
//! whoever makes them. They are no facts, and forgotten after a while.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::exports::{ExportFault, ExportState};
use registry_domain::jobs::Reason;
use registry_domain::{Actor, CorrelationId, ExportId, TenantId};

use super::{PageSize, ReadError};

/// A file that is made, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// How it stands.
    pub state: ExportState,
    /// Which merchants, in which order, with which columns, as what. Storage does not read it.
    pub wish: String,
    /// Who wanted it.
    pub actor: Actor,
    /// In which request.
    pub correlation_id: CorrelationId,
    /// Why.
    pub reason: Reason,
    /// When it was wanted.
    pub created_at: DateTime<Utc>,
    /// When it was begun last.
    pub begun_at: Option<DateTime<Utc>>,
    /// When nothing of it was left to do.
    pub ended_at: Option<DateTime<Utc>>,
    /// How often it was begun.
    pub attempts: u64,
    /// How many merchants the list had when it was wanted.
    pub expected: u64,
    /// How far it is.
    pub written: Written,
    /// Why it could not be made, and at which of its rows, from 1.
    pub fault: Option<(ExportFault, Option<u64>)>,
}

/// How much of a file there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Merchants.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The place of an export in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportPosition {
    /// When it was wanted.
    pub created_at: DateTime<Utc>,
    /// Which.
    pub id: ExportId,
}

/// A file that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueExport {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which.
    pub id: ExportId,
    /// Since when it waits.
    pub created_at: DateTime<Utc>,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPiece {
    /// Its place, from 0.
    pub number: u32,
    /// Its bytes.
    pub sealed: Vec<u8>,
}

/// How an export ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportEnd {
    /// How it stands from now on.
    pub state: ExportState,
    /// How much of it there is.
    pub written: Written,
    /// Why it could not be made, and at which of its rows.
    pub fault: Option<(ExportFault, Option<u64>)>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Keeping files that are made of lists. All of it is durable when it returns.
#[async_trait]
pub trait Exports: Send + Sync {
    /// Keeps what is wanted. False if the tenant has `most` already; of two at the same moment one may be one too many.
    async fn add_export(&self, tenant: TenantId, export: &Export, most: u32) -> Result<bool, ReadError>;

    /// An export.
    async fn export(&self, tenant: TenantId, id: ExportId) -> Result<Option<Export>, ReadError>;

    /// A page of a tenant's exports, the newest first.
    async fn exports(
        &self,
        tenant: TenantId,
        before: Option<ExportPosition>,
        limit: PageSize,
    ) -> Result<Vec<Export>, ReadError>;

    /// The first export of each tenant that is still to be made.
    async fn due_exports(&self, limit: PageSize) -> Result<Vec<DueExport>, ReadError>;

    /// Begins one that is still to be made, from its first byte: what an earlier attempt has written is gone. None if there is nothing
    /// to be made any more.
    async fn begin_export(
        &self,
        tenant: TenantId,
        id: ExportId,
        now: DateTime<Utc>,
    ) -> Result<Option<Export>, ReadError>;

    /// Keeps the next piece of an attempt. False if it is not worked at any more: somebody gave it up, or began it anew.
    async fn add_export_piece(
        &self,
        tenant: TenantId,
        id: ExportId,
        attempt: u64,
        piece: &ExportPiece,
        written: Written,
    ) -> Result<bool, ReadError>;

    /// Ends one that is still open; of an attempt, only if no later one was begun. Unless it can be taken now, nothing of it is kept.
    async fn end_export(
        &self,
        tenant: TenantId,
        id: ExportId,
        attempt: Option<u64>,
        end: ExportEnd,
    ) -> Result<bool, ReadError>;

    /// A piece of a file that can be taken.
    async fn export_piece(&self, tenant: TenantId, id: ExportId, number: u32)
    -> Result<Option<ExportPiece>, ReadError>;

    /// Forgets what ended before a moment, a few at a time.
    async fn forget_exports(&self, tenant: TenantId, ended_before: DateTime<Utc>) -> Result<(), ReadError>;
}
