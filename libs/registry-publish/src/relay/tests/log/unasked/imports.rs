//! Of files it asks nothing.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{ImportId, JobId, TenantId};
use registry_journal::ReadError;
use registry_journal::port::{ImportFile, Imports, RowSource};

use super::Log;

#[async_trait]
impl Imports for Log {
    async fn add_import_file(&self, _: TenantId, _: &ImportFile, _: u32) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn import_file(&self, _: TenantId, _: ImportId) -> Result<Option<ImportFile>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn forget_import_files(&self, _: TenantId, _: DateTime<Utc>) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn add_row_sources(&self, _: TenantId, _: JobId, _: &[RowSource]) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn row_sources(&self, _: TenantId, _: JobId, _: &[u32]) -> Result<Vec<RowSource>, ReadError> {
        unreachable!("the relay does not ask this")
    }
}
