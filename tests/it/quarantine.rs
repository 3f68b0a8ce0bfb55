//! Callbacks that could not be used: found, driven again, bound to a merchant, given up. Nothing that was written down is
//! ever changed.

use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, TestTenant};
use reqwest::Method;
use serde_json::{Value, json};

async fn open(tenant: &TestTenant) -> Vec<Value> {
    let page = tenant.api.get("/v1/quarantine").await.expect(200);
    page["data"].as_array().expect("a list").clone()
}

fn event_of(entry: &Value) -> &str {
    entry["event_id"].as_str().expect("an event")
}

async fn redrive(tenant: &TestTenant, event_id: &str) -> Value {
    let path = format!("/v1/quarantine/{event_id}/redrives");
    tenant.api.post(&path, &json!({})).await.expect(200)
}

async fn resolve(tenant: &TestTenant, event_id: &str, resolution: &Value) -> Answer {
    let path = format!("/v1/quarantine/{event_id}/resolution");
    Answer::to(tenant.api.request(Method::PUT, &path).json(resolution)).await
}

/// A shop with a link, and the callback URL of that link.
/// A registry that asks Paymint nothing by itself: a doubtful callback has it ask, and the answer would come between
/// what a test compares.
async fn unasked() -> TestApp {
    let app = TestApp::start().await;
    app.tenant.set(&json!({ "read_back": { "enabled": false } })).await;
    app
}

async fn linked(app: &TestApp, merchant_code: &str) -> (Value, String) {
    let merchant = app.tenant.register("acad-1", merchant_code).await;
    app.tenant.issue_link(&merchant).await;
    let url = app.sandbox.mapping("acad-1", merchant_code).await.callback_url;
    (merchant, url)
}

