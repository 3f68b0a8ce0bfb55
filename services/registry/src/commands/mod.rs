//! The subcommands of the binary.

mod dev;
mod key;
mod operate;
mod print;
mod serve;
mod tail;
mod tenant;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Print a tenant's events as they arrive on NATS.
    Tail(tail::TailArgs),
    /// Print the OpenAPI document of the REST API.
    Openapi,
    /// Run everything at once for a look: the service, a sandbox upstream, a demo tenant.
    Dev(dev::DevArgs),
}

/// Reads the command line, runs the command, and turns its outcome into an exit code.
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = match &cli.command {
        Command::Serve => None,
        Command::Tenant { .. }
        | Command::Key { .. }
        | Command::Verify(_)
        | Command::Tail(_)
        | Command::Openapi
        | Command::Dev(_) => Some(LogFormat::Pretty),
    };
    match run(cli, format).await {
        Ok(code) => code,
        Err(error) => {
            // One line with every cause; a person reads it.
            eprintln!("registry: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli, format: Option<LogFormat>) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Openapi => return print::openapi(),
        Command::Serve
        | Command::Tenant { .. }
        | Command::Key { .. }
        | Command::Verify(_)
        | Command::Tail(_)
        | Command::Dev(_) => {}
    }
    let config = Config::read(cli.config.as_deref())?;
    logging::start(&config.log, format.unwrap_or(config.log_format))?;
    match cli.command {
        Command::Serve => serve::run(config).await,
        Command::Tenant { command } => tenant::run(config, command).await,
        Command::Key { command } => key::run(config, command).await,
        Command::Verify(args) => verify::run(config, args).await,
        Command::Tail(args) => tail::run(config, args).await,
        Command::Openapi => print::openapi(),
        Command::Dev(args) => dev::run(config, args).await,
    }
}
