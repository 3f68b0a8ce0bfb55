//! Event streams and long polls: whoever opens a thousand leaves some to others.

use std::time::Duration;

use futures::future::join_all;
use registry_tests::api::{Answer, until, within};
use registry_tests::callback::{is_taken, mapping, send};
use registry_tests::{TestApp, TestTenant};
use reqwest::{Method, Response};

use super::{CALLBACK_WITHIN, metric};

/// Opens a stream from the end of the log on, or is refused.
async fn open(tenant: &TestTenant) -> Result<Response, Answer> {
    let request = tenant.api.request(Method::GET, "/v1/events?after=latest");
    let request = request
        .header("accept", "text/event-stream")
        .timeout(Duration::from_mins(2));
    let response = request.send().await.expect("an answer begins");
    if response.status() == 200 {
        return Ok(response);
    }
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("it ends");
    let body = serde_json::from_str(&text).unwrap_or_default();
    Err(Answer {
        status,
        headers,
        text,
        body,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_with_a_thousand_streams_and_polls_leaves_others_theirs() {
    let mut app = TestApp::start_with(|config| {
        config.connections_per_address_max = 4_000;
        (config.event_streams_max, config.long_polls_max) = (600, 20);
    })
    .await;
    let other = app.other_tenant().await;
    other.register("acad-2", "store-1").await;
    let (mut streams, mut refused) = (Vec::new(), 0);
    for _ in 0..20 {
        for stream in join_all((0..50).map(|_| open(&app.tenant))).await {
            match stream {
                Ok(stream) => streams.push(stream),
                Err(answer) => {
                    answer.problem(429, "too_many_own_streams");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!((streams.len(), refused), (300, 700));
    assert_eq!(metric(&app, "registry_event_streams").await, 300);
    assert_eq!(metric(&app, "registry_event_streams_refused_total").await, 700);

    let poll = |tenant: &TestTenant| {
        let api = tenant.api.clone();
        async move { api.get("/v1/events?after=latest&wait=5").await }
    };
    let polls = join_all((0..15).map(|_| poll(&app.tenant)));
    let meanwhile = async {
        until(|| async { metric(&app, "registry_long_polls").await >= 10 }).await;
        let mut theirs = open(&other).await.expect("there are some for others");
        let waiting = tokio::spawn(poll(&other));
        until(|| async { metric(&app, "registry_long_polls").await == 11 }).await;
        let url = app.tenant_callback_url(other.id);
        let body = mapping("acad-2", "store-1", "P", None).to_string();
        let taken = within(CALLBACK_WITHIN, send(&url, body)).await;
        assert!(is_taken(&taken));
        let told = async {
            let mut text = String::new();
            while !text.contains("callback.received") {
                let chunk = theirs
                    .chunk()
                    .await
                    .expect("the stream goes on")
                    .expect("it has not ended");
                text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        within(CALLBACK_WITHIN, told).await;
        let page = within(CALLBACK_WITHIN, waiting)
            .await
            .expect("it is answered")
            .expect(200);
        assert_eq!(page["data"][0]["type"], "callback.received", "{page}");
    };
    let (answers, ()) = tokio::join!(polls, meanwhile);
    let (waited, turned_away): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((waited.len(), turned_away.len()), (10, 5));
    for answer in turned_away {
        answer.problem(429, "too_many_own_streams");
    }
    // Whoever does not wait takes no place.
    app.tenant.api.get("/v1/events").await.expect(200);
    assert_eq!(metric(&app, "registry_long_polls").await, 0);
    drop(streams);
    until(|| async { metric(&app, "registry_event_streams").await <= 1 }).await;
    app.finish().await;
}

/// Idle streams of one tenant, and another's callbacks beside them.
const IDLE: usize = 200;
const CALLBACKS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_wakes_for_its_own_tenant_alone() {
    let mut app = TestApp::start_with(|config| config.connections_per_address_max = 4_000).await;
    let other = app.other_tenant().await;
    other.register("acad-2", "store-1").await;
    let mut streams = Vec::new();
    for stream in join_all((0..IDLE).map(|_| open(&app.tenant))).await {
        streams.push(stream.expect("there is room"));
    }
    let mut last = streams.pop().expect("there are some");
    let reads = metric(&app, "registry_feed_reads_total").await;
    let url = app.tenant_callback_url(other.id);
    for number in 0..CALLBACKS {
        let body = mapping("acad-2", "store-1", "S", Some(&format!("서류 {number}"))).to_string();
        assert!(is_taken(&send(&url, body).await));
    }
    let woken = metric(&app, "registry_feed_reads_total").await - reads;
    assert!(woken <= IDLE as u64, "each may still read once: {woken}");

    // For their own they wake at once.
    app.tenant.register("acad-1", "store-1").await;
    let told = async {
        let mut text = String::new();
        while !text.contains("merchant.registered") {
            let chunk = last
                .chunk()
                .await
                .expect("the stream goes on")
                .expect("it has not ended");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    within(CALLBACK_WITHIN, told).await;
    drop(streams);
    app.finish().await;
}
