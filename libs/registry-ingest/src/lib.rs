//! Callback in: the secret URL is checked, the claim is read, and becomes a command.
//!
//! It knows the journal's queue and Paymint's wire, and nothing of HTTP servers or of databases. It asks nobody anything, and
//! decides nothing about a merchant: what a claim means is the domain's business.
//!
//! A callback's way is [`sender`] (whose address is it?), [`received`] (the token is checked: the proof), `translate` (what it
//! says), [`door`] (hand it in, answer only after the commit); [`redrive`] takes that way again.

pub mod door;
pub mod received;
pub mod redrive;
pub mod sender;
mod translate;

pub use paymint_client::callback::WithoutPicture;

pub use door::{CallbackDoor, DoorConfig, DoorError, DoorStats};
pub use received::{Admitted, VerifiedCallback};
pub use redrive::{Effect, Found, RedriveError, RedriveRequest, Redriven, Redriver, Selection};
pub use sender::{SenderCheck, SenderMode};
