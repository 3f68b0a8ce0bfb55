//! A stand-in for the upstream: it speaks Paymint's Partner API V2 and sends its callbacks, so that a partner's system
//! can be tried, shown and tested whole without a contract.
//!
//! It is an independent reading of the same wire: it shares no code with the client that calls it. It works in memory, keeps
//! what it knows in a file if it is given one, and chance comes from a seed. It must never hold real keys or real businesses.
//!
//! Three doors lead to one world:
//! - `/partner/…`: the partner API (`wire`),
//! - `/register/{token}`, `/b/{token}`, `/rp/{token}` and `/desk`: pages for people (`pages`),
//! - `/_sandbox/…`: the control API for scripts (`control`).
//!
//! Every change of a mapping and every payment puts a callback into the outbox of its mapping; `sender` carries it out.

mod config;

mod clock;
mod dice;

mod business_number;
mod faults;
mod world;

mod sender;
mod upstream;

mod act;
mod lives;
mod repeats;

mod state_file;

mod control;
mod pages;
mod wire;

mod sandbox;

pub use act::{Act, ActError};
pub use config::{PartnerKey, PartnerKeyError, SandboxConfig};
pub use sandbox::{RunningSandbox, Sandbox, StartError};
pub use state_file::StateError;
