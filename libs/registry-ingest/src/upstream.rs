//! Asking Paymint: how each tenant's calls reach it, how many it may make, when to leave it alone, and what its answers
//! mean.
//!
//! Everything that asks goes through one [`Inquirer`]: the reconciler in its rounds and a person who wants to know now.
//! So they share the limits, and what an answer says about a tenant or about Paymint is noticed in one place.
//!
//! Read in this order: [`UpstreamDirectory`] (address, key), `budget` (how many calls), `breaker` (whether to call at
//! all), `answers` (what an answer says, in the domain's words), [`Inquirer`] (the calls), `counts` (what came of them).

mod answers;
mod at_hand;
mod breaker;
mod budget;
mod counts;
mod directory;
mod inquirer;
mod question;
mod trial;

pub use breaker::{BreakerReport, BreakerState};
pub use budget::Urgency;
pub use counts::{FailureKind, InquiryStats};
pub use directory::{Access, TenantUpstream, UpstreamDirectory, UpstreamError};
pub use inquirer::{Inquirer, InquirerParts, InquiryLimits};
pub use question::{AskError, Asked, BalanceRead, Question};
pub use trial::TrialError;

pub(crate) use answers::{ListedRow, listed};
pub(crate) use inquirer::Heard;
