//! The console: how fast a page of merchants comes and how long it is, and what callbacks notice of pages that are open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use registry_domain::MerchantId;
use registry_tests::api::http_client;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, SET_COOKIE};
use reqwest::{Client, Response};
use tokio::task::JoinSet;

use crate::bulk;
use crate::installation::{Engine, Installation};
use crate::list::live_in_part;
use crate::load::{self, Outcome, approximate};
use crate::report::Figure;
use crate::seed::{self, Target};
use crate::service::{self, Service, Start};

/// Before anything is measured.
const WARM: Duration = Duration::from_secs(2);

/// What operations people look at.
const PAGES: [&str; 5] = [
    "",
    "stage=documents_required&sort=stage_since",
    "stage=rejected&sort=-created_at",
    "status=opened&sort=-updated_at",
    "stage=in_review,documents_required&sort=stage_since",
];

/// How often each page is asked for.
const ROUNDS: usize = 60;

/// Merchants to which callbacks come meanwhile: so many that none hears the same twice, which would be doubtful, and a
/// question of its own.
const CALLED: usize = 15_000;

/// Connections over which callbacks come.
const CONNECTIONS: usize = 16;

/// Longest that a page is open.
const LIMIT: Duration = Duration::from_mins(5);

/// Who looks.
const EMAIL: &str = "ops@partner.example";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many merchants the list has.
    #[arg(long, default_value_t = 1_000_000)]
    merchants: usize,
    /// Pages that are open beside the callbacks: half of them lists, half of them merchants.
    #[arg(long, default_value_t = 50)]
    open: usize,
    /// Callbacks that come in a second.
    #[arg(long, default_value_t = 300)]
    callbacks_per_second: u32,
    /// How long each measurement of callbacks takes, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for engine in Engine::ALL {
        pages(engine, args.merchants, &mut figures).await?;
        open_pages(engine, &args, &mut figures).await?;
    }
    Ok(figures)
}

/// Somebody goes through the list.
async fn pages(engine: Engine, merchants: usize, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let installation = Installation::empty(engine).await?;
    live_in_part(&installation).await?;
    bulk::merchants(&installation, merchants).await?;
    let service = Service::start(&installation, Start::default()).await?;
    let browser = Browser::sign_in(&installation, service.address).await?;
    let (mut times, mut longest) = (Vec::new(), 0);
    let began = Instant::now();
    for round in 0..=ROUNDS {
        for page in PAGES {
            let asked = Instant::now();
            let length = browser.read(&format!("/merchants?{page}")).await?;
            // The first round warms up.
            if round > 0 {
                times.push(asked.elapsed());
                longest = longest.max(length);
            }
        }
    }
    let took = Outcome::of(times, began.elapsed());
    let name = format!(
        "console, a page of the list on {}, p95 at {merchants} merchants",
        engine.name()
    );
    figures.push(Figure::at_most(name, took.percentile(95), "ms", 150.0).bar("<= 150"));
    figures.push(Figure::plain("  median", took.percentile(50), "ms"));
    let kilobytes = approximate(longest) / 1_000.0;
    figures.push(Figure::at_most("  the longest, compressed", kilobytes, "kB", 60.0).bar("<= 60"));
    drop(service);
    installation.remove().await
}

/// People look on while callbacks come.
async fn open_pages(engine: Engine, args: &Args, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let seeded = Installation::empty(engine).await?;
    let targets = seed::fill(&seeded, 1, CALLED).await?;
    let mut turns = Vec::with_capacity(load::TURNS);
    for _ in 0..load::TURNS {
        let without = callbacks(&seeded, &targets, args, 0).await?;
        turns.push((callbacks(&seeded, &targets, args, args.open).await?, without));
    }
    seeded.remove().await?;
    let ratio = |(with, without): &(Outcome, Outcome)| with.percentile(99) / without.percentile(99);
    let (with, without) = load::middle(turns, ratio);
    let name = format!(
        "p99 of {} callbacks a second on {} beside {} open pages, against none",
        args.callbacks_per_second,
        engine.name(),
        args.open
    );
    figures.push(Figure::at_most_times(name, with.percentile(99), "ms", without.percentile(99), 1.5).bar("< 1.5x"));
    figures.push(Figure::beside(
        "  median latency",
        with.percentile(50),
        "ms",
        without.percentile(50),
    ));
    figures.push(Figure::beside("  callbacks", with.rate(), "1/s", without.rate()));
    Ok(())
}

