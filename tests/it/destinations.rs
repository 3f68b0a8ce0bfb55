//! Alerts reach people and programs: signed, once each, again and again where nobody answers, and nowhere else.

mod digests;
mod made;
mod month;
mod pages;

use chrono::TimeDelta;
use registry_domain::calendar::Calendar;
use registry_tests::api::{number_of, text_of, until};
use registry_tests::sinks::{Manner, QUIET, Received, TestReceiver};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, TestTenant, logs};
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::alerts::{day_after, go_to, opening, say, set_rule};

const PATH: &str = "/v1/event-destinations";

async fn make(tenant: &TestTenant, body: &Value) -> Value {
    let made = tenant.api.post(PATH, body).await.expect(201);
    if let Some(secret) = made["secret"].as_str() {
        logs::secret(secret);
    }
    made
}

async fn webhook(tenant: &TestTenant, hook: &TestReceiver) -> Value {
    let wanted = json!({ "name": "portal", "kind": "webhook", "address": hook.url() });
    make(tenant, &wanted).await
}

async fn post(tenant: &TestTenant, path: &str, body: &Value) -> Answer {
    Answer::to(tenant.api.request(Method::POST, path).json(body)).await
}

async fn try_out(tenant: &TestTenant, made: &Value) -> Value {
    post(tenant, &format!("{PATH}/{}/test", id_of(made)), &json!({}))
        .await
        .expect(202)
}

async fn deliveries(tenant: &TestTenant, made: &Value) -> Vec<Value> {
    let path = format!("/v1/deliveries?destination_id={}", id_of(made));
    let page = tenant.api.get(&path).await.expect(200);
    page["data"].as_array().expect("a page").clone()
}

async fn wait_for_state(tenant: &TestTenant, delivery: &Value, state: &str) -> Value {
    let path = format!("/v1/deliveries/{}", id_of(delivery));
    until(async || tenant.api.get(&path).await.expect(200)["state"] == state).await;
    tenant.api.get(&path).await.expect(200)
}

/// What is signed, by whoever knows the secret.
fn is_signed(received: &Received, secret: &str) -> bool {
    let seconds: i64 = received.header("webhook-timestamp").parse().expect("seconds");
    let webhook = Webhook::new(secret).expect("a secret");
    let expected = webhook.sign(received.header("webhook-id"), seconds, &received.body);
    let expected = expected.expect("it can be signed");
    received.header("webhook-signature").split(' ').any(|it| it == expected)
}

/// Waits for nothing: a moment in which the courier looks twice.
async fn quiet() {
    tokio::time::sleep(QUIET).await;
}

