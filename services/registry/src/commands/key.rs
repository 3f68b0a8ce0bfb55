//! `registry key`.

use std::net::IpAddr;
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use ipnet::IpNet;
use registry_domain::tenant::{Command, KeyIssue, KeyRotation, Scope};
use registry_domain::{KeyId, Label};
use registry_http::credentials;
use registry_journal::Ambient;
use serde::Serialize;

use super::operate::Desk;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Create an API key and print it. It is shown this once.
    #[command(
        after_help = "Example:\n  registry key create --tenant acme --name portal --scopes merchants:read,merchants:write,links:write"
    )]
    Create(CreateArgs),
    /// Put another API key in the place of one and print it. It is shown this once.
    #[command(
        after_help = "Example:\n  registry key rotate --tenant acme --key key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6 --overlap-hours 24"
    )]
    Rotate(RotateArgs),
    /// List a tenant's API keys.
    #[command(after_help = "Example:\n  registry key list --tenant acme --json")]
    List(ListArgs),
    /// Revoke an API key.
    #[command(after_help = "Example:\n  registry key revoke --tenant acme --key key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    Revoke(RevokeArgs),
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// What the key is for.
    #[arg(long)]
    name: String,
    /// What it may do: merchants:read, merchants:write, links:write, events:read, payloads:read, quarantine:write,
    /// upstream:ask, settings:write, personal:read, notes:write, exports:create, keys:write, people:write, audit:read.
    #[arg(long, value_delimiter = ',', required_unless_present = "all_scopes")]
    scopes: Vec<String>,
    /// It may do everything that there is a scope for today.
    #[arg(long, conflicts_with = "scopes")]
    all_scopes: bool,
    /// From which networks it may be used: addresses, or networks such as 198.51.100.0/24. From anywhere by default.
    #[arg(long, value_delimiter = ',')]
    networks: Vec<String>,
    /// After how many days it stops working. Never by default.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    expires_in_days: Option<u32>,
}

#[derive(Args)]
pub(super) struct RotateArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// The id of the key that is replaced, as `list` prints it.
    #[arg(long)]
    key: String,
    /// For how many hours it works beside the new one, 168 at most.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=168))]
    overlap_hours: u32,
    /// After how many days the new one stops working. By default it lives as long as the old one was to live.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    expires_in_days: Option<u32>,
}

#[derive(Args)]
pub(super) struct ListArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// A line of the list. Of the secret there is nothing to show.
#[derive(Serialize)]
struct Listed {
    id: String,
    name: String,
    state: &'static str,
    scopes: Vec<&'static str>,
    issued_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

#[derive(Args)]
pub(super) struct RevokeArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// The id of the key, as `list` prints it.
    #[arg(long)]
    key: String,
}

pub(super) async fn run(config: Config, command: KeyCommand) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&config).await?;
    let done = match command {
        KeyCommand::Create(args) => create(&desk, args).await,
        KeyCommand::Rotate(args) => rotate(&desk, &args).await,
        KeyCommand::List(args) => list(&desk, &args).await,
        KeyCommand::Revoke(args) => revoke(&desk, &args).await,
    };
    desk.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn create(desk: &Desk, args: CreateArgs) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let scope = |word: &String| Scope::from_word(word).with_context(|| format!("there is no scope {word}"));
    let scopes = args.scopes.iter().map(scope).collect::<anyhow::Result<Vec<_>>>()?;
    let scopes = if args.all_scopes { Scope::ALL.to_vec() } else { scopes };
    let networks = args
        .networks
        .iter()
        .map(|text| network(text))
        .collect::<Result<_, _>>()?;
    let name = Label::parse(&args.name).context("the name cannot be used")?;
    let (key, text) = new_key(&desk.ambient, name, scopes);
    let key = KeyIssue {
        networks,
        expires_at: args
            .expires_in_days
            .map(|days| key.now + TimeDelta::days(i64::from(days))),
        ..key
    };
    desk.submit(tenant.id, Command::IssueKey(key)).await?;
    say!("{text}");
    Ok(())
}

/// One address is a network too.
fn network(text: &str) -> anyhow::Result<IpNet> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network: IpNet = network.with_context(|| format!("{text} is neither an address nor a network"))?;
    Ok(network.trunc())
}

async fn rotate(desk: &Desk, args: &RotateArgs) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let key_id: KeyId = args.key.parse().context("the key id cannot be used")?;
    let (now, successor) = (desk.ambient.now(), KeyId::from_uuid(desk.ambient.ids.uuid()));
    let (text, secret_hash) = credentials::mint(successor, desk.ambient.ids.secret());
    let rotation = KeyRotation {
        key_id,
        successor,
        secret_hash,
        overlap: TimeDelta::hours(i64::from(args.overlap_hours)),
        expires_at: args.expires_in_days.map(|days| now + TimeDelta::days(i64::from(days))),
        now,
    };
    desk.submit(tenant.id, Command::RotateKey(rotation)).await?;
    say!("{text}");
    Ok(())
}

/// An API key to be, which works from everywhere and for ever, and the text that is shown once.
pub fn new_key(ambient: &Ambient, name: Label, scopes: Vec<Scope>) -> (KeyIssue, String) {
    let key_id = KeyId::from_uuid(ambient.ids.uuid());
    let (text, secret_hash) = credentials::mint(key_id, ambient.ids.secret());
    (
        KeyIssue {
            key_id,
            name,
            scopes,
            networks: Vec::new(),
            secret_hash,
            expires_at: None,
            now: ambient.now(),
        },
        text,
    )
}

async fn list(desk: &Desk, args: &ListArgs) -> anyhow::Result<()> {
    let now = desk.ambient.now();
    let listed = desk.tenant(&args.tenant).await?.keys.into_iter().map(|key| Listed {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        state: match key.revoked_at {
            Some(_) => "revoked",
            None if key.is_usable(now) => "usable",
            None => "expired",
        },
        scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
        issued_at: key.issued_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
    });
    let listed: Vec<_> = listed.collect();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(());
    }
    for it in listed {
        say!("{}\t{}\t{}\t{}", it.id, it.state, it.name, it.scopes.join(","));
    }
    Ok(())
}

async fn revoke(desk: &Desk, args: &RevokeArgs) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let key_id: KeyId = args.key.parse().context("the key id cannot be used")?;
    desk.submit(tenant.id, Command::RevokeKey(key_id)).await
}
