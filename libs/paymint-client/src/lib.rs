//! The upstream's wire: the calls to Paymint's Partner API V2 and the shapes of its callbacks.
//!
//! It knows how upstream spells things, and nothing of the registry: no tenant, no event, no review stage. It decides
//! nothing and stores nothing. What upstream does not promise is read leniently: unknown fields are ignored, optional
//! fields may be missing, and a number is taken where a text was announced.
//!
//! Read in this order: [`ApiKey`] and [`UpstreamCode`] (the vocabulary), [`CallError`] (how a call can fail),
//! [`MappingRequest`] and the answers (the shapes), [`Client`] (the calls), [`callback`] (what upstream sends by itself),
//! [`Scrubber`] (what may be kept of any of it).

mod api_key;
mod upstream_code;

mod call_error;

mod answer;
mod json;
mod repair;
mod request;
mod text;
mod wire;

mod masked_number;
mod scrub;

mod address;
mod client;
mod client_error;
mod config;
mod status_call;
mod transport;

pub mod callback;

pub use answer::{Balance, ListedMapping, MappingList, MappingStatus, RegistrationUrl};
pub use api_key::{ApiKey, ApiKeyError};
pub use call_error::{AnswerFault, CallError, ConnectionLoss, Outcome, UpstreamMessage};
pub use client::Client;
pub use client_error::ClientError;
pub use config::ClientConfig;
pub use request::MappingRequest;
pub use scrub::Scrubber;
pub use status_call::{StatusCall, StatusCallError};
pub use upstream_code::{UpstreamCode, WhoFixes};
