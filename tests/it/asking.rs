//! Asking upstream in rounds: what callbacks did not tell is found out, and upstream is not asked more than it should be.

use std::time::Instant;

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use registry_tests::settings::settings;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, until};
use serde_json::{Value, json};

/// The call that asks about one merchant.
const READ_BACK: &str = "auth/mapping-status";

/// Longer than the first interval with everything that chance may add.
const FIRST_ROUND: TimeDelta = TimeDelta::minutes(6);

/// Calls a second in the test of the cap: at least so many, or what takes this time.
const CAP_MIN: u32 = 20;
const SECONDS: usize = 20;

#[tokio::test]
async fn a_change_that_no_callback_brought_is_found_and_counted() {
    let app = TestApp::start().await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&shop).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    mapping.submit("가나다 학원").await;
    mapping.review_unheard("O", None).await;

    let healing = app.tenant.api.event(|event| event["data"]["healed"] == true);
    let healed = app.as_time_passes(FIRST_ROUND, healing).await;
    assert_eq!(
        (&healed["type"], &healed["source"]),
        (&json!("status.observed"), &json!("reconciliation"))
    );
    let now = app.tenant.api.merchant(id_of(&shop)).await;
    assert_eq!(
        (&now["stage"], &now["review"]["source"]),
        (&json!("opened"), &json!("reconciliation"))
    );
    assert_eq!(now["review"]["verification"], "verified");
    // It is counted once it is written, so the event is seen a little earlier.
    let line = "registry_upstream_healed_total{source=\"reconciliation\"} 1";
    until(|| async { app.tenant.api.get("/metrics").await.text.contains(line) }).await;
    app.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_known_already_leaves_no_trace() {
    let app = TestApp::start().await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&shop).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    mapping.submit("가나다 학원").await;
    let verified = app
        .tenant
        .api
        .event(|event| event["data"]["verification"] == "verified");
    app.as_time_passes(FIRST_ROUND, verified).await;
    let version = app.tenant.api.merchant(id_of(&shop)).await["version"].clone();
    for _ in 0..2 {
        let asked = app.sandbox.calls(READ_BACK).await;
        let again = until(|| async { app.sandbox.calls(READ_BACK).await > asked });
        app.as_time_passes(TimeDelta::days(2), again).await;
    }
    assert_eq!(app.tenant.api.merchant(id_of(&shop)).await["version"], version);
    app.finish().await;
}

