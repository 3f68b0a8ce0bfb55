//! The service, a sandbox for it to talk to, and a tenant with a key and a way to sign in.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use paymint_sandbox::{PartnerKey, RunningSandbox, Sandbox, SandboxConfig};
use registry::app::App;
use registry::commands::key::new_key;
use registry::commands::operate::submit;
use registry::config::{Config, LogFormat, SenderModeSetting};
use registry::files::write_secret;
use registry::logging;
use registry::say::answer;
use registry::serving::{listen, until_stopped};
use registry::signals::StopSignals;
use registry_domain::merchant::SecretText;
use registry_domain::people::{EmailAddress, Role};
use registry_domain::tenant::{Command, Creation, Scope, Slug, Tenant, Upstream};
use registry_domain::{Actor, CorrelationId, Label, TenantId};
use registry_http::credentials::Presented;
use registry_journal::{Ambient, Origin};
use registry_people::NewPerson;
use serde::Serialize;
use url::Url;

use crate::demo;

/// The demo tenant.
const TENANT: &str = "demo";

/// Everything at once, for a look: the registry, a sandbox upstream, a demo tenant. Ctrl-C stops it.
#[derive(Parser)]
#[command(
    name = "registry-dev",
    version,
    about,
    after_help = "Example:\n  registry-dev --demo 20 --nats-url nats://127.0.0.1:4222"
)]
pub(crate) struct Cli {
    /// Configuration file (TOML). Settings can also come from the environment, as REGISTRY_ and their name.
    #[arg(long, env = "REGISTRY_CONFIG")]
    config: Option<OsString>,
    /// Where everything is kept.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Address and port of the service; port 0 takes a free one.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Address and port of the sandbox upstream; port 0 takes a free one. Without it, the port after the service's.
    #[arg(long)]
    sandbox_listen: Option<SocketAddr>,
    /// The NATS server.
    #[arg(long)]
    nats_url: Option<String>,
    /// Fill the demo tenant with so many merchants: one in every state, which stay so, and others that live.
    #[arg(long, default_value_t = 0)]
    demo: usize,
    /// Print one line of JSON when ready, and nothing else.
    #[arg(long)]
    json: bool,
}

/// What somebody needs to begin.
#[derive(Serialize)]
struct Ready {
    base_url: String,
    console_url: String,
    /// Signs in to the console, once.
    sign_in_url: String,
    sandbox_url: String,
    api_key: String,
    nats_url: Option<String>,
    tenant: &'static str,
}

pub(crate) async fn run(args: Cli) -> anyhow::Result<ExitCode> {
    // An empty variable names none.
    let file = args.config.clone().filter(|file| !file.is_empty()).map(PathBuf::from);
    let mut config = Config::read(file.as_deref())?;
    logging::start(&config.log, LogFormat::Pretty)?;
    let mut signals = StopSignals::listen().context("signals cannot be listened to")?;
    config.data_dir = args.data_dir.clone().unwrap_or(config.data_dir);
    config.listen = args.listen.unwrap_or(config.listen);
    config.nats_url = args.nats_url.clone().or(config.nats_url);
    // The sandbox calls from this machine, which is not among Paymint's addresses.
    config.sender_mode = SenderModeSetting::Off;
    let ambient = Ambient::system();
    let listener = listen(config.listen)?;
    let app = Box::pin(App::start(&config, listener, ambient.clone())).await?;
    let upstream_key = upstream_key(&config.data_dir, &ambient)?;
    let sandbox = start_sandbox(&args, &config, app.address(), &upstream_key).await?;
    let tenant = demo_tenant(&app, &ambient, &sandbox, &upstream_key).await?;
    let api_key = demo_key(&app, &ambient, &config.data_dir, &tenant).await?;
    let sign_in_url = sign_in_url(&app, &ambient, &tenant).await?;
    let ready = Ready {
        base_url: format!("http://{}", app.address()),
        console_url: format!("http://{}/console", app.address()),
        sign_in_url,
        sandbox_url: sandbox.site_url().as_str().trim_end_matches('/').to_owned(),
        api_key,
        nats_url: config.nats_url.clone(),
        tenant: TENANT,
    };
    if args.demo > 0 {
        demo::fill(&app, &ambient, &tenant, &sandbox, args.demo).await?;
    }
    announce(&ready, args.json)?;
    let code = until_stopped(app, &mut signals).await;
    sandbox.shutdown().await;
    Ok(code)
}

