//! What must never leave: looked for in everything that a process says, at its most talkative.

use registry_tests::api::{number_of, text_of};
use registry_tests::callback::{mapping, send, send_taken};
use registry_tests::sandbox::TestSandbox;
use registry_tests::tenant::id_of;
use registry_tests::{Api, BUSINESS_NUMBER, Installation, TestNats, TestTenant, logs};
use serde_json::{Value, json};

const CARD_NUMBER: &str = "9490123412345678";

/// A business number whose last digit is wrong.
const WRONG_NUMBER: &str = "1178178261";

#[tokio::test]
async fn nothing_secret_is_logged_counted_or_told_to_the_wrong_people() {
    let nats = TestNats::shared();
    let sandbox = TestSandbox::start().await;
    let installation = Installation::new().with("NATS_URL", nats.url());
    let mut installation = installation.with("REGISTRY_LOG", "trace");
    let (process, tenant, key) = installation.serve_tenant_with_key(&sandbox);
    let (mut told, mut secrets) = (Vec::new(), vec![key.clone()]);
    secrets.extend([BUSINESS_NUMBER, WRONG_NUMBER, CARD_NUMBER, sandbox.partner_key(0)].map(str::to_owned));
    let merchant = register(&tenant, &mut told).await;
    secrets.push(text_of(&tenant.issue_link(&merchant).await, "url").to_owned());
    let url = sandbox.mapping("acad-1", "store-1").await.callback_url;
    secrets.push(url.rsplit('/').next().unwrap().to_owned());
    call_back(&sandbox, &url, &mut told).await;
    for answer in ["PARTNER_001", "html", "cut", "500"] {
        sandbox.fail_mapping(&json!({ "answer": answer })).await;
        told.push(tenant.ask_for_link(&merchant, answer).await.text);
    }
    let almost = &key[..key.len() - 1];
    told.push(
        Api::new(process.base_url(), Some(almost.to_owned()))
            .get("/v1/me")
            .await
            .text,
    );
    secrets.push(almost.to_owned());
    for path in ["/metrics", "/readyz", "/v1/me", "/v1/events"] {
        told.push(tenant.api.get(path).await.text);
    }
    let last = number_of(&tenant.api.merchant(id_of(&merchant)).await, "seq");
    let messages = nats.stream(&tenant.slug, last).await;
    told.extend(messages.iter().map(|message| format!("{message:?}")));
    let log = process.log().to_owned();
    assert!(process.terminate().success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("\"level\":\"TRACE\""), "it was talkative");
    told.push(log);
    check_nowhere(&secrets, &told);
}

/// Registers a shop, after a try with a wrong number.
async fn register(tenant: &TestTenant, told: &mut Vec<String>) -> Value {
    let wrong = json!({"member_code": "a", "merchant_code": "b", "business_number": WRONG_NUMBER});
    let refused = tenant.api.post("/v1/merchants", &wrong).await;
    told.push(refused.problem(422, "validation_failed").to_string());
    let shop = json!({"member_code": "acad-1", "merchant_code": "store-1", "business_number": BUSINESS_NUMBER});
    tenant.api.post("/v1/merchants", &shop).await.expect(201)
}

/// Callbacks good and bad, all of them with something secret inside.
async fn call_back(sandbox: &TestSandbox, url: &str, told: &mut Vec<String>) {
    let good = mapping("acad-1", "store-1", "S", Some("주민등록등본을 보내 주세요"));
    let payment = json!({
        "apiKey": sandbox.partner_key(0), "billId": "b", "apprState": "F", "apprIssuerNum": CARD_NUMBER,
    });
    for body in [
        good.to_string(),
        payment.to_string(),
        format!("{{\"memberId\":\"{BUSINESS_NUMBER}\""),
    ] {
        send_taken(url, body).await;
    }
    told.push(send(&format!("{url}x"), "{}").await.text);
    for (stray, right) in [
        ("/cb/", "//cb/"),
        ("/cb/", "/x/cb/"),
        ("/v1/", "/v1//"),
        ("/v1/", "/v2/"),
    ] {
        told.push(send(&url.replacen(stray, right, 1), "{}").await.text);
        told.push(send(&format!("{url}/").replacen(stray, right, 1), "{}").await.text);
    }
    told.push(send(url, "x".repeat(70_000)).await.text);
}

fn check_nowhere(secrets: &[String], told: &[String]) {
    for secret in secrets {
        for text in told {
            let place = text.lines().position(|line| line.contains(secret));
            assert_eq!(
                place,
                None,
                "a secret of {} characters stands in {text:.120}",
                secret.len()
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
    let audit = tenant.api.get("/v1/audit?action=payload.opened").await.expect(200);
    let [opened] = audit["data"].as_array().expect("a list").as_slice() else {
        panic!("one of the two was let through: {audit}");
    };
    assert_eq!(opened["merchant_id"], merchant["id"]);
    assert_eq!(opened["actor"]["type"], "api_key");
    let feed = tenant.api.get("/v1/events?types=payload.opened").await.expect(200);
    assert_eq!(feed["data"][0]["data"]["event_id"], event["id"]);
    assert!(process.terminate().success());
}
