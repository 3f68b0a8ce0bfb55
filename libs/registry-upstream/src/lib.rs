//! Asking Paymint: how each tenant's calls reach it, how many it may make, when to leave it alone, and what its answers
//! mean.
//!
//! The step on which the registry speaks first: it asks for registration links, and it asks what callbacks did not tell. This
//! crate knows the log and Paymint's wire. It knows no callback that comes in, no HTTP server and no database, and it
//! decides nothing about a merchant: what an answer means for one is the domain's business.
//!
//! Everything that asks goes through one [`Inquirer`]: the reconciler in its rounds and a person who wants to know now.
//! So they share the limits, and what an answer says about a tenant or about Paymint is noticed in one place.
//!
//! Read in this order: [`UpstreamDirectory`] (address, key), [`AtHand`] (the same for whoever may not wait), `budget` (how many
//! calls), `breaker` (whether to call at all), `answers` (what an answer says, in the domain's words), [`Inquirer`] (the
//! calls), `counts` (what came of them), [`reconciler`] (when to ask), [`links`] (registration links).

mod admission;
mod answers;
mod at_hand;
mod breaker;
mod budget;
mod counts;
mod directory;
mod failure;
mod inquirer;
pub mod links;
mod question;
pub mod reconciler;
mod trial;

pub use paymint_client::ApiKey;

pub use at_hand::AtHand;
pub use breaker::{BreakerReport, BreakerState};
pub use budget::Urgency;
pub use counts::{FailureKind, InquiryStats};
pub use directory::{Access, TenantUpstream, UpstreamDirectory, UpstreamError};
pub use failure::failure_of;
pub use inquirer::{Inquirer, InquirerParts, InquiryLimits};
pub use links::{IssueError, LinkAnswer, LinkIssuer, LinkIssuerParts, LinkRequest};
pub use question::{AskError, Asked, BalanceRead, Question};
pub use reconciler::{Pace, Reconciler, ReconcilerParts, ReconcilerStatus};
pub use trial::TrialError;
