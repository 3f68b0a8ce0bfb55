//! `registry key`.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use registry_domain::tenant::{Command, KeyIssue, Scope};
use registry_domain::{KeyId, Label};
use registry_http::credentials;
use registry_journal::Ambient;

use super::operate::Desk;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Create an API key and print it. It is shown this once.
    Create(CreateArgs),
    /// List a tenant's API keys.
    List(ListArgs),
    /// Revoke an API key.
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
    /// upstream:ask, settings:write. All by default.
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
        KeyCommand::List(args) => list(&desk, &args.tenant).await,
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
    println!("{text}");
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

async fn list(desk: &Desk, slug: &str) -> anyhow::Result<()> {
    let now = desk.ambient.now();
    for key in desk.tenant(slug).await?.keys {
        let state = match key.revoked_at {
            Some(_) => "revoked",
            None if key.is_usable(now) => "usable",
            None => "expired",
        };
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        println!("{}\t{state}\t{}\t{}", key.id, key.name.as_str(), scopes.join(","));
    }
    Ok(())
}

async fn revoke(desk: &Desk, args: &RevokeArgs) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let key_id: KeyId = args.key.parse().context("the key id cannot be used")?;
    desk.submit(tenant.id, Command::RevokeKey(key_id)).await
}
