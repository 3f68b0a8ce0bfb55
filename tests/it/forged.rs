//! Claims that somebody else could have made: a false "opened" does not last, and whoever knocks makes Paymint be asked.

use std::time::Instant;

use chrono::TimeDelta;
use registry_tests::callback::{mapping, send_taken};
use registry_tests::sandbox::Mapping;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, until};
use serde_json::{Value, json};

/// How often upstream was asked about one merchant.
const READ_BACK: &str = "auth/mapping-status";

/// A shop that Paymint reviews, as both sides know.
async fn in_review(app: &TestApp) -> (Value, Mapping<'_>) {
    let shop = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&shop).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    mapping.review("P", None).await;
    (shop, mapping)
}

fn opened() -> Value {
    mapping("acad-1", "store-1", "O", None)
}

async fn eligibility(app: &TestApp, shop: &Value) -> Value {
    let path = format!("/v1/merchants/{}/billing-eligibility", id_of(shop));
    app.tenant.api.get(&path).await.expect(200)["may_bill"].clone()
}

/// How the question about a held claim was settled, and why it was asked.
async fn settled(app: &TestApp) -> (Value, Value) {
    let asked = app
        .tenant
        .api
        .event(|event| event["type"] == "confirmation.requested")
        .await;
    let settled = app
        .tenant
        .api
        .event(|event| event["type"] == "confirmation.resolved")
        .await;
    (asked["data"]["doubt"].clone(), settled["data"]["resolution"].clone())
}

#[tokio::test]
async fn a_false_opened_through_the_link_lasts_until_paymint_is_asked_which_is_at_once() {
    let app = TestApp::start().await;
    let (shop, mapping) = in_review(&app).await;
    send_taken(&mapping.callback_url, opened().to_string()).await;
    // The clock is not put forward.
    app.tenant.api.event(|event| event["data"]["healed"] == true).await;
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(
        (&now["stage"], &now["review"]["verification"]),
        (&json!("in_review"), &json!("verified"))
    );
    assert_eq!(eligibility(&app, &shop).await, false);
    drop(mapping);
    app.finish().await;
}

#[tokio::test]
async fn changes_that_never_stop_do_not_put_the_question_off() {
    let app = TestApp::start().await;
    let (_, shop) = in_review(&app).await;
    for number in 0..4 {
        assert_eq!(app.sandbox.calls(READ_BACK).await, 0, "{number}");
        let mut renamed = mapping("acad-1", "store-1", "P", None);
        renamed["merchant"]["branchName"] = json!(format!("{number}호점"));
        send_taken(&shop.callback_url, renamed.to_string()).await;
        // Together more than the first interval, each by itself less.
        app.advance(TimeDelta::seconds(80));
    }
    app.tenant.api.event(|event| event["type"] == "status.observed").await;
    drop(shop);
    app.finish().await;
}

#[tokio::test]
async fn an_opening_from_a_sender_that_is_not_listed_waits_for_paymint() {
    let app = TestApp::start_with(|config| config.sender_networks = vec!["203.0.113.0/24".to_owned()]).await;
    let (shop, mapping) = in_review(&app).await;
    app.sandbox
        .faults(&json!({ "calls": { READ_BACK: { "answer": "ERROR" } } }))
        .await;
    send_taken(&mapping.callback_url, opened().to_string()).await;
    assert_eq!(eligibility(&app, &shop).await, false, "nothing was opened");
    app.sandbox.faults(&json!({})).await;
    let settled = app.as_time_passes(TimeDelta::minutes(6), settled(&app)).await;
    assert_eq!(settled, (json!("opens_unlisted"), json!("refuted")));
    assert_eq!(eligibility(&app, &shop).await, false);
    drop(mapping);
    app.finish().await;
}

#[tokio::test]
async fn an_opening_through_the_url_for_bills_waits_for_paymint() {
    let app = TestApp::start().await;
    let (shop, upstream) = in_review(&app).await;
    upstream.review_unheard("O", None).await;
    let url = app.tenant.callback_url_for_bills(&shop).await;
    send_taken(&url, opened().to_string()).await;
    assert_eq!(settled(&app).await, (json!("opens_by_bills_url"), json!("confirmed")));
    assert_eq!(eligibility(&app, &shop).await, true, "Paymint said so");
    drop(upstream);
    app.finish().await;
}

