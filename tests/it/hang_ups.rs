//! Clients that hang up and a service that stops while Paymint is being asked: what Paymint answered is in the log all the
//! same, for nobody else will ever say it.

use std::time::Duration;

use futures::future::join_all;
use registry_tests::TestApp;
use registry_tests::api::{Api, text_of};
use registry_tests::tenant::id_of;
use reqwest::Method;
use serde_json::{Value, json};

const ASKED: [&str; 3] = ["merchant.registered", "link.requested", "link.issued"];

async fn types(api: &Api, merchant: &Value) -> Vec<String> {
    let timeline = api.timeline(id_of(merchant)).await;
    timeline.iter().map(|event| text_of(event, "type").to_owned()).collect()
}

/// Asks for a link and hangs up after a while.
async fn ask_for(api: &Api, merchant: &Value, patience: Duration) {
    let path = format!("/v1/merchants/{}/registration-links", id_of(merchant));
    let request = api
        .request(Method::POST, &path)
        .header("Idempotency-Key", id_of(merchant));
    let answer = request.json(&json!({})).timeout(patience).send().await;
    assert!(answer.is_err(), "the client does not wait for its answer");
}

#[tokio::test]
async fn a_link_is_asked_for_and_written_down_whenever_its_client_hangs_up() {
    let mut app = TestApp::start().await;
    app.sandbox.fail_mapping(&json!({ "slow_ms": 500 })).await;
    let mut merchants = Vec::new();
    for number in 0..40 {
        merchants.push(app.tenant.register("acad-1", &format!("store-{number}")).await);
    }
    // From half a millisecond to a quarter of a second: some hang up before anything is written, some after.
    let patience = |number: usize| Duration::from_micros(500 << (number / 4));
    let asking = merchants.iter().enumerate();
    join_all(asking.map(|(number, merchant)| ask_for(&app.tenant.api, merchant, patience(number)))).await;
    // Whoever stops waits for what is under way.
    app.restart().await;
    let mut asked = 0;
    for merchant in &merchants {
        let types = types(&app.tenant.api, merchant).await;
        assert!(types == ASKED || types == ASKED[..1], "{types:?}");
        asked += u32::from(types == ASKED);
    }
    assert!(asked > 0, "some requests came through before their clients were gone");
    app.finish().await;
}

#[tokio::test]
async fn a_service_that_stops_waits_for_what_paymint_says() {
    let mut app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.sandbox.fail_mapping(&json!({ "slow_ms": 2_000 })).await;
    ask_for(&app.tenant.api, &merchant, Duration::from_secs(1)).await;
    assert_eq!(app.sandbox.calls("auth/mapping").await, 1);
    app.restart().await;
    assert_eq!(types(&app.tenant.api, &merchant).await, ASKED);
    app.finish().await;
}
