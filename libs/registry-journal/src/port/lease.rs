//! Which of several processes does a work that only one may do.

use std::collections::HashSet;

use async_trait::async_trait;
use registry_domain::TenantId;

use super::ReadError;

/// A work that at most one process does for a tenant at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Carrying the log to the message broker.
    Relay,
    /// Asking upstream what is true.
    Reconciliation,
    /// Watching for what somebody is to be told of.
    Alerting,
    /// Carrying what was told to its destinations.
    Delivering,
    /// Working at jobs.
    Jobs,
    /// Making files of lists.
    Exports,
}

/// The tenants that this process holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Counts from 1, and changes whenever everything was lost and had to be taken anew: another process may have worked
    /// in between.
    pub session: u64,
    /// The tenants.
    pub tenants: HashSet<TenantId>,
}

/// Shares duties out among processes. A lease lives as long as the connection that took it: a process that dies, or
/// loses its connection, loses all of them at once, and others may take them.
///
/// It is no fence: a process that is slow to notice may go on for a moment. What it writes must be fenced by whatever
/// it writes to.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes those of the tenants that no other process holds for this duty, and tells which of them are held now.
    /// Asked again before every round of work.
    async fn hold(&self, duty: Duty, tenants: &[TenantId]) -> Result<Held, ReadError>;

    /// Gives everything up that is held, so that another process may do it. It never fails: without the connection the
    /// leases are gone too.
    async fn release(&self);
}

/// The leases of an installation that is one process.
pub struct SoleProcess;

#[async_trait]
impl Leases for SoleProcess {
    async fn hold(&self, _duty: Duty, tenants: &[TenantId]) -> Result<Held, ReadError> {
        Ok(Held {
            session: 1,
            tenants: tenants.iter().copied().collect(),
        })
    }

    async fn release(&self) {}
}
