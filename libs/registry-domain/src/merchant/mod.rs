//! A sub-merchant: its state, the commands it takes, the facts that follow.

mod approval;
mod asking;
mod billing;
mod call;
mod claim;
mod command;
mod context;
mod decide;
mod event;
mod evolve;
mod facets;
mod link;
mod memory;
mod milestones;
mod reading;
mod stage;
mod state;
#[cfg(test)]
mod tests;
mod verdict;
mod visit;

pub use approval::{Approval, ApprovalKey};
pub use asking::{Ask, AskGround, KNOCK_INTERVAL, QuestionPlan};
pub use billing::{
    BalanceFact, Billing, BillingFacts, BillingReason, Eligibility, Evidence, WalletReading, Wallets, eligibility,
};
pub use call::{CallFailure, CallOutcome, StrangeAnswer, WhoFixes};
pub use claim::{Claim, ClaimBody, RawPayload, Receipt, Redrive};
pub use command::{Command, DetailsChange, LinkRefusal, MetadataChange, Refusal, Registration};
pub use context::{Context, Surroundings};
pub use decide::decide;
pub use event::Event;
pub use evolve::{evolve, fold};
pub use facets::{AlertLevel, FacetTest, Facets, LinkStanding, Wanted};
pub use link::{RedirectUrl, RegistrationUrl, SecretText};
pub use memory::{
    ClaimMemory, Confirmation, DigestMark, HELD_MAX, HeldClaim, KNOCKS_MAX, Knock, RECENT_MAX, RECENT_TIME, RecentClaim,
};
pub use milestones::Milestone;
pub use reading::{Answer, Reading};
pub use stage::{NextAction, NextActor, Stage};
pub use state::{Business, LINKS_MAX, Link, LinkState, METADATA_MAX, Merchant, TAGS_MAX, Warning};
pub use verdict::{CallbackKind, Doubt, QuarantineReason, QuarantineStanding, Resolution, Verdict};
pub use visit::{Visit, Visits};
