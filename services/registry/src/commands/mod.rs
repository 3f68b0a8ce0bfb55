//! The subcommands of the binary.

mod copy;
mod document;
mod healthcheck;
mod job;
pub mod key;
mod member;
mod migrate;
pub mod operate;
mod person;
mod print;
mod progress;
mod rebuild;
mod serve;
mod tail;
mod tenant;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, LogFormat};
use crate::{logging, serving};

/// Owns the onboarding of sub-merchants at 결제선생 (Paymint).
#[derive(Parser)]
#[command(name = "registry", version, about, after_help = "Example:\n  registry serve")]
struct Cli {
    /// Configuration file (TOML). Settings can also come from the environment, as REGISTRY_ and their name.
    #[arg(long, global = true, env = "REGISTRY_CONFIG")]
    config: Option<OsString>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, take callbacks, publish events.
    #[command(after_help = "Example:\n  registry serve --config /etc/registry.toml")]
    Serve,
    /// Bring the schema of the database up to date. `serve` refuses to start on any other.
    #[command(after_help = "Example:\n  registry migrate")]
    Migrate,
    /// Ask the service of this configuration whether it is ready; the exit code tells.
    #[command(after_help = "Example:\n  registry healthcheck")]
    Healthcheck,
    /// Create and change tenants.
    #[command(after_help = "Example:\n  registry tenant create --slug acme --name \"Acme\"")]
    Tenant {
        #[command(subcommand)]
        command: tenant::TenantCommand,
    },
    /// Create and revoke API keys.
    #[command(after_help = "Example:\n  registry key list --tenant acme")]
    Key {
        #[command(subcommand)]
        command: key::KeyCommand,
    },
    /// Make people known, keep them out, let them in.
    #[command(after_help = "Example:\n  registry person invite --email ops@partner.example --name \"Kim\"")]
    Person {
        #[command(subcommand)]
        command: person::PersonCommand,
    },
    /// Say who belongs to a tenant, and what they may do.
    #[command(after_help = "Example:\n  registry member list --tenant acme")]
    Member {
        #[command(subcommand)]
        command: member::MemberCommand,
    },
    /// See what is being done to many merchants, have it rest, go on, or given up.
    #[command(after_help = "Example:\n  registry job list --tenant acme")]
    Job {
        #[command(subcommand)]
        command: job::JobCommand,
    },
    /// Check that no event was changed or lost since it was written.
    #[command(after_help = "Example:\n  registry verify --tenant acme")]
    Verify(verify::VerifyArgs),
    /// Fold the log anew and compare it with the rows of merchants, while the service works; put right what differs.
    #[command(after_help = "Example:\n  registry rebuild --check")]
    Rebuild(rebuild::RebuildArgs),
    /// Move a whole installation into another database. Interrupted, it goes on where it was.
    #[command(
        after_help = "Example:\n  registry copy --from sqlite:///var/lib/registry/registry.db --to postgres://registry_service@db.internal/registry"
    )]
    Copy(copy::CopyArgs),
    /// Print a tenant's events as they arrive on NATS.
    #[command(after_help = "Example:\n  registry tail --tenant acme --from-start --count 10")]
    Tail(tail::TailArgs),
    /// Print a merchant's document from the bucket on NATS.
    #[command(
        after_help = "Example:\n  registry document --tenant acme --merchant mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"
    )]
    Document(document::DocumentArgs),
    /// Print the OpenAPI document of the REST API.
    #[command(after_help = "Example:\n  registry openapi")]
    Openapi,
    /// Print the AsyncAPI document of the events on NATS.
    #[command(after_help = "Example:\n  registry asyncapi")]
    Asyncapi,
}

/// Reads the command line, runs the command, and turns its outcome into an exit code.
pub async fn main() -> ExitCode {
    serving::main("registry", Box::pin(run(Cli::parse()))).await
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // An empty variable names none.
    let file = cli.config.filter(|file| !file.is_empty()).map(PathBuf::from);
    let config = Config::read(file.as_deref())?;
    match cli.command {
        Command::Serve => {
            logging::start(&config.log, config.log_format)?;
            serve::run(config).await
        }
        Command::Migrate => {
            quietly()?;
            migrate::run(config).await
        }
        Command::Healthcheck => healthcheck::run(config).await,
        Command::Rebuild(args) => {
            quietly()?;
            Box::pin(rebuild::run(config, args)).await
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
        Command::Person { command } => {
            quietly()?;
            person::run(config, command).await
        }
        Command::Member { command } => {
            quietly()?;
            member::run(config, command).await
        }
        Command::Job { command } => {
            quietly()?;
            job::run(config, command).await
        }
        Command::Verify(args) => {
            quietly()?;
            Box::pin(verify::run(config, args)).await
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// All commands, those of commands too.
    fn all(command: clap::Command) -> Vec<clap::Command> {
        let below = command.get_subcommands().cloned().flat_map(all).collect::<Vec<_>>();
        std::iter::once(command).chain(below).collect()
    }

    /// The words of a command line; one in quotes may hold blanks.
    fn words(line: &str) -> Vec<String> {
        let parts = line.split('"').enumerate();
        let words = parts.flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    }

    #[test]
    fn the_help_of_every_command_has_an_example_that_is_right() {
        let commands = all(Cli::command());
        assert!(commands.len() > 20, "{}", commands.len());
        for command in commands {
            let name = command.get_name();
            let help = command
                .get_after_help()
                .unwrap_or_else(|| panic!("{name} has no example"));
            let help = help.to_string();
            let example = help
                .strip_prefix("Example:\n  ")
                .unwrap_or_else(|| panic!("{name}: {help}"));
            assert!(name == "registry" || example.contains(name), "{name}: {example}");
            if let Err(error) = Cli::try_parse_from(words(example)) {
                panic!("{name}: {example}: {error}");
            }
        }
    }
}
