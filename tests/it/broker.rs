//! A message broker that goes away, comes back, or comes back empty.

use futures::future::join_all;
use registry_tests::api::{events_of, number_of, within};
use registry_tests::callback::{mapping, send_taken};
use registry_tests::settings::settings;
use registry_tests::tenant::id_of;
use registry_tests::{Installation, PATIENCE, TestApp, TestNats, check_published};
use serde_json::Value;
use tokio::time::Instant;

const SHOPS: usize = 8;
const ROUNDS: usize = 20;

/// Registers shops and sends a good many callbacks, all of which must be taken.
async fn load(app: &TestApp, round: &str) {
    let of_one_shop = async |number: usize| {
        let code = format!("store-{number}");
        let known = app
            .tenant
            .api
            .get(&format!("/v1/merchants/by-reference/acad-1/{code}"))
            .await;
        if known.status == 404 {
            let merchant = app.tenant.register("acad-1", &code).await;
            app.tenant.issue_link(&merchant).await;
        }
        let url = app.sandbox.mapping("acad-1", &code).await.callback_url;
        for turn in 0..ROUNDS {
            let body = mapping("acad-1", &code, "S", Some(&format!("{round} {turn}")));
            send_taken(&url, body.to_string()).await;
        }
    };
    join_all((0..SHOPS).map(of_one_shop)).await;
}

/// Waits until the service says that nothing is published. A connection that died is noticed with the next message.
async fn not_publishing(app: &TestApp) -> Value {
    loop {
        let readiness = app.tenant.api.get("/readyz").await.expect(200);
        if readiness["publishing"]["works"] == false {
            return readiness;
        }
    }
}

async fn documents_are_the_newest(app: &TestApp, nats: &TestNats) {
    let merchants = app.tenant.api.get("/v1/merchants?limit=200").await.expect(200);
    for merchant in &events_of(&merchants) {
        let version = number_of(merchant, "version");
        let mut document = nats.document(&app.tenant.slug, id_of(merchant), version).await;
        document["business"] = Value::Null;
        let mut expected = merchant.clone();
        expected["business"] = Value::Null;
        // How long it waits depends on when somebody looks: only lists say it.
        expected.as_object_mut().expect("an object").remove("wait");
        assert_eq!(document, expected);
    }
}

#[tokio::test]
async fn nothing_is_refused_while_it_is_away_and_all_is_published_when_it_is_back() {
    let mut nats = TestNats::start();
    let app = TestApp::start_with_nats(&nats).await;
    load(&app, "before").await;
    // In the middle of publishing, not after it.
    nats.stop();
    let gone = Instant::now();
    load(&app, "meanwhile").await;
    while gone.elapsed() < settings().outage {
        load(&app, "still meanwhile").await;
    }
    let readiness = within(PATIENCE, Box::pin(not_publishing(&app))).await;
    assert_eq!(readiness["status"], "degraded");
    nats.start_again();
    load(&app, "after").await;
    assert!(check_published(&app.tenant, &nats).await >= 3 * SHOPS * ROUNDS);
    documents_are_the_newest(&app, &nats).await;
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn a_broker_that_lost_everything_is_filled_again() {
    let mut nats = TestNats::start();
    let app = TestApp::start_with_nats(&nats).await;
    load(&app, "before").await;
    let published = check_published(&app.tenant, &nats).await;
    nats.stop();
    nats.wipe();
    nats.start_again();
    assert_eq!(
        check_published(&app.tenant, &nats).await,
        published,
        "without any new event"
    );
    documents_are_the_newest(&app, &nats).await;
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn a_broker_that_lost_everything_while_the_service_was_down_is_filled_again() {
    let mut nats = TestNats::start();
    let mut app = TestApp::start_with_nats(&nats).await;
    load(&app, "before").await;
    let published = check_published(&app.tenant, &nats).await;
    nats.stop();
    nats.wipe();
    app.restart().await;
    nats.start_again();
    assert_eq!(check_published(&app.tenant, &nats).await, published);
    documents_are_the_newest(&app, &nats).await;
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn a_broker_that_comes_later_gets_what_happened_before() {
    let nats = TestNats::shared();
    let mut app = TestApp::start().await;
    load(&app, "before").await;
    let readiness = app.tenant.api.get("/readyz").await.expect(200);
    assert_eq!(
        (&readiness["status"], &readiness["publishing"]),
        (&"ready".into(), &Value::Null)
    );
    let url = nats.url().to_owned();
    app.restart_with(|config| config.nats_url = Some(url)).await;
    assert!(check_published(&app.tenant, &nats).await >= SHOPS * ROUNDS);
    documents_are_the_newest(&app, &nats).await;
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn each_message_holds_the_shop_as_of_its_event() {
    let nats = TestNats::shared();
    let mut app = TestApp::start().await;
    load(&app, "before").await;
    // Published long after: with today's document they would all look alike.
    let url = nats.url().to_owned();
    app.restart_with(|config| config.nats_url = Some(url)).await;
    check_published(&app.tenant, &nats).await;
    let feed = app.tenant.api.feed().await;
    let last = feed.last().unwrap()["seq"].as_u64().unwrap();
    for message in nats.stream(&app.tenant.slug, last).await {
        let (event, document) = (&message.body["event"], &message.body["merchant"]);
        assert_eq!(document["version"], event["version"]);
        assert_eq!(document["seq"], event["seq"]);
        if event["type"] == "review.changed" {
            assert_eq!(document["review"]["message"], event["data"]["message"]);
        }
        let sequence = format!("{:020}", event["version"].as_u64().unwrap());
        assert_eq!(message.header("ce-sequence"), sequence);
        assert!(message.headers.iter().all(|(_, value)| value.is_ascii()));
    }
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn a_second_process_may_not_serve_from_the_same_directory() {
    let mut installation = Installation::new();
    let first = installation.serve();
    let mut second = installation.command(&["serve"]);
    second.env("REGISTRY_LISTEN", "127.0.0.1:0");
    let second = tokio::process::Command::from(second).kill_on_drop(true).output();
    let refused = within(PATIENCE, second).await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let reason = String::from_utf8(refused.stderr).unwrap();
    assert!(reason.contains("another process serves"), "{reason}");
    first.kill();
    assert!(
        installation.serve().terminate().success(),
        "a process that died holds nothing back"
    );
}
