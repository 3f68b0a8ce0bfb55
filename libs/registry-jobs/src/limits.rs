//! How much there may be of what.

use chrono::TimeDelta;

/// Limits for each tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLimits {
    /// Rows of a plan.
    pub rows_max: u32,
    /// Plans and jobs that are kept.
    pub kept_max: u32,
    /// Jobs that are worked at, at once; the others wait for their turn.
    pub running_max: u32,
    /// For how long a job is kept that has ended.
    pub kept_for: TimeDelta,
}

/// For how long a plan is kept that nobody confirms.
pub const PLAN_KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// For how long a file is kept that somebody handed over. What is planned from it is kept with the plan.
pub const FILE_KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// Files of a tenant that are kept.
pub const FILES_MAX: u32 = 20;
