//! Two tenants in one installation, and keys that may not do everything. Every operation of the document is tried; one
//! that is new and not covered here fails the test.

use std::collections::BTreeSet;

use registry_domain::tenant::Scope;
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, TestApp, TestNats, TestTenant};
use reqwest::Method;
use serde_json::{Value, json};

/// How an operation is called with the ids of somebody.
struct Call {
    operation: &'static str,
    method: Method,
    path: &'static str,
    body: Option<fn() -> Value>,
    /// The scope that it needs, as the document says.
    scope: Option<&'static str>,
}

const fn call(
    operation: &'static str,
    method: Method,
    path: &'static str,
    body: Option<fn() -> Value>,
    scope: Option<&'static str>,
) -> Call {
    Call {
        operation,
        method,
        path,
        body,
        scope,
    }
}

const READ: Option<&str> = Some("merchants:read");
const WRITE: Option<&str> = Some("merchants:write");
const LINKS: Option<&str> = Some("links:write");

/// Operations that are about one thing: with another tenant's ids they find nothing.
const OF_ONE_THING: &[Call] = &[
    call("get_merchant", Method::GET, "/v1/merchants/{merchant}", None, READ),
    call(
        "change_merchant",
        Method::PATCH,
        "/v1/merchants/{merchant}",
        Some(|| json!({"tags": ["x"]})),
        WRITE,
    ),
    call(
        "archive_merchant",
        Method::DELETE,
        "/v1/merchants/{merchant}",
        None,
        WRITE,
    ),
    call(
        "restore_merchant",
        Method::POST,
        "/v1/merchants/{merchant}/restoration",
        None,
        WRITE,
    ),
    call(
        "get_merchant_by_reference",
        Method::GET,
        "/v1/merchants/by-reference/acad-1/store-1",
        None,
        READ,
    ),
    call(
        "list_merchant_events",
        Method::GET,
        "/v1/merchants/{merchant}/events",
        None,
        READ,
    ),
    call(
        "list_registration_links",
        Method::GET,
        "/v1/merchants/{merchant}/registration-links",
        None,
        READ,
    ),
    call(
        "issue_registration_link",
        Method::POST,
        "/v1/merchants/{merchant}/registration-links",
        None,
        LINKS,
    ),
    call(
        "get_registration_link",
        Method::GET,
        "/v1/registration-links/{link}",
        None,
        READ,
    ),
    call(
        "revoke_registration_link",
        Method::DELETE,
        "/v1/registration-links/{link}",
        None,
        LINKS,
    ),
    call(
        "get_callback_payload",
        Method::GET,
        "/v1/callbacks/{callback}/payload",
        None,
        Some("payloads:read"),
    ),
];

/// Operations that are about all a tenant has: they show nothing of another's.
const OF_EVERYTHING: &[Call] = &[
    call("list_merchants", Method::GET, "/v1/merchants?q=store", None, READ),
    call(
        "count_review_statuses",
        Method::GET,
        "/v1/stats/review-status",
        None,
        READ,
    ),
    call("read_events", Method::GET, "/v1/events", None, Some("events:read")),
    call("get_me", Method::GET, "/v1/me", None, None),
    call("create_merchant", Method::POST, "/v1/merchants", Some(new_shop), WRITE),
];

/// Operations without credentials.
const OF_NOBODY: &[&str] = &["receive_callback", "get_liveness", "get_readiness", "get_metrics"];

fn new_shop() -> Value {
    json!({ "member_code": "acad-9", "merchant_code": "store-9" })
}

/// The ids of what one tenant has.
struct Things {
    merchant: String,
    link: String,
    callback: String,
}

impl Things {
    async fn of(app: &TestApp, tenant: &TestTenant) -> Self {
        let merchant = tenant.register("acad-1", "store-1").await;
        let link = tenant.issue_link(&merchant).await;
        let url = app.sandbox.mapping("acad-1", "store-1").await.callback_url;
        send_taken(&url, mapping("acad-1", "store-1", "P", None).to_string()).await;
        let callback = tenant.api.event(|event| event["type"] == "callback.received").await;
        Self {
            merchant: id_of(&merchant).to_owned(),
            link: id_of(&link).to_owned(),
            callback: id_of(&callback).to_owned(),
        }
    }

    async fn ask(&self, api: &Api, call: &Call) -> Answer {
        let path = call.path.replace("{merchant}", &self.merchant);
        let path = path.replace("{link}", &self.link).replace("{callback}", &self.callback);
        let mut request = api.request(call.method.clone(), &path);
        request = request.header("idempotency-key", "key-1").header("if-match", "\"1\"");
        if let Some(body) = call.body {
            request = request.json(&body());
        }
        Answer::to(request).await
    }
}

fn all() -> impl Iterator<Item = &'static Call> {
    OF_ONE_THING.iter().chain(OF_EVERYTHING)
}

/// Every operation of the document with the scope that it needs.
fn documented() -> Vec<(String, Option<String>)> {
    let document = serde_json::to_value(registry_http::openapi()).expect("the document is JSON");
    let paths = document["paths"].as_object().expect("it has paths").values();
    let operations = paths.flat_map(|path| path.as_object().expect("a path has operations").values());
    operations
        .filter_map(|operation| {
            let scope = operation["security"][0]["api_key"][0].as_str().map(str::to_owned);
            Some((operation["operationId"].as_str()?.to_owned(), scope))
        })
        .collect()
}

#[test]
fn every_operation_is_tried_here() {
    let documented = documented();
    let covered: BTreeSet<_> = all()
        .map(|call| call.operation)
        .chain(OF_NOBODY.iter().copied())
        .collect();
    let names: BTreeSet<_> = documented.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        covered, names,
        "add the new operation to the lists in tests/it/isolation.rs"
    );
    for call in all() {
        let scope = documented
            .iter()
            .find(|(name, _)| name == call.operation)
            .and_then(|(_, scope)| scope.as_deref());
        assert_eq!(
            scope, call.scope,
            "the document says which scope {} needs",
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
    let wrong = [
        "",
        "rk_",
        "rk_00000000000000000000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    let clients = wrong.map(|key| Api::new(app.tenant.api.base(), Some(key.to_owned())));
    for call in all() {
        for client in clients.iter().chain([&app.tenant.api.anonymous()]) {
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
        let Some(scope) = call.scope else {
            assert_eq!(answer.status, 200, "{}", call.operation);
            continue;
        };
        assert_eq!(
            answer.problem(403, "insufficient_scope")["required_scope"],
            scope,
            "{}",
            call.operation
        );
    }
    for scope in Scope::ALL {
        let others: Vec<_> = Scope::ALL.iter().copied().filter(|other| other != scope).collect();
        let (without, with) = (
            app.key(app.tenant.id, &others).await,
            app.key(app.tenant.id, &[*scope]).await,
        );
        for call in all().filter(|call| call.scope == Some(scope.as_str())) {
            things.ask(&without, call).await.problem(403, "insufficient_scope");
            let answer = things.ask(&with, call).await;
            assert!(
                !matches!(answer.status, 401 | 403),
                "{}: {}",
                call.operation,
                answer.text
            );
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
