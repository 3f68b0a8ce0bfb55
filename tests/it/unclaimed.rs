//! Shops of which upstream spoke although nobody had registered them.

use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{TestApp, TestTenant};
use serde_json::{Value, json};

async fn open(tenant: &TestTenant) -> Vec<Value> {
    let page = tenant.api.get("/v1/unclaimed-merchants").await.expect(200);
    page["data"].as_array().expect("a list").clone()
}

async fn seen(app: &TestApp, merchant_code: &str, codes: &[&str]) -> Value {
    let url = app.tenant_callback_url(app.tenant.id);
    for code in codes {
        send_taken(&url, mapping("acad-5", merchant_code, code, None).to_string()).await;
    }
    let found = open(&app.tenant).await;
    let pair = found.iter().find(|pair| pair["merchant_code"] == merchant_code);
    pair.expect("it was seen").clone()
}

#[tokio::test]
async fn an_adopted_pair_has_the_state_that_its_callbacks_told() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let pair = seen(&app, "store-5", &["W", "P"]).await;
    assert_eq!(
        (
            &pair["member_code"],
            &pair["callbacks"],
            &pair["listed"],
            &pair["state"]
        ),
        (&json!("acad-5"), &json!(2), &json!(false), &json!("open"))
    );
    assert_eq!(
        tenant.api.get("/v1/me").await.expect(200)["health"]["unclaimed_merchants"],
        1
    );

    let path = format!("/v1/unclaimed-merchants/{}/adoption", id_of(&pair));
    let details = json!({ "tags": ["seoul"] });
    let adopted = tenant.api.post_once(&path, "adopt-1", &details).await.expect(200);
    assert_eq!(adopted["merchant"]["stage"], "in_review", "{adopted}");
    assert_eq!(adopted["merchant"]["tags"], json!(["seoul"]));
    assert_eq!(adopted["callbacks"], json!({ "redriven": 2, "more": false }));
    let again = tenant.api.post_once(&path, "adopt-1", &details).await.expect(200);
    assert_eq!(again["merchant"], adopted["merchant"]);

    assert!(open(tenant).await.is_empty());
    let one = tenant
        .api
        .get(&format!("/v1/unclaimed-merchants/{}", id_of(&pair)))
        .await
        .expect(200);
    assert_eq!(
        (&one["state"], &one["merchant_id"]),
        (&json!("adopted"), &adopted["merchant"]["id"])
    );
    let waiting = tenant.api.get("/v1/quarantine").await.expect(200);
    assert_eq!(waiting["data"], json!([]));
    let timeline = tenant.api.timeline(id_of(&adopted["merchant"])).await;
    let driven = timeline.iter().filter(|event| event["data"]["redrive_of"].is_string());
    assert_eq!(driven.count(), 2, "what was driven again names what it was");

    let url = app.tenant_callback_url(tenant.id);
    send_taken(&url, mapping("acad-5", "store-5", "R", None).to_string()).await;
    let merchant = tenant.api.merchant(id_of(&adopted["merchant"])).await;
    assert_eq!(
        merchant["stage"], "rejected",
        "from now on it is a merchant like any other"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_pair_that_is_registered_otherwise_is_adopted_by_that() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let pair = seen(&app, "store-5", &["P"]).await;
    let merchant = tenant.register("acad-5", "store-5").await;
    assert!(open(tenant).await.is_empty());
    let path = format!("/v1/unclaimed-merchants/{}/adoption", id_of(&pair));
    let adopted = tenant.api.post(&path, &json!({})).await.expect(200);
    assert_eq!(adopted["merchant"]["id"], merchant["id"]);
    assert_eq!(adopted["merchant"]["stage"], "in_review");
    let path = format!("/v1/unclaimed-merchants/{}/dismissal", id_of(&pair));
    let answer = tenant.api.post(&path, &json!({ "reason": "시험" })).await;
    answer.problem(409, "unclaimed_merchant_adopted");
    app.finish().await;
}

#[tokio::test]
async fn a_dismissed_pair_leaves_no_trace_in_the_lists() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let pair = seen(&app, "store-5", &["P", "S"]).await;
    let path = format!("/v1/unclaimed-merchants/{}/dismissal", id_of(&pair));
    tenant
        .api
        .post(&path, &json!({}))
        .await
        .problem(422, "validation_failed");
    let reason = json!({ "reason": "시험 매장" });
    let dismissed = tenant.api.post(&path, &reason).await.expect(200);
    assert_eq!(dismissed["state"], "dismissed");
    assert_eq!(tenant.api.post(&path, &reason).await.expect(200), dismissed);
    let url = app.tenant_callback_url(tenant.id);
    send_taken(&url, mapping("acad-5", "store-5", "O", None).to_string()).await;
    assert!(open(tenant).await.is_empty());
    let waiting = tenant.api.get("/v1/quarantine").await.expect(200);
    assert_eq!(waiting["data"], json!([]));
    let adoption = format!("/v1/unclaimed-merchants/{}/adoption", id_of(&pair));
    let answer = tenant.api.post(&adoption, &json!({})).await;
    answer.problem(409, "unclaimed_merchant_dismissed");
    tenant.register("acad-5", "store-5").await;
    app.finish().await;
}

#[tokio::test]
async fn pairs_come_in_pages() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    for code in ["store-1", "store-2", "store-3"] {
        seen(&app, code, &["P"]).await;
    }
    let (mut codes, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = tenant
            .api
            .get(&format!("/v1/unclaimed-merchants?{query}"))
            .await
            .expect(200);
        let data = page["data"].as_array().expect("a list");
        codes.extend(data.iter().map(|pair| pair["merchant_code"].clone()));
        let Some(next) = page["page"]["next"].as_str() else {
            break;
        };
        query = format!("limit=2&cursor={next}");
    }
    assert_eq!(codes, ["store-1", "store-2", "store-3"], "the first seen first");
    app.finish().await;
}
