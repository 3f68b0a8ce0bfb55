//! Destinations are made, changed and removed, lead to nowhere inside, and outlive a kill.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use registry_tests::api::{text_of, until};
use registry_tests::sinks::{Received, TestReceiver};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Installation, TestApp, TestSandbox, logs};
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, make, try_out, webhook};
use crate::alerts::set_rule;

#[tokio::test]
async fn nothing_is_sent_to_where_the_installation_itself_is() {
    let app = TestApp::start_with(|config| config.destination_networks = Vec::new()).await;
    let tenant = &app.tenant;
    let hook = TestReceiver::start().await;
    let refused = async |address: &str| {
        let wanted = json!({ "name": "n", "kind": "webhook", "address": address });
        let problem = tenant.api.post(PATH, &wanted).await.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], "url_not_allowed", "{address}");
        assert_eq!(problem["errors"][0]["pointer"], "/address");
    };
    let own = hook.url();
    for address in [
        own.as_str(),
        &own.replace("http:", "https:"),
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:127.0.0.1]/",
        "https://user:secret@hooks.example/",
        "https://hooks.example:22/",
        "gopher://hooks.example/",
        "x",
    ] {
        refused(address).await;
    }
    // A name that leads here is found out by whoever would connect.
    let wanted = json!({ "name": "n", "kind": "webhook", "address": "https://localhost/hook" });
    let made = make(tenant, &wanted).await;
    let delivery = try_out(tenant, &made).await;
    let path = format!("/v1/deliveries/{}", id_of(&delivery));
    until(async || tenant.api.get(&path).await.expect(200)["failure"] == "address_not_allowed").await;
    assert!(hook.received().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_destination_is_made_once_and_shows_no_secret() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let wanted = json!({ "name": "당직", "kind": "slack", "address": "http://127.0.0.1:9/services/T0/s3cret-1" });
    logs::secret("s3cret-1");
    let post_once = async |key: &str| tenant.api.post_once(PATH, key, &wanted).await;
    let made = post_once("one").await;
    assert_eq!(
        made.header("location"),
        Some(format!("{PATH}/{}", id_of(&made.body)).as_str())
    );
    assert!(made.header("etag").is_some());
    let made = made.expect(201);
    assert_eq!(
        (&made["address"], &made["secret"]),
        (&json!("http://127.0.0.1:9/…"), &Value::Null)
    );
    let again = post_once("one").await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201)["id"], made["id"]);
    let other = json!({ "name": "x", "kind": "slack", "address": "http://127.0.0.1:9/" });
    let reused = tenant.api.post_once(PATH, "one", &other).await;
    reused.problem(422, "idempotency_key_reused");
    let mail = json!({ "name": "n", "kind": "mail", "address": "ops@partner.example" });
    tenant.api.post(PATH, &mail).await.problem(409, "mail_not_configured");
    app.finish().await;
}

/// What was told of destinations.
fn types_of(feed: &[Value]) -> Vec<&str> {
    let types = feed.iter().filter_map(|event| event["type"].as_str());
    types.filter(|it| it.starts_with("event_destination.")).collect()
}

#[tokio::test]
async fn destinations_are_changed_by_whoever_has_seen_them_counted_and_removed() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let secretive = json!({ "name": "당직", "kind": "slack", "address": "http://127.0.0.1:9/services/T0/s3cret-1" });
    logs::secret("s3cret-1");
    let made = make(tenant, &secretive).await;
    let tag = format!("\"{}\"", made["version"]);
    let other = json!({ "name": "x", "kind": "slack", "address": "http://127.0.0.1:9/" });
    let path = format!("{PATH}/{}", id_of(&made));
    let change = async |tag: &str, body: Value| {
        let request = tenant.api.request(Method::PATCH, &path).header("if-match", tag);
        Answer::to(request.json(&body)).await
    };
    let changed = change(
        &tag,
        json!({ "rules": ["in_review", "in_review"], "least_severity": "late" }),
    )
    .await;
    let changed = changed.expect(200);
    assert_eq!(
        (&changed["rules"], &changed["least_severity"]),
        (&json!(["in_review"]), &json!("late"))
    );
    change(&tag, json!({ "name": "x" }))
        .await
        .problem(412, "event_destination_changed");
    let problem = change("*", json!({ "rules": ["opened"] }))
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/rules/0");
    assert_eq!(
        change("*", json!({ "enabled": false })).await.expect(200)["disabled_reason"],
        "asked"
    );
    for number in 0..19 {
        let wanted = json!({ "name": number.to_string(), "kind": "chat", "address": "http://127.0.0.1:9/" });
        make(tenant, &wanted).await;
    }
    tenant
        .api
        .post(PATH, &other)
        .await
        .problem(409, "too_many_event_destinations");
    let list = tenant.api.get(PATH).await;
    assert!(!list.text.contains("s3cret-1"), "{}", list.text);
    assert_eq!(list.expect(200)["data"].as_array().map(Vec::len), Some(20));
    assert_eq!(tenant.api.delete(&path).await.status, 204);
    tenant
        .api
        .delete(&path)
        .await
        .problem(404, "event_destination_not_found");
    let feed = tenant.api.feed().await;
    let types = types_of(&feed);
    assert_eq!(
        types[..3],
        [
            "event_destination.created",
            "event_destination.changed",
            "event_destination.disabled"
        ]
    );
    assert_eq!(types.last(), Some(&"event_destination.removed"));
    assert!(!serde_json::to_string(&feed).expect("JSON").contains("s3cret-1"));
    let audit = tenant
        .api
        .get("/v1/audit?action=event_destination.removed")
        .await
        .expect(200);
    assert_eq!(audit["data"].as_array().map(Vec::len), Some(1), "{audit}");
    app.finish().await;
}

