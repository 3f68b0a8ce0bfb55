//! The adapter against a real nats-server.

mod publisher;
mod server;
mod tail;
