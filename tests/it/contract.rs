//! The documents of the contracts, and whether what really goes out is what they say.

mod alerts;
mod documents;
mod examples;
mod generated;
mod jobs;
mod keys;
mod people;
mod typescript;
mod waiting;

use std::collections::BTreeSet;

use registry_tests::api::{events_of, number_of, text_of};
use registry_tests::callback::{mapping, send, send_taken};
use registry_tests::settings::repository;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, TestApp, TestNats, logs};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use examples::Examples;

fn committed(file: &str) -> Value {
    let text = std::fs::read_to_string(repository().join("openapi").join(file));
    let text = text.unwrap_or_else(|error| panic!("openapi/{file}: {error}; run `cargo xtask openapi`"));
    serde_json::from_str(&text).expect("the file is JSON")
}

fn openapi() -> Value {
    serde_json::to_value(registry_http::openapi()).expect("the document is JSON")
}

#[test]
fn the_committed_openapi_document_is_that_of_the_code() {
    assert!(
        committed("registry.json") == openapi(),
        "openapi/registry.json is old: run `cargo xtask openapi`"
    );
}

#[test]
fn the_committed_asyncapi_document_is_that_of_the_code() {
    let generated = registry_documents::asyncapi();
    assert!(
        committed("asyncapi.json") == generated,
        "openapi/asyncapi.json is old: run `cargo xtask openapi`"
    );
}

/// A document against whose schemas things are checked.
struct Document(Value);

impl Document {
    /// A schema of the document, which may refer to others of it.
    fn check(&self, schema: &Value, instance: &Value, what: &str) {
        let mut schema = schema.clone();
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["components"] = self.0["components"].clone();
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let errors: Vec<_> = validator
            .iter_errors(instance)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(
            errors.is_empty(),
            "{what} is not what the document says:\n{}\n{instance}",
            errors.join("\n")
        );
    }
}

/// Calls operations and checks every answer.
struct Visitor<'a> {
    document: Document,
    visited: BTreeSet<String>,
    examples: Examples,
    app: &'a TestApp,
}

impl Visitor<'_> {
    async fn get(&mut self, template: &str, ids: &[&str]) -> Answer {
        let request = self.api().request(Method::GET, &filled(template, ids));
        self.send(&Method::GET, template, request).await
    }

    async fn post(&mut self, template: &str, ids: &[&str], body: Option<Value>) -> Answer {
        let request = self.api().request(Method::POST, &filled(template, ids));
        let request = request.header("idempotency-key", registry_tests::tenant::random(16));
        let request = body.iter().fold(request, RequestBuilder::json);
        self.send(&Method::POST, template, request).await
    }

    /// Changes the newest version of a shop.
    async fn change(&mut self, method: Method, merchant_id: &str, body: Option<Value>) -> Value {
        let template = "/v1/merchants/{id}";
        let version = number_of(&self.api().merchant(merchant_id).await, "version");
        let request = self.api().request(method.clone(), &filled(template, &[merchant_id]));
        let request = request.header("if-match", format!("\"{version}\""));
        let request = body.iter().fold(request, RequestBuilder::json);
        self.send(&method, template, request).await.expect(200)
    }

    async fn send(&mut self, method: &Method, template: &str, request: RequestBuilder) -> Answer {
        let answer = Answer::to(request).await;
        self.look(method, template, &answer);
        answer
    }

    fn api(&self) -> &Api {
        &self.app.tenant.api
    }

    fn look(&mut self, method: &Method, template: &str, answer: &Answer) {
        let what = format!("{method} {template}: {}", answer.status);
        let operation = &self.document.0["paths"][template][method.as_str().to_ascii_lowercase()];
        let id = text_of(operation, "operationId").to_owned();
        self.examples.take(&id, answer, self.app);
        self.visited.insert(id);
        let response = &operation["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{what} is not documented");
        let Some(content) = response["content"].as_object() else {
            return;
        };
        let content_type = answer.header("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default();
        let described = content.get(essence);
        let described = described.unwrap_or_else(|| panic!("{what}: {essence} is not documented"));
        if essence.ends_with("json") {
            self.document.check(&described["schema"], &answer.body, &what);
        }
    }
}

fn filled(template: &str, ids: &[&str]) -> String {
    ids.iter().fold(template.to_owned(), |path, id| {
        let (start, end) = (path.find('{').expect("a place"), path.find('}').expect("a place"));
        format!("{}{id}{}", &path[..start], &path[end + 1..])
    })
}

#[tokio::test]
async fn every_operation_answers_as_documented() {
    let app = TestApp::start().await;
    let visitor = visit(&app).await;
    visitor.examples.write();
    examples::expect_all(&visitor.document);
    assert_eq!(
        visitor.visited,
        operations(&visitor.document.0),
        "not all is called, or not all documented"
    );
    app.finish().await;
}

