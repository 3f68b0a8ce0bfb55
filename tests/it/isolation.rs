//! Two tenants in one installation, and keys that may not do everything. Every operation of the document is tried; one
//! that is new and not covered here fails the test.

pub(crate) mod calls;
pub(crate) mod things;

use std::collections::{BTreeSet, HashMap};

use registry_domain::tenant::Scope;
use registry_tests::api::within;
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, BUSINESS_NUMBER, PATIENCE, TestApp, TestNats};
use reqwest::Method;
use serde_json::{Value, json};

use calls::{Call, OF_EVERYTHING, OF_ONE_THING};
use things::Things;

/// What these name in their path may be there or not: nobody can find out whether another tenant has it.
pub(crate) const OF_WHAT_MAY_BE: &[&str] = &["put_merchant"];

/// Operations without credentials.
pub(crate) const OF_NOBODY: &[&str] = &[
    "receive_callback",
    "look_at_callback_url",
    "get_liveness",
    "get_readiness",
    "get_metrics",
];

fn all() -> impl Iterator<Item = &'static Call> {
    OF_ONE_THING.iter().chain(OF_EVERYTHING)
}

/// Every operation of the document with the scopes that it needs.
fn documented() -> Vec<(String, Vec<String>)> {
    let document = serde_json::to_value(registry_http::openapi()).expect("the document is JSON");
    let paths = document["paths"].as_object().expect("it has paths").values();
    let operations = paths.flat_map(|path| path.as_object().expect("a path has operations").values());
    operations
        .filter_map(|operation| {
            let scopes = operation["security"][0]["api_key"].as_array();
            let scopes = scopes.into_iter().flatten().filter_map(Value::as_str);
            Some((
                operation["operationId"].as_str()?.to_owned(),
                scopes.map(str::to_owned).collect(),
            ))
        })
        .collect()
}

#[test]
fn every_operation_is_tried_here() {
    let documented = documented();
    let tried = all().map(|call| call.operation);
    let covered: BTreeSet<_> = tried.chain(OF_NOBODY.iter().copied()).collect();
    let names: BTreeSet<_> = documented.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        covered, names,
        "add the new operation to the lists in tests/it/isolation/calls.rs"
    );
    for call in all() {
        let scopes = documented
            .iter()
            .find(|(name, _)| name == call.operation)
            .map(|(_, scopes)| scopes.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(
            scopes.as_deref(),
            Some(call.scopes),
            "the document says which scopes {} needs",
            call.operation
        );
    }
}

#[tokio::test]
async fn what_another_tenant_has_is_not_found() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let things = Things::of(&app, &app.tenant).await;
    let before = app.tenant.api.feed().await;
    for call in OF_ONE_THING {
        let answer = things.ask(&stranger.api, call).await;
        assert_eq!(answer.status, 404, "{}: {}", call.operation, answer.text);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{}",
            call.operation
        );
    }
    assert_eq!(app.tenant.api.feed().await, before, "nothing happened to it");
    assert_eq!(app.sandbox.calls("auth/mapping").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn what_another_tenant_has_is_in_no_list_and_no_count() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let things = Things::of(&app, &app.tenant).await;
    for call in OF_EVERYTHING {
        let answer = things.ask(&stranger.api, call).await;
        for id in [
            &things.merchant,
            &things.link,
            &things.callback,
            &things.quarantined,
            &things.unclaimed,
            &things.person,
            &things.key,
            &things.destination,
            &things.delivery,
            &things.view,
            &things.plan,
            &things.job,
            &things.import,
            &app.tenant.id.to_string(),
        ] {
            assert!(!answer.text.contains(id), "{}", call.operation);
        }
    }
    let stats = stranger.api.get("/v1/stats/review-status").await.expect(200);
    assert_eq!(stats["data"]["total"], 1, "it has the one that it just registered");
    assert_eq!(stats["data"]["by_status"]["in_review"], 0);
    let page = app
        .tenant
        .api
        .get("/v1/merchants?limit=1&sort=created_at")
        .await
        .expect(200);
    app.tenant.register("acad-1", "store-2").await;
    assert_eq!(page["page"]["next"], Value::Null);
    let page = app
        .tenant
        .api
        .get("/v1/merchants?limit=1&sort=created_at")
        .await
        .expect(200);
    let stolen = format!(
        "/v1/merchants?limit=1&sort=created_at&cursor={}",
        page["page"]["next"].as_str().unwrap()
    );
    let answer = stranger.api.get(&stolen).await;
    assert!(
        !answer.text.contains("store-2"),
        "a cursor opens no foreign list: {}",
        answer.text
    );
    app.finish().await;
}

