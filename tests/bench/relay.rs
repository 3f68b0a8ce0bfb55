//! The relay into `JetStream`, against publishing the very same messages with nothing but the client.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::HeaderMap;
use async_nats::jetstream::stream::{Config, StorageType};
use async_nats::jetstream::{self, Context};
use registry_domain::tenant::Slug;
use registry_publish_nats::{NatsConfig, TailFrom, TailMessage, stream_name, tail};

use crate::installation::{Engine, Installation};
use crate::load::approximate;
use crate::report::Figure;
use crate::seed;
use crate::service::{GROUPED, Service, Start};
use crate::write_path::WritePath;

/// Messages sent and not yet acknowledged, as many as the relay has.
const IN_FLIGHT: usize = 256;

/// Where the same messages go once more.
const PLAIN: &str = "BENCH_PLAIN";

/// Headers with which one publisher makes conditions: of no use to a plain one.
const CONDITIONS: &str = "Nats-Expected-";

/// How long the relay may take.
const LIMIT: Duration = Duration::from_mins(10);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// On SQLite, the embedded default.
    #[arg(long)]
    sqlite: bool,
    #[arg(long, default_value_t = 4)]
    tenants: usize,
    /// Merchants of each tenant.
    #[arg(long, default_value_t = 1_000)]
    merchants: usize,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let url = server_url()?;
    let installation = Installation::empty(Engine::of(args.sqlite)).await?;
    let targets = seed::fill(&installation, args.tenants, args.merchants).await?;
    let path = WritePath::open(&installation, GROUPED).await?;
    path.live(&targets, GROUPED).await?;
    let mut expected = Vec::new();
    for first in targets.iter().step_by(args.merchants) {
        let head = path.storage.reader.head(first.tenant_id).await?;
        // Everything but the creation of the tenant itself.
        expected.push(head.seq.0 - 1);
    }
    path.close().await?;
    installation.settle().await?;
    let context = jetstream::new(async_nats::connect(&url).await?);
    let start = Start {
        nats_url: Some(&url),
        ..Start::default()
    };
    let service = Service::start(&installation, start).await?;
    // The figure is the relay's: what it carried while the service was starting counts as little as the start does.
    let already = stored(&context, expected.len()).await?;
    let started = Instant::now();
    wait_for(&context, &expected).await?;
    let carried = expected.iter().sum::<u64>().saturating_sub(already);
    let relayed = approximate(usize::try_from(carried)?) / started.elapsed().as_secs_f64();
    drop(service);
    installation.remove().await?;
    let messages = read_back(&url, &expected).await?;
    let plain = publish(&context, messages).await?;
    let name = format!(
        "relay from {} into JetStream, against a plain publish",
        Engine::of(args.sqlite).name()
    );
    Ok(vec![
        Figure::at_least(name, relayed, "events/s", plain, 0.5).bar(">= 0.5"),
    ])
}

#[expect(clippy::disallowed_methods, reason = "where the server is, is told from outside")]
fn server_url() -> anyhow::Result<String> {
    std::env::var("NATS_URL").context("NATS_URL is not set; run cargo xtask bench")
}

/// Until each tenant's stream holds so many messages.
async fn wait_for(context: &Context, expected: &[u64]) -> anyhow::Result<()> {
    let started = Instant::now();
    for (number, wanted) in expected.iter().enumerate() {
        while messages(context, number).await? < *wanted {
            anyhow::ensure!(
                started.elapsed() < LIMIT,
                "stream {number} did not get {wanted} messages"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(())
}

/// How many messages the streams of the first tenants hold.
async fn stored(context: &Context, tenants: usize) -> anyhow::Result<u64> {
    let mut all = 0;
    for number in 0..tenants {
        all += messages(context, number).await?;
    }
    Ok(all)
}

/// How many messages a tenant's stream holds. None are in one that is not there yet.
async fn messages(context: &Context, number: usize) -> anyhow::Result<u64> {
    let name = stream_name(&Slug::parse(&seed::slug(number))?);
    let stream = context.get_stream(&name).await;
    Ok(stream.map_or(0, |stream| stream.cached_info().state.messages))
}

/// What the relay published.
async fn read_back(url: &str, expected: &[u64]) -> anyhow::Result<Vec<TailMessage>> {
    let mut messages = Vec::new();
    for (number, wanted) in expected.iter().enumerate() {
        let mut left = *wanted;
        let keep = |message| {
            messages.push(message);
            left -= 1;
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let slug = Slug::parse(&seed::slug(number))?;
        tail(&NatsConfig::new(url), &slug, TailFrom::Start, keep).await?;
    }
    Ok(messages)
}

/// Messages per second.
async fn publish(context: &Context, messages: Vec<TailMessage>) -> anyhow::Result<f64> {
    let stream = Config {
        name: PLAIN.to_owned(),
        subjects: vec!["bench.>".to_owned()],
        storage: StorageType::File,
        ..Config::default()
    };
    context.create_stream(stream).await?;
    let ready: Vec<_> = messages.iter().map(outgoing).collect();
    let count = approximate(ready.len());
    let mut in_flight = VecDeque::with_capacity(IN_FLIGHT);
    let started = Instant::now();
    for (subject, headers, body) in ready {
        if in_flight.len() == IN_FLIGHT
            && let Some(oldest) = in_flight.pop_front()
        {
            let acknowledged: jetstream::context::PublishAckFuture = oldest;
            acknowledged.await?;
        }
        in_flight.push_back(context.publish_with_headers(subject, headers, body.into()).await?);
    }
    for acknowledgement in in_flight {
        acknowledgement.await?;
    }
    let rate = count / started.elapsed().as_secs_f64();
    context.delete_stream(PLAIN).await?;
    Ok(rate)
}

fn outgoing(message: &TailMessage) -> (String, HeaderMap, Vec<u8>) {
    let mut headers = HeaderMap::new();
    for (name, value) in &message.headers {
        if !name.starts_with(CONDITIONS) {
            headers.append(name.as_str(), value.as_str());
        }
    }
    (format!("bench.{}", message.subject), headers, message.body.to_vec())
}
