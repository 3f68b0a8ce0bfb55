//! Who did what: in the list, in the chain, and nowhere where it does not belong.

use registry_domain::tenant::Scope;
use registry_tests::api::events_of;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, BUSINESS_NUMBER, TestApp, TestNats};
use reqwest::Method;
use serde_json::{Value, json};

const ON_BEHALF_OF: &str = "registry-on-behalf-of";

async fn audit(api: &Api, query: &str) -> Vec<Value> {
    let page = api.get(&format!("/v1/audit?{query}")).await.expect(200);
    page["data"].as_array().expect("a list").clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries
        .iter()
        .map(|entry| entry["action"].as_str().expect("a word"))
        .collect()
}

/// Does something with a merchant, in the name of somebody.
async fn archive(api: &Api, merchant: &Value, name: &str) -> Answer {
    let path = format!("/v1/merchants/{}", id_of(merchant));
    let request = api.request(Method::DELETE, &path).header("if-match", "*");
    Answer::to(request.header(ON_BEHALF_OF, name)).await
}

#[tokio::test]
async fn what_is_done_and_seen_is_in_the_audit_and_stays_off_the_stream() {
    let nats = TestNats::shared();
    let app = TestApp::start_with_nats(&nats).await;
    let api = &app.tenant.api;
    let shop = json!({ "member_code": "acad-1", "merchant_code": "store-1", "business_number": BUSINESS_NUMBER });
    let merchant = api.post("/v1/merchants", &shop).await.expect(201);
    let archived = archive(api, &merchant, "%EA%B9%80%20%EB%8C%80%EB%A6%AC").await;
    let request_id = archived.header("request-id").expect("an id").to_owned();
    archived.expect(200);
    let path = format!("/v1/merchants/{}/reveals", id_of(&merchant));
    let revealed = api.post(&path, &json!({})).await.expect(200);
    assert_eq!(revealed["business_number"], BUSINESS_NUMBER);

    let entries = audit(api, &format!("merchant_id={}", id_of(&merchant))).await;
    assert_eq!(
        actions(&entries),
        ["personal.revealed", "merchant.archived", "merchant.registered"]
    );
    let archived = &entries[1];
    assert_eq!(
        (&archived["on_behalf_of"], &archived["request_id"]),
        (&json!("김 대리"), &json!(request_id))
    );
    assert_eq!(
        (&archived["channel"], &archived["outcome"], &archived["address"]),
        (&json!("api"), &json!("done"), &json!("127.0.0.1"))
    );
    assert_eq!(entries[0]["on_behalf_of"], Value::Null);
    let key = archived["actor"]["id"].as_str().expect("a key");
    let of_key = audit(
        api,
        &format!("actor={key}&action=merchant.archived&channel=api&outcome=done"),
    )
    .await;
    assert_eq!(of_key.iter().collect::<Vec<_>>(), [archived]);
    let by_operator = audit(api, "actor=command_line").await;
    assert!(actions(&by_operator).contains(&"tenant.created"));

    let seq = entries[0]["seq"].as_u64().expect("a position");
    app.tenant.register("acad-1", "store-2").await;
    let messages = nats.stream(&app.tenant.slug, seq + 1).await;
    let all = format!("{messages:?}");
    assert!(!all.contains("personal.revealed") && !all.contains("김 대리"), "{all}");
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn the_audit_is_read_page_by_page_and_only_as_it_was_begun() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    for number in 0..3 {
        app.tenant.register("acad-1", &format!("store-{number}")).await;
    }
    let filter = "action=merchant.registered&limit=2";
    let first = api.get(&format!("/v1/audit?{filter}")).await.expect(200);
    let cursor = first["page"]["next"].as_str().expect("there is more");
    let second = api
        .get(&format!("/v1/audit?{filter}&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(second["page"]["next"], Value::Null);
    let seqs = |page: &Value| -> Vec<_> { events_of(page).iter().map(|it| it["seq"].as_u64()).collect() };
    let all = [seqs(&first), seqs(&second)].concat();
    assert!(all.len() == 3 && all.is_sorted_by(|one, next| one > next), "{all:?}");
    api.get(&format!("/v1/audit?cursor={cursor}"))
        .await
        .problem(400, "cursor_invalid");
    for (query, parameter, code) in [
        ("actor=x", "actor", "not_an_id"),
        ("action=x", "action", "unknown_event_type"),
        ("channel=x", "channel", "unknown_word"),
        (
            "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "to",
            "not_combinable",
        ),
    ] {
        let problem = api
            .get(&format!("/v1/audit?{query}"))
            .await
            .problem(422, "validation_failed");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["parameter"], &error["code"]),
            (&json!(parameter), &json!(code)),
            "{query}"
        );
    }
    app.finish().await;
}

/// A client that hammers does not fill the log.
#[tokio::test]
async fn refusals_are_counted_together() {
    let app = TestApp::start().await;
    let api = app.key(app.tenant.id, &[Scope::MerchantsRead]).await;
    for _ in 0..40 {
        api.get("/v1/audit?limit=1").await.problem(403, "insufficient_scope");
    }
    api.get("/v1/events").await.problem(403, "insufficient_scope");
    let is_refusal =
        |event: &Value| event["type"] == "access.refused" && event["data"]["operation"] == "GET /v1/events";
    app.tenant.api.event(is_refusal).await;
    let entries = audit(&app.tenant.api, "outcome=refused").await;
    let of_audit: Vec<_> = entries
        .iter()
        .filter(|entry| entry["operation"] == "GET /v1/audit")
        .collect();
    assert_eq!(of_audit.len(), 1, "{entries:?}");
    assert_eq!(of_audit[0]["required_scope"], "audit:read");
    assert!(of_audit[0]["count"].as_u64().is_some_and(|count| count >= 1));
    assert_eq!(of_audit[0]["address"], "127.0.0.1");
    app.finish().await;
}

#[tokio::test]
async fn on_whose_behalf_is_told_to_those_who_may_see_persons() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    archive(&app.tenant.api, &merchant, "kim@acme").await.expect(200);
    let masked = app.key(app.tenant.id, &[Scope::MerchantsRead, Scope::EventsRead]).await;
    let timeline = format!("/v1/merchants/{}/events", id_of(&merchant));
    for (api, expected) in [(&app.tenant.api, json!("kim@acme")), (&masked, Value::Null)] {
        for path in [timeline.as_str(), "/v1/events?types=merchant.archived"] {
            let page = api.get(path).await.expect(200);
            let event = events_of(&page)
                .into_iter()
                .find(|event| event["type"] == "merchant.archived")
                .expect("it was archived");
            assert_eq!(event["on_behalf_of"], expected, "{path}");
        }
    }
    for (name, code) in [
        ("%0A", "blank"),
        ("a%00b", "bad_character"),
        ("100%", "not_percent_encoded"),
    ] {
        let problem = archive(&app.tenant.api, &merchant, name)
            .await
            .problem(422, "validation_failed");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["header"], &error["code"]),
            (&json!("Registry-On-Behalf-Of"), &json!(code))
        );
    }
    app.finish().await;
}
