//! Payment approvals: recognised by their shape wherever they come in, recorded once, without what may not be kept.

use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{TestApp, TestNats, TestTenant, logs};
use serde_json::{Value, json};

/// How often upstream repeats an approval: hourly, for a day.
const REPEATS: usize = 24;

const CARD: &str = "4321987612345678";

fn approval(bill: &str, number: &str, state: &str) -> Value {
    json!({
        "billId": bill, "apprState": state, "apprPrice": "45000", "apprNum": number, "apprDt": "20260701093000",
        "apprPayType": "CARD_VAN", "apprIssuer": "현대카드", "apprIssuerNum": CARD, "apprSign": "iVBORw0KGgo=",
        "udItem": { "customer": "김철수" },
    })
}

async fn approvals(tenant: &TestTenant, merchant: &Value) -> Vec<Value> {
    let path = format!("/v1/merchants/{}/approvals", id_of(merchant));
    let page = tenant.api.get(&path).await.expect(200);
    page["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn an_approval_is_recorded_once_however_often_it_is_repeated() {
    logs::secret(CARD);
    let nats = TestNats::shared();
    let app = TestApp::start_with_nats(&nats).await;
    let tenant = &app.tenant;
    let merchant = tenant.register("acad-1", "store-1").await;
    let url = tenant.callback_url_for_bills(&merchant).await;
    assert!(url.len() <= 255);
    assert_eq!(
        tenant.callback_url_for_bills(&merchant).await,
        url,
        "asking again gives the same"
    );
    let mut body = approval("bill-1", "30012345", "F");
    body["apiKey"] = json!(app.sandbox.partner_key(0));
    for _ in 0..=REPEATS {
        send_taken(&url, body.to_string()).await;
    }
    let found = approvals(tenant, &merchant).await;
    assert_eq!(found.len(), 1);
    let data = &found[0]["data"];
    assert_eq!(found[0]["type"], "payment.approved");
    assert_eq!(
        (&data["bill_id"], &data["state"], &data["api_key"]),
        (&json!("bill-1"), &json!("F"), &json!("matches"))
    );
    assert_eq!(data["issuer_number_masked"], "432198******5678");

    let callbacks = format!("/v1/merchants/{}/callbacks?limit=200", id_of(&merchant));
    let callbacks = tenant.api.get(&callbacks).await.expect(200);
    let callbacks = callbacks["data"].as_array().expect("a list");
    let repeats = callbacks.iter().filter(|event| event["data"]["verdict"] == "duplicate");
    assert_eq!(repeats.count(), REPEATS, "every receipt is in the timeline");
    let timeline = json!(tenant.api.timeline(id_of(&merchant)).await).to_string();
    for secret in [CARD, "iVBORw0KGgo=", "김철수", app.sandbox.partner_key(0)] {
        assert!(!timeline.contains(secret));
    }
    let messages = nats
        .stream(&tenant.slug, found[0]["seq"].as_u64().expect("a position"))
        .await;
    let subject = format!("smr.v1.{}.merchant.payment.approved.{}", tenant.slug, id_of(&merchant));
    assert_eq!(messages.iter().filter(|message| message.subject == subject).count(), 1);
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn both_spellings_and_every_state_are_taken() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let merchant = tenant.register("acad-1", "store-1").await;
    let url = tenant.callback_url_for_bills(&merchant).await;
    for state in ["F", "W", "C", "D"] {
        send_taken(&url, approval("bill-1", "30012345", state).to_string()).await;
    }
    let old =
        json!({ "apikey": "another-partners-key", "bill_id": "bill-2", "appr_state": "F", "appr_num": "30012346" });
    send_taken(&url, old.to_string()).await;
    send_taken(&url, old.to_string()).await;
    let found = approvals(tenant, &merchant).await;
    let seen: Vec<_> = found
        .iter()
        .map(|event| (event["data"]["bill_id"].clone(), event["data"]["state"].clone()))
        .collect();
    let expected = [
        ("bill-2", "F"),
        ("bill-1", "D"),
        ("bill-1", "C"),
        ("bill-1", "W"),
        ("bill-1", "F"),
    ];
    assert_eq!(
        seen,
        expected.map(|(bill, state)| (json!(bill), json!(state))),
        "the newest first"
    );
    assert_eq!(found[0]["data"]["api_key"], "differs");
    assert_eq!(found[1]["data"]["api_key"], "absent");

    let path = |query: &str| format!("/v1/merchants/{}/approvals?{query}", id_of(&merchant));
    let page = tenant.api.get(&path("limit=3")).await.expect(200);
    let before = page["page"]["next_before_version"].as_u64().expect("there is more");
    let rest = tenant
        .api
        .get(&path(&format!("limit=3&before_version={before}")))
        .await
        .expect(200);
    assert_eq!(rest["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(rest["page"]["next_before_version"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn both_kinds_of_callback_are_told_apart_on_both_kinds_of_url() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let merchant = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&merchant).await;
    let for_mapping = app.sandbox.mapping("acad-1", "store-1").await.callback_url;
    let for_bills = tenant.callback_url_for_bills(&merchant).await;
    send_taken(&for_mapping, approval("bill-1", "1", "F").to_string()).await;
    send_taken(&for_bills, mapping("acad-1", "store-1", "P", None).to_string()).await;
    assert_eq!(approvals(tenant, &merchant).await.len(), 1);
    assert_eq!(
        tenant.api.merchant(id_of(&merchant)).await["review"]["status"],
        "in_review"
    );
    send_taken(&for_bills, mapping("acad-1", "store-2", "O", None).to_string()).await;
    let quarantined = tenant
        .api
        .event(|event| event["data"]["verdict"] == "quarantined")
        .await;
    assert_eq!(quarantined["data"]["reason"], "codes_mismatch");
    app.finish().await;
}

#[tokio::test]
async fn an_approval_on_a_tenants_url_waits_until_somebody_says_whose_it_is() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let merchant = tenant.register("acad-1", "store-1").await;
    let url = app.tenant_callback_url(tenant.id);
    send_taken(&url, approval("bill-1", "1", "F").to_string()).await;
    let waiting = tenant.api.get("/v1/quarantine").await.expect(200);
    let event_id = waiting["data"][0]["event_id"].as_str().expect("it waits");
    let path = format!("/v1/quarantine/{event_id}/resolution");
    let bind = json!({ "action": "bind", "merchant_id": merchant["id"] });
    let request = tenant.api.request(reqwest::Method::PUT, &path).json(&bind);
    let bound = registry_tests::Answer::to(request).await.expect(200);
    assert_eq!(bound["redrive"]["outcome"], "payment_approved", "{bound}");
    assert_eq!(approvals(tenant, &merchant).await.len(), 1);
    app.finish().await;
}
