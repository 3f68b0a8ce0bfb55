//! The HTTP skin: the REST API of the tenants, the door for Paymint's callbacks, and what an operator looks at.
//!
//! This crate turns requests into commands and questions, and what comes back into answers. It decides nothing about
//! merchants, and knows no database, no message broker and nothing of Paymint's wire.
//!
//! Read in this order: `app` (the router), `envelope` (what every request goes through), `operation` (what each route says of
//! itself), `routes` (one file per operation), `problem` (why something did not work), `openapi` (the contract).

mod app;
mod authenticator;
mod body;
mod caller;
mod commands;
mod conditional;
pub mod credentials;
mod cursor;
mod docs;
mod envelope;
mod errand;
mod fields;
mod heads;
mod idempotency;
mod key_failures;
mod lookups;
mod metrics;
mod openapi;
mod operation;
mod position;
mod problem;
mod query;
mod refusals;
mod request_rates;
mod routes;
mod services;
mod state;
mod unique;
mod usual;

pub use app::router;
pub use axum::Router;
pub use openapi::openapi;
pub use request_rates::RequestLimits;
pub use routes::exports::read_list;
pub use services::{Carrying, HttpConfig, Services};
pub use state::AppState;
