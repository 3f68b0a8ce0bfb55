//! Views: questions to the list of merchants that people and programs keep.

mod days;
mod desk;

use registry_domain::people::Role;
use registry_domain::tenant::Scope;
use registry_domain::{Actor, CorrelationId};
use registry_journal::Origin;
use registry_tests::api::{Api, text_of};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, TestTenant};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::console::Pages;

const PATH: &str = "/v1/views";
const ON_BEHALF_OF: &str = "registry-on-behalf-of";

/// A program that calls on behalf of somebody.
struct For<'a> {
    api: &'a Api,
    name: String,
}

impl<'a> For<'a> {
    fn new(api: &'a Api, name: &str) -> Self {
        Self {
            api,
            name: name
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect::<Vec<_>>()
                .concat(),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.api.request(method, path).header(ON_BEHALF_OF, &self.name);
        let request = request.header("if-match", "*");
        Answer::to(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    async fn keep(&self, body: Value) -> Answer {
        self.send(Method::POST, PATH, Some(&body)).await
    }

    async fn names(&self) -> Vec<String> {
        let views = self.send(Method::GET, PATH, None).await.expect(200);
        let views = views["data"].as_array().expect("a list").iter();
        views.map(|view| text_of(view, "name").to_owned()).collect()
    }
}

fn of(view: &Value) -> String {
    format!("{PATH}/{}", id_of(view))
}

/// What was told of views: the type and the data.
async fn told(tenant: &TestTenant) -> Vec<(String, Value)> {
    let feed = tenant.api.feed().await;
    let of_views = feed.iter().filter(|event| text_of(event, "type").starts_with("view."));
    of_views
        .map(|event| (text_of(event, "type").to_owned(), event["data"].clone()))
        .collect()
}

#[tokio::test]
async fn ones_own_are_nobody_elses_until_they_are_shared() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let (kim, lee) = (
        For::new(&app.tenant.api, "김 대리"),
        For::new(&app.tenant.api, "이 과장"),
    );
    let theirs = For::new(&stranger.api, "김 대리");
    let wish = json!({ "name": "서류보완 4일+", "query": "stage=documents_required&age_min=4&sort=stage_since" });
    let kept = kim.keep(wish.clone()).await;
    assert_eq!(kept.header("location"), Some(of(&kept.body).as_str()));
    assert_eq!(kept.header("etag"), Some("\"1\""));
    let kept = kept.expect(201);
    assert_eq!(kept["query"], "age_min=4&sort=stage_since&stage=documents_required");
    assert_eq!(
        (&kept["own"], &kept["shared"], &kept["columns"]),
        (&json!(true), &json!(false), &json!([]))
    );
    assert_eq!(kim.names().await, ["서류보완 4일+"]);
    assert!(lee.names().await.is_empty());
    let alone = app.tenant.api.get(PATH).await.expect(200);
    assert_eq!(alone["data"], json!([]), "a program by itself has none of its own");
    for other in [&lee, &theirs] {
        let found = other.send(Method::GET, &of(&kept), None).await;
        found.problem(404, "view_not_found");
        let share = json!({ "shared": true });
        let changed = other.send(Method::PATCH, &of(&kept), Some(&share)).await;
        changed.problem(404, "view_not_found");
        let removed = other.send(Method::DELETE, &of(&kept), None).await;
        removed.problem(404, "view_not_found");
    }
    let shared = kim
        .send(Method::PATCH, &of(&kept), Some(&json!({ "shared": true })))
        .await;
    assert_eq!(shared.expect(200)["version"], 2);
    assert_eq!(lee.names().await, ["서류보완 4일+"]);
    assert!(theirs.names().await.is_empty(), "another tenant never sees it");
    let seen = lee.send(Method::GET, &of(&kept), None).await.expect(200);
    assert_eq!((&seen["own"], &seen["shared"]), (&json!(false), &json!(true)));
    // Everybody may change what is shared; only who made it takes it back.
    let renamed = json!({ "name": "서류 보완" });
    lee.send(Method::PATCH, &of(&kept), Some(&renamed)).await.expect(200);
    let back = json!({ "shared": false });
    for other in [lee.send(Method::PATCH, &of(&kept), Some(&back)).await, {
        let request = app
            .tenant
            .api
            .request(Method::PATCH, &of(&kept))
            .header("if-match", "*");
        Answer::to(request.json(&back)).await
    }] {
        let problem = other.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], "not_yours");
        assert_eq!(problem["errors"][0]["pointer"], "/shared");
    }
    kim.send(Method::PATCH, &of(&kept), Some(&back)).await.expect(200);
    assert!(lee.names().await.is_empty());
    kim.send(Method::DELETE, &of(&kept), None).await;
    assert!(kim.names().await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn what_is_done_to_a_view_is_told_and_what_it_asks_is_not() {
    let app = TestApp::start().await;
    let kim = For::new(&app.tenant.api, "김 대리");
    let wish = json!({ "name": "private-name-1", "query": "q=private-words" });
    let kept = kim.keep(wish.clone()).await.expect(201);
    let path = of(&kept);
    let change = async |body: Value| kim.send(Method::PATCH, &path, Some(&body)).await.expect(200);
    change(json!({ "columns": ["code", "business_days"] })).await;
    change(json!({ "columns": ["code", "business_days"] })).await;
    change(json!({ "shared": true, "name": "shared-name" })).await;
    change(json!({ "shared": false, "name": "private-name-2" })).await;
    assert_eq!(kim.send(Method::DELETE, &path, None).await.status, 204);
    let id = id_of(&kept);
    let data = |name: Value| json!({ "view_id": id, "name": name });
    let expected = [
        ("view.created", data(Value::Null)),
        ("view.changed", data(Value::Null)),
        ("view.shared", data(json!("shared-name"))),
        ("view.unshared", data(Value::Null)),
        ("view.removed", data(Value::Null)),
    ];
    assert_eq!(
        told(&app.tenant).await,
        expected.map(|(kind, data)| (kind.to_owned(), data))
    );
    let audit = app.tenant.api.get("/v1/audit?action=view.shared,view.removed").await;
    let audit = audit.expect(200);
    assert_eq!(audit["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(audit["data"][0]["on_behalf_of"], "김 대리");
    let feed = json!(app.tenant.api.feed().await).to_string();
    assert!(!feed.contains("private"), "{feed}");
    app.finish().await;
}

#[tokio::test]
async fn a_view_is_read_as_the_list_reads_it() {
    let app = TestApp::start().await;
    let kim = For::new(&app.tenant.api, "Kim");
    let query = "limit=100&stage=opened,in_review,opened&q=%EA%B0%95%EB%82%A8&updated_from=-7bd";
    let wish = json!({ "name": "n", "query": query, "columns": ["business_days", "code", "business_days"] });
    let kept = kim.keep(wish.clone()).await.expect(201);
    let spelt = "limit=100&q=%EA%B0%95%EB%82%A8&stage=in_review,opened&updated_from=-7bd";
    assert_eq!(
        (&kept["query"], &kept["columns"]),
        (&json!(spelt), &json!(["business_days", "code"]))
    );
    let listed = app.tenant.api.get(&format!("/v1/merchants?{spelt}")).await;
    listed.expect(200);
    let errors = async |body: Value| {
        let problem = kim.keep(body).await.problem(422, "validation_failed");
        let errors = problem["errors"].as_array().expect("errors").iter();
        let places = errors.map(|error| {
            let place = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            (place("pointer"), place("parameter"), place("code"))
        });
        places.collect::<Vec<_>>()
    };
    let error =
        |pointer: &str, parameter: &str, code: &str| (pointer.to_owned(), parameter.to_owned(), code.to_owned());
    assert_eq!(
        errors(json!({ "name": "m", "query": "stage=shut&created_from=-0bd&as_of=2026-01-01T00:00:00Z" })).await,
        [
            error("/query", "stage", "unknown_word"),
            error("/query", "created_from", "not_a_moment_or_day"),
            error("/query", "as_of", "unknown_field"),
        ]
    );
    assert_eq!(
        errors(json!({ "name": "", "columns": ["secret"] })).await,
        [
            error("/name", "", "blank"),
            error("/query", "", "required"),
            error("/columns/0", "", "unknown_word"),
        ]
    );
    assert_eq!(
        errors(json!({ "name": "가".repeat(61), "query": "" })).await,
        [error("/name", "", "too_long")]
    );
    let changed = kim
        .send(Method::PATCH, &of(&kept), Some(&json!({ "query": "sort=up" })))
        .await;
    assert_eq!(
        changed.problem(422, "validation_failed")["errors"][0]["parameter"],
        "sort"
    );
    // Whose it would be is not known.
    let nobodys = app.tenant.api.post(PATH, &json!({ "name": "m", "query": "" })).await;
    let problem = nobodys.problem(422, "validation_failed");
    assert_eq!(
        (&problem["errors"][0]["header"], &problem["errors"][0]["code"]),
        (&json!("Registry-On-Behalf-Of"), &json!("required"))
    );
    assert_eq!(told(&app.tenant).await.len(), 1, "what is refused is not told");
    app.finish().await;
}

#[tokio::test]
async fn a_view_is_kept_once_under_a_name_of_its_own() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let wish = json!({ "name": "Stuck shops", "query": "attention=true", "shared": true });
    let kept = api.post_once(PATH, "one", &wish).await.expect(201);
    let again = api.post_once(PATH, "one", &wish).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201)["id"], kept["id"]);
    let other = json!({ "name": "others", "query": "", "shared": true });
    let reused = api.post_once(PATH, "one", &other).await;
    reused.problem(422, "idempotency_key_reused");
    let same = json!({ "name": "stuck SHOPS", "query": "", "shared": true });
    api.post(PATH, &same).await.problem(409, "view_name_taken");
    let kim = For::new(api, "Kim");
    let own = kim
        .keep(json!({ "name": "Stuck shops", "query": "" }))
        .await
        .expect(201);
    let shared = kim
        .send(Method::PATCH, &of(&own), Some(&json!({ "shared": true })))
        .await;
    shared.problem(409, "view_name_taken");
    let change = async |tag: Option<&str>| {
        let request = api.request(Method::PATCH, &of(&kept)).json(&json!({ "name": "x" }));
        Answer::to(match tag {
            Some(tag) => request.header("if-match", tag),
            None => request,
        })
        .await
    };
    change(None).await.problem(428, "if_match_required");
    change(Some("\"2\"")).await.problem(412, "view_changed");
    assert_eq!(change(Some("\"1\"")).await.header("etag"), Some("\"2\""));
    change(Some("\"1\"")).await.problem(412, "view_changed");
    for number in 1..100 {
        let wish = json!({ "name": number.to_string(), "query": "", "shared": true });
        api.post(PATH, &wish).await.expect(201);
    }
    let wish = json!({ "name": "one more", "query": "", "shared": true });
    api.post(PATH, &wish).await.problem(409, "too_many_views");
    app.finish().await;
}

#[tokio::test]
async fn each_begins_with_one_view() {
    let app = TestApp::start().await;
    let (kim, lee) = (For::new(&app.tenant.api, "Kim"), For::new(&app.tenant.api, "Lee"));
    let own = kim.keep(json!({ "name": "own", "query": "" })).await.expect(201);
    let shared = json!({ "name": "shared", "query": "", "shared": true });
    let shared = kim.keep(shared).await.expect(201);
    let begin = async |who: &For<'_>, id: Value| {
        let body = json!({ "view_id": id });
        who.send(Method::PUT, "/v1/default-view", Some(&body)).await
    };
    let defaults = async |who: &For<'_>| {
        let views = who.send(Method::GET, PATH, None).await.expect(200);
        let views = views["data"].as_array().expect("a list").clone();
        let defaults = views.iter().filter(|view| view["default"] == true);
        defaults
            .map(|view| text_of(view, "name").to_owned())
            .collect::<Vec<_>>()
    };
    assert!(defaults(&kim).await.is_empty());
    begin(&kim, own["id"].clone()).await.expect(200);
    begin(&lee, own["id"].clone()).await.problem(404, "view_not_found");
    begin(&lee, shared["id"].clone()).await.expect(200);
    assert_eq!(
        (defaults(&kim).await, defaults(&lee).await),
        (vec!["own".to_owned()], vec!["shared".to_owned()])
    );
    begin(&kim, Value::Null).await.expect(200);
    assert!(defaults(&kim).await.is_empty());
    let problem = begin(&kim, json!("x")).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "not_an_id");
    let reader = app.key(app.tenant.id, &[Scope::MerchantsRead]).await;
    let body = json!({ "view_id": null });
    let refused = Answer::to(reader.request(Method::PUT, "/v1/default-view").json(&body)).await;
    refused.problem(403, "insufficient_scope");
    app.finish().await;
}

