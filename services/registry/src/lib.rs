//! The service: configuration, wiring and lifecycle of everything else.
//!
//! The last step: it alone names adapters, and puts all parts together. It decides nothing about merchants, and links no sandbox.
//!
//! Read in this order: [`config`] (what an operator can set), [`secrets`] (the keys of the installation), [`storage`],
//! [`installation`] (both together), [`app`] (all parts put together and kept alive), [`serving`] (until it is
//! told to stop), [`commands`] (the subcommands of the binary).

// They panic when nobody reads: what commands say goes through `say!` and `remark!`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[macro_use]
pub mod say;

pub mod app;
pub mod commands;
pub mod config;
mod descriptors;
mod exporting;
pub mod files;
pub mod installation;
pub mod logging;
pub mod secrets;
pub mod serving;
pub mod signals;
pub mod storage;
mod workers;
