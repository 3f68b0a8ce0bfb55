//! `registry member`.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use registry_domain::people::{Extra, Rights, Role};
use registry_domain::tenant::LastManager;
use registry_people::{People, TenantMember};
use serde::Serialize;

use super::operate::Desk;
use super::person::find;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum MemberCommand {
    /// Take a person among a tenant's own.
    #[command(after_help = "Example:\n  registry member add --tenant acme --email ops@partner.example --role operator")]
    Add(RightsArgs),
    /// List a tenant's people.
    #[command(after_help = "Example:\n  registry member list --tenant acme --json")]
    List(ListArgs),
    /// Say anew what one of a tenant's people may do.
    #[command(
        after_help = "Example:\n  registry member set-role --tenant acme --email ops@partner.example --role manager --withhold personal:read"
    )]
    SetRole(RightsArgs),
    /// A person no longer belongs to a tenant.
    #[command(after_help = "Example:\n  registry member remove --tenant acme --email ops@partner.example")]
    Remove(RemoveArgs),
}

#[derive(Args)]
pub(super) struct RightsArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// The person's address.
    #[arg(long)]
    email: String,
    /// viewer, operator, manager or auditor.
    #[arg(long)]
    role: String,
    /// What the person may do beside the role: exports:create, personal:read.
    #[arg(long, value_delimiter = ',')]
    grant: Vec<String>,
    /// What of the role the person may not do: exports:create, personal:read.
    #[arg(long, value_delimiter = ',')]
    withhold: Vec<String>,
    /// Even if the tenant is left without a manager.
    #[arg(long)]
    even_the_last: bool,
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

#[derive(Args)]
pub(super) struct RemoveArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// The person's address.
    #[arg(long)]
    email: String,
    /// Even if the tenant is left without a manager.
    #[arg(long)]
    even_the_last: bool,
}

/// A line of the list.
#[derive(Serialize)]
struct Listed {
    id: String,
    email: String,
    name: String,
    role: &'static str,
    granted: Vec<&'static str>,
    withheld: Vec<&'static str>,
    by_groups: bool,
    since: DateTime<Utc>,
}

pub(super) async fn run(config: Config, command: MemberCommand) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&config).await?;
    let done = match desk.people(&config) {
        Ok(people) => match command {
            MemberCommand::Add(args) => add(&desk, &people, &args).await,
            MemberCommand::List(args) => list(&desk, &people, &args).await,
            MemberCommand::SetRole(args) => set_role(&desk, &people, &args).await,
            MemberCommand::Remove(args) => remove(&desk, &people, &args).await,
        },
        Err(error) => Err(error),
    };
    desk.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

fn rights(args: &RightsArgs) -> anyhow::Result<Rights> {
    let role = Role::from_word(&args.role).with_context(|| format!("there is no role {}", args.role))?;
    let extra = |word: &String| Extra::from_word(word).with_context(|| format!("{word} is not granted singly"));
    let extras = |words: &[String]| words.iter().map(extra).collect::<anyhow::Result<Vec<_>>>();
    Ok(Rights::new(role, extras(&args.grant)?, extras(&args.withhold)?)?)
}

const fn last_manager(even_the_last: bool) -> LastManager {
    if even_the_last {
        LastManager::MayGo
    } else {
        LastManager::Stays
    }
}

async fn add(desk: &Desk, people: &People, args: &RightsArgs) -> anyhow::Result<()> {
    let rights = rights(args)?;
    let tenant = desk.tenant(&args.tenant).await?;
    let person = find(people, &args.email).await?;
    Ok(people.add_member(tenant.id, desk.origin(), person.id, rights).await?)
}

async fn set_role(desk: &Desk, people: &People, args: &RightsArgs) -> anyhow::Result<()> {
    let rights = rights(args)?;
    let tenant = desk.tenant(&args.tenant).await?;
    let person = find(people, &args.email).await?;
    let last_manager = last_manager(args.even_the_last);
    let changed = people.change_member(tenant.id, desk.origin(), person.id, rights, last_manager);
    changed.await?;
    Ok(())
}

async fn remove(desk: &Desk, people: &People, args: &RemoveArgs) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let person = find(people, &args.email).await?;
    let removed = people.remove_member(tenant.id, desk.origin(), person.id, last_manager(args.even_the_last));
    Ok(removed.await?)
}

async fn list(desk: &Desk, people: &People, args: &ListArgs) -> anyhow::Result<()> {
    let tenant = desk.tenant(&args.tenant).await?;
    let listed = people.members(&tenant).await?.into_iter().map(line);
    let listed: Vec<_> = listed.collect();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(());
    }
    for it in listed {
        say!("{}\t{}\t{}\t{}", it.id, it.role, it.email, it.name);
    }
    Ok(())
}

fn line(of: TenantMember) -> Listed {
    let TenantMember { person, member } = of;
    Listed {
        id: person.id.to_string(),
        email: person.email.as_str().to_owned(),
        name: person.name.as_str().to_owned(),
        role: member.rights.role().as_str(),
        granted: member.rights.granted().map(Extra::as_str).collect(),
        withheld: member.rights.withheld().map(Extra::as_str).collect(),
        by_groups: member.by_groups,
        since: member.since,
    }
}
