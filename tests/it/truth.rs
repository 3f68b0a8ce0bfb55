//! Callbacks are claims: what is doubtful is held, upstream is asked, and what is believed can be explained.

use chrono::TimeDelta;
use registry_tests::api::text_of;
use registry_tests::sandbox::Mapping;
use registry_tests::tenant::id_of;
use registry_tests::{TestApp, TestTenant};
use serde_json::{Value, json};

const WHAT_IS_MISSING: &str = "사업자등록증 사본을 보내 주세요.";

/// How often upstream was asked about one merchant.
const READ_BACK: &str = "auth/mapping-status";

/// A shop that upstream has opened.
async fn opened(app: &TestApp, number: u32) -> (Value, Mapping<'_>) {
    let (member, merchant) = (format!("acad-{number}"), format!("store-{number}"));
    let shop = app.tenant.register(&member, &merchant).await;
    app.tenant.issue_link(&shop).await;
    let mapping = app.sandbox.mapping(&member, &merchant).await;
    mapping.submit("가나다 학원").await;
    mapping.review("O", None).await;
    let shop = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(shop["stage"], "opened");
    (shop, mapping)
}

/// Waits until upstream, which is asked at once about an opening, has proven it.
async fn proven(tenant: &TestTenant, shop: &Value) {
    let is_it = |event: &Value| event["merchant_id"] == shop["id"] && is_proof(event);
    tenant.api.event(is_it).await;
}

/// Whether an event says of a review that upstream has confirmed it.
fn is_proof(event: &Value) -> bool {
    event["data"]["verification"] == "verified"
}

/// Waits until a question about a shop is settled, and tells how.
async fn resolution(tenant: &TestTenant, shop: &Value) -> Value {
    let is_it = |event: &Value| event["type"] == "confirmation.resolved" && event["merchant_id"] == shop["id"];
    tenant.api.event(is_it).await["data"]["resolution"].clone()
}

/// The verdicts on a shop's callbacks, in the order in which they came.
fn verdicts(timeline: &[Value]) -> Vec<&str> {
    let received = timeline.iter().filter(|event| event["type"] == "callback.received");
    received.map(|event| text_of(&event["data"], "verdict")).collect()
}

/// The statuses that a shop's review moved to.
fn moves(timeline: &[Value]) -> Vec<&str> {
    let changed = timeline.iter().filter(|event| event["type"] == "review.changed");
    changed.map(|event| text_of(&event["data"], "to")).collect()
}

#[tokio::test]
async fn an_opened_shop_is_not_closed_by_a_callback_that_comes_late() {
    let app = TestApp::start().await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&shop).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    mapping.submit("가나다 학원").await;
    mapping.review("S", Some(WHAT_IS_MISSING)).await;
    mapping.review_amid("P", None, &json!({ "overtaken_by": 1 })).await;
    mapping.review("O", None).await;

    assert_eq!(resolution(&app.tenant, &shop).await, "refuted");
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!((&now["stage"], &now["review"]["code"]), (&json!("opened"), &json!("O")));
    assert_eq!(now["review"]["verification"], "verified");
    assert_eq!(now["review"]["source"], "read_back");
    assert_eq!(now["confirmation"], Value::Null);
    let timeline = app.tenant.api.timeline(id_of(&shop)).await;
    // One question settles the opening and the claim, unless the opening was proven before the claim came.
    let nth = |wanted: &dyn Fn(&Value) -> bool| timeline.iter().position(wanted).expect("it happened");
    let was_proven_before = nth(&is_proof) < nth(&|event| event["data"]["verdict"] == "held");
    assert_eq!(
        app.sandbox.calls(READ_BACK).await,
        1 + u64::from(was_proven_before),
        "and no more"
    );
    assert_eq!(
        verdicts(&timeline),
        ["applied", "applied", "applied", "applied", "held"]
    );
    assert_eq!(moves(&timeline).last(), Some(&"opened"));
    app.finish().await;
}

