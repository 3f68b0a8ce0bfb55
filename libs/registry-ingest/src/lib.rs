//! Callback in: the secret URL is checked, the claim is read, and becomes a command. And the calls to Paymint that the
//! tenant asks for.
//!
//! It knows the journal's queue and Paymint's wire, and nothing of HTTP servers or of databases. It decides nothing
//! about a merchant: what a claim means is the domain's business.
//!
//! A callback's way is [`token`] and [`sender`] (may we read it?), [`received`] (the proof), `translate` (what it
//! says), [`door`] (hand it in, answer only after the commit); [`redrive`] takes that way again. A link's
//! way is [`upstream`] and [`links`].

pub mod door;
pub mod links;
pub mod public_url;
pub mod received;
pub mod reconciler;
pub mod redrive;
pub mod sender;
pub mod token;
mod translate;
pub mod upstream;

pub use paymint_client::ApiKey;
pub use paymint_client::callback::WithoutPicture;

pub use door::{CallbackDoor, DoorConfig, DoorError, DoorStats};
pub use links::{IssueError, LinkAnswer, LinkIssuer, LinkIssuerParts, LinkRequest, failure as link_failure};
pub use public_url::{CallbackUrls, PublicUrl, PublicUrlError};
pub use received::{Admitted, VerifiedCallback};
pub use reconciler::{Pace, Reconciler, ReconcilerParts, ReconcilerStatus};
pub use redrive::{Effect, Found, RedriveError, RedriveRequest, Redriven, Redriver, Selection};
pub use sender::{SenderCheck, SenderMode};
pub use token::{CallbackToken, TokenKeys, TokenKeysError};
pub use upstream::{
    AskError, Asked, BalanceRead, BreakerReport, BreakerState, Inquirer, InquirerParts, InquiryLimits, InquiryStats,
    Question, TrialError, UpstreamDirectory, UpstreamError, Urgency,
};
