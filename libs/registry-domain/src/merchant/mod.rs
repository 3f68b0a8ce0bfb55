//! A sub-merchant: its state, the commands it takes, the facts that follow.

mod asking;
mod billing;
mod command;
mod decide;
mod event;
mod evolve;
mod memory;
mod reading;
mod stage;
mod state;
#[cfg(test)]
mod tests;
mod verdict;

pub use asking::{Ask, AskGround, KNOCK_INTERVAL};
pub use billing::{
    BalanceFact, Billing, BillingFacts, BillingReason, Eligibility, Evidence, WalletReading, Wallets, eligibility,
};
pub use command::{
    Approval, ApprovalKey, Claim, ClaimBody, Command, DetailsChange, LinkRefusal, Receipt, Redrive, Refusal,
    Registration, Surroundings,
};
pub use decide::decide;
pub use event::{
    Event, LinkFailure, LinkOutcome, RawPayload, RedirectUrl, RegistrationUrl, SecretText, StrangeAnswer, WhoFixes,
};
pub use evolve::{evolve, fold};
pub use memory::{
    ClaimMemory, Confirmation, DigestMark, HELD_MAX, HeldClaim, KNOCKS_MAX, Knock, RECENT_MAX, RECENT_TIME, RecentClaim,
};
pub use reading::{Answer, Reading};
pub use stage::{NextAction, NextActor, Stage};
pub use state::{Business, LINKS_MAX, Link, LinkState, METADATA_MAX, Merchant, TAGS_MAX, Warning};
pub use verdict::{CallbackKind, Doubt, QuarantineReason, QuarantineStanding, Resolution, Verdict};
