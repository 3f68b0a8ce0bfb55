//! The way out: the relay that carries the log to a message broker, and the port to that broker.
//!
//! This crate knows the public messages and the journal's archive. It knows nothing of NATS, of HTTP or of Paymint's
//! wire: what it asks of a broker is written down in [`publisher`].
//!
//! Read in this order: [`publisher`] (what a broker must do), [`relay`] (log in, messages out).

pub mod publisher;
pub mod relay;

#[cfg(test)]
mod testing;

pub use publisher::{BucketEntry, BucketValue, PublishError, Publisher, Standing};
pub use relay::{Progress, Relay, RelayError, RelayStatus};
