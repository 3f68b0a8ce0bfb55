//! May this shop bill? What the answer rests on, what upstream says when it is asked now, and the points.

use chrono::TimeDelta;
use registry_tests::TestApp;
use registry_tests::tenant::id_of;
use serde_json::{Value, json};

/// A shop whose review went as far as these letters.
async fn shop(app: &TestApp, merchant_code: &str, letters: &[&str]) -> Value {
    let merchant = app.tenant.register("acad-1", merchant_code).await;
    app.tenant.issue_link(&merchant).await;
    let mapping = app.sandbox.mapping("acad-1", merchant_code).await;
    mapping.submit("가나다 학원").await;
    for letter in letters {
        mapping.review(letter, None).await;
    }
    merchant
}

async fn may_bill(app: &TestApp, merchant: &Value) -> Value {
    let path = format!("/v1/merchants/{}/billing-eligibility", id_of(merchant));
    app.tenant.api.get(&path).await.expect(200)
}

#[tokio::test]
async fn the_answer_names_its_reason_and_what_it_rests_on() {
    let app = TestApp::start().await;
    let merchant = shop(&app, "store-1", &[]).await;
    let answer = may_bill(&app, &merchant).await;
    assert_eq!(
        (&answer["may_bill"], &answer["reason"]),
        (&json!(false), &json!("not_opened"))
    );

    app.sandbox.mapping("acad-1", "store-1").await.review("O", None).await;
    let answer = may_bill(&app, &merchant).await;
    assert_eq!(
        (&answer["may_bill"], &answer["reason"]),
        (&json!(true), &json!("opened"))
    );
    let evidence = &answer["evidence"];
    assert_eq!(
        (&evidence["status"], &evidence["source"]),
        (&json!("opened"), &json!("callback"))
    );
    assert_eq!(
        (&evidence["can_verify"], &evidence["linked"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(evidence["partner_wallet"], Value::Null);

    app.tenant.reconcile(&merchant).await.expect(200);
    let evidence = may_bill(&app, &merchant).await["evidence"].clone();
    assert_eq!(evidence["verification"], "verified");
    assert!(evidence["last_asked_at"].is_string());
    let document = app.tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(
        document["billing"],
        json!({ "may_bill": true, "reason": "opened", "verification": "verified" })
    );
    app.tenant.archive(&document).await;
    assert_eq!(may_bill(&app, &merchant).await["reason"], "archived");
    app.finish().await;
}

#[tokio::test]
async fn asking_now_finds_what_no_callback_told() {
    let app = TestApp::start().await;
    let merchant = shop(&app, "store-1", &[]).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    let verified = app.tenant.reconcile(&merchant).await.expect(200);
    assert_eq!(
        (&verified["outcome"], &verified["healed"]),
        (&json!("verified"), &json!(false)),
        "{verified}"
    );
    let before = app.tenant.api.feed().await;
    let same = app.tenant.reconcile(&merchant).await.expect(200);
    assert_eq!((&same["outcome"], &same["events"]), (&json!("unchanged"), &json!([])));
    assert_eq!(app.tenant.api.feed().await, before, "the log does not grow by asking");

    mapping.review_unheard("O", None).await;
    let found = app.tenant.reconcile(&merchant).await.expect(200);
    assert_eq!(
        (&found["outcome"], &found["healed"]),
        (&json!("changed"), &json!(true)),
        "{found}"
    );
    assert_eq!(
        (&found["answer"]["code"], &found["answer"]["found"]),
        (&json!("O"), &json!(true))
    );
    assert_eq!(found["merchant"]["stage"], "opened");
    assert_eq!(found["merchant"], app.tenant.api.merchant(id_of(&merchant)).await);
    let types: Vec<_> = found["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["type"].clone())
        .collect();
    assert_eq!(types, ["status.observed", "review.changed"]);
    let health = app.tenant.api.get("/v1/me").await.expect(200)["health"].clone();
    assert_eq!(health["changes_by_asking"], 1);
    app.finish().await;
}

#[tokio::test]
async fn what_upstream_does_not_answer_is_told_with_who_can_help() {
    let app = TestApp::start().await;
    let merchant = shop(&app, "store-1", &[]).await;
    let fault = async |answer: &str| {
        let calls = json!({ "auth/mapping-status": { "answer": answer } });
        app.sandbox.faults(&json!({ "calls": calls })).await;
    };
    fault("BILL_006").await;
    let problem = app.tenant.reconcile(&merchant).await.problem(502, "upstream_refused");
    assert_eq!(problem["upstream"]["code"], "BILL_006");
    fault("html").await;
    let problem = app.tenant.reconcile(&merchant).await;
    let expected = json!({
        "code": null, "retryable": true, "who_fixes": "paymint", "http_status": 200, "content_type": "text/html",
    });
    assert_eq!(problem.problem(502, "upstream_answer_unreadable")["upstream"], expected);
    fault("404").await;
    let problem = app.tenant.reconcile(&merchant).await;
    let expected = json!({
        "code": null, "retryable": false, "who_fixes": "us", "http_status": 404, "content_type": "text/html",
    });
    assert_eq!(problem.problem(502, "upstream_answer_unreadable")["upstream"], expected);
    fault("PARTNER_004").await;
    let missing = app.tenant.reconcile(&merchant).await.expect(200);
    assert_eq!(
        (&missing["outcome"], &missing["answer"]["found"]),
        (&json!("missing"), &json!(false))
    );
    assert_eq!(may_bill(&app, &merchant).await["reason"], "missing_upstream");
    app.sandbox.faults(&json!({})).await;
    let found = app.tenant.reconcile(&merchant).await.expect(200);
    assert_eq!(found["answer"]["found"], true);
    assert_eq!(may_bill(&app, &merchant).await["reason"], "not_opened");
    app.finish().await;
}

#[tokio::test]
async fn a_low_balance_is_told_once_and_an_empty_one_stops_bills() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let merchant = shop(&app, "store-1", &["O"]).await;
    app.sandbox.partner(0, 120_000, None).await;
    let balance = api.get("/v1/balance").await.expect(200);
    assert_eq!((&balance["points"], &balance["low"]), (&json!(120_000), &Value::Null));
    app.tenant.set(&json!({ "low_balance_threshold": 5_500 })).await;
    app.sandbox.partner(0, 0, None).await;
    for _ in 0..2 {
        let balance = api.get("/v1/balance").await.expect(200);
        assert_eq!((&balance["points"], &balance["low"]), (&json!(0), &json!(true)));
    }
    let feed = api.feed().await;
    let low: Vec<_> = feed.iter().filter(|event| event["type"] == "balance.low").collect();
    assert_eq!(low.len(), 1);
    assert_eq!(low[0]["data"], json!({ "threshold": 5_500, "seen": 0 }));
    assert_eq!(api.get("/v1/me").await.expect(200)["health"]["balance_low"]["seen"], 0);

    let answer = may_bill(&app, &merchant).await;
    assert_eq!(answer["may_bill"], true, "the shop's own wallet may pay: {answer}");
    assert_eq!(answer["evidence"]["partner_wallet"]["points"], 0);
    app.sandbox.mapping("acad-1", "store-1").await.set_points(0).await;
    let path = format!("/v1/merchants/{}/balance", id_of(&merchant));
    let balance = api.get(&path).await.expect(200);
    assert_eq!(
        (&balance["points"], &balance["merchant_id"]),
        (&json!(0), &merchant["id"])
    );
    let answer = may_bill(&app, &merchant).await;
    assert_eq!(
        (&answer["may_bill"], &answer["reason"]),
        (&json!(false), &json!("balance_empty"))
    );
    app.finish().await;
}

#[tokio::test]
async fn what_was_read_of_the_wallets_outlives_a_restart_and_ages() {
    let mut app = TestApp::start().await;
    let merchant = shop(&app, "store-1", &["O"]).await;
    app.sandbox.partner(0, 0, None).await;
    app.sandbox.mapping("acad-1", "store-1").await.set_points(0).await;
    app.tenant.api.get("/v1/balance").await.expect(200);
    let path = format!("/v1/merchants/{}/balance", id_of(&merchant));
    app.tenant.api.get(&path).await.expect(200);
    let wallets = |answer: &Value| {
        let evidence = &answer["evidence"];
        (evidence["partner_wallet"].clone(), evidence["merchant_wallet"].clone())
    };
    let before = may_bill(&app, &merchant).await;
    assert_eq!(before["reason"], "balance_empty");
    app.restart().await;
    let after = may_bill(&app, &merchant).await;
    assert_eq!(after["reason"], "balance_empty");
    assert_eq!(wallets(&after), wallets(&before));
    app.advance(TimeDelta::minutes(11));
    let later = may_bill(&app, &merchant).await;
    assert_eq!(
        (&later["reason"], wallets(&later)),
        (&json!("opened"), (Value::Null, Value::Null))
    );
    app.finish().await;
}

#[tokio::test]
async fn the_timeline_tells_what_came_in_what_was_made_of_it_and_what_upstream_said() {
    let app = TestApp::start().await;
    let merchant = shop(&app, "store-1", &["O"]).await;
    app.tenant.reconcile(&merchant).await.expect(200);
    let path = format!("/v1/merchants/{}/events?limit=200", id_of(&merchant));
    let page = app.tenant.api.get(&path).await.expect(200);
    assert_eq!(page["published_seq"], Value::Null, "it runs without NATS");
    let timeline = page["data"].as_array().expect("a list");
    let versions: Vec<_> = timeline.iter().map(|event| event["version"].as_u64()).collect();
    assert!(
        versions.iter().copied().eq((1..).map(Some).take(versions.len())),
        "{versions:?}"
    );
    let opened = timeline
        .iter()
        .find(|event| event["data"]["to"] == "opened")
        .expect("it opened");
    let cause = timeline
        .iter()
        .find(|event| event["id"] == opened["causation_id"])
        .expect("its cause");
    assert_eq!(
        (&cause["type"], &cause["data"]["verdict"]),
        (&json!("callback.received"), &json!("applied"))
    );
    let last = timeline.last().expect("there are events");
    assert_eq!(
        (&last["type"], &last["data"]["verification"]),
        (&json!("status.observed"), &json!("verified"))
    );
    let path = format!("/v1/merchants/{}/callbacks?limit=1", id_of(&merchant));
    let first = app.tenant.api.get(&path).await.expect(200);
    assert_eq!(first["data"][0]["data"]["code"], "W");
    let next = first["page"]["next_after_version"].as_u64().expect("a version");
    let rest = app
        .tenant
        .api
        .get(&format!("{path}0&after_version={next}"))
        .await
        .expect(200);
    let codes: Vec<_> = rest["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| event["data"]["code"].clone())
        .collect();
    assert_eq!(codes, ["P", "O"]);
    app.finish().await;
}
