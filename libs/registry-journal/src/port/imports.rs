//! Files from which shops are to be registered, and what their rows say. Both are sealed by whoever hands them over: storage never reads
//! them. They are no facts, and forgotten with the plans and jobs that they belong to.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{Actor, ImportId, JobId, TenantId};

use super::ReadError;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    /// Its id.
    pub id: ImportId,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// Who handed it over; none if that was not written down yet.
    pub actor: Option<Actor>,
    /// Its name and its bytes.
    pub sealed: Vec<u8>,
}

/// What a row of a job says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSource {
    /// The row's place, from 1. 0 is what stands above the columns.
    pub number: u32,
    /// Its cells.
    pub sealed: Vec<u8>,
}

/// Keeping files and what their rows say. All of it is durable when it returns.
#[async_trait]
pub trait Imports: Send + Sync {
    /// Keeps a file. False if the tenant has `most` already; of two at the same moment one may be one too many.
    async fn add_import_file(&self, tenant: TenantId, file: &ImportFile, most: u32) -> Result<bool, ReadError>;

    /// A file.
    async fn import_file(&self, tenant: TenantId, id: ImportId) -> Result<Option<ImportFile>, ReadError>;

    /// Forgets files that came before a moment.
    async fn forget_import_files(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<(), ReadError>;

    /// Keeps what rows of a plan say. What is kept already stays.
    async fn add_row_sources(&self, tenant: TenantId, job: JobId, sources: &[RowSource]) -> Result<(), ReadError>;

    /// What these rows of a plan or a job say, in their order.
    async fn row_sources(&self, tenant: TenantId, job: JobId, numbers: &[u32]) -> Result<Vec<RowSource>, ReadError>;
}
