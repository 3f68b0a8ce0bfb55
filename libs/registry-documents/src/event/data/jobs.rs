//! What the events about jobs tell.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody has had one thing done to many merchants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobConfirmedData)]
pub struct JobConfirmed {
    /// The job's id.
    #[schema(example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub job_id: String,
    /// What it does: `issue_links`, `ask_now`, `add_tags`, `remove_tags`, `archive`, `restore`, `redrive` or `import`.
    /// Others may appear.
    #[schema(example = "issue_links")]
    pub action: String,
    /// To how many merchants.
    #[schema(example = 300)]
    pub rows: u64,
    /// Why.
    #[schema(required = true, example = "월요일 재발송")]
    pub reason: Option<String>,
}

/// A job was paused, resumed or cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OfJobData)]
pub struct OfJob {
    /// The job's id.
    #[schema(example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub job_id: String,
}

/// Nothing of a job is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobFinishedData)]
pub struct JobFinished {
    /// The job's id.
    #[schema(example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub job_id: String,
    /// For how many merchants it was done.
    #[schema(example = 297)]
    pub done: u64,
    /// For how many it did not work.
    #[schema(example = 2)]
    pub failed: u64,
    /// How many were not begun when the job was cancelled.
    #[schema(example = 1)]
    pub cancelled: u64,
}