/// Naps of an alert that are told, before the kill and in all.
const NAPS: [usize; 2] = [30, 60];

/// However often it is killed: each event is planned once, arrives, and comes twice only if it was under way.
#[tokio::test]
async fn killed_in_between_each_event_arrives_and_is_planned_once() {
    let sandbox = TestSandbox::start().await;
    let hook = TestReceiver::start().await;
    let mut installation = Installation::new().with("REGISTRY_DESTINATION_NETWORKS", "127.0.0.0/8");
    let (mut process, mut tenant) = installation.serve_tenant(&sandbox);
    let now = registry_journal::Ambient::system().now();
    let days = registry_domain::calendar::day_in_korea(now).iter_days().take(3);
    let days = days.map(|day| (day.to_string(), json!({ "business_day": true, "name": null })));
    tenant
        .set(&json!({ "own_days": days.collect::<serde_json::Map<_, _>>() }))
        .await;
    let made = webhook(&tenant, &hook).await;
    set_rule(
        &tenant,
        "quarantine_growing",
        &json!({ "severity": "late", "more_than": 0 }),
    )
    .await;
    let shop = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&shop).await;
    let url = sandbox.mapping("acad-1", "store-1").await.callback_url;
    let stray = registry_tests::callback::mapping("acad-7", "store-7", "O", None);
    registry_tests::callback::send_taken(&url, stray.to_string()).await;
    // It is looked at once, and then each minute: another rule has it looked at again.
    set_rule(
        &tenant,
        "quarantine_growing",
        &json!({ "severity": "critical", "more_than": 0 }),
    )
    .await;
    let raised = tenant.api.event(|event| event["type"] == "alert.raised").await;
    let path = format!("/v1/alerts/{}/snooze", text_of(&raised["data"], "alert_id"));
    let [before, all] = NAPS;
    for number in 0..all {
        if number == before {
            process.kill();
            process = installation.serve();
            tenant = tenant.reconnected();
        }
        let until = now + TimeDelta::hours(1) + TimeDelta::seconds(i64::try_from(number).expect("a small number"));
        let request = tenant.api.request(Method::POST, &path).header("if-match", "*");
        Answer::to(request.json(&json!({ "until": until }))).await.expect(200);
    }
    let feed = tenant.api.feed().await;
    let ids = feed
        .iter()
        .filter(|event| text_of(event, "type").starts_with("alert."))
        .map(id_of);
    let ids: BTreeSet<_> = ids.map(str::to_owned).collect();
    assert!(ids.len() > all, "{ids:?}");
    let has_all = |received: &[Received]| {
        let come: BTreeSet<_> = received.iter().map(|it| it.header("webhook-id").to_owned()).collect();
        come.is_superset(&ids)
    };
    let received = hook.wait_until(has_all).await;
    assert!(received.len() <= ids.len() + 4, "what was under way came twice at most");
    let path = format!("/v1/deliveries?limit=500&destination_id={}", id_of(&made));
    let planned = async || {
        tenant.api.get(&path).await.expect(200)["data"]
            .as_array()
            .expect("a page")
            .clone()
    };
    until(async || planned().await.iter().all(|it| it["state"] == "delivered")).await;
    assert_eq!(planned().await.len(), ids.len());
    assert!(process.terminate().success());
}
