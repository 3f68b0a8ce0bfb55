//! Figures, each beside its baseline, taken in one run on one machine. Absolute numbers mean little; ratios do.

mod ingest;
mod load;
mod report;
mod seed;
mod service;

use clap::{Parser, Subcommand};

/// Measures the registry.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Callbacks per second: HTTP in, durable, answered 0000.
    Ingest(ingest::Args),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().what {
        What::Ingest(args) => ingest::run(args).await,
    }
}
