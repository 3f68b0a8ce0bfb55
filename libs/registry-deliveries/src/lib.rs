//! Carries what was told to people and programs: by mail, to channels, and as signed webhooks.
//!
//! The step behind the watcher for alerts, beside the relay. It follows the log and knows the rows of what is on its way; it knows
//! no rule by which anything is told, no broker and no upstream, and decides nothing about merchants.
//!
//! Read in this order: [`Courier`] (which tenants' logs are followed, and what is sent when), `plan` (what follows from a stretch of a
//! log), `digest` and `sign` (what is sent), `send` and [`Guard`] (how, and whereto never), `retry` (when again).

mod courier;
mod digest;
mod guard;
mod mail;
mod numbers;
mod plan;
mod retry;
mod route;
mod send;
mod sign;

use registry_journal::{ArchiveError, ReadError, WriteError};

pub use courier::{Courier, CourierParts};
pub use guard::{Guard, TargetUrlError};
pub use mail::{Mail, MailError};
pub use numbers::{DeliveryCounts, Numbers};
pub use retry::{GIVE_UP_AFTER, KEPT_FOR};
pub use route::addresses;
pub use sign::SigningSecret;

/// Why a step ended early. The next one begins anew.
#[derive(Debug, thiserror::Error)]
enum CourierError {
    /// The tenants could not be listed.
    #[error("the tenants could not be listed")]
    ListTenants(#[source] ReadError),
    /// It could not be found out which tenants are ours.
    #[error("the leases could not be taken")]
    TakeLeases(#[source] ReadError),
    /// It could not be read where the log was left.
    #[error("the cursor could not be read")]
    ReadCursor(#[source] ReadError),
    /// The log could not be read.
    #[error("the log could not be read")]
    ReadEvents(#[source] ArchiveError),
    /// What is to be carried could not be written down.
    #[error("what is to be carried could not be written down")]
    Plan(#[source] ReadError),
    /// It could not be read what is due.
    #[error("what is due could not be read")]
    ReadDue(#[source] ReadError),
    /// What is due could not be taken on.
    #[error("what is due could not be taken on")]
    Claim(#[source] ReadError),
    /// What is over could not be put away.
    #[error("what is over could not be put away")]
    PutAway(#[source] ReadError),
    /// It could not be read where a destination leads.
    #[error("it could not be read where a destination leads")]
    ReadRoute(#[source] ArchiveError),
    /// The log did not take that a destination is disabled.
    #[error("a destination could not be disabled")]
    Disable(#[source] WriteError),
}
