//! The program `registry-dev`: everything that a person needs to see the registry work, in one process. The same service
//! as in production, and beside it a sandbox upstream and a demo tenant.
//!
//! A program of its own, so that the one for production links no sandbox. It must never hold real keys or real businesses, and
//! decides nothing about merchants.
//!
//! Read in this order: [`dev`] (the service, the sandbox, the tenant), [`demo`] (its merchants).

// They panic when nobody reads.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod demo;
mod dev;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// As in production.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    registry::serving::child_or(serve)
}

#[tokio::main]
async fn serve() -> ExitCode {
    registry::serving::main("registry-dev", Box::pin(dev::run(dev::Cli::parse()))).await
}