/// Calls every operation.
async fn visit(app: &TestApp) -> Visitor<'_> {
    let mut visitor = Visitor {
        document: Document(openapi()),
        visited: BTreeSet::new(),
        examples: Examples::default(),
        app,
    };
    let merchant = register(&mut visitor).await;
    let link = issue(&mut visitor, id_of(&merchant)).await;
    call_back(&mut visitor).await;
    read(&mut visitor, id_of(&merchant)).await;
    ask(&mut visitor, id_of(&merchant)).await;
    waiting::settle(&mut visitor, id_of(&merchant)).await;
    jobs::visit(&mut visitor).await;
    people::visit(&mut visitor).await;
    keys::visit(&mut visitor).await;
    change(&mut visitor, id_of(&merchant), id_of(&link)).await;
    visitor
}

fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("it has paths").values();
    let operations = paths.flat_map(|path| path.as_object().expect("a path has operations").values());
    operations
        .filter_map(|operation| operation["operationId"].as_str())
        .map(str::to_owned)
        .collect()
}

async fn register(visitor: &mut Visitor<'_>) -> Value {
    let path = "/v1/merchants";
    let shop = json!({ "member_code": "acad-1", "merchant_code": "store-1", "tags": ["vip"] });
    let merchant = visitor.post(path, &[], Some(shop.clone())).await.expect(201);
    visitor
        .post(path, &[], Some(shop))
        .await
        .problem(409, "reference_taken");
    let nothing = visitor.post(path, &[], Some(json!({}))).await;
    nothing.problem(422, "validation_failed");
    merchant
}

async fn issue(visitor: &mut Visitor<'_>, merchant_id: &str) -> Value {
    let path = "/v1/merchants/{id}/registration-links";
    let link = visitor.post(path, &[merchant_id], None).await.expect(201);
    logs::secret(text_of(&link, "url"));
    visitor
        .app
        .sandbox
        .fail_mapping(&json!({ "answer": "PARTNER_001" }))
        .await;
    let refused = visitor.post(path, &[merchant_id], None).await;
    refused.problem(502, "upstream_refused");
    visitor.get(path, &[merchant_id]).await.expect(200);
    let path = "/v1/registration-links/{id}";
    visitor.get(path, &[id_of(&link)]).await.expect(200);
    visitor.get(path, &["lnk_x"]).await.expect(404);
    link
}

async fn call_back(visitor: &mut Visitor<'_>) {
    let url = visitor.app.sandbox.mapping("acad-1", "store-1").await.callback_url;
    let good = mapping("acad-1", "store-1", "S", Some("서류를 보내 주세요")).to_string();
    let payment = json!({ "billId": "b", "apprState": "F", "apprPrice": "1" }).to_string();
    let wrong_url = format!("{}x", &url[..url.len() - 1]);
    for (url, body) in [(&url, good.as_str()), (&url, "{"), (&url, &payment), (&wrong_url, "{}")] {
        let answer = send(url, body.to_owned()).await;
        visitor.look(&Method::POST, "/cb/v1/{token}", &answer);
    }
    for url in [&url, &wrong_url] {
        let answer = Answer::to(registry_tests::api::http_client().get(url)).await;
        visitor.look(&Method::GET, "/cb/v1/{token}", &answer);
    }
}

async fn read(visitor: &mut Visitor<'_>, merchant_id: &str) {
    for name in ["review-status", "ageing", "durations", "funnel"] {
        assert_eq!(
            visitor.get(&format!("/v1/stats/{name}"), &[]).await.status,
            200,
            "{name}"
        );
    }
    for path in ["/v1/me", "/v1/merchants", "/v1/events", "/livez", "/readyz"] {
        assert_eq!(visitor.get(path, &[]).await.status, 200, "{path}");
    }
    let beyond = visitor
        .api()
        .request(Method::GET, "/v1/events/stream?after=9007199254740991");
    let beyond = visitor.send(&Method::GET, "/v1/events/stream", beyond).await;
    beyond.problem(409, "position_beyond_log");
    let metrics = visitor.get("/metrics", &[]).await.text;
    let build = concat!("registry_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1");
    assert!(metrics.contains(build), "{metrics}");
    visitor.get("/v1/merchants/{id}", &[merchant_id]).await.expect(200);
    visitor.get("/v1/merchants/{id}", &["mer_x"]).await.expect(404);
    let by_reference = "/v1/merchants/by-reference/{member_code}/{merchant_code}";
    visitor.get(by_reference, &["acad-1", "store-1"]).await.expect(200);
    let timeline = visitor
        .get("/v1/merchants/{id}/events", &[merchant_id])
        .await
        .expect(200);
    let callback = events_of(&timeline)
        .into_iter()
        .find(|event| event["type"] == "callback.received");
    let callback = callback.expect("a callback came in");
    let callback_path = "/v1/callbacks/{event_id}";
    let read = visitor.get(callback_path, &[id_of(&callback)]).await.expect(200);
    assert_eq!(read, callback, "as it stands in the feed");
    let payload = visitor
        .get("/v1/callbacks/{event_id}/payload", &[id_of(&callback)])
        .await;
    payload.expect(200);
}

