//! The feed of a tenant's events: by page, by long poll, by stream.

use std::time::{Duration, Instant};

use registry_tests::api::{Answer, events_of, http_client, within};
use registry_tests::sandbox::TestSandbox;
use registry_tests::tenant::id_of;
use registry_tests::{Installation, PATIENCE, TestApp, TestTenant};
use reqwest::{Method, Response};
use serde_json::Value;

/// How long somebody may listen whose key was revoked, or whose session has ended: two seconds, and what a build with all
/// checks takes.
const STREAM_END_TIME: Duration = Duration::from_secs(4);

/// An open event stream, read line by line.
struct Stream {
    response: Response,
    rest: String,
}

/// One event as it came over a stream.
#[derive(Debug, Default)]
struct Streamed {
    id: u64,
    kind: String,
    data: Value,
}

impl Stream {
    async fn open(tenant: &TestTenant, query: &str, last: Option<u64>) -> Self {
        let mut request = tenant.api.request(Method::GET, &format!("/v1/events/stream{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = request.send().await.expect("the stream opens");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            rest: String::new(),
        }
    }

    async fn next(&mut self) -> Streamed {
        loop {
            let block = within(PATIENCE, self.next_block()).await;
            let mut event = Streamed::default();
            for line in block.lines() {
                match line.split_once(": ").or_else(|| line.split_once(':')) {
                    Some(("id", id)) => event.id = id.parse().expect("a position"),
                    Some(("event", kind)) => kind.clone_into(&mut event.kind),
                    Some(("data", data)) => event.data = serde_json::from_str(data).expect("JSON"),
                    _ => {}
                }
            }
            // A heartbeat is a comment alone.
            if event.id > 0 {
                return event;
            }
        }
    }

    async fn next_block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.rest = rest;
                return block;
            }
            let chunk = self.response.chunk().await.expect("the stream goes on");
            self.rest
                .push_str(std::str::from_utf8(&chunk.expect("the stream goes on")).expect("UTF-8"));
        }
    }
}

/// Asks to follow from a position, as a page, as a stream, and as a stream that broke.
async fn follow_from(tenant: &TestTenant, position: u64) -> [Answer; 3] {
    let path = format!("/v1/events?after={position}");
    let stream = |path: &str| {
        let request = tenant.api.request(Method::GET, path);
        request.header("accept", "text/event-stream")
    };
    [
        tenant.api.get(&path).await,
        Answer::to(stream(&path)).await,
        Answer::to(stream("/v1/events").header("last-event-id", position.to_string())).await,
    ]
}

async fn register_many(tenant: &TestTenant, numbers: std::ops::Range<usize>) {
    for number in numbers {
        tenant.register("acad-1", &format!("store-{number}")).await;
    }
}

/// Whoever lost a key to somebody has it revoked, and that one must not listen on.
#[tokio::test]
async fn a_stream_ends_with_its_key() {
    let app = TestApp::start().await;
    let wish = serde_json::json!({ "name": "stream", "scopes": ["events:read"] });
    let key = app.tenant.api.post("/v1/api-keys", &wish).await.expect(201);
    let text = key["secret"].as_str().expect("a key");
    registry_tests::logs::secret(text);
    let holder = registry_tests::Api::new(app.tenant.api.base(), Some(text.to_owned()));
    let request = holder
        .request(Method::GET, "/v1/events")
        .header("accept", "text/event-stream");
    let mut response = request.send().await.expect("the stream opens");
    assert_eq!(response.status(), 200);
    response.chunk().await.expect("it says something");
    let path = format!("/v1/api-keys/{}", id_of(&key));
    Answer::to(app.tenant.api.request(Method::DELETE, &path))
        .await
        .expect(200);
    let began = Instant::now();
    let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
    within(PATIENCE, rest).await;
    assert!(
        began.elapsed() < STREAM_END_TIME,
        "it went on for {:?}",
        began.elapsed()
    );
    app.finish().await;
}

