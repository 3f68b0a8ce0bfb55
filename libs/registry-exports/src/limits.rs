//! How much there may be of what.

use chrono::TimeDelta;

/// Limits for each tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportLimits {
    /// Merchants of a file.
    pub rows_max: u64,
    /// Bytes of a file.
    pub bytes_max: u64,
    /// Files that are kept, those included that are yet to be made.
    pub kept_max: u32,
    /// For how long a file is kept.
    pub kept_for: TimeDelta,
}

/// Bytes of a piece, but for the last one of a file.
pub const PIECE_BYTES: usize = 1024 * 1024;

/// Most merchants that can be named one by one.
pub const NAMED_MAX: usize = 1_000;

/// How often a file is begun, at most. A process that was stopped has begun it too.
pub(crate) const ATTEMPTS_MAX: u64 = 10;

/// Files that this process makes at once, each of another tenant.
pub(crate) const MADE_AT_ONCE: usize = 2;
