//! Finds out what callbacks did not tell: asks upstream about merchants whose question is due, lets go of claims that
//! nobody vouched for in time, and compares upstream's list with ours.
//!
//! What is due stands in storage, beside the merchants. The worker keeps nothing in memory that matters: stopped
//! anywhere, the next one goes on. One process works for a tenant at a time, the one that holds its lease; should there
//! be two for a moment, a question is asked twice.
//!
//! Read in this order: [`Pace`] (when to ask again), `pass` (what is done for one tenant), `rounds` (who is due, and
//! when to look), `list` (upstream's list), [`ReconcilerStatus`].

mod list;
mod pace;
mod pass;
mod questions;
mod rounds;
mod status;

use registry_journal::{ArchiveError, ReadError, WriteError};

pub use pace::Pace;
pub use rounds::{Reconciler, ReconcilerParts};
pub use status::ReconcilerStatus;

/// Why a pass over a tenant ended early. The next one goes on from what storage holds.
#[derive(Debug, thiserror::Error)]
enum ReconcileError {
    /// The tenants could not be listed.
    #[error("the tenants could not be listed")]
    ListTenants(#[source] ReadError),
    /// It could not be found out which tenants are ours to reconcile.
    #[error("the leases could not be taken")]
    TakeLeases(#[source] ReadError),
    /// It could not be read which questions are due.
    #[error("the due questions could not be read")]
    ReadQuestions(#[source] ReadError),
    /// It could not be written down when to ask again.
    #[error("the questions could not be put off")]
    PostponeQuestions(#[source] ReadError),
    /// It could not be read which claims are held for too long.
    #[error("the open confirmations could not be read")]
    ReadConfirmations(#[source] ReadError),
    /// The end of the log could not be read.
    #[error("the end of the log could not be read")]
    ReadHead(#[source] ReadError),
    /// Merchants could not be listed to compare them with upstream's list.
    #[error("the merchants could not be listed")]
    ListMerchants(#[source] ReadError),
    /// It could not be read whether callbacks arrive.
    #[error("the silent links could not be read")]
    ReadSilence(#[source] ReadError),
    /// The log did not take what was found out.
    #[error("what was found out could not be written")]
    Write(#[source] WriteError),
    /// What was written could not be read back.
    #[error("what was written could not be read back")]
    ReadBack(#[source] ArchiveError),
}