#[tokio::test]
async fn a_callback_with_foreign_codes_is_bound_to_the_merchant_that_it_is_for() {
    let app = unasked().await;
    let tenant = &app.tenant;
    let (shop, url) = linked(&app, "store-1").await;
    let other = tenant.register("acad-1", "store-2").await;
    send_taken(&url, mapping("acad-1", "store-2", "S", Some("통장 사본")).to_string()).await;

    let entries = open(tenant).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["reason"], "codes_mismatch");
    assert_eq!(entries[0]["merchant_id"], shop["id"]);
    let event_id = event_of(&entries[0]);
    let stats = tenant.api.get("/v1/stats/quarantine").await.expect(200);
    assert_eq!(stats["total"], 1);
    assert_eq!(stats["data"][0]["reason"], "codes_mismatch");

    let before = tenant.api.feed().await;
    let driven = redrive(tenant, event_id).await;
    assert_eq!(driven["outcome"], "nothing", "its codes have not changed: {driven}");
    assert_eq!(tenant.api.feed().await, before);

    let bind = json!({ "action": "bind", "merchant_id": other["id"] });
    let bound = resolve(tenant, event_id, &bind).await.expect(200);
    assert_eq!(bound["redrive"]["outcome"], "applied", "{bound}");
    assert_eq!(bound["redrive"]["stage"], "documents_required");
    assert_eq!(bound["callback"]["state"], "redriven");
    assert_eq!(bound["callback"]["settled_by"], bound["redrive"]["event_ids"][0]);
    let merchant = tenant.api.merchant(id_of(&other)).await;
    assert_eq!(merchant["review"]["message"], "통장 사본");
    assert_eq!(tenant.api.merchant(id_of(&shop)).await["review"]["status"], "none");
    assert_eq!(tenant.api.feed().await[..before.len()], before, "a redrive appends");

    let again = resolve(tenant, event_id, &bind).await.expect(200);
    assert_eq!(again["redrive"]["outcome"], "nothing");
    assert!(open(tenant).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn what_came_for_a_pair_before_it_was_registered_is_driven_again_by_filter() {
    let app = unasked().await;
    let tenant = &app.tenant;
    let url = app.tenant_callback_url(tenant.id);
    for (code, message) in [("W", None), ("P", None), ("S", Some("통장 사본"))] {
        send_taken(&url, mapping("acad-5", "store-5", code, message).to_string()).await;
    }
    send_taken(&url, "not json").await;
    let many = async |body: Value| {
        let answer = tenant.api.post("/v1/quarantine/redrives", &body).await;
        answer.expect(200)
    };
    let all = json!({ "dry_run": false });
    assert_eq!(many(all.clone()).await["outcomes"], json!({ "nothing": 4 }));

    let merchant = tenant.register("acad-5", "store-5").await;
    let before = tenant.api.feed().await;
    let rehearsed = many(json!({ "dry_run": true, "reasons": ["unknown_merchant"] })).await;
    assert_eq!(
        (&rehearsed["tried"], &rehearsed["outcomes"]),
        (&json!(3), &json!({ "applied": 3 }))
    );
    assert_eq!(
        rehearsed["sample"][2]["stage"], "documents_required",
        "each sees what the one before would do"
    );
    assert_eq!(tenant.api.feed().await, before, "a dry run writes nothing");

    let first = many(json!({ "dry_run": false, "reasons": ["unknown_merchant"], "limit": 2 })).await;
    assert_eq!(first["outcomes"], json!({ "applied": 2 }));
    let next = json!({
        "dry_run": false, "reasons": ["unknown_merchant"], "limit": 2, "cursor": first["next"],
    });
    assert_eq!(many(next).await["outcomes"], json!({ "applied": 1 }));
    let merchant = tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(merchant["stage"], "documents_required");
    assert_eq!(
        many(all).await["outcomes"],
        json!({ "nothing": 1 }),
        "the garbage is left"
    );
    let stolen = json!({ "dry_run": true, "cursor": first["next"] });
    let answer = tenant.api.post("/v1/quarantine/redrives", &stolen).await;
    answer.problem(400, "cursor_invalid");
    app.finish().await;
}

#[tokio::test]
async fn everything_that_was_ever_received_can_be_driven_again() {
    let app = unasked().await;
    let tenant = &app.tenant;
    let (shop, url) = linked(&app, "store-1").await;
    for code in ["W", "P"] {
        send_taken(&url, mapping("acad-1", "store-1", code, None).to_string()).await;
    }
    let early = app.tenant_callback_url(tenant.id);
    send_taken(&early, mapping("acad-5", "store-5", "W", None).to_string()).await;
    let late = tenant.register("acad-5", "store-5").await;
    let from = late["created_at"].clone();
    send_taken(&early, mapping("acad-5", "store-5", "P", None).to_string()).await;
    let many = async |body: Value| tenant.api.post("/v1/callbacks/redrives", &body).await.expect(200);

    let before = tenant.api.feed().await;
    let rehearsed = many(json!({ "dry_run": true })).await;
    assert_eq!(
        (&rehearsed["tried"], &rehearsed["outcomes"], &rehearsed["next"]),
        (&json!(4), &json!({ "nothing": 3, "outdated": 1 }), &Value::Null),
        "what was used says nothing new: {rehearsed}"
    );
    assert_eq!(
        many(json!({ "dry_run": true, "merchant_id": shop["id"] })).await["tried"],
        2
    );
    assert_eq!(
        many(json!({ "dry_run": true, "received_from": from })).await["tried"],
        1
    );
    assert_eq!(
        many(json!({ "dry_run": true, "received_until": from })).await["tried"],
        3
    );
    assert_eq!(tenant.api.feed().await, before, "a dry run writes nothing");

    let mut tried = 0;
    let mut request = json!({ "dry_run": false, "limit": 1 });
    loop {
        let page = many(request.clone()).await;
        tried += page["tried"].as_u64().expect("a number");
        if page["next"].is_null() {
            break;
        }
        request["cursor"] = page["next"].clone();
    }
    assert_eq!(tried, 4, "what was appended meanwhile is no callback of its own");
    let again = many(json!({ "dry_run": false })).await;
    assert_eq!(again["outcomes"], json!({ "nothing": 4 }), "{again}");
    app.finish().await;
}

#[tokio::test]
async fn a_late_redrive_does_not_overrule_what_came_since() {
    let app = unasked().await;
    let tenant = &app.tenant;
    let url = app.tenant_callback_url(tenant.id);
    send_taken(&url, mapping("acad-5", "store-5", "S", Some("통장 사본")).to_string()).await;
    let merchant = tenant.register("acad-5", "store-5").await;
    send_taken(&url, mapping("acad-5", "store-5", "R", None).to_string()).await;
    let entries = open(tenant).await;
    let driven = redrive(tenant, event_of(&entries[0])).await;
    assert_eq!(driven["outcome"], "outdated", "{driven}");
    assert_eq!(
        tenant.api.merchant(id_of(&merchant)).await["review"]["status"],
        "rejected"
    );
    assert!(open(tenant).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn what_nobody_wants_is_discarded_with_a_reason_once() {
    let app = unasked().await;
    let tenant = &app.tenant;
    let (merchant, url) = linked(&app, "store-1").await;
    send_taken(&url, "{\"status\":\"COMPLETED\"}").await;
    send_taken(&app.tenant_callback_url(tenant.id), "not json").await;
    let entries = open(tenant).await;
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        let discard = json!({ "action": "discard", "reason": "시험 호출" });
        let done = resolve(tenant, event_of(entry), &discard).await.expect(200);
        assert_eq!(done["callback"]["state"], "discarded");
        assert_eq!(done["redrive"], Value::Null);
        assert_eq!(resolve(tenant, event_of(entry), &discard).await.expect(200), done);
        let driven = redrive(tenant, event_of(entry)).await;
        assert_eq!(driven["outcome"], "nothing");
        let bind = json!({ "action": "bind", "merchant_id": merchant["id"] });
        let bound = resolve(tenant, event_of(entry), &bind).await.expect(200);
        assert_eq!(bound["callback"]["state"], "discarded", "the first settlement stands");
    }
    let discarded = tenant.api.event(|event| event["type"] == "callback.discarded").await;
    assert_eq!(discarded["data"]["reason"], "시험 호출");
    assert_eq!(discarded["merchant_id"], merchant["id"]);
    let settled = tenant.api.get("/v1/quarantine?state=discarded").await.expect(200);
    assert_eq!(settled["data"].as_array().map(Vec::len), Some(2));
    let one = tenant
        .api
        .get(&format!("/v1/quarantine/{}", event_of(&entries[0])))
        .await
        .expect(200);
    assert_eq!(one["state"], "discarded");
    app.finish().await;
}

#[tokio::test]
async fn any_callback_can_be_driven_again_and_one_that_says_nothing_new_changes_nothing() {
    let app = unasked().await;
    let tenant = &app.tenant;
    let (merchant, url) = linked(&app, "store-1").await;
    send_taken(&url, mapping("acad-1", "store-1", "X", None).to_string()).await;
    let seen = tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(
        (&seen["review"]["status"], &seen["review"]["code"], &seen["attention"]),
        (&json!("unknown"), &json!("X"), &json!(true))
    );
    let event = tenant.api.event(|event| event["type"] == "callback.received").await;
    let before = tenant.api.feed().await;
    let driven = redrive(tenant, id_of(&event)).await;
    assert_eq!(driven["outcome"], "nothing", "the letter is as unknown as before");
    assert_eq!(tenant.api.feed().await, before);
    let path = format!("/v1/quarantine/{}", id_of(&event));
    tenant.api.get(&path).await.problem(404, "not_quarantined");
    let registered = tenant.api.event(|event| event["type"] == "merchant.registered").await;
    let path = format!("/v1/quarantine/{}/redrives", id_of(&registered));
    tenant
        .api
        .post(&path, &json!({}))
        .await
        .problem(404, "callback_not_found");
    app.finish().await;
}

#[tokio::test]
async fn the_list_has_filters_and_pages() {
    let app = unasked().await;
    let tenant = &app.tenant;
    let (first, first_url) = linked(&app, "store-1").await;
    let (_, second_url) = linked(&app, "store-2").await;
    for url in [&first_url, &second_url, &first_url] {
        send_taken(url, "not json").await;
    }
    send_taken(&first_url, "[]").await;
    let list = async |query: &str| {
        let page = tenant.api.get(&format!("/v1/quarantine?{query}")).await.expect(200);
        (
            page["data"].as_array().expect("a list").clone(),
            page["page"]["next"].clone(),
        )
    };
    assert_eq!(list("reason=unparseable").await.0.len(), 3);
    assert_eq!(list(&format!("merchant_id={}", id_of(&first))).await.0.len(), 3);
    let (mut seen, mut next) = list("reason=unparseable&limit=1").await;
    while let Some(cursor) = next.as_str().map(str::to_owned) {
        let page = list(&format!("reason=unparseable&limit=1&cursor={cursor}")).await;
        seen.extend(page.0);
        next = page.1;
        let answer = tenant.api.get(&format!("/v1/quarantine?limit=1&cursor={cursor}")).await;
        answer.problem(400, "cursor_invalid");
    }
    let seqs: Vec<_> = seen.iter().map(|entry| entry["seq"].as_u64()).collect();
    assert!(seqs.len() == 3 && seqs.is_sorted(), "{seqs:?}");
    for bad in ["reason=odd", "state=gone", "merchant_id=store-1", "limit=0", "q=x"] {
        let answer = tenant.api.get(&format!("/v1/quarantine?{bad}")).await;
        answer.problem(422, "validation_failed");
    }
    app.finish().await;
}
