//! `registry tenant`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use registry_domain::calendar::OwnDaysChange;
use registry_domain::merchant::SecretText;
use registry_domain::tenant::{
    CallPath, Command, Creation, FieldName, HoldTime, ReturnUrl, Settings, SettingsChange, SilenceDays, Slug, Upstream,
};
use registry_domain::{Adjustment, Label, TenantId};
use registry_journal::port::PageSize;
use registry_upstream::ApiKey;
use registry_urls::{CallbackToken, PublicUrl};
use serde::Serialize;

use super::operate::Desk;
use crate::config::Config;
use crate::files::{Shared, expect_private};

#[derive(Subcommand)]
pub(super) enum TenantCommand {
    /// Create a tenant.
    #[command(after_help = "Example:\n  registry tenant create --slug acme --name \"Acme\"")]
    Create(CreateArgs),
    /// Say where Paymint is and which key to use.
    #[command(
        after_help = "Example:\n  registry tenant upstream --tenant acme --url https://partner.example.com --api-key-file acme.key"
    )]
    Upstream(UpstreamArgs),
    /// List all tenants.
    #[command(after_help = "Example:\n  registry tenant list --json")]
    List(ListArgs),
    /// Refuse a tenant's API keys. Callbacks are still taken.
    #[command(after_help = "Example:\n  registry tenant suspend --tenant acme")]
    Suspend(SlugArgs),
    /// Accept a suspended tenant's API keys again.
    #[command(after_help = "Example:\n  registry tenant resume --tenant acme")]
    Resume(SlugArgs),
    /// Show a tenant's settings; with options, change them first.
    #[command(
        after_help = "Example:\n  registry tenant settings --tenant acme --hold-seconds 900 --low-balance-threshold 5500"
    )]
    Settings(SettingsArgs),
    /// Print the tenant-level callback URL, for mappings that Paymint's staff links by hand.
    #[command(after_help = "Example:\n  registry tenant callback-url --tenant acme")]
    CallbackUrl(SlugArgs),
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// Short name: 3 to 40 characters out of a-z, 0-9 and -. It never changes.
    #[arg(long)]
    slug: String,
    /// Name.
    #[arg(long)]
    name: String,
}

#[derive(Args)]
pub(super) struct UpstreamArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// Base URL of the Partner API. There is no default: sandbox and production must not be mixed up.
    #[arg(long)]
    url: String,
    /// File that holds the partner's apiKey.
    #[arg(long)]
    api_key_file: PathBuf,
    /// Path of the mapping-status call below the base URL, if it is not the usual one.
    #[arg(long)]
    mapping_status_path: Option<String>,
    /// Store that path without trying it.
    #[arg(long, requires = "mapping_status_path")]
    untried: bool,
}

#[derive(Args)]
pub(super) struct ListArgs {
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// A line of the list.
#[derive(Serialize)]
struct Listed {
    id: String,
    slug: String,
    name: String,
    state: &'static str,
    events: u64,
}

#[derive(Args)]
pub(super) struct SlugArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
}

#[derive(Args)]
pub(super) struct SettingsArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// For how many seconds a doubtful claim is held for Paymint's word: 60 to 86400.
    #[arg(long)]
    hold_seconds: Option<u32>,
    /// Whether Paymint is asked about single merchants. Without that nothing can be verified.
    #[arg(long)]
    read_back: Option<bool>,
    /// Path of the mapping-status call below the base URL; empty for the usual one.
    #[arg(long)]
    read_back_path: Option<String>,
    /// Its field for the member code; empty for the usual one.
    #[arg(long)]
    member_field: Option<String>,
    /// Its field for the merchant code; empty for the usual one.
    #[arg(long)]
    merchant_field: Option<String>,
    /// Store path and fields without trying them.
    #[arg(long)]
    untried: bool,
    /// Below how many points the balance is low.
    #[arg(long, allow_negative_numbers = true)]
    low_balance_threshold: Option<i64>,
    /// Never warn of a low balance.
    #[arg(long, conflicts_with = "low_balance_threshold")]
    no_low_balance_threshold: bool,
    /// After how many days without any callback, while links are issued, callbacks are missed: 1 to 90.
    #[arg(long)]
    callbacks_missing_days: Option<u16>,
    /// A page to which shops may be sent once they come back from Paymint, and what lies below it: https. The first is the usual one.
    /// Together they take the place of those of before.
    #[arg(long = "return-url")]
    return_urls: Vec<String>,
    /// Send shops nowhere.
    #[arg(long, conflicts_with = "return_urls")]
    no_return_urls: bool,
}

