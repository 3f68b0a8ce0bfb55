//! The subcommands of the binary.

mod copy;
mod dev;
mod document;
mod healthcheck;
mod key;
mod migrate;
mod operate;
mod print;
mod progress;
mod rebuild;
mod serve;
mod tail;
mod tenant;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use registry_journal::causes;
use rustix::fs::Mode;
use rustix::process::umask;

use crate::config::{Config, LogFormat};
use crate::logging;

/// Owns the onboarding of sub-merchants at 결제선생 (Paymint).
#[derive(Parser)]
#[command(name = "registry", version, about)]
struct Cli {
    /// Configuration file (TOML). Settings can also come from the environment, as REGISTRY_ and their name.
    #[arg(long, global = true, env = "REGISTRY_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, take callbacks, publish events.
    Serve,
    /// Bring the schema of the database up to date. `serve` refuses to start on any other.
    Migrate,
    /// Ask the service of this configuration whether it is ready; the exit code tells.
    Healthcheck,
    /// Create and change tenants.
    Tenant {
        #[command(subcommand)]
        command: tenant::TenantCommand,
    },
    /// Create and revoke API keys.
    Key {
        #[command(subcommand)]
        command: key::KeyCommand,
    },
    /// Check that no event was changed or lost since it was written.
    Verify(verify::VerifyArgs),
    /// Fold the log anew and compare it with the rows of merchants, while the service works; put right what differs.
    Rebuild(rebuild::RebuildArgs),
    /// Move a whole installation into another database. Interrupted, it goes on where it was.
    Copy(copy::CopyArgs),
    /// Print a tenant's events as they arrive on NATS.
    Tail(tail::TailArgs),
    /// Print a merchant's document from the bucket on NATS.
    Document(document::DocumentArgs),
    /// Print the OpenAPI document of the REST API.
    Openapi,
    /// Print the AsyncAPI document of the events on NATS.
    Asyncapi,
    /// Run everything at once for a look: the service, a sandbox upstream, a demo tenant.
    Dev(dev::DevArgs),
}

/// Reads the command line, runs the command, and turns its outcome into an exit code.
pub async fn main() -> ExitCode {
    // Whatever is made from here on is for its owner alone.
    umask(Mode::RWXG | Mode::RWXO);
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // One line with every cause; a person reads it.
            eprintln!("registry: {}", causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = Config::read(cli.config.as_deref())?;
    match cli.command {
        Command::Serve => {
            logging::start(&config.log, config.log_format)?;
            serve::run(config).await
        }
        Command::Dev(args) => {
            logging::start(&config.log, LogFormat::Pretty)?;
            dev::run(config, args).await
        }
        Command::Migrate => {
            quietly()?;
            migrate::run(config).await
        }
        Command::Healthcheck => healthcheck::run(config).await,
        Command::Rebuild(args) => {
            quietly()?;
            rebuild::run(config, args).await
        }
        Command::Copy(args) => {
            quietly()?;
            copy::run(config, args).await
        }
        Command::Openapi => print::openapi(),
        Command::Asyncapi => print::asyncapi(),
        Command::Tenant { command } => {
            quietly()?;
            tenant::run(config, command).await
        }
        Command::Key { command } => {
            quietly()?;
            key::run(config, command).await
        }
        Command::Verify(args) => {
            quietly()?;
            verify::run(config, args).await
        }
        Command::Tail(args) => {
            quietly()?;
            tail::run(config, args).await
        }
        Command::Document(args) => {
            quietly()?;
            document::run(config, args).await
        }
    }
}

/// What a command answers is what its user wants to see; log lines only when something is wrong.
fn quietly() -> anyhow::Result<()> {
    logging::start("warn", LogFormat::Pretty)
}
