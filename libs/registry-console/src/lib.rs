//! The console: pages for the people who follow reviews, drawn from what `/v1` answers.
//!
//! It is the first client of the API: a handler calls the API's router in this process, on behalf of the person who is
//! signed in, and shows the documents that come back. So it decides nothing, and nothing can be done here that the API
//! cannot. It knows no log, no database, no broker and no rule about merchants.
//!
//! Read in this order: [`routes`] (all of them), [`console`] (what they stand on), `api` (how `/v1` is called), `door` (who is
//! signed in), `colleagues` (how they are called), `frame` (what all pages share), `pages` (a folder for each), `parts` (what pages are made of), `words` (every
//! text, in Korean and English), `assets` (stylesheet, script, font and icons).

mod answer;
mod api;
mod assets;
mod colleagues;
pub mod console;
#[cfg(test)]
mod contrast;
mod documents;
mod door;
mod form;
mod frame;
mod kst;
mod live;
mod pages;
mod parts;
mod preferences;
mod query;
pub mod routes;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod stage;
mod upload;
mod words;

pub use api::Api;
pub use console::{Console, router};