impl SettingsArgs {
    fn change(&self) -> anyhow::Result<SettingsChange> {
        let threshold = self.low_balance_threshold.map_or(Adjustment::Keep, Adjustment::Set);
        Ok(SettingsChange {
            hold_time: self.hold_seconds.map(HoldTime::from_seconds).transpose()?,
            read_back_enabled: self.read_back,
            read_back_path: or_usual(self.read_back_path.as_deref(), CallPath::parse)?,
            member_field: or_usual(self.member_field.as_deref(), FieldName::parse)?,
            merchant_field: or_usual(self.merchant_field.as_deref(), FieldName::parse)?,
            low_balance_threshold: if self.no_low_balance_threshold {
                Adjustment::Unset
            } else {
                threshold
            },
            callbacks_missing_after: self.callbacks_missing_days.map(SilenceDays::from_days).transpose()?,
            // Days are said one by one, over REST and in the console.
            own_days: OwnDaysChange::new(),
            return_urls: self.return_urls()?,
        })
    }
}

impl SettingsArgs {
    fn return_urls(&self) -> anyhow::Result<Option<Vec<ReturnUrl>>> {
        anyhow::ensure!(
            self.return_urls.len() <= ReturnUrl::COUNT_MAX,
            "--return-url can be given {} times",
            ReturnUrl::COUNT_MAX
        );
        let read = self.return_urls.iter().map(|url| ReturnUrl::parse(url));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        Ok((self.no_return_urls || !read.is_empty()).then_some(read))
    }
}

/// An empty text takes the setting back.
fn or_usual<T, E>(text: Option<&str>, read: impl Fn(&str) -> Result<T, E>) -> Result<Adjustment<T>, E> {
    match text {
        None => Ok(Adjustment::Keep),
        Some("") => Ok(Adjustment::Unset),
        Some(text) => read(text).map(Adjustment::Set),
    }
}