/// What upstream says, what follows from it, and what is set.
async fn ask(visitor: &mut Visitor<'_>, merchant_id: &str) {
    for path in [
        "/v1/merchants/{id}/billing-eligibility",
        "/v1/merchants/{id}/balance",
        "/v1/merchants/{id}/approvals",
        "/v1/merchants/{id}/callbacks",
    ] {
        assert_eq!(visitor.get(path, &[merchant_id]).await.status, 200, "{path}");
    }
    visitor.get("/v1/balance", &[]).await.expect(200);
    let path = "/v1/merchants/{id}/reconciliations";
    visitor.post(path, &[merchant_id], None).await.expect(200);
    let path = "/v1/settings";
    for (body, status) in [
        (json!({ "read_back": { "enabled": false } }), 200),
        (json!({ "hold_seconds": 1 }), 422),
    ] {
        let request = visitor.api().request(Method::PATCH, path).json(&body);
        visitor.send(&Method::PATCH, path, request).await.expect(status);
    }
    visitor.get(path, &[]).await.expect(200);
    visitor.get("/v1/calendar", &[]).await.expect(200);
    alerts::visit(visitor).await;
    let path = "/v1/merchants/{id}/reconciliations";
    let refused = visitor.post(path, &[merchant_id], None).await;
    refused.problem(409, "read_back_off");
    let path = "/v1/merchants/{id}/approval-callback-urls";
    let url = visitor.post(path, &[merchant_id], None).await.expect(201);
    logs::secret(text_of(&url, "url").rsplit('/').next().expect("a token"));
}

async fn change(visitor: &mut Visitor<'_>, merchant_id: &str, link_id: &str) {
    let path = "/v1/registration-links/{id}";
    let request = visitor.api().request(Method::DELETE, &filled(path, &[link_id]));
    visitor.send(&Method::DELETE, path, request).await.expect(200);
    let path = "/v1/merchants/{id}/notes";
    let note = Some(json!({ "text": "대표와 통화함" }));
    visitor.post(path, &[merchant_id], note).await.expect(201);
    visitor.get(path, &[merchant_id]).await.expect(200);
    let path = "/v1/merchants/{id}/reveals";
    visitor.post(path, &[merchant_id], None).await.expect(200);
    visitor.get("/v1/audit", &[]).await.expect(200);
    let branch = json!({ "branch_name": "본점" });
    visitor.change(Method::PATCH, merchant_id, Some(branch.clone())).await;
    let path = "/v1/merchants/by-reference/{member_code}/{merchant_code}";
    for (code, status) in [("store-1", 200), ("store-77", 201)] {
        let request = visitor.api().request(Method::PUT, &filled(path, &["acad-1", code]));
        visitor
            .send(&Method::PUT, path, request.json(&branch))
            .await
            .expect(status);
    }
    visitor.change(Method::DELETE, merchant_id, None).await;
    let restored = visitor
        .post("/v1/merchants/{id}/restoration", &[merchant_id], None)
        .await;
    restored.expect(200);
}

#[tokio::test]
async fn what_is_published_is_what_the_asyncapi_document_says() {
    let nats = TestNats::shared();
    let app = TestApp::start_with_nats(&nats).await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    let shop = app.sandbox.mapping("acad-1", "store-1").await;
    shop.submit("가나다 학원").await;
    shop.review("S", Some("서류를 보내 주세요")).await;
    shop.resend().await;
    shop.set_deleted(true).await;
    shop.set_deleted(false).await;
    shop.review("O", None).await;
    send_taken(&shop.callback_url, "{").await;
    send_taken(&shop.callback_url, json!({"billId": "b", "apprState": "F"}).to_string()).await;
    app.sandbox.fail_mapping(&json!({ "answer": "PARTNER_001" })).await;
    app.tenant
        .ask_for_link(&merchant, "refused")
        .await
        .problem(502, "upstream_refused");
    let merchant = app.tenant.api.merchant(id_of(&merchant)).await;
    let archived = app.tenant.archive(&merchant).await;

    let document = Document(registry_documents::asyncapi());
    let messages = nats.stream(&app.tenant.slug, archived["seq"].as_u64().unwrap()).await;
    let mut types = BTreeSet::new();
    for message in &messages {
        let kind = message.body["event"]["type"].as_str().unwrap();
        types.insert(kind.to_owned());
        let described = &document.0["components"]["messages"][kind];
        assert!(described.is_object(), "{kind} is not in the document");
        document.check(&described["payload"], &message.body, kind);
        assert_eq!(message.header("ce-type"), described["name"].as_str().unwrap());
        assert_eq!(message.subject.split('.').count(), 7, "{}", message.subject);
    }
    for kind in [
        "merchant.registered",
        "link.issued",
        "link.issue_failed",
        "callback.received",
        "review.changed",
    ] {
        assert!(types.contains(kind), "{kind} was not published");
    }
    let entry = nats
        .document(
            &app.tenant.slug,
            id_of(&archived),
            archived["version"].as_u64().unwrap(),
        )
        .await;
    document.check(
        &document.0["components"]["messages"]["document"]["payload"],
        &entry,
        "the bucket's document",
    );
    app.finish_published(&nats).await;
}
