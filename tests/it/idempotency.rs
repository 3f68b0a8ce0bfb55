//! The same request many times at once.

use futures::future::join_all;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp};
use serde_json::{Value, json};

const AT_ONCE: usize = 64;

fn shop(merchant_code: &str) -> Value {
    json!({ "member_code": "acad-1", "merchant_code": merchant_code })
}

#[tokio::test]
async fn one_key_registers_one_shop_however_often_it_comes() {
    let app = TestApp::start().await;
    let body = shop("store-1");
    let same = (0..AT_ONCE).map(|_| app.tenant.api.post_once("/v1/merchants", "key-1", &body));
    let answers = join_all(same).await;
    let first = answers[0].clone().expect(201);
    for answer in &answers {
        assert_eq!(answer.clone().expect(201), first);
        assert_eq!(answer.header("etag"), Some("\"1.1\""));
    }
    let replayed = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed") == Some("true"));
    assert_eq!(replayed.count(), AT_ONCE - 1);
    assert_eq!(registrations(&app).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn without_a_key_one_wins_and_the_others_learn_who() {
    let app = TestApp::start().await;
    let body = shop("store-1");
    let answers = join_all((0..AT_ONCE).map(|_| app.tenant.api.post("/v1/merchants", &body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, AT_ONCE - 1));
    let winner = won[0].clone().expect(201);
    for answer in lost {
        assert_eq!(answer.problem(409, "reference_taken")["existing_id"], winner["id"]);
    }
    assert_eq!(registrations(&app).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_key_stands_for_one_request_and_survives_a_restart() {
    let mut app = TestApp::start().await;
    let first = app
        .tenant
        .api
        .post_once("/v1/merchants", "key-1", &shop("store-1"))
        .await
        .expect(201);
    let other = app
        .tenant
        .api
        .post_once("/v1/merchants", "key-1", &shop("store-2"))
        .await;
    other.problem(422, "idempotency_key_reused");
    app.restart().await;
    let again = app
        .tenant
        .api
        .post_once("/v1/merchants", "key-1", &shop("store-1"))
        .await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201), first);
    assert_eq!(registrations(&app).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn the_replayed_answer_is_the_one_of_then() {
    let app = TestApp::start().await;
    let first = app
        .tenant
        .api
        .post_once("/v1/merchants", "key-1", &shop("store-1"))
        .await
        .expect(201);
    app.tenant.issue_link(&first).await;
    let again = app
        .tenant
        .api
        .post_once("/v1/merchants", "key-1", &shop("store-1"))
        .await
        .expect(201);
    assert_eq!(again, first);
    app.finish().await;
}

#[tokio::test]
async fn keys_of_two_tenants_have_nothing_to_do_with_each_other() {
    let mut app = TestApp::start().await;
    let other = app.other_tenant().await;
    let ours = app
        .tenant
        .api
        .post_once("/v1/merchants", "key-1", &shop("store-1"))
        .await
        .expect(201);
    let theirs = other
        .api
        .post_once("/v1/merchants", "key-1", &shop("store-9"))
        .await
        .expect(201);
    assert_ne!(ours["id"], theirs["id"]);
    app.finish().await;
}

#[tokio::test]
async fn one_key_asks_upstream_once() {
    let app = TestApp::start().await;
    // Slow enough for all requests to meet.
    app.sandbox.fail_mapping(&json!({ "slow_ms": 500 })).await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let answers = join_all((0..AT_ONCE).map(|_| app.tenant.ask_for_link(&merchant, "key-1"))).await;
    let (issued, waiting): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert!(!issued.is_empty());
    for answer in waiting {
        assert!(answer.header("retry-after").is_some());
        answer.problem(409, "request_in_flight");
    }
    assert_eq!(app.sandbox.calls("auth/mapping").await, 1);
    let again = app.tenant.ask_for_link(&merchant, "key-1").await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("cache-control"), Some("no-store"));
    let again = again.expect(201);
    for answer in issued {
        assert_eq!(answer.expect(201), again, "the same link with the same URL");
    }
    assert_eq!(app.sandbox.calls("auth/mapping").await, 1);
    let links = app
        .tenant
        .api
        .get(&format!("/v1/merchants/{}/registration-links", id_of(&merchant)))
        .await;
    assert_eq!(links.expect(200)["data"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_link_needs_a_key() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let path = format!("/v1/merchants/{}/registration-links", id_of(&merchant));
    let request = app.tenant.api.request(reqwest::Method::POST, &path);
    Answer::to(request).await.problem(400, "idempotency_key_required");
    assert_eq!(app.sandbox.calls("auth/mapping").await, 0);
    app.finish().await;
}

async fn registrations(app: &TestApp) -> usize {
    let feed = app.tenant.api.feed().await;
    feed.iter()
        .filter(|event| event["type"] == "merchant.registered")
        .count()
}
