//! Feeds that are followed: what a thousand idle streams of one tenant cost while callbacks come to another.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use registry_tests::api::http_client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response};
use tokio::task::JoinSet;

use crate::installation::{Engine, Installation};
use crate::load;
use crate::report::Figure;
use crate::seed::{self, Target};
use crate::service::{Service, Start, api_key};

/// Merchants of each tenant: so many that none hears the same twice.
const MERCHANTS: usize = 2_000;

/// Connections over which callbacks come.
const CONNECTIONS: usize = 16;

/// Streams that are opened at once.
const OPENED_AT_ONCE: usize = 50;

/// Longest that a stream is open.
const LIMIT: Duration = Duration::from_mins(5);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Streams that are open.
    #[arg(long, default_value_t = 1_000)]
    streams: usize,
    /// Callbacks that come in a second, to another tenant.
    #[arg(long, default_value_t = 1_000)]
    callbacks_per_second: u32,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for engine in Engine::ALL {
        let seeded = Installation::empty(engine).await?;
        let targets = seed::fill(&seeded, 2, MERCHANTS).await?;
        let (own, others) = targets.split_at(MERCHANTS);
        ensure!(own[0].tenant_id != others[0].tenant_id, "these are one tenant's");
        let mut turns = Vec::with_capacity(load::TURNS);
        for _ in 0..load::TURNS {
            let without = core_taken(&seeded, others, &args, 0).await?;
            turns.push((core_taken(&seeded, others, &args, args.streams).await?, without));
        }
        seeded.remove().await?;
        let (with, without) = load::middle(turns, |(with, without)| with - without);
        let name = format!(
            "{} idle streams beside {} callbacks a second of another tenant on {}, of a processor",
            args.streams,
            args.callbacks_per_second,
            engine.name()
        );
        figures.push(Figure::at_most(name, with - without, "%", 2.0).bar("< 2"));
        figures.push(Figure::beside(
            "  all that the service took, against without them",
            with,
            "%",
            without,
        ));
    }
    Ok(figures)
}

/// How much of a processor the service takes, in percent.
async fn core_taken(seeded: &Installation, targets: &[Target], args: &Args, streams: usize) -> anyhow::Result<f64> {
    let copy = seeded.copy().await?;
    let key = api_key(&copy, &seed::slug(0))?;
    let service = Service::start(&copy, Start::default()).await?;
    let mut following = JoinSet::new();
    let client = http_client();
    while following.len() < streams {
        let mut opening = JoinSet::new();
        for _ in 0..OPENED_AT_ONCE.min(streams - following.len()) {
            opening.spawn(open(client.clone(), service.address, key.clone()));
        }
        while let Some(opened) = opening.join_next().await {
            following.spawn(follow(opened??));
        }
    }
    service.idle().await?;
    let scripts = seed::scripts(targets, service.address, CONNECTIONS);
    let every = Duration::from_secs(1) * u32::try_from(CONNECTIONS)? / args.callbacks_per_second;
    let length = Duration::from_secs(args.seconds);
    let before = service.processor_seconds()?;
    let outcome = load::paced(service.address, scripts, every, Duration::ZERO, length).await?;
    let taken = service.processor_seconds()? - before;
    let wanted = f64::from(args.callbacks_per_second);
    ensure!(
        outcome.rate() > wanted * 0.95,
        "only {:.0} callbacks a second came",
        outcome.rate()
    );
    while let Some(ended) = following.try_join_next() {
        ended??;
    }
    ensure!(following.len() == streams, "a stream did not stay open");
    following.shutdown().await;
    drop(service);
    copy.remove().await?;
    Ok(taken / length.as_secs_f64() * 100.0)
}

/// A stream from the end of the log on.
async fn open(client: Client, address: SocketAddr, key: String) -> anyhow::Result<Response> {
    let url = format!("http://{address}/v1/events?after=latest");
    let request = client.get(url).bearer_auth(key).header(ACCEPT, "text/event-stream");
    let opened = request.timeout(LIMIT).send().await?.error_for_status()?;
    let kind = opened.headers().get(CONTENT_TYPE).context("the stream has no type")?;
    ensure!(kind == "text/event-stream", "the stream is one of {kind:?}");
    Ok(opened)
}

async fn follow(mut stream: Response) -> anyhow::Result<()> {
    while stream.chunk().await?.is_some() {}
    anyhow::bail!("the stream ended")
}
