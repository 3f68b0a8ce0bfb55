//! People who come and go are facts of their tenants: in the chain, in the audit, and told of whoever did it.

use chrono::TimeDelta;
use registry_domain::people::Role;
use registry_domain::{Actor, CorrelationId, PersonId, TenantId};
use registry_journal::Origin;
use registry_people::Browser;
use registry_tests::api::{text_of, until};
use registry_tests::tenant::id_of;
use registry_tests::{Api, TestApp, logs};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::visitor::{PASSWORD, Visitor, invite, leads_to};

const WRONG: &str = "wrong horse battery staple";

/// What a tenant's audit tells of people coming and going, the oldest first.
async fn told(api: &Api) -> Vec<Value> {
    let path = "/v1/audit?action=session.opened,session.closed,session.refused&limit=200";
    let page = api.get(path).await.expect(200);
    let mut entries = page["data"].as_array().expect("a list").clone();
    entries.reverse();
    entries
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| text_of(entry, "action")).collect()
}

async fn until_told(api: &Api, count: usize) -> Vec<Value> {
    until(async || told(api).await.len() >= count).await;
    told(api).await
}

/// The one of a tenant's people who has a name.
async fn person(api: &Api, name: &str) -> String {
    let people = api.get("/v1/people").await.expect(200);
    let found = people["data"].as_array().expect("a list").iter();
    let found = found.into_iter().find(|person| person["name"] == name);
    id_of(found.expect("they belong to it")).to_owned()
}

async fn add(app: &TestApp, tenant: TenantId, person: &str) {
    let origin = Origin::of(Actor::Operator, CorrelationId::from_uuid(Uuid::nil()));
    let person: PersonId = person.parse().expect("an id");
    let added = app
        .people()
        .add_member(tenant, origin, person, Role::Viewer.into())
        .await;
    added.expect("there is room");
}

async fn sign_in(visitor: &mut Visitor, name: &str, password: &str) -> registry_tests::Answer {
    let email = format!("{name}@example.test");
    let fields = [("email", email.as_str()), ("password", password), ("next", "/console")];
    visitor.send("/console/sign-in", &fields).await
}

#[tokio::test]
async fn coming_and_going_is_in_the_audit_of_each_tenant_of_a_person() {
    let mut app = TestApp::start().await;
    let (second, stranger) = (app.other_tenant().await, app.other_tenant().await);
    let mut kim = Visitor::new(&app);
    let invitation = invite(&app.tenant, "kim", "operator").await;
    let joined = kim.send(&invitation, &[("password", PASSWORD)]).await;
    leads_to(&joined);
    let id = person(&app.tenant.api, "kim").await;
    add(&app, second.id, &id).await;
    leads_to(&kim.send("/console/sign-out", &[]).await);
    assert_eq!(sign_in(&mut kim, "kim", WRONG).await.status, 422);
    until_told(&second.api, 2).await;
    leads_to(&sign_in(&mut kim, "kim", PASSWORD).await);
    let link = app
        .people()
        .sign_in_link(id.parse().expect("an id"))
        .await
        .expect("a link");
    let token = link.url.rsplit('/').next().expect("a token");
    logs::secret(token);
    // The session that the browser came with ends.
    leads_to(&kim.send(&format!("/console/enter/{token}"), &[]).await);

    let entries = until_told(&app.tenant.api, 6).await;
    let after_joining = [
        "session.closed",
        "session.refused",
        "session.opened",
        "session.closed",
        "session.opened",
    ];
    assert_eq!(
        actions(&entries),
        [&["session.opened"][..], &after_joining[..]].concat()
    );
    for entry in &entries {
        assert_eq!(
            (&entry["actor"]["id"], &entry["channel"], &entry["address"]),
            (&json!(id), &json!("console"), &json!("127.0.0.1")),
            "{entry}"
        );
        let is_refused = entry["action"] == "session.refused";
        let outcome = if is_refused { "refused" } else { "done" };
        assert_eq!(
            (&entry["outcome"], &entry["count"]),
            (&json!(outcome), &if is_refused { json!(1) } else { Value::Null })
        );
    }
    assert_eq!(
        entries[0]["request_id"].as_str(),
        joined.header("request-id"),
        "it leads to the request"
    );
    assert_eq!(actions(&told(&second.api).await), after_joining);
    assert_eq!(told(&stranger.api).await, [] as [Value; 0]);
    let refused = app.tenant.api.get("/v1/audit?outcome=refused").await.expect(200);
    assert_eq!(refused["data"].as_array().map(Vec::len), Some(1));
    app.finish().await;
}

#[tokio::test]
async fn whoever_guesses_fills_nobodys_log() {
    let app = TestApp::start().await;
    let mut kim = Visitor::new(&app);
    let invitation = invite(&app.tenant, "kim", "viewer").await;
    leads_to(&kim.send(&invitation, &[("password", PASSWORD)]).await);
    let mut guesser = Visitor::new(&app);
    for name in ["kim", "nobody", "kim", "kim", "kim", "kim", "kim", "kim"] {
        sign_in(&mut guesser, name, WRONG).await;
    }
    let count = |entry: &Value| entry["count"].as_u64();
    let entries = until_told(&app.tenant.api, 2).await;
    assert_eq!(actions(&entries), ["session.opened", "session.refused"]);
    let first = count(&entries[1]).expect("a number");
    // The next one is written when the hour is over, and says how many there were.
    app.advance(TimeDelta::minutes(61));
    sign_in(&mut guesser, "kim", WRONG).await;
    let entries = until_told(&app.tenant.api, 3).await;
    assert_eq!(actions(&entries[2..]), ["session.refused"]);
    assert_eq!(first + count(&entries[2]).expect("a number"), 8, "each one is counted");
    app.finish().await;
}

