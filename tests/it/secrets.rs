//! What must never leave: looked for in everything that a process says, at its most talkative.

use registry_tests::callback::{mapping, send, send_taken};
use registry_tests::sandbox::TestSandbox;
use registry_tests::tenant::id_of;
use registry_tests::{Api, BUSINESS_NUMBER, Installation, TestNats, logs};
use serde_json::{Value, json};

const CARD_NUMBER: &str = "9490123412345678";

/// A business number whose last digit is wrong.
const WRONG_NUMBER: &str = "1178178261";

#[tokio::test]
async fn nothing_secret_is_logged_counted_or_told_to_the_wrong_people() {
    let nats = TestNats::shared();
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new()
        .with("NATS_URL", nats.url())
        .with("REGISTRY_LOG", "trace");
    let (id, slug, key) = installation.tenant(&sandbox);
    let process = installation.serve();
    let api = Api::new(process.base_url(), Some(key.clone()));
    let slug = registry_domain::tenant::Slug::parse(&slug).unwrap();
    let tenant = registry_tests::TestTenant { id, slug, api };
    let mut told = Vec::new();

    let shop = json!({"member_code": "acad-1", "merchant_code": "store-1", "business_number": BUSINESS_NUMBER});
    let merchant = tenant.api.post("/v1/merchants", &shop).await.expect(201);
    let wrong = json!({"member_code": "a", "merchant_code": "b", "business_number": WRONG_NUMBER});
    told.push(
        tenant
            .api
            .post("/v1/merchants", &wrong)
            .await
            .problem(422, "validation_failed")
            .to_string(),
    );
    let link = tenant.issue_link(&merchant).await;
    let url = sandbox.mapping("acad-1", "store-1").await.callback_url;
    let token = url.rsplit('/').next().unwrap().to_owned();
    send_taken(
        &url,
        mapping("acad-1", "store-1", "S", Some("주민등록등본을 보내 주세요")).to_string(),
    )
    .await;
    send_taken(&url, format!("{{\"memberId\":\"{BUSINESS_NUMBER}\"")).await;
    let approval =
        json!({"apiKey": sandbox.partner_key(0), "billId": "b", "apprState": "F", "apprIssuerNum": CARD_NUMBER});
    send_taken(&url, approval.to_string()).await;
    told.push(send(&format!("{url}x"), "{}").await.text);
    told.push(send(&url, "x".repeat(70_000)).await.text);
    for answer in ["PARTNER_001", "html", "cut", "500"] {
        sandbox.fail_mapping(&json!({ "answer": answer })).await;
        told.push(tenant.ask_for_link(&merchant, answer).await.text);
    }
    let mut cut_key = key.clone();
    cut_key.pop();
    told.push(
        Api::new(process.base_url(), Some(cut_key.clone()))
            .get("/v1/me")
            .await
            .text,
    );
    told.push(tenant.api.get("/metrics").await.text);
    told.push(tenant.api.get("/readyz").await.text);
    told.push(tenant.api.get("/v1/me").await.text);
    let last = tenant.api.merchant(id_of(&merchant)).await["seq"].as_u64().unwrap();
    let messages = nats.stream(&tenant.slug, last).await;
    told.extend(
        messages
            .iter()
            .map(|message| format!("{:?} {}", message.headers, message.subject)),
    );
    told.extend(messages.iter().map(|message| message.body.to_string()));

    let log = process.log().to_owned();
    assert!(process.terminate().success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.lines().count() > 100 && log.contains("\"level\":\"TRACE\""),
        "it was talkative"
    );
    told.push(log);
    let registration = link["url"].as_str().unwrap();
    for secret in [
        &key,
        &cut_key,
        &token,
        sandbox.partner_key(0),
        registration,
        BUSINESS_NUMBER,
        WRONG_NUMBER,
        CARD_NUMBER,
    ] {
        for text in &told {
            let line = text.lines().position(|line| line.contains(secret));
            assert_eq!(
                line,
                None,
                "a secret of {} characters stands in: {:.120}",
                secret.len(),
                text
            );
        }
    }
}

#[tokio::test]
async fn a_payload_is_read_only_by_those_who_may_and_that_is_noted() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let merchant = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&merchant).await;
    let url = sandbox.mapping("acad-1", "store-1").await.callback_url;
    let body = mapping("acad-1", "store-1", "P", None).to_string();
    send_taken(&url, body.clone()).await;
    let event = tenant.api.event(|event| event["type"] == "callback.received").await;
    let path = format!("/v1/callbacks/{}/payload", id_of(&event));
    let slug = tenant.slug.as_str();
    let blind = [
        "key",
        "create",
        "--tenant",
        slug,
        "--name",
        "blind",
        "--scopes",
        "merchants:read,events:read",
    ];
    let blind = installation.print(&blind);
    logs::secret(&blind);
    Api::new(tenant.api.base(), Some(blind))
        .get(&path)
        .await
        .problem(403, "insufficient_scope");
    let answer = tenant.api.get(&path).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.expect(200)["text"], body);
    let log = process.log().to_owned();
    assert!(process.terminate().success());
    let log = std::fs::read_to_string(log).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let audited: Vec<_> = lines.filter(|line| line["target"] == "audit").collect();
    assert_eq!(audited.len(), 1, "one of the two was let through");
    assert_eq!(audited[0]["event_id"], event["id"]);
    assert!(audited[0]["key_id"].is_string());
}