#[tokio::test]
async fn who_leaves_takes_along_what_nobody_else_sees() {
    let app = TestApp::start().await;
    let pages = Pages::of(&app, "이운영", Role::Operator).await;
    for (name, shared) in [("own", ""), ("shared", "on")] {
        let fields = [
            ("key", name),
            ("name", name),
            ("state", "stage=opened"),
            ("shared", shared),
        ];
        pages.send("/views", &fields).await;
    }
    assert!(pages.get("/views").await.text.contains(">own<"));
    let people = app.tenant.api.get("/v1/people").await.expect(200);
    let person = people["data"][0]["id"].as_str().expect("an id").to_owned();
    let removed = app.tenant.api.delete(&format!("/v1/people/{person}")).await;
    assert!(removed.status < 300, "{}", removed.text);
    let origin = Origin::of(Actor::Operator, CorrelationId::from_uuid(Uuid::nil()));
    let person = person.parse().expect("an id");
    let added = app
        .people()
        .add_member(app.tenant.id, origin, person, Role::Operator.into())
        .await;
    added.expect("they come back");
    let back = Pages::of(&app, "이운영", Role::Operator).await;
    let page = back.get("/views").await;
    assert!(
        page.text.contains(">shared<") && !page.text.contains(">own<"),
        "{}",
        page.text
    );
    app.finish().await;
}