#[tokio::test]
async fn whoever_ends_the_sessions_of_others_is_named() {
    let mut app = TestApp::start().await;
    let second = app.other_tenant().await;
    let mut kim = Visitor::new(&app);
    let invitation = invite(&app.tenant, "kim", "viewer").await;
    leads_to(&kim.send(&invitation, &[("password", PASSWORD)]).await);
    let id = person(&app.tenant.api, "kim").await;
    let own = app.tenant.api.get("/v1/me").await.expect(200);
    let key = &own["key"]["id"];
    let ended = app.tenant.api.delete(&format!("/v1/people/{id}/sessions")).await;
    assert_eq!(ended.status, 204);
    // Those who have none have none that ends.
    let again = app.tenant.api.delete(&format!("/v1/people/{id}/sessions")).await;
    assert_eq!(again.status, 204);
    leads_to(&sign_in(&mut kim, "kim", PASSWORD).await);
    let change = app.tenant.api.request(Method::PATCH, &format!("/v1/people/{id}"));
    registry_tests::Answer::to(change.json(&json!({ "role": "operator" })))
        .await
        .expect(200);
    leads_to(&sign_in(&mut kim, "kim", PASSWORD).await);
    // From here on the session is another tenant's too, and nobody here ends it.
    add(&app, second.id, &id).await;
    let refused = app.tenant.api.delete(&format!("/v1/people/{id}/sessions")).await;
    refused.problem(409, "sessions_of_others");
    assert_eq!(app.tenant.api.delete(&format!("/v1/people/{id}")).await.status, 204);

    let entries = told(&app.tenant.api).await;
    let closed: Vec<_> = entries.iter().filter(|it| it["action"] == "session.closed").collect();
    assert_eq!(closed.len(), 2, "{entries:?}");
    for entry in closed {
        assert_eq!(entry["actor"]["type"], "api_key", "{entry}");
        assert!(key.is_null() || entry["actor"]["id"] == *key, "{entry}");
        let event = app.tenant.api.event(|event| event["id"] == entry["id"]).await;
        assert_eq!(event["data"], json!({ "person_id": id }));
    }
    let elsewhere = told(&second.api).await;
    assert!(
        elsewhere.iter().all(|it| it["action"] != "session.closed"),
        "{elsewhere:?}"
    );
    app.finish().await;
}

/// Those who would put it right must come in too. Nothing of it is lost meanwhile.
#[tokio::test]
async fn while_the_log_takes_nothing_people_come_in_and_it_is_told_later() {
    let app = TestApp::start_with(|config| config.database_url = None).await;
    let mut kim = Visitor::new(&app);
    let invitation = invite(&app.tenant, "kim", "viewer").await;
    leads_to(&kim.send(&invitation, &[("password", PASSWORD)]).await);
    let file = app.data_dir().join("registry.db");
    let mut database = crate::crash::open_unguarded(&file).await;
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken by a test'); END";
    sqlx::query(broken).execute(&mut database).await.expect("it breaks");
    let browser = Browser::default();
    let people = app.people();
    let session = people
        .sign_in_with_password("kim@example.test", PASSWORD, &browser)
        .await;
    let session = session.expect("they come in all the same");
    assert!(
        people
            .authenticate(&session.secret.expose())
            .await
            .expect("an answer")
            .is_some()
    );
    until(async || people.counts().facts.late == 1).await;
    assert_eq!(told(&app.tenant.api).await.len(), 1);
    sqlx::query("DROP TRIGGER broken")
        .execute(&mut database)
        .await
        .expect("it is mended");
    // It is looked at again after a while, and at once when there is something else to tell.
    sign_in(&mut kim, "kim", WRONG).await;
    let entries = until_told(&app.tenant.api, 3).await;
    let mut actions = actions(&entries);
    actions.sort_unstable();
    assert_eq!(actions, ["session.opened", "session.opened", "session.refused"]);
    assert_eq!(people.counts().facts, registry_people::FactCounts::default());
    app.finish().await;
}

#[tokio::test]
async fn people_and_pages_are_counted_with_few_labels() {
    let app = TestApp::start().await;
    let mut kim = Visitor::new(&app);
    let invitation = invite(&app.tenant, "kim", "viewer").await;
    leads_to(&kim.send(&invitation, &[("password", PASSWORD)]).await);
    invite(&app.tenant, "lee", "viewer").await;
    assert_eq!(
        kim.get(&format!("/console/{}/merchants", app.tenant.slug)).await.status,
        200
    );
    assert_eq!(kim.get("/console/acme/nowhere").await.status, 404);
    // People are counted now and then, and whenever something is told of them.
    sign_in(&mut Visitor::new(&app), "kim", WRONG).await;
    let metrics = async || app.tenant.api.get("/metrics").await.text;
    until(async || metrics().await.contains("registry_people{state=\"active\"} 1\n")).await;
    let text = metrics().await;
    for line in [
        "registry_people{state=\"invited\"} 1",
        "registry_people{state=\"disabled\"} 0",
        "registry_memberships 2",
        "registry_sessions 1",
        "registry_sign_ins_total 1",
        "registry_sign_ins_refused_total{reason=\"credentials\"} 1",
        "registry_sign_in_facts_late 0",
        "registry_sign_in_facts_lost_total 0",
        "registry_http_requests_total{method=\"GET\",route=\"/console/{tenant}/merchants\",status=\"2xx\"} 1",
        "registry_http_requests_total{method=\"POST\",route=\"/console/join/{token}\",status=\"3xx\"} 1",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is missing in\n{text}");
    }
    for unbounded in [app.tenant.slug.as_str(), "nowhere"] {
        let found = text
            .lines()
            .find(|line| line.contains("route=") && line.contains(unbounded));
        assert_eq!(found, None);
    }
    app.finish().await;
}
