//! The NATS adapter: a `JetStream` stream and a key-value bucket per tenant, and a small reader of both.
//!
//! This crate alone knows NATS. It knows the publisher's port and its messages, and nothing of the log behind them.
//!
//! Read in this order: [`config`] (where the server is, and names of things), `publisher` (the port), `batch` (how messages travel), [`mod@tail`] (a
//! subscriber for people).
//!
//! The stream of tenant `acme` is `SMR_ACME`, with the subjects `smr.v1.acme.>`; its bucket is `smr_acme_merchants`.
//! One of each per tenant: permissions on subjects do not bind what a consumer of a shared stream is handed.

mod batch;
pub mod config;
mod publisher;
pub mod retained;
mod setup;
pub mod tail;

pub use config::{ConnectError, NatsConfig, bucket_name, stream_name};
pub use publisher::NatsPublisher;
pub use retained::{Retained, RetainedMessage};
pub use tail::{TailError, TailFrom, TailMessage, get_document, tail};
