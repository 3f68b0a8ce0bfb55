//! `registry key`.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use registry_domain::tenant::{Command, KeyIssue, Scope};
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
    /// upstream:ask, settings:write, personal:read, notes:write, exports:create, keys:write, people:write, audit:read. All by
    /// default.
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// After how many days it stops working. Never by default.
    #[arg(long)]
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
    let scopes = if scopes.is_empty() { Scope::ALL.to_vec() } else { scopes };
    let name = Label::parse(&args.name).context("the name cannot be used")?;
    let expires_at = args
        .expires_in_days
        .map(|days| desk.ambient.now() + TimeDelta::days(i64::from(days)));
    let (key, text) = new_key(&desk.ambient, name, scopes, expires_at);
    desk.submit(tenant.id, Command::IssueKey(key)).await?;
    say!("{text}");
    Ok(())
}

/// An API key to be, and the text that is shown once.
pub(super) fn new_key(
    ambient: &Ambient,
    name: Label,
    scopes: Vec<Scope>,
    expires_at: Option<DateTime<Utc>>,
) -> (KeyIssue, String) {
    let key_id = KeyId::from_uuid(ambient.ids.uuid());
    let (text, secret_hash) = credentials::mint(key_id, ambient.ids.secret());
    (
        KeyIssue {
            key_id,
            name,
            scopes,
            secret_hash,
            expires_at,
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
