//! How the reconciler is doing, for the readiness check and the metrics.

use chrono::{DateTime, Utc};

/// How the reconciler is doing, over the tenants that this process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReconcilerStatus {
    /// Tenants that this process reconciles; another process does the others.
    pub held_tenants: u64,
    /// Merchants whose question is due.
    pub due: u64,
    /// Since when the oldest of these questions is due.
    pub oldest_due_at: Option<DateTime<Utc>>,
    /// Merchants with a claim that waits for upstream's word.
    pub open_confirmations: u64,
    /// Claims that nobody vouched for in time, since the process started.
    pub released_total: u64,
    /// Tenants whose calls to upstream are stopped because it refuses them as a whole.
    pub paused_tenants: u64,
    /// Tenants that have switched reading back off: nothing of theirs can be verified.
    pub unverifiable_tenants: u64,
    /// Tenants whose row cannot be read: nothing is done for them.
    pub unreadable_tenants: u64,
    /// How often a merchant was passed over because what is stored of it cannot be read, since the process started.
    pub unreadable_merchants_total: u64,
    /// Tenants whose last pass ended early because storage failed.
    pub failing_tenants: u64,
}