#[tokio::test]
async fn a_true_withdrawal_is_believed_once_upstream_says_so() {
    let app = TestApp::start().await;
    let (shop, mapping) = opened(&app, 1).await;
    proven(&app.tenant, &shop).await;
    mapping.review("P", None).await;

    assert_eq!(resolution(&app.tenant, &shop).await, "confirmed");
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(
        (&now["stage"], &now["review"]["code"]),
        (&json!("in_review"), &json!("P"))
    );
    assert_eq!(now["review"]["verification"], "verified");

    mapping.set_deleted(true).await;
    let is_it = |event: &Value| event["type"] == "upstream.unlinked";
    app.tenant.api.event(is_it).await;
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!((&now["unlinked"], &now["stage"]), (&json!(true), &json!("unlinked")));
    assert_eq!(
        app.sandbox.calls(READ_BACK).await,
        3,
        "the opening, the withdrawal, the deletion"
    );
    app.finish().await;
}

#[tokio::test]
async fn documents_that_are_asked_for_twice_in_the_same_words_are_two_requests() {
    let app = TestApp::start().await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&shop).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    mapping.submit("가나다 학원").await;
    mapping.review("S", Some(WHAT_IS_MISSING)).await;
    mapping.review("R", Some("휴업 중인 사업자입니다.")).await;
    mapping.review("S", Some(WHAT_IS_MISSING)).await;

    // The same bytes as two callbacks before: perhaps a late delivery, so upstream is asked.
    assert_eq!(resolution(&app.tenant, &shop).await, "confirmed");
    let timeline = app.tenant.api.timeline(id_of(&shop)).await;
    let wanted = [
        "drafting",
        "in_review",
        "documents_required",
        "rejected",
        "documents_required",
    ];
    assert_eq!(moves(&timeline), wanted);
    app.finish().await;
}

#[tokio::test]
async fn a_callback_that_comes_twice_is_one_change_and_two_receipts() {
    let app = TestApp::start().await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&shop).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    mapping.review_amid("P", None, &json!({ "duplicated": true })).await;
    mapping.delivered().await;

    let timeline = app.tenant.api.timeline(id_of(&shop)).await;
    assert_eq!(verdicts(&timeline), ["applied", "duplicate"]);
    assert_eq!(moves(&timeline), ["in_review"]);
    app.finish().await;
}

#[tokio::test]
async fn a_letter_that_nobody_knows_is_shown_as_it_is() {
    let app = TestApp::start().await;
    let (shop, mapping) = opened(&app, 1).await;
    // Leaving "opened" is doubtful, whatever it leaves to.
    mapping.review("X", None).await;
    assert_eq!(resolution(&app.tenant, &shop).await, "confirmed");
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(
        (&now["review"]["status"], &now["review"]["code"]),
        (&json!("unknown"), &json!("X"))
    );
    let warnings = now["warnings"].as_array().expect("a list");
    assert!(warnings.contains(&json!("review_code_unknown")), "{warnings:?}");
    app.finish().await;
}

#[tokio::test]
async fn what_upstream_cannot_be_asked_about_is_applied_in_the_end_and_called_unverified() {
    let app = TestApp::start().await;
    app.tenant
        .set(&json!({ "hold_seconds": 60, "read_back": { "enabled": false } }))
        .await;
    let (shop, mapping) = opened(&app, 1).await;
    mapping.review("P", None).await;
    let held = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(
        (&held["review"]["code"], &held["review"]["verification"]),
        (&json!("O"), &json!("held"))
    );

    let resolution = resolution(&app.tenant, &shop);
    let resolution = app.as_time_passes(TimeDelta::seconds(61), resolution).await;
    assert_eq!(resolution, "unanswered");
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(
        (&now["stage"], &now["review"]["code"]),
        (&json!("in_review"), &json!("P"))
    );
    assert_eq!(now["review"]["verification"], "unverified");
    assert_eq!(app.sandbox.calls(READ_BACK).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_held_claim_outlives_a_restart_and_an_upstream_that_fails() {
    let mut app = TestApp::start().await;
    let (shop, mapping) = opened(&app, 1).await;
    let fault = json!({ "calls": { READ_BACK: { "answer": "ERROR" } } });
    app.sandbox.faults(&fault).await;
    mapping.review("P", None).await;
    let id = id_of(&shop).to_owned();
    drop(mapping);
    app.restart().await;
    app.sandbox.faults(&json!({})).await;
    // The next try is at most five minutes away.
    let resolution = resolution(&app.tenant, &shop);
    let resolution = app.as_time_passes(TimeDelta::minutes(6), resolution).await;
    assert_eq!(resolution, "confirmed");
    assert_eq!(app.tenant.api.merchant(&id).await["review"]["code"], "P");
    app.finish().await;
}
