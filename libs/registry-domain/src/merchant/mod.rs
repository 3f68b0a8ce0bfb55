//! A sub-merchant: its state, the commands it takes, the facts that follow.

mod command;
mod decide;
mod event;
mod evolve;
mod stage;
mod state;
#[cfg(test)]
mod tests;

pub use command::{
    Approval, ApprovalKey, Claim, ClaimBody, Command, DetailsChange, LinkRefusal, Receipt, Refusal, Registration,
    Surroundings,
};
pub use decide::decide;
pub use event::{
    Doubt, Event, LinkFailure, LinkOutcome, QuarantineReason, RawPayload, RedirectUrl, RegistrationUrl, Resolution,
    SecretText, Verdict, WhoFixes,
};
pub use evolve::{evolve, fold};
pub use stage::{NextAction, NextActor, Stage};
pub use state::{Business, LINKS_MAX, Link, LinkState, METADATA_MAX, Merchant, TAGS_MAX, Warning};