pub(super) async fn run(config: Config, command: TenantCommand) -> anyhow::Result<ExitCode> {
    let desk = match command {
        TenantCommand::Create(_) => Desk::open_or_make(&config).await?,
        TenantCommand::Upstream(_)
        | TenantCommand::List(_)
        | TenantCommand::Suspend(_)
        | TenantCommand::Resume(_)
        | TenantCommand::Settings(_)
        | TenantCommand::CallbackUrl(_) => Desk::open(&config).await?,
    };
    let done = match command {
        TenantCommand::Create(args) => create(&desk, args).await,
        TenantCommand::Upstream(args) => configure(&desk, args).await,
        TenantCommand::List(args) => list(&desk, &args).await,
        TenantCommand::Suspend(args) => to_tenant(&desk, &args.tenant, Command::Suspend).await,
        TenantCommand::Resume(args) => to_tenant(&desk, &args.tenant, Command::Resume).await,
        TenantCommand::Settings(args) => settings(&desk, args).await,
        TenantCommand::CallbackUrl(args) => callback_url(&config, &desk, &args.tenant).await,
    };
    desk.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn create(desk: &Desk, args: CreateArgs) -> anyhow::Result<()> {
    let tenant_id = TenantId::from_uuid(desk.ambient.ids.uuid());
    let creation = Creation {
        slug: Slug::parse(&args.slug).context("the slug cannot be used")?,
        name: Label::parse(&args.name).context("the name cannot be used")?,
    };
    desk.submit(tenant_id, Command::Create(creation)).await?;
    say!("{tenant_id}");
    Ok(())
}

async fn configure(desk: &Desk, args: UpstreamArgs) -> anyhow::Result<()> {
    let file = &args.api_key_file;
    if let Err(error) = expect_private(file, Shared::WithNobody) {
        // The file has done its work in a moment; what it holds is sealed from then on.
        tracing::warn!("{error}");
    }
    let key = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let path = or_usual(args.mapping_status_path.as_deref(), CallPath::parse)
        .context("the path of mapping-status cannot be used")?;
    let tenant = desk.tenant(&args.tenant).await?;
    desk.submit(tenant.id, Command::ConfigureUpstream(upstream(&args.url, &key)?))
        .await?;
    if path != Adjustment::Keep {
        let change = SettingsChange {
            read_back_path: path,
            ..SettingsChange::default()
        };
        change_settings(desk, &args.tenant, change, args.untried)
            .await
            .context("the upstream is stored, the path of mapping-status is not")?;
    }
    Ok(())
}

/// Checks what an operator says about the upstream.
pub(super) fn upstream(url: &str, key: &str) -> anyhow::Result<Upstream> {
    let url = url::Url::parse(url).context("the upstream URL cannot be used")?;
    anyhow::ensure!(
        matches!(url.scheme(), "http" | "https"),
        "the upstream URL must begin with http or https"
    );
    // It stands in the log, in answers and in log lines.
    anyhow::ensure!(
        url.username().is_empty() && url.password().is_none(),
        "the upstream URL must not hold a user or a password: it is shown where the apiKey never is"
    );
    anyhow::ensure!(
        url.query().is_none() && url.fragment().is_none(),
        "the upstream URL must end with its path: nothing can follow a `?` or a `#`"
    );
    let key = key.trim();
    ApiKey::parse(key).context("the apiKey cannot be used")?;
    Ok(Upstream {
        base_url: url.into(),
        api_key: SecretText::new(key.to_owned()),
    })
}

async fn to_tenant(desk: &Desk, slug: &str, command: Command) -> anyhow::Result<()> {
    let tenant = desk.tenant(slug).await?;
    desk.submit(tenant.id, command).await
}

async fn settings(desk: &Desk, args: SettingsArgs) -> anyhow::Result<()> {
    let change = args.change()?;
    if change != SettingsChange::default() {
        change_settings(desk, &args.tenant, change, args.untried).await?;
    }
    show(&desk.tenant(&args.tenant).await?.settings);
    Ok(())
}

/// Changes settings; what is new about asking Paymint is tried before.
async fn change_settings(desk: &Desk, slug: &str, change: SettingsChange, untried: bool) -> anyhow::Result<()> {
    let tenant = desk.tenant(slug).await?;
    if !untried {
        let after = change.clone().applied_to(&tenant.settings)?;
        let tried = desk.inquirer().try_read_back(&tenant, &after.read_back).await;
        tried.map_err(|error| {
            let who = error.failure().who_fixes.as_str();
            anyhow::Error::new(error).context(format!(
                "nothing was changed (who can remove the cause: {who}); --untried stores it all the same"
            ))
        })?;
    }
    desk.submit(tenant.id, Command::ChangeSettings(Box::new(change))).await
}

fn show(settings: &Settings) {
    let read_back = &settings.read_back;
    let usual = "(the usual one)";
    let threshold = settings.low_balance_threshold.map(|points| points.to_string());
    say!("hold_seconds\t{}", settings.hold_time.seconds());
    let flaw = if read_back.is_usable() {
        ""
    } else {
        " (not used: path or fields are of before today's rules)"
    };
    say!("read_back\t{}{flaw}", read_back.enabled);
    say!(
        "read_back_path\t{}",
        read_back.path.as_ref().map_or(usual, CallPath::as_str)
    );
    say!(
        "member_field\t{}",
        read_back.member_field.as_ref().map_or(usual, FieldName::as_str)
    );
    say!(
        "merchant_field\t{}",
        read_back.merchant_field.as_ref().map_or(usual, FieldName::as_str)
    );
    say!("low_balance_threshold\t{}", threshold.as_deref().unwrap_or("(none)"));
    say!("callbacks_missing_days\t{}", settings.callbacks_missing_after.days());
    say!("own_days\t{}", settings.calendar.own_days().count());
    for url in &settings.return_urls {
        say!("return_url\t{}", url.as_str());
    }
}

async fn list(desk: &Desk, args: &ListArgs) -> anyhow::Result<()> {
    let (mut after, mut listed) = (None, Vec::new());
    loop {
        let page = desk.archive.reader().tenants(after, PageSize::MAX).await?;
        for row in &page {
            after = Some(row.id);
            // Whose row cannot be read is there all the same.
            let tenant = row.tenant.as_ref().ok();
            listed.push(Listed {
                id: row.id.to_string(),
                slug: tenant.map(|it| it.slug.to_string()).unwrap_or_default(),
                name: tenant.map(|it| it.name.as_str().to_owned()).unwrap_or_default(),
                state: tenant.map_or("unreadable", |it| it.state.as_str()),
                events: row.head.0,
            });
        }
        if page.len() < PageSize::MAX.get() as usize {
            break;
        }
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(());
    }
    for it in listed {
        say!("{}\t{}\t{}\t{} events", it.id, it.slug, it.state, it.events);
    }
    Ok(())
}

async fn callback_url(config: &Config, desk: &Desk, slug: &str) -> anyhow::Result<()> {
    let tenant = desk.tenant(slug).await?;
    let url = config.public_url.as_deref().context("public_url is not set")?;
    let token = CallbackToken::Tenant { tenant_id: tenant.id };
    say!(
        "{}",
        PublicUrl::parse(url)?.callback_url(&desk.secrets.token_keys, token)
    );
    Ok(())
}
