//! What shops see: the page behind the link that they get, and the one to which they come back from Paymint.
//!
//! The step on which somebody without any account is served, so everything here is bounded, says nothing in its metadata, and
//! changes nothing when it is only looked at. This crate knows the log, the ways to Paymint and HTTP. It knows no API, no console
//! and nothing of the wire, and decides nothing about a merchant.
//!
//! Read in this order: `routes` (the doors), `admit` (who is let in), `visitor` (who looks), `next` (what follows from going on),
//! `go` (going on), `back` (coming back), `sheet` and `words` (what a page says), `answer` (with which headers).

mod admit;
mod answer;
mod back;
mod counts;
mod go;
mod limits;
mod next;
mod pages;
mod routes;
mod sheet;
mod visitor;
mod words;

pub use counts::{Refused, ShopStats, Went};
pub use limits::ShopLimits;
pub use pages::{ShopPages, ShopParts};