async fn callbacks(seeded: &Installation, targets: &[Target], args: &Args, open: usize) -> anyhow::Result<Outcome> {
    let copy = seeded.copy().await?;
    let service = Service::start(&copy, Start::default()).await?;
    let browser = Browser::sign_in(&copy, service.address).await?;
    let mut looking = JoinSet::new();
    for (number, target) in targets.iter().take(open).enumerate() {
        let merchant = (number % 2 == 1).then_some(target.merchant_id);
        looking.spawn(browser.clone().look_on(merchant));
    }
    let scripts = seed::scripts(targets, service.address, CONNECTIONS);
    let every = Duration::from_secs(1) * u32::try_from(CONNECTIONS)? / args.callbacks_per_second;
    let length = Duration::from_secs(args.seconds);
    let outcome = load::paced(service.address, scripts, every, WARM, length).await?;
    while let Some(ended) = looking.try_join_next() {
        ended??;
    }
    ensure!(looking.len() == open, "a page did not stay open");
    looking.shutdown().await;
    drop(service);
    copy.remove().await?;
    Ok(outcome)
}

/// A browser of somebody who is signed in.
#[derive(Clone)]
struct Browser {
    client: Client,
    address: SocketAddr,
    cookie: String,
}

impl Browser {
    async fn sign_in(installation: &Installation, address: SocketAddr) -> anyhow::Result<Self> {
        let slug = seed::slug(0);
        said(installation, &["person", "invite", "--email", EMAIL, "--name", "Kim"])?;
        let membership = [
            "member", "add", "--tenant", &slug, "--email", EMAIL, "--role", "operator",
        ];
        said(installation, &membership)?;
        let link = said(installation, &["person", "sign-in-link", "--email", EMAIL, "--json"])?;
        let link: serde_json::Value = serde_json::from_str(&link)?;
        let link = link["url"].as_str().context("there is no link")?;
        let (_, token) = link.rsplit_once('/').context("the link has no token")?;
        let client = http_client();
        let enter = client.post(format!("http://{address}/console/enter/{token}"));
        let entered = enter.header("sec-fetch-site", "same-origin").send().await?;
        let mut cookies = entered.headers().get_all(SET_COOKIE).iter();
        let session = cookies.find_map(|cookie| {
            cookie
                .to_str()
                .ok()?
                .split(';')
                .next()?
                .starts_with("__Host-session=")
                .then_some(cookie)
        });
        let session = session.context("nobody was let in")?.to_str()?;
        Ok(Self {
            client,
            address,
            cookie: session.split(';').next().unwrap_or_default().to_owned(),
        })
    }

    async fn get(&self, path: &str) -> anyhow::Result<Response> {
        let url = format!("http://{}/console/{}{path}", self.address, seed::slug(0));
        let request = self.client.get(url).timeout(LIMIT).header(COOKIE, &self.cookie);
        let answer = request.header(ACCEPT_ENCODING, "gzip, br, zstd").send().await?;
        ensure!(answer.status() == 200, "{path} answered {}", answer.status());
        Ok(answer)
    }

    /// Reads a page; returns how many bytes came.
    async fn read(&self, path: &str) -> anyhow::Result<usize> {
        Ok(self.get(path).await?.bytes().await?.len())
    }

    /// Has a page open, the list or a merchant's. A merchant's page is drawn again when something changed.
    async fn look_on(self, merchant: Option<MerchantId>) -> anyhow::Result<()> {
        let (page, live) = match merchant {
            Some(id) => (format!("/merchants/{id}"), format!("/live?merchant={id}")),
            None => ("/merchants".to_owned(), "/live".to_owned()),
        };
        self.read(&page).await?;
        let mut events = self.get(&live).await?;
        let kind = events.headers().get(CONTENT_TYPE).context("the stream has no type")?;
        ensure!(kind == "text/event-stream", "the stream is one of {kind:?}");
        while let Some(part) = events.chunk().await? {
            let changed = part.windows(8).any(|eight| eight == b"changed\n");
            if merchant.is_some() && changed {
                self.read(&page).await?;
            }
        }
        anyhow::bail!("the stream ended")
    }
}

/// What the program prints for a command.
fn said(installation: &Installation, arguments: &[&str]) -> anyhow::Result<String> {
    let done = service::registry(installation)?.args(arguments).output()?;
    ensure!(
        done.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(String::from_utf8(done.stdout)?)
}
