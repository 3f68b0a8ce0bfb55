//! The service: configuration, wiring and lifecycle of everything else. It decides nothing about merchants.
//!
//! Read in this order: [`config`] (what an operator can set), [`secrets`] (the keys of the installation), [`storage`],
//! [`installation`] (both together), [`app`] (all parts put together and kept alive), [`commands`] (the subcommands of the binary).

// They panic when nobody reads: what commands say goes through `say!` and `remark!`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod app;
pub mod commands;
pub mod config;
mod descriptors;
mod files;
pub mod installation;
mod logging;
pub mod secrets;
mod signals;
pub mod storage;
mod workers;
