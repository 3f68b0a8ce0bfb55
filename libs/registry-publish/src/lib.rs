//! The way out: the public event contract, the relay that carries the log to a message broker, the port to that broker.
//!
//! This crate knows the domain and the journal's archive. It knows nothing of NATS, of HTTP or of Paymint's wire: what
//! it asks of a broker is written down in [`publisher`].
//!
//! Read in this order: [`document`] (a merchant as others see it), [`event`] (a fact as others see it), [`message`]
//! (both, as they are published), [`mod@asyncapi`] (the contract as a document), [`publisher`] (what a broker must do),
//! [`relay`] (log in, messages out).
//!
//! # What subscribers may rely on
//!
//! Every event of a merchant is in the tenant's stream exactly once and in the order of the tenant's log, as long as
//! the broker keeps its data; if it loses data, what was lost is published again, in order. The document beside an
//! event is the merchant as of that event. Words (`stage`, `status`, `code` and the like) and event types are open
//! lists: new ones may come, and a subscriber passes over what it does not know.

pub mod asyncapi;
pub mod document;
pub mod event;
pub mod message;
pub mod publisher;
pub mod relay;

#[cfg(test)]
mod testing;

pub use asyncapi::asyncapi;
pub use document::{MaskedDocument, MerchantDocument, REPRESENTATION};
pub use event::{EventData, PublicEvent, merchant_fact, public_event};
pub use message::{Message, message_for};
pub use publisher::{BucketEntry, BucketValue, PublishError, Publisher, Standing};
pub use relay::{Progress, Relay, RelayError, RelayStatus};