/// The sandbox knows tomorrow what it knew today, and its partner by the same key.
fn upstream_key(data_dir: &Path, ambient: &Ambient) -> anyhow::Result<String> {
    let path = data_dir.join("dev").join("upstream.key");
    if !path.exists() {
        let key: String = hex::encode(ambient.ids.secret()).chars().take(32).collect();
        write_secret(&path, &key).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let key = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(key.trim().to_owned())
}

async fn start_sandbox(
    args: &Cli,
    settings: &Config,
    service: SocketAddr,
    key: &str,
) -> anyhow::Result<RunningSandbox> {
    // Beside a service on a fixed port the desk is easy to find; where any port will do, any port will do here too.
    let port = if settings.listen.port() == 0 {
        0
    } else {
        service.port().checked_add(1).unwrap_or(0)
    };
    let config = SandboxConfig {
        listen: args.sandbox_listen.unwrap_or(SocketAddr::new(service.ip(), port)),
        public_url: None,
        api_keys: vec![PartnerKey::parse(key).context("the sandbox's partner key cannot be used")?],
        seed: 1,
        state_file: Some(settings.data_dir.join("dev").join("sandbox.json")),
    };
    Sandbox::start(config)
        .await
        .context("the sandbox upstream cannot be started")
}

async fn demo_tenant(
    app: &App,
    ambient: &Ambient,
    sandbox: &RunningSandbox,
    upstream_key: &str,
) -> anyhow::Result<Tenant> {
    let slug = Slug::parse(TENANT)?;
    let archive = app.archive();
    let writer = app.writer();
    if archive.reader().tenant_by_slug(&slug).await?.is_none() {
        let creation = Creation {
            slug: slug.clone(),
            name: Label::parse("Demo partner")?,
        };
        let id = TenantId::from_uuid(ambient.ids.uuid());
        submit(&writer, ambient, id, Command::Create(creation)).await?;
    }
    let tenant = archive
        .reader()
        .tenant_by_slug(&slug)
        .await?
        .context("the demo tenant was not created")?;
    let wanted = Upstream {
        base_url: sandbox.base_url().to_string(),
        api_key: SecretText::new(upstream_key.to_owned()),
    };
    if tenant
        .upstream
        .as_ref()
        .is_none_or(|known| known.base_url != wanted.base_url)
    {
        submit(&writer, ambient, tenant.id, Command::ConfigureUpstream(wanted)).await?;
    }
    Ok(tenant)
}

/// A link that lets whoever opens it first be the demo's manager.
async fn sign_in_url(app: &App, ambient: &Ambient, tenant: &Tenant) -> anyhow::Result<String> {
    let people = app.people();
    let new = NewPerson {
        email: EmailAddress::parse("kim@example.test")?,
        name: Label::parse("김운영")?,
        is_administrator: true,
    };
    let (person, _is_new) = people.known_or_new(new).await?;
    if tenant.member(person.id).is_none() {
        let origin = Origin::of(Actor::System, CorrelationId::from_uuid(ambient.ids.uuid()));
        let rights = Role::Manager.into();
        people.add_member(tenant.id, origin, person.id, rights).await?;
    }
    let link = people.sign_in_link(person.id).await?;
    let path = Url::parse(&link.url)?.path().to_owned();
    Ok(format!("http://{}{path}", app.address()))
}

/// A key that was shown once cannot be shown again, so the demo keeps its own in a file.
async fn demo_key(app: &App, ambient: &Ambient, data_dir: &Path, tenant: &Tenant) -> anyhow::Result<String> {
    let path = data_dir.join("dev").join("api.key");
    if let Ok(text) = std::fs::read_to_string(&path) {
        let known = Presented::parse(text.trim()).is_some_and(|key| tenant.keys.iter().any(|k| k.id == key.key_id));
        if known {
            return Ok(text.trim().to_owned());
        }
        std::fs::remove_file(&path).with_context(|| format!("{} cannot be replaced", path.display()))?;
    }
    let (key, text) = new_key(ambient, Label::parse("demo")?, Scope::ALL.to_vec());
    submit(&app.writer(), ambient, tenant.id, Command::IssueKey(key)).await?;
    write_secret(&path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(text)
}

fn announce(ready: &Ready, json: bool) -> anyhow::Result<()> {
    if json {
        answer(format_args!("{}", serde_json::to_string(ready)?));
        return Ok(());
    }
    let Ready {
        base_url,
        console_url,
        sign_in_url,
        sandbox_url,
        api_key,
        nats_url,
        tenant,
    } = ready;
    let nats = nats_url
        .as_deref()
        .unwrap_or("none; events stay in the log and the feed serves them");
    answer(format_args!(
        "
The registry is ready.

  console        {console_url}
  sign in        {sign_in_url}   (works once, for 15 minutes)
  API            {base_url}   (reference: {base_url}/docs)
  review desk    {sandbox_url}/desk
  NATS           {nats}
  tenant         {tenant}
  API key        {api_key}

Try it:

  export KEY={api_key}
  curl -s {base_url}/v1/me -H \"Authorization: Bearer $KEY\"
  curl -s {base_url}/v1/merchants -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' \\
    -d '{{\"member_code\":\"acad-12\",\"merchant_code\":\"store-3\",\"company_name\":\"가나다 학원\"}}'
  curl -s -X POST {base_url}/v1/merchants/<id>/registration-links -H \"Authorization: Bearer $KEY\" -H 'Idempotency-Key: link-1'

Ctrl-C stops everything.
"
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_help_has_an_example_that_is_right() {
        let help = Cli::command().get_after_help().expect("it has an example").to_string();
        let example = help.strip_prefix("Example:\n  ").expect("it is one");
        if let Err(error) = Cli::try_parse_from(example.split_whitespace()) {
            panic!("{example}: {error}");
        }
    }
}
