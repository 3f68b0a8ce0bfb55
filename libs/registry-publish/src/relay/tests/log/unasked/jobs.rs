//! Of jobs it asks nothing.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::jobs::{HeldUp, RowCode, RowState};
use registry_domain::{JobId, TenantId};
use registry_journal::ReadError;
use registry_journal::port::{
    DueJob, Job, JobExpiry, JobMove, JobPosition, JobRow, JobRowQuery, Jobs, PageSize, PlannedRow, RowClaim, RowOutcome,
};

use super::Log;

#[async_trait]
impl Jobs for Log {
    async fn add_job(&self, _: TenantId, _: &Job, _: u32) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn add_job_rows(&self, _: TenantId, _: JobId, _: &[PlannedRow]) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn job(&self, _: TenantId, _: JobId) -> Result<Option<Job>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn jobs(&self, _: TenantId, _: Option<JobPosition>, _: PageSize) -> Result<Vec<Job>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn job_rows(&self, _: TenantId, _: &JobRowQuery) -> Result<Vec<JobRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn job_row_codes(&self, _: TenantId, _: JobId) -> Result<Vec<(RowState, RowCode, u64)>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn move_job(&self, _: TenantId, _: JobId, _: &JobMove) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn due_jobs(&self, _: DateTime<Utc>, _: u32, _: PageSize) -> Result<Vec<DueJob>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn free_job_rows(&self, _: TenantId, _: DateTime<Utc>) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn claim_job_rows(&self, _: TenantId, _: JobId, _: RowClaim) -> Result<Vec<JobRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn end_job_rows(&self, _: TenantId, _: JobId, _: &[RowOutcome]) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn rest_job(&self, _: TenantId, _: JobId, _: Option<HeldUp>, _: DateTime<Utc>) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn cancel_job_rows(&self, _: TenantId, _: JobId, _: DateTime<Utc>) -> Result<u64, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn end_job(&self, _: TenantId, _: JobId, _: DateTime<Utc>) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn forget_jobs(&self, _: TenantId, _: JobExpiry) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }
}
