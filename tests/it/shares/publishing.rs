//! Publishing: a stream that hangs holds up its own tenant's events alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use registry_tests::api::{number_of, until};
use registry_tests::{TestApp, TestNats};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy};
use tokio::net::{TcpListener, TcpStream};

use super::metric;

/// Within this time an event is on NATS, whatever befalls other tenants. A stream that hangs is given up after five seconds.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(2);

/// Stands before a nats-server, and swallows what is published under some subjects: nothing ever answers to that.
struct Swallower {
    url: String,
    swallows: Arc<AtomicBool>,
}

impl Swallower {
    async fn start(server: &str) -> (Self, tokio::sync::watch::Sender<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("nats://{}", listener.local_addr().expect("it has one"));
        let server = server.trim_start_matches("nats://").to_owned();
        let (swallows, subjects) = (
            Arc::new(AtomicBool::new(false)),
            tokio::sync::watch::Sender::new(String::new()),
        );
        let (flag, subject) = (Arc::clone(&swallows), subjects.subscribe());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("the server runs");
                let ((from_client, mut to_client), (mut from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
                tokio::spawn(pass(
                    BufReader::new(from_client),
                    to_server,
                    Arc::clone(&flag),
                    subject.clone(),
                ));
            }
        });
        (Self { url, swallows }, subjects)
    }
}

/// Passes on what a client says, but for the messages that are to be swallowed. Only those have more than a line.
async fn pass(
    mut from: impl AsyncBufReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    swallows: Arc<AtomicBool>,
    subject: tokio::sync::watch::Receiver<String>,
) {
    let mut line = String::new();
    while from.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let words: Vec<_> = line.split_whitespace().collect();
        let mut payload = Vec::new();
        let mut is_swallowed = false;
        if let [verb, on, .., bytes] = words[..]
            && matches!(verb, "PUB" | "HPUB")
        {
            payload.resize(bytes.parse::<usize>().expect("a number") + 2, 0);
            from.read_exact(&mut payload).await.expect("it is there");
            is_swallowed = swallows.load(Ordering::SeqCst) && on.starts_with(subject.borrow().as_str());
        }
        if !is_swallowed {
            let sent = async {
                to.write_all(line.as_bytes()).await?;
                to.write_all(&payload).await
            };
            if sent.await.is_err() {
                return;
            }
        }
        line.clear();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_hangs_holds_up_nobody_elses_events() {
    let nats = TestNats::start();
    let (proxy, subject) = Swallower::start(nats.url()).await;
    let mut app = TestApp::start_with(|config| config.nats_url = Some(proxy.url.clone())).await;
    subject.send_replace(format!("smr.v1.{}.", app.tenant.slug));
    let other = app.other_tenant().await;
    let own = app.tenant.register("acad-1", "store-0").await;
    let theirs = other.register("acad-2", "store-0").await;
    nats.stream(&app.tenant.slug, number_of(&own, "seq")).await;
    nats.stream(&other.slug, number_of(&theirs, "seq")).await;
    until(|| async { metric(&app, "registry_relay_lag_events").await == 0 }).await;

    proxy.swallows.store(true, Ordering::SeqCst);
    for number in 1..=3 {
        app.tenant.register("acad-1", &format!("store-{number}")).await;
        // It hangs at this moment.
        until(|| async { metric(&app, "registry_relay_steps").await == 1 }).await;
        let begun = Instant::now();
        let theirs = other.register("acad-2", &format!("store-{number}")).await;
        nats.stream(&other.slug, number_of(&theirs, "seq")).await;
        assert!(begun.elapsed() < PUBLISHED_WITHIN, "{number}: {:?}", begun.elapsed());
    }
    assert!(
        metric(&app, "registry_relay_lag_events").await > 0,
        "the other stream still hangs"
    );
    proxy.swallows.store(false, Ordering::SeqCst);
    app.finish_published(&nats).await;
}
