//! `registry person`.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use registry_domain::Label;
use registry_domain::people::EmailAddress;
use registry_journal::port::PageSize;
use registry_people::{NewPerson, OneTimeLink, People, Person};
use serde::Serialize;

use super::operate::Desk;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum PersonCommand {
    /// Make a person known and print an invitation: with it they set a password. It works once and is shown this once.
    #[command(after_help = "Example:\n  registry person invite --email ops@partner.example --name \"Kim\"")]
    Invite(InviteArgs),
    /// List all people.
    #[command(after_help = "Example:\n  registry person list --json")]
    List(ListArgs),
    /// Keep a person out from now on, whatever they are signed in with.
    #[command(after_help = "Example:\n  registry person disable --email ops@partner.example")]
    Disable(EmailArgs),
    /// Let a person in again.
    #[command(after_help = "Example:\n  registry person enable --email ops@partner.example")]
    Enable(EmailArgs),
    /// Print a link that signs a person in. It works once, for fifteen minutes.
    #[command(after_help = "Example:\n  registry person sign-in-link --email ops@partner.example")]
    SignInLink(LinkArgs),
}

#[derive(Args)]
pub(super) struct InviteArgs {
    /// The person's address.
    #[arg(long)]
    email: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// Let the person administer the installation: tenants, people, health. Not merchants.
    #[arg(long)]
    administrator: bool,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct ListArgs {
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct EmailArgs {
    /// The person's address.
    #[arg(long)]
    email: String,
}

#[derive(Args)]
pub(super) struct LinkArgs {
    /// The person's address.
    #[arg(long)]
    email: String,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

/// A line of the list.
#[derive(Serialize)]
struct Listed {
    id: String,
    email: String,
    name: String,
    state: &'static str,
    administrator: bool,
    created_at: DateTime<Utc>,
    signed_in_at: Option<DateTime<Utc>>,
}

/// A link, with whose it is.
#[derive(Serialize)]
struct Linked<'a> {
    id: String,
    email: &'a str,
    url: &'a str,
    expires_at: DateTime<Utc>,
}

pub(super) async fn run(config: Config, command: PersonCommand) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&config).await?;
    let done = match desk.people(&config) {
        Ok(people) => match command {
            PersonCommand::Invite(args) => invite(&people, &args).await,
            PersonCommand::List(args) => list(&people, &args).await,
            PersonCommand::Disable(args) => disable(&desk, &people, &args).await,
            PersonCommand::Enable(args) => enable(&people, &args).await,
            PersonCommand::SignInLink(args) => sign_in_link(&people, &args).await,
        },
        Err(error) => Err(error),
    };
    desk.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

/// The person with an address.
pub(super) async fn find(people: &People, email: &str) -> anyhow::Result<Person> {
    let email = EmailAddress::parse(email).context("the address cannot be used")?;
    let found = people.person_by_email(&email).await?;
    found.with_context(|| format!("nobody here has the address {}", email.as_str()))
}

async fn invite(people: &People, args: &InviteArgs) -> anyhow::Result<()> {
    let new = NewPerson {
        email: EmailAddress::parse(&args.email).context("the address cannot be used")?,
        name: Label::parse(&args.name).context("the name cannot be used")?,
        is_administrator: args.administrator,
    };
    anyhow::ensure!(
        people.ways_in().password,
        "nobody signs in with a password here (local_accounts): people come from the OpenID provider"
    );
    let (person, _) = people.known_or_new(new).await?;
    let link = people.invitation(person.id).await?;
    show(&person, &link, args.json)
}

async fn sign_in_link(people: &People, args: &LinkArgs) -> anyhow::Result<()> {
    let person = find(people, &args.email).await?;
    anyhow::ensure!(
        person.disabled_at.is_none(),
        "the person is kept out; `registry person enable` lets them in"
    );
    let link = people.sign_in_link(person.id).await?;
    show(&person, &link, args.json)
}

fn show(person: &Person, link: &OneTimeLink, json: bool) -> anyhow::Result<()> {
    if json {
        let linked = Linked {
            id: person.id.to_string(),
            email: person.email.as_str(),
            url: &link.url,
            expires_at: link.expires_at,
        };
        say!("{}", serde_json::to_string_pretty(&linked)?);
    } else {
        say!("{}", link.url);
    }
    Ok(())
}

async fn list(people: &People, args: &ListArgs) -> anyhow::Result<()> {
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = people.persons(after, PageSize::MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        listed.extend(page.iter().map(line));
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(());
    }
    for it in listed {
        let administrator = if it.administrator { "administrator" } else { "-" };
        say!("{}\t{}\t{administrator}\t{}\t{}", it.id, it.state, it.email, it.name);
    }
    Ok(())
}

fn line(person: &Person) -> Listed {
    let has_come = person.password_hash.is_some() || person.identity.is_some() || person.signed_in_at.is_some();
    Listed {
        id: person.id.to_string(),
        email: person.email.as_str().to_owned(),
        name: person.name.as_str().to_owned(),
        state: match (person.disabled_at, has_come) {
            (Some(_), _) => "disabled",
            (None, true) => "active",
            (None, false) => "invited",
        },
        administrator: person.is_administrator,
        created_at: person.created_at,
        signed_in_at: person.signed_in_at,
    }
}

async fn disable(desk: &Desk, people: &People, args: &EmailArgs) -> anyhow::Result<()> {
    let person = find(people, &args.email).await?;
    people.disable(desk.origin(), person.id).await?;
    Ok(())
}

async fn enable(people: &People, args: &EmailArgs) -> anyhow::Result<()> {
    let person = find(people, &args.email).await?;
    people.enable(person.id).await?;
    Ok(())
}