#[tokio::test]
async fn a_webhook_gets_each_event_about_an_alert_once_and_signed() {
    let mut app = TestApp::start().await;
    let tenant = app.tenant.clone();
    let hook = TestReceiver::start().await;
    set_rule(&tenant, "registered", &json!({ "warn": 1 })).await;
    let before = tenant.register("acad-1", "before").await;
    let made = webhook(&tenant, &hook).await;
    let secret = text_of(&made, "secret").to_owned();
    let shop = tenant.register("acad-1", "store-1").await;
    go_to(&app, opening(day_after(&app, &Calendar::default(), 1)));
    let received = hook.wait_for(2).await;
    let feed = tenant.api.feed().await;
    let raised: Vec<_> = feed.iter().filter(|event| event["type"] == "alert.raised").collect();
    assert_eq!(raised.len(), 2);
    for event in raised {
        let message = received.iter().find(|it| it.header("webhook-id") == id_of(event));
        let message = message.expect("each has come");
        assert_eq!(message.json(), *event, "as the feed has it");
        assert!(is_signed(message, &secret), "{message:?}");
        assert_eq!(message.header("content-type"), "application/json");
    }

    let alert = tenant
        .api
        .get(&format!("/v1/alerts?merchant_id={}", id_of(&shop)))
        .await
        .expect(200);
    say(&tenant, &alert["data"][0], "acknowledgement", &json!({}))
        .await
        .expect(200);
    hook.wait_for(3).await;
    // In the commit of the movement.
    tenant.issue_link(&shop).await;
    let types = |received: &[Received]| -> Vec<String> {
        received
            .iter()
            .map(|it| text_of(&it.json(), "type").to_owned())
            .collect()
    };
    let received = hook.wait_for(4).await;
    assert_eq!(types(&received)[2..], ["alert.acknowledged", "alert.resolved"]);

    // Whoever begins anew knows what has gone out.
    app.restart().await;
    tenant.issue_link(&before).await;
    hook.wait_for(5).await;
    quiet().await;
    let received = hook.received();
    assert_eq!(received.len(), 5, "{:?}", types(&received));
    let all = deliveries(&tenant, &made).await;
    assert!(
        all.iter().all(|it| it["state"] == "delivered" && it["attempts"] == 1),
        "{all:?}"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_destination_gets_only_what_it_wants_and_from_when_it_was_made() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let (all, late) = (TestReceiver::start().await, TestReceiver::start().await);
    set_rule(tenant, "registered", &json!({ "warn": 1, "late": 2 })).await;
    tenant.register("acad-1", "store-1").await;
    let (first, second) = (
        day_after(&app, &Calendar::default(), 1),
        day_after(&app, &Calendar::default(), 2),
    );
    let only = json!({
        "name": "late", "kind": "webhook", "address": late.url(), "rules": ["registered"], "least_severity": "late",
    });
    make(tenant, &only).await;
    go_to(&app, opening(first));
    tenant.api.event(|event| event["type"] == "alert.raised").await;
    // What has been is not told.
    webhook(tenant, &all).await;
    go_to(&app, opening(second));
    let (all, late) = (all.wait_for(1).await, late.wait_for(1).await);
    assert_eq!(all[0].json()["data"]["severity"], "late");
    assert_eq!(late[0].json(), all[0].json());
    app.finish().await;
}

#[tokio::test]
async fn what_does_not_arrive_is_tried_again_until_it_does() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let hook = TestReceiver::start().await;
    hook.behave(Manner::Answers(503));
    let made = webhook(tenant, &hook).await;
    set_rule(tenant, "registered", &json!({ "warn": 1 })).await;
    tenant.register("acad-1", "store-1").await;
    go_to(&app, opening(day_after(&app, &Calendar::default(), 1)));
    app.as_time_passes(TimeDelta::minutes(5), hook.wait_for(4)).await;
    let waiting = deliveries(tenant, &made).await[0].clone();
    assert_eq!(waiting["state"], "waiting");
    assert_eq!(
        (&waiting["answer_status"], &waiting["failure"]),
        (&json!(503), &json!("refused"))
    );
    assert_eq!(waiting["answer_body"], "no, thank you", "without what no row holds");
    assert!(number_of(&waiting, "attempts") >= 3);
    hook.behave(Manner::Takes);
    let arrived = wait_for_state(tenant, &waiting, "delivered");
    let arrived = app.as_time_passes(TimeDelta::minutes(5), arrived).await;
    let received = hook.received();
    assert_eq!(number_of(&arrived, "attempts"), received.len() as u64);
    let ids: Vec<_> = received.iter().map(|it| it.header("webhook-id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "the same each time: {ids:?}");

    // Again, because somebody wants it.
    let again = format!("/v1/deliveries/{}/redeliver", id_of(&arrived));
    assert_eq!(post(tenant, &again, &json!({})).await.expect(202)["state"], "waiting");
    let received = hook.wait_for(received.len() + 1).await;
    assert_eq!(
        received.last().expect("it came").header("webhook-id"),
        received[0].header("webhook-id")
    );
    wait_for_state(tenant, &arrived, "delivered").await;
    app.finish().await;
}

#[tokio::test]
async fn where_nothing_arrives_for_three_days_nothing_is_sent_any_more() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let hook = TestReceiver::start().await;
    hook.behave(Manner::Answers(500));
    let made = webhook(tenant, &hook).await;
    set_rule(tenant, "registered", &json!({ "warn": 1 })).await;
    tenant.register("acad-1", "store-1").await;
    go_to(&app, opening(day_after(&app, &Calendar::default(), 1)));
    hook.wait_for(1).await;
    let disabled = tenant.api.event(|event| event["type"] == "event_destination.disabled");
    let disabled = app.as_time_passes(TimeDelta::hours(8), disabled).await;
    assert_eq!(
        disabled["data"],
        json!({ "destination_id": id_of(&made), "reason": "failing" })
    );
    let failed = deliveries(tenant, &made).await[0].clone();
    assert_eq!(
        (&failed["state"], &failed["next_attempt_at"]),
        (&json!("failed"), &Value::Null)
    );
    assert!(number_of(&failed, "attempts") > 3, "{failed}");
    let path = format!("{PATH}/{}", id_of(&made));
    let shown = tenant.api.get(&path).await.expect(200);
    assert_eq!(
        (&shown["state"], &shown["disabled_reason"]),
        (&json!("disabled"), &json!("failing"))
    );
    let again = format!("/v1/deliveries/{}/redeliver", id_of(&failed));
    post(tenant, &again, &json!({}))
        .await
        .problem(409, "event_destination_disabled");
    let tried = format!("{path}/test");
    post(tenant, &tried, &json!({}))
        .await
        .problem(409, "event_destination_disabled");

    hook.behave(Manner::Takes);
    let request = tenant.api.request(Method::PATCH, &path).header("if-match", "*");
    let enabled = Answer::to(request.json(&json!({ "enabled": true }))).await.expect(200);
    assert_eq!(enabled["state"], "enabled");
    post(tenant, &again, &json!({})).await.expect(202);
    let arrived = wait_for_state(tenant, &failed, "delivered");
    app.as_time_passes(TimeDelta::minutes(10), arrived).await;

    // One that says itself that it is gone is believed at once.
    hook.behave(Manner::Answers(410));
    let delivery = try_out(tenant, &made).await;
    wait_for_state(tenant, &delivery, "dropped").await;
    until(async || tenant.api.get(&path).await.expect(200)["disabled_reason"] == "gone").await;
    app.finish().await;
}

#[tokio::test]
async fn a_secret_is_replaced_while_both_work() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let hook = TestReceiver::start().await;
    let made = webhook(tenant, &hook).await;
    let first = text_of(&made, "secret");
    let delivery = try_out(tenant, &made).await;
    let message = hook.wait_for(1).await[0].clone();
    assert_eq!(message.header("webhook-id"), id_of(&delivery));
    // As the library of others does it, with its look at the clock.
    let theirs = Webhook::new(first).expect("a secret");
    theirs.verify(&message.body, &message.headers).expect("it is ours");
    let arrived = wait_for_state(tenant, &delivery, "delivered").await;
    assert_eq!(arrived["answer_status"], 204);

    let path = format!("{PATH}/{}", id_of(&made));
    let rotated = post(
        tenant,
        &format!("{path}/secret-rotations"),
        &json!({ "overlap_seconds": 3_600 }),
    )
    .await;
    let rotated = rotated.expect(201);
    let second = text_of(&rotated, "secret");
    logs::secret(second);
    assert_ne!(first, second);
    let delivery = try_out(tenant, &made).await;
    let message = hook.wait_for(2).await[1].clone();
    wait_for_state(tenant, &delivery, "delivered").await;
    assert!(is_signed(&message, first) && is_signed(&message, second), "{message:?}");
    app.advance(TimeDelta::hours(2));
    try_out(tenant, &made).await;
    let message = hook.wait_for(3).await[2].clone();
    assert!(
        !is_signed(&message, first) && is_signed(&message, second),
        "{message:?}"
    );
    let shown = tenant.api.get(&path).await;
    assert!(!shown.text.contains("whsec_"), "{}", shown.text);
    assert_eq!(shown.expect(200)["old_secret_works_until"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn receivers_that_mean_ill_harm_nobody() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let [hangs, redirects, floods, takes] = [
        TestReceiver::start().await,
        TestReceiver::start().await,
        TestReceiver::start().await,
        TestReceiver::start().await,
    ];
    hangs.behave(Manner::Hangs);
    redirects.behave(Manner::Redirects);
    floods.behave(Manner::Floods);
    let slow = webhook(tenant, &hangs).await;
    let slow = try_out(tenant, &slow).await;
    hangs.wait_for(1).await;
    let elsewhere = webhook(tenant, &redirects).await;
    let elsewhere = try_out(tenant, &elsewhere).await;
    let redirected = redirects.wait_for(1).await;
    until(async || {
        number_of(
            &app.tenant
                .api
                .get(&format!("/v1/deliveries/{}", id_of(&elsewhere)))
                .await
                .body,
            "attempts",
        ) == 1
    })
    .await;
    let much = webhook(tenant, &floods).await;
    let much = try_out(tenant, &much).await;
    let much = wait_for_state(tenant, &much, "delivered").await;
    assert_eq!(text_of(&much, "answer_body").len(), 1_024, "no more of it is kept");
    let good = webhook(tenant, &takes).await;
    let good = try_out(tenant, &good).await;
    wait_for_state(tenant, &good, "delivered").await;
    assert!(redirected.iter().all(|it| it.path == "/hook"));
    let path = format!("/v1/deliveries/{}", id_of(&elsewhere));
    let shown = tenant.api.get(&path).await.expect(200);
    assert_eq!(
        (&shown["state"], &shown["answer_status"]),
        (&json!("waiting"), &json!(302))
    );
    assert!(
        redirects.received().iter().all(|it| it.path == "/hook"),
        "it was not followed"
    );
    // It is given up while it hangs, not after it.
    let path = format!("/v1/deliveries/{}", id_of(&slow));
    until(async || tenant.api.get(&path).await.expect(200)["failure"] == "timeout").await;
    app.finish().await;
}