#[tokio::test]
async fn without_credentials_there_is_nothing() {
    let app = TestApp::start().await;
    let things = Things::of(&app, &app.tenant).await;
    let with = |key: &str| Api::new(app.tenant.api.base(), Some(key.to_owned()));
    let wrong = [with(""), with("rk_"), app.tenant.api.anonymous()];
    let made_up = with("rk_00000000000000000000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    for (number, call) in all().enumerate() {
        // An address that goes on with one that has the form of a key is soon not listened to any more.
        let made_up = (number % 4 == 0).then_some(&made_up);
        for client in wrong.iter().chain(made_up) {
            let answer = things.ask(client, call).await;
            assert!(answer.header("www-authenticate").is_some(), "{}", call.operation);
            answer.problem(401, "unauthenticated");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let app = TestApp::start().await;
    let things = Things::of(&app, &app.tenant).await;
    let powerless = app.key(app.tenant.id, &[]).await;
    for call in all() {
        let answer = things.ask(&powerless, call).await;
        let Some(scope) = call.scopes.first() else {
            assert_eq!(answer.status, 200, "{}", call.operation);
            continue;
        };
        assert_eq!(
            answer.problem(403, "insufficient_scope")["required_scope"],
            *scope,
            "{}",
            call.operation
        );
    }
    // A tenant has so many keys and no more.
    let mut keys = HashMap::new();
    for scope in Scope::ALL {
        let others: Vec<_> = Scope::ALL.iter().copied().filter(|other| other != scope).collect();
        let without = app.key(app.tenant.id, &others).await;
        for call in all().filter(|call| call.scopes.contains(&scope.as_str())) {
            let refused = things.ask(&without, call).await;
            assert_eq!(
                refused.problem(403, "insufficient_scope")["required_scope"],
                scope.as_str()
            );
            let needed: Vec<_> = call.scopes.iter().filter_map(|word| Scope::from_word(word)).collect();
            if !keys.contains_key(&needed) {
                keys.insert(needed.clone(), app.key(app.tenant.id, &needed).await);
            }
            let answer = things.ask(&keys[&needed], call).await;
            // Somebody who may do more than this key is not removed by it.
            let is_beyond = call.operation == "remove_person" && answer.text.contains("rights_beyond_own");
            // What somebody else handed over is personal, whatever stands in it.
            let is_personal = call.operation == "get_import" && answer.text.contains("personal:read");
            assert!(
                is_beyond || is_personal || !matches!(answer.status, 401 | 403),
                "{}: {}",
                call.operation,
                answer.text
            );
        }
    }
    app.finish().await;
}

/// How much of the number that every callback names nobody may see.
const HIDDEN: &str = "78260";

/// Whatever is asked, in whatever form.
#[tokio::test]
async fn without_the_scope_for_it_no_answer_shows_a_business_number() {
    let app = TestApp::start().await;
    let things = Things::of(&app, &app.tenant).await;
    let path = format!("/v1/merchants/{}", things.merchant);
    let whole = app.tenant.api.get(&path).await;
    let tag = whole.header("etag").expect("a tag").to_owned();
    let merchant = whole.expect(200);
    assert_eq!(merchant["business"]["number"], BUSINESS_NUMBER);
    let others = Scope::ALL.iter().copied().filter(|it| *it != Scope::PersonalRead);
    let api = app.key(app.tenant.id, &others.collect::<Vec<_>>()).await;
    let hides = |text: &str, what: &str| assert!(!text.contains(HIDDEN), "{what}: {text}");
    for query in ["as_of_version", "as_of"] {
        let value = &merchant[if query == "as_of" { "updated_at" } else { "version" }];
        let value = value.to_string();
        let answer = api.get(&format!("{path}?{query}={}", value.trim_matches('"'))).await;
        hides(&answer.text, query);
        assert_eq!(answer.expect(200)["business"]["number"], "117-81-*****");
    }
    let request = api
        .request(Method::GET, "/v1/events")
        .header("accept", "text/event-stream");
    let mut stream = request.send().await.expect("the stream opens");
    let (mut text, last) = (String::new(), format!("id: {}\n", merchant["seq"]));
    while !text.contains(&last) {
        let chunk = within(PATIENCE, stream.chunk())
            .await
            .expect("it goes on")
            .expect("it has no end");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    hides(&text, "the event stream");
    let masked = Answer::to(api.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!(masked.status, 200, "the form that it has is another one");
    let masked_tag = masked.header("etag").expect("a tag").to_owned();
    assert_eq!(masked.expect(200)["business"]["number"], "117-81-*****");
    let known = Answer::to(api.request(Method::GET, &path).header("if-none-match", &masked_tag)).await;
    assert_eq!(known.status, 304);
    let change = api.request(Method::PATCH, &path).header("if-match", &masked_tag);
    Answer::to(change.json(&json!({ "tags": ["y"] }))).await.expect(200);
    for call in all() {
        hides(&things.ask(&api, call).await.text, call.operation);
    }
    app.finish().await;
}

/// Whoever registers a number would learn from the warning whether another shop has that.
#[tokio::test]
async fn without_the_scope_for_it_no_warning_tells_of_a_business_number() {
    let app = TestApp::start().await;
    let api = app
        .key(app.tenant.id, &[Scope::MerchantsRead, Scope::MerchantsWrite])
        .await;
    let shop =
        |code: &str| json!({ "member_code": "acad-1", "merchant_code": code, "business_number": BUSINESS_NUMBER });
    app.tenant.api.post("/v1/merchants", &shop("store-1")).await.expect(201);
    let guess = api.post("/v1/merchants", &shop("store-2")).await.expect(201);
    assert_eq!(guess["warnings"], json!([]));
    let path = format!("/v1/merchants/{}", id_of(&guess));
    for (api, warnings) in [(&app.tenant.api, json!(["business_number_shared"])), (&api, json!([]))] {
        assert_eq!(api.get(&path).await.expect(200)["warnings"], warnings);
        let listed = api.get("/v1/merchants?q=store-2").await.expect(200);
        assert_eq!(listed["data"][0]["warnings"], warnings);
    }
    app.finish().await;
}

/// Digit after digit could be guessed.
#[tokio::test]
async fn without_the_scope_for_it_nothing_is_found_by_a_business_number() {
    let app = TestApp::start().await;
    let shop = json!({ "member_code": "acad-1", "merchant_code": "store-1178", "business_number": BUSINESS_NUMBER });
    app.tenant.api.post("/v1/merchants", &shop).await.expect(201);
    let api = app.key(app.tenant.id, &[Scope::MerchantsRead]).await;
    for (search, with, without) in [("1178", 1, 1), ("11781", 1, 0), ("117-81-78260", 1, 0), ("store", 1, 1)] {
        for (api, expected) in [(&app.tenant.api, with), (&api, without)] {
            let list = api.get(&format!("/v1/merchants?q={search}")).await.expect(200);
            assert_eq!(list["data"].as_array().map(Vec::len), Some(expected), "{search}");
            let count = api
                .get(&format!("/v1/stats/review-status?q={search}"))
                .await
                .expect(200);
            assert_eq!(count["data"]["total"], expected, "{search}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_but_its_callbacks_are_taken() {
    let app = TestApp::start().await;
    Things::of(&app, &app.tenant).await;
    let url = app.sandbox.mapping("acad-1", "store-1").await.callback_url;
    let other_key = app.key(app.tenant.id, Scope::ALL).await;
    app.suspend(app.tenant.id).await;
    other_key.get("/v1/me").await.problem(403, "tenant_suspended");
    send_taken(&url, mapping("acad-1", "store-1", "O", None).to_string()).await;
    app.finish().await;
}

#[tokio::test]
async fn another_tenants_callback_url_is_of_no_use_with_ones_own_codes() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    Things::of(&app, &app.tenant).await;
    let ours = app.sandbox.mapping("acad-1", "store-1").await.callback_url;
    let theirs = stranger.register("acad-7", "store-7").await;
    send_taken(&ours, mapping("acad-7", "store-7", "O", None).to_string()).await;
    let event = app
        .tenant
        .api
        .event(|event| event["data"]["verdict"] == "quarantined")
        .await;
    assert_eq!(event["data"]["reason"], "codes_mismatch");
    assert_eq!(stranger.api.merchant(id_of(&theirs)).await, theirs);
    app.finish().await;
}

/// Both tenants have a shop with the same codes. Whatever comes through one tenant's URLs is about its own shop.
#[tokio::test]
async fn equal_codes_of_two_tenants_never_touch_each_other() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let things = Things::of(&app, &app.tenant).await;
    let theirs = stranger.register("acad-1", "store-1").await;
    let url = app.tenant_callback_url(app.tenant.id);
    send_taken(&url, mapping("acad-1", "store-1", "S", Some("통장 사본")).to_string()).await;
    let ours = app.tenant.api.merchant(&things.merchant).await;
    assert_eq!(ours["review"]["status"], "documents_required");
    assert_eq!(stranger.api.merchant(id_of(&theirs)).await, theirs);

    let for_bills = app.tenant.callback_url_for_bills(&ours).await;
    let approval = json!({ "billId": "b-1", "apprState": "F", "apprNum": "1", "apiKey": app.sandbox.partner_key(1) });
    send_taken(&for_bills, approval.to_string()).await;
    let path = |id: &str| format!("/v1/merchants/{id}/approvals");
    let found = app.tenant.api.get(&path(&things.merchant)).await.expect(200);
    assert_eq!(
        found["data"][0]["data"]["api_key"], "differs",
        "the other tenant's key is not ours"
    );
    let found = stranger.api.get(&path(id_of(&theirs))).await.expect(200);
    assert_eq!(found["data"], json!([]));
    assert_eq!(stranger.api.merchant(id_of(&theirs)).await, theirs);

    // Their own callback, but our merchant.
    let of_stranger = app.tenant_callback_url(stranger.id);
    send_taken(&of_stranger, "not json").await;
    let waiting = stranger.api.get("/v1/quarantine").await.expect(200);
    let event_id = waiting["data"][0]["event_id"].as_str().expect("it waits");
    let resolution = format!("/v1/quarantine/{event_id}/resolution");
    let bind = json!({ "action": "bind", "merchant_id": things.merchant });
    let request = stranger.api.request(Method::PUT, &resolution).json(&bind);
    Answer::to(request).await.problem(404, "merchant_not_found");
    app.finish().await;
}

#[tokio::test]
async fn each_tenant_has_its_own_stream() {
    let nats = TestNats::shared();
    let mut app = TestApp::start_with_nats(&nats).await;
    let stranger = app.other_tenant().await;
    Things::of(&app, &app.tenant).await;
    stranger.register("acad-7", "store-7").await;
    for (tenant, other) in [(&app.tenant, &stranger), (&stranger, &app.tenant)] {
        let feed = tenant.api.feed().await;
        let messages = nats
            .stream(&tenant.slug, feed.last().unwrap()["seq"].as_u64().unwrap())
            .await;
        let prefix = format!("smr.v1.{}.merchant.", tenant.slug);
        assert!(messages.iter().all(|message| message.subject.starts_with(&prefix)));
        let all = format!("{messages:?}");
        assert!(!all.contains(other.slug.as_str()) && !all.contains(&other.id.to_string()));
    }
    app.finish_published(&nats).await;
}
