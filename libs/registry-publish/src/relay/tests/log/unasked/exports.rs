//! Of files that are made of lists it asks nothing.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{ExportId, TenantId};
use registry_journal::ReadError;
use registry_journal::port::{DueExport, Export, ExportEnd, ExportPiece, ExportPosition, Exports, PageSize, Written};

use super::Log;

#[async_trait]
impl Exports for Log {
    async fn add_export(&self, _: TenantId, _: &Export, _: u32) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn export(&self, _: TenantId, _: ExportId) -> Result<Option<Export>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn exports(&self, _: TenantId, _: Option<ExportPosition>, _: PageSize) -> Result<Vec<Export>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn due_exports(&self, _: PageSize) -> Result<Vec<DueExport>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn begin_export(&self, _: TenantId, _: ExportId, _: DateTime<Utc>) -> Result<Option<Export>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn add_export_piece(
        &self,
        _: TenantId,
        _: ExportId,
        _: u64,
        _: &ExportPiece,
        _: Written,
    ) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn end_export(&self, _: TenantId, _: ExportId, _: Option<u64>, _: ExportEnd) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn export_piece(&self, _: TenantId, _: ExportId, _: u32) -> Result<Option<ExportPiece>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn forget_exports(&self, _: TenantId, _: DateTime<Utc>) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }
}