#[tokio::test]
async fn a_partner_that_is_refused_as_a_whole_is_told_once_and_left_alone() {
    let app = TestApp::start().await;
    let shops = shops(&app, 5).await;
    app.sandbox.partner(0, 1_000, Some("PARTNER_006")).await;
    let pausing = app.tenant.api.event(|event| event["type"] == "upstream.paused");
    let paused = app.as_time_passes(FIRST_ROUND, pausing).await;
    assert_eq!(paused["data"]["code"], "PARTNER_006", "{paused}");
    until(|| async { readiness(&app).await["paused_tenants"] == 1 }).await;

    app.sandbox.partner(0, 1_000, None).await;
    // It is tried again every five minutes.
    let resumed = app.tenant.api.event(|event| event["type"] == "upstream.resumed");
    app.as_time_passes(FIRST_ROUND, resumed).await;
    app.as_time_passes(FIRST_ROUND, all_observed(&app, &shops)).await;
    let feed = app.tenant.api.feed().await;
    let alerts = feed.iter().filter(|event| event["type"] == "upstream.paused");
    assert_eq!(alerts.count(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_partner_that_is_refused_when_it_asks_for_links_is_told_once_too() {
    let app = TestApp::start().await;
    app.sandbox.partner(0, 1_000, Some("PARTNER_006")).await;
    for code in ["store-1", "store-2"] {
        let shop = app.tenant.register("acad-1", code).await;
        let refused = app.tenant.ask_for_link(&shop, code).await;
        assert_eq!(refused.body["upstream"]["code"], "PARTNER_006", "{}", refused.body);
    }
    app.sandbox.partner(0, 1_000, None).await;
    let shop = app.tenant.register("acad-1", "store-3").await;
    app.tenant.issue_link(&shop).await;
    let told: Vec<_> = app
        .tenant
        .api
        .feed()
        .await
        .into_iter()
        .map(|event| event["type"].clone())
        .collect();
    let count = |wanted: &str| told.iter().filter(|told| *told == wanted).count();
    assert_eq!(
        (count("upstream.paused"), count("upstream.resumed")),
        (1, 1),
        "{told:?}"
    );
    app.finish().await;
}

#[tokio::test]
async fn an_upstream_that_is_down_is_left_alone_and_readiness_tells() {
    let app = TestApp::start().await;
    assert_eq!(readiness(&app).await["breaker"], "closed");
    let shops = shops(&app, 6).await;
    app.sandbox
        .faults(&json!({ "calls": { READ_BACK: { "answer": "503" } } }))
        .await;
    let opening = until(|| async { readiness(&app).await["breaker"] == "open" });
    app.as_time_passes(FIRST_ROUND, opening).await;
    let ready = app.tenant.api.get("/readyz").await;
    assert_eq!((ready.status, &ready.body["status"]), (200, &json!("degraded")));
    let metrics = app.tenant.api.get("/metrics").await.text;
    assert!(metrics.contains("registry_upstream_breakers_open 1"), "{metrics}");
    // Callbacks are taken all the same.
    app.sandbox
        .mapping("acad-0", "store-0")
        .await
        .review("S", Some("서류"))
        .await;

    app.sandbox.faults(&json!({})).await;
    app.as_time_passes(TimeDelta::minutes(11), all_observed(&app, &shops))
        .await;
    assert_eq!(readiness(&app).await["breaker"], "closed");
    app.finish().await;
}

#[tokio::test]
async fn who_asks_now_is_told_when_to_ask_again() {
    let app = TestApp::start_with(|config| config.reconcile_calls_per_second = 1).await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&shop).await;
    let path = format!("/v1/merchants/{}/reconciliations", id_of(&shop));
    let ask = async || app.tenant.api.post(&path, &json!({})).await;
    let seconds = |answer: &Answer| answer.header("retry-after").and_then(|text| text.parse::<u32>().ok());

    app.advance(TimeDelta::seconds(1));
    assert_eq!(ask().await.status, 200);
    let capped = ask().await;
    assert_eq!(seconds(&capped), Some(1), "a whole second at least");
    capped.problem(429, "upstream_rate_capped");

    let fault = json!({ "calls": { READ_BACK: { "answer": "503" } } });
    app.sandbox.faults(&fault).await;
    let mut failures = 0;
    let open = loop {
        app.advance(TimeDelta::seconds(1));
        let answer = ask().await;
        if answer.body["code"] == "upstream_unavailable" {
            break answer;
        }
        answer.problem(502, "upstream_answer_unreadable");
        failures += 1;
    };
    assert_eq!(failures, 5, "so many in a row, and then it is left alone");
    assert!(
        seconds(&open).is_some_and(|seconds| (1..=6).contains(&seconds)),
        "{:?}",
        seconds(&open)
    );
    open.problem(503, "upstream_unavailable");
    app.finish().await;
}

#[tokio::test]
async fn many_questions_keep_to_the_cap_and_survive_a_restart_in_the_middle() {
    let count = settings().pending_merchants;
    let cap = u32::try_from(count / SECONDS).map_or(CAP_MIN, |cap| cap.max(CAP_MIN));
    let mut app = TestApp::start_with(|config| config.reconcile_calls_per_second = cap).await;
    shops(&app, count).await;
    let before = app.sandbox.calls(READ_BACK).await;
    app.advance(FIRST_ROUND);
    let began = Instant::now();
    let asked = async |app: &TestApp| app.sandbox.calls(READ_BACK).await - before;
    until(|| async { asked(&app).await >= count as u64 / 3 }).await;
    app.restart().await;
    until(|| async { asked(&app).await >= count as u64 }).await;
    let seconds = began.elapsed().as_secs_f64();

    let calls = asked(&app).await;
    // A burst of one second's worth at the beginning, and one after the restart.
    #[expect(clippy::cast_precision_loss, reason = "so many calls are counted exactly")]
    let rate = (calls as f64 - 2.0 * f64::from(cap)) / seconds;
    assert!(rate <= f64::from(cap), "{rate} calls a second");
    // What was under way when it stopped may be asked again.
    assert!(calls <= count as u64 + 10, "{calls} questions about {count} merchants");
    // What the last of them were told is written down before the log is looked at.
    let is_told = |event: &Value| event["type"] == "status.observed";
    until(|| async { app.tenant.api.feed().await.into_iter().filter(is_told).count() >= count }).await;
    app.finish().await;
}

/// Shops that wait for their review.
async fn shops(app: &TestApp, count: usize) -> Vec<Value> {
    let register = |number: usize| async move {
        let (member, merchant) = (format!("acad-{number}"), format!("store-{number}"));
        let shop = app.tenant.register(&member, &merchant).await;
        app.tenant.issue_link(&shop).await;
        app.sandbox.mapping(&member, &merchant).await.review("P", None).await;
        shop
    };
    stream::iter(0..count)
        .map(register)
        .buffer_unordered(16)
        .collect()
        .await
}

/// Waits until upstream's word about each shop is written down.
async fn all_observed(app: &TestApp, shops: &[Value]) {
    for shop in shops {
        let is_it = |event: &Value| event["merchant_id"] == shop["id"] && event["type"] == "status.observed";
        app.tenant.api.event(is_it).await;
    }
}

/// What readiness tells of asking.
async fn readiness(app: &TestApp) -> Value {
    app.tenant.api.get("/readyz").await.expect(200)["asking"].clone()
}