#[tokio::test]
async fn a_long_poll_ends_when_something_happens() {
    let app = TestApp::start().await;
    let head = app.tenant.api.feed().await.len();
    let began = Instant::now();
    let waiting = format!("/v1/events?after={head}&wait=30");
    let (page, _merchant) = tokio::join!(app.tenant.api.get(&waiting), async {
        app.tenant.register("acad-1", "store-1").await
    });
    let events = events_of(&page.expect(200));
    assert_eq!(events[0]["type"], "merchant.registered");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "it waited on: {:?}",
        began.elapsed()
    );
    let empty = app
        .tenant
        .api
        .get(&format!("/v1/events?after={}&wait=1", head + 1))
        .await
        .expect(200);
    assert_eq!(
        (events_of(&empty).len(), &empty["page"]["next_after"]),
        (0, &(head + 1).into())
    );
    app.finish().await;
}

#[tokio::test]
async fn a_filter_moves_on_over_what_it_leaves_out() {
    let app = TestApp::start().await;
    register_many(&app.tenant, 0..5).await;
    let head = app.tenant.api.feed().await.len();
    let page = app
        .tenant
        .api
        .get("/v1/events?types=review.changed,link.issued")
        .await
        .expect(200);
    assert_eq!((events_of(&page).len(), &page["page"]["next_after"]), (0, &head.into()));
    assert_eq!(page["page"]["has_more"], false);
    let page = app
        .tenant
        .api
        .get("/v1/events?types=merchant.registered&limit=2")
        .await
        .expect(200);
    let seqs: Vec<_> = events_of(&page)
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs.len(), 2);
    assert_eq!(page["page"]["next_after"], seqs[1]);
    assert_eq!(page["page"]["has_more"], true);
    app.finish().await;
}

