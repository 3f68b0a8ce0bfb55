//! The public contract of events and documents: what REST, NATS and the console say of a merchant and of what happened.
//!
//! This crate knows the domain and the rows of the journal. It sends nothing: it knows no broker, no HTTP, no clock.
//!
//! Read in this order: [`document`] (a merchant as others see it), [`event`] (a fact as others see it), [`message`]
//! (both, as they are published), [`mod@asyncapi`] (the contract as a document).
//!
//! # What subscribers may rely on
//!
//! Every event of a merchant is in the tenant's stream exactly once and in the order of the tenant's log, as long as
//! the broker keeps its data; if it loses data, what was lost is published again, in order. The document beside an
//! event is the merchant as of that event. Words (`stage`, `status`, `code` and the like) and event types are open
//! lists: new ones may come, and a subscriber passes over what it does not know.

pub mod asyncapi;
pub mod audit;
pub mod document;
pub mod event;
pub mod message;
mod shown;

#[cfg(test)]
mod testing;
mod waits;

pub use asyncapi::asyncapi;
pub use audit::{AuditDocument, audit_entry};
pub use document::{MaskedDocument, MerchantDocument, REPRESENTATION, WaitDocument, WaitingMerchant};
pub use event::{ActorDocument, EventData, PublicEvent, event_shown, merchant_fact, name_events, public_event};
pub use message::{Message, message_for};
pub use registry_domain::search::{highlighted, is_searchable};
pub use shown::{Sight, mask_number};
pub use waits::Waits;