#[tokio::test]
async fn a_knock_makes_paymint_be_asked_at_once_and_shows_until_it_has_answered() {
    let app = TestApp::start().await;
    let (shop, upstream) = in_review(&app).await;
    upstream.review_unheard("S", Some("통장 사본")).await;
    app.sandbox
        .faults(&json!({ "calls": { READ_BACK: { "answer": "ERROR" } } }))
        .await;
    send_taken(&upstream.callback_url, "\u{feff}{{{").await;
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(
        (&now["warnings"], &now["attention"]),
        (&json!(["callback_not_understood"]), &json!(true))
    );
    until(|| async { app.sandbox.calls(READ_BACK).await > 0 }).await;
    app.sandbox.faults(&json!({})).await;
    let healing = app.tenant.api.event(|event| event["data"]["healed"] == true);
    app.as_time_passes(TimeDelta::minutes(6), healing).await;
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(
        (&now["stage"], &now["warnings"]),
        (&json!("documents_required"), &json!([]))
    );
    drop(upstream);
    app.finish().await;
}

#[tokio::test]
async fn who_floods_one_shop_s_url_does_not_use_up_the_tenants_questions() {
    let app = TestApp::start().await;
    let (shop, upstream) = in_review(&app).await;
    let other = app.tenant.register("acad-2", "store-2").await;
    app.tenant.issue_link(&other).await;
    let of_other = app.sandbox.mapping("acad-2", "store-2").await;
    let begun = Instant::now();
    for number in 0..200 {
        let mut body = if number % 2 == 0 {
            opened()
        } else {
            json!({ "knock": number })
        };
        body["merchant"]["branchName"] = json!(format!("{number}호점"));
        send_taken(&upstream.callback_url, body.to_string()).await;
    }
    // Of two seconds at most one question is about the flooded shop.
    let most = begun.elapsed().as_secs() / 2 + 2;
    let asked = app.sandbox.calls(READ_BACK).await;
    assert!((1..=most).contains(&asked), "{asked} questions, of {most}");
    of_other.review("O", None).await;
    let is_it = |event: &Value| event["merchant_id"] == other["id"] && event["type"] == "status.observed";
    app.tenant.api.event(is_it).await;
    // The last of the flood is answered too, and then there is nothing to ask about.
    until(|| async {
        let now = app.tenant.api.merchant(id_of(&shop)).await;
        now["warnings"] == json!([]) && now["review"]["verification"] == "verified"
    })
    .await;
    drop((upstream, of_other));
    app.finish().await;
}

#[tokio::test]
async fn a_clock_that_was_ahead_is_told_and_does_not_hide_the_present() {
    let app = TestApp::start().await;
    app.advance(TimeDelta::hours(1));
    app.tenant.register("acad-0", "store-0").await;
    app.advance(-TimeDelta::hours(1));
    let (shop, upstream) = in_review(&app).await;
    let moment = chrono::DateTime::parse_from_rfc3339(shop["created_at"].as_str().unwrap()).unwrap();
    // The log's time is an hour ahead; somebody asks for the present by a clock that is right.
    let present = (moment - TimeDelta::hours(1)).to_utc();
    let as_of = present.format("%Y-%m-%dT%H:%M:%S%.6fZ");
    let seen = app
        .tenant
        .api
        .get(&format!("/v1/merchants/{}?as_of={as_of}", id_of(&shop)))
        .await
        .expect(200);
    assert_eq!(seen["stage"], "in_review");
    let counts: Answer = app
        .tenant
        .api
        .get(&format!("/v1/stats/review-status?as_of={as_of}"))
        .await;
    assert_eq!(counts.expect(200)["data"]["by_stage"]["in_review"], 1);
    let ready = app.tenant.api.get("/readyz").await.expect(200);
    assert_eq!(ready["status"], "degraded");
    assert!(
        ready["writer"]["log_ahead_seconds"].as_u64().unwrap() > 3_500,
        "{ready}"
    );
    let metrics = app.tenant.api.get("/metrics").await.text;
    assert!(metrics.contains("registry_log_ahead_seconds 3"), "{metrics}");
    // Questions and holds follow the clock.
    send_taken(&upstream.callback_url, opened().to_string()).await;
    app.tenant.api.event(|event| event["data"]["healed"] == true).await;
    drop(upstream);
    app.finish().await;
}