#[tokio::test]
async fn a_stream_that_broke_goes_on_without_gap_or_repeat() {
    let mut app = TestApp::start().await;
    register_many(&app.tenant, 0..10).await;
    let mut stream = Stream::open(&app.tenant, "", Some(0)).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(stream.next().await);
    }
    drop(stream);
    register_many(&app.tenant, 10..15).await;
    app.restart().await;
    let mut stream = Stream::open(&app.tenant, "", seen.last().map(|event| event.id)).await;
    register_many(&app.tenant, 15..20).await;
    let feed = app.tenant.api.feed().await;
    while seen.len() < feed.len() {
        seen.push(stream.next().await);
    }
    for (streamed, event) in seen.iter().zip(&feed) {
        assert_eq!(streamed.data, *event);
        assert_eq!(
            (&event["seq"], &event["type"]),
            (&streamed.id.into(), &streamed.kind.as_str().into())
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn there_are_no_more_streams_than_allowed() {
    let mut app = TestApp::start_with(|config| config.event_streams_max = 3).await;
    let (second, third) = (app.other_tenant().await, app.other_tenant().await);
    let first = Stream::open(&app.tenant, "", None).await;
    let refused = async |tenant: &TestTenant| {
        let request = tenant.api.request(Method::GET, "/v1/events");
        let refused = Answer::to(request.header("accept", "text/event-stream")).await;
        assert!(refused.header("retry-after").is_some());
        refused
    };
    refused(&app.tenant).await.problem(429, "too_many_own_streams");
    let _second = Stream::open(&second, "", None).await;
    let _third = Stream::open(&third, "", None).await;
    refused(&third).await.problem(503, "too_many_streams");
    app.tenant.api.get("/v1/events").await.expect(200);
    drop(first);
    app.finish().await;
}

#[tokio::test]
async fn what_another_process_writes_arrives_too() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let head = tenant.api.feed().await.len();
    let mut stream = Stream::open(&tenant, &format!("?after={head}"), None).await;
    let key = installation.print(&[
        "key",
        "create",
        "--tenant",
        tenant.slug.as_str(),
        "--name",
        "second",
        "--all-scopes",
    ]);
    registry_tests::logs::secret(&key);
    assert_eq!(stream.next().await.kind, "api_key.issued");
    let with_new_key = http_client()
        .get(format!("{}/v1/me", process.base_url()))
        .bearer_auth(&key);
    assert_eq!(Answer::to(with_new_key).await.expect(200)["key"]["name"], "second");
    drop(stream);
    assert!(process.terminate().success());
}

#[tokio::test]
async fn a_position_behind_the_end_is_refused() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let head = app.tenant.api.feed().await.len() as u64;
    for beyond in [head + 1, head + 3, i64::MAX.unsigned_abs()] {
        for refused in follow_from(&app.tenant, beyond).await {
            assert_eq!(refused.problem(409, "position_beyond_log")["head"], head);
        }
        let filtered = format!("/v1/events?after={beyond}&types=review.changed&wait=1");
        app.tenant.api.get(&filtered).await.problem(409, "position_beyond_log");
    }
    let at_the_end = app.tenant.api.get(&format!("/v1/events?after={head}")).await;
    assert_eq!(at_the_end.expect(200)["page"]["next_after"], head);
    let mut stream = Stream::open(&app.tenant, "", Some(head)).await;
    app.tenant.register("acad-1", "store-2").await;
    assert_eq!(stream.next().await.id, head + 1);
    drop(stream);

    let version = merchant["version"].as_u64().expect("a version");
    for list in ["events", "callbacks"] {
        let path = |after| format!("/v1/merchants/{}/{list}?after_version={after}", id_of(&merchant));
        app.tenant.api.get(&path(version)).await.expect(200);
        let refused = app.tenant.api.get(&path(version + 1)).await;
        assert_eq!(refused.problem(409, "position_beyond_log")["head"], version, "{list}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_follower_of_what_was_restored_hears_of_it() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, mut tenant) = installation.serve_tenant(&sandbox);
    register_many(&tenant, 0..2).await;
    assert!(process.terminate().success());
    let backup = installation.data_dir().join("backup.db");
    std::fs::copy(installation.database(), &backup).expect("the file can be copied");

    let process = installation.serve();
    tenant.api = tenant.api.reconnected();
    let head = tenant.api.feed().await.len() as u64;
    let mut stream = Stream::open(&tenant, "", Some(head)).await;
    register_many(&tenant, 2..5).await;
    let mut seen = 0;
    while seen < head + 3 {
        seen = stream.next().await.id;
    }
    drop(stream);
    assert!(process.terminate().success());
    std::fs::copy(&backup, installation.database()).expect("the file can be put back");
    let process = installation.serve();
    tenant.api = tenant.api.reconnected();
    for refused in follow_from(&tenant, seen).await {
        assert_eq!(refused.problem(409, "position_beyond_log")["head"], head);
    }
    let mut stream = Stream::open(&tenant, "", Some(head)).await;
    register_many(&tenant, 2..3).await;
    assert_eq!(stream.next().await.id, head + 1);
    drop(stream);
    assert!(process.terminate().success());
}

#[tokio::test]
async fn who_begins_at_the_end_is_told_where_that_is() {
    let app = TestApp::start().await;
    let head = app.tenant.api.feed().await.len() as u64;
    let page = app.tenant.api.get("/v1/events?after=latest").await.expect(200);
    assert_eq!((events_of(&page).len(), &page["page"]["next_after"]), (0, &head.into()));
    let mut stream = Stream::open(&app.tenant, "?after=latest", None).await;
    let start = stream.next().await;
    assert_eq!((start.id, start.data), (head, Value::Null));
    app.tenant.register("acad-1", "store-1").await;
    let event = stream.next().await;
    assert_eq!((event.id, event.kind.as_str()), (head + 1, "merchant.registered"));
    drop(stream);
    let mut stream = Stream::open(&app.tenant, "?after=latest", Some(0)).await;
    assert_eq!(stream.next().await.id, 1, "what was received last wins");
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn a_type_that_no_event_has_is_refused() {
    let app = TestApp::start().await;
    for query in ["types=review.change", "types=merchant.registered,link.isued"] {
        let path = format!("/v1/events?{query}");
        let problem = app.tenant.api.get(&path).await.problem(422, "validation_failed");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["parameter"], &error["code"]),
            (&"types".into(), &"unknown_event_type".into())
        );
        let allowed = error["allowed"].as_array().expect("a list");
        assert!(allowed.contains(&"review.changed".into()), "{problem}");
        let stream = app
            .tenant
            .api
            .request(Method::GET, &path)
            .header("accept", "text/event-stream");
        Answer::to(stream).await.problem(422, "validation_failed");
    }
    app.finish().await;
}
