//! Watches for what a tenant wants to be told of: shops that stand too long in a stage, and what is wrong with the tenant itself.
//!
//! The step beside the reconciler. It knows the log and its rows; it knows no upstream, no HTTP and no broker, and decides
//! nothing: what follows from a look is decided under the lock, by `registry_domain::alerts`.
//!
//! Read in this order: [`Watcher`] (which tenants are looked at, and when), `look` (what a look at one tenant does).

mod look;
mod watcher;

use registry_journal::{ReadError, WriteError};

pub use watcher::{Watcher, WatcherParts};

/// Why a look ended early. The next one begins anew.
#[derive(Debug, thiserror::Error)]
enum LookError {
    /// The tenants could not be listed.
    #[error("the tenants could not be listed")]
    ListTenants(#[source] ReadError),
    /// It could not be found out which tenants are ours to watch.
    #[error("the leases could not be taken")]
    TakeLeases(#[source] ReadError),
    /// It could not be read who is late.
    #[error("the late merchants could not be read")]
    ReadLate(#[source] ReadError),
    /// It could not be read what was told.
    #[error("the alerts could not be read")]
    ReadAlerts(#[source] ReadError),
    /// It could not be read what is usual.
    #[error("what is usual could not be read")]
    ReadUsual(#[source] ReadError),
    /// It could not be counted what waits.
    #[error("what waits could not be counted")]
    Count(#[source] ReadError),
    /// The log did not take what was found out.
    #[error("what was found out could not be written")]
    Write(#[source] WriteError),
}
