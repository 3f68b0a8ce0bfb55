//! Roles meet routes: who may do what, at each operation and on each page. What is expected stands in tables that were written
//! by hand: no code of the service says it.

mod pages;
mod posts;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use registry_domain::people::{Extra, Rights, Role};
use registry_domain::tenant::Scope;
use registry_domain::{Actor, CorrelationId, PersonId};
use registry_journal::Origin;
use registry_people::{Browser, NewSession, Principal};
use registry_tests::api::text_of;
use registry_tests::tenant::id_of;
use registry_tests::{TestApp, TestTenant, logs};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::isolation::calls::{Call, OF_EVERYTHING, OF_ONE_THING};
use crate::isolation::things::Things;
use crate::isolation::{OF_NOBODY, OF_WHAT_MAY_BE};
use crate::visitor::{PASSWORD, Visitor};

/// Each kind of person: a letter for the table, a role, what is granted beside it and what is withheld of it.
const PEOPLE: [(char, &str, &str, &str); 9] = [
    ('V', "viewer", "", ""),
    ('v', "viewer", "personal:read", ""),
    ('e', "viewer", "exports:create", ""),
    ('O', "operator", "", ""),
    ('M', "manager", "", ""),
    ('m', "manager", "", "personal:read"),
    ('x', "manager", "", "exports:create"),
    ('A', "auditor", "", ""),
    ('a', "auditor", "", "personal:read"),
];

const EVERYBODY: &str = "VveOMmxAa";
const WHO_WORKS: &str = "OMmx";
const MANAGERS: &str = "Mmx";
const AUDITORS: &str = "Aa";
const WHO_EXPORTS: &str = "eMm";

/// Of those who work, who may see what is personal: files that somebody else handed over are for them.
const WHO_READS_FILES: &str = "Mx";

/// Who may do what.
const RIGHTS: &[(&str, &str)] = &[
    ("get_me", EVERYBODY),
    ("get_settings", EVERYBODY),
    ("get_calendar", EVERYBODY),
    ("list_alerts", EVERYBODY),
    ("count_alerts", EVERYBODY),
    ("get_alert", EVERYBODY),
    ("acknowledge_alert", WHO_WORKS),
    ("snooze_alert", WHO_WORKS),
    ("list_views", EVERYBODY),
    ("get_view", EVERYBODY),
    ("create_view", WHO_WORKS),
    ("change_view", WHO_WORKS),
    ("remove_view", WHO_WORKS),
    ("set_default_view", WHO_WORKS),
    ("list_jobs", EVERYBODY),
    ("get_plan", EVERYBODY),
    ("get_job", EVERYBODY),
    ("list_job_rows", EVERYBODY),
    ("follow_job", EVERYBODY),
    ("list_plan_rows", EVERYBODY),
    ("export_plan_rows", WHO_EXPORTS),
    ("export_job_rows", WHO_EXPORTS),
    ("create_import", WHO_WORKS),
    ("get_import", WHO_READS_FILES),
    ("get_import_template", WHO_WORKS),
    ("create_plan", WHO_WORKS),
    ("confirm_plan", WHO_WORKS),
    ("pause_job", WHO_WORKS),
    ("resume_job", WHO_WORKS),
    ("cancel_job", WHO_WORKS),
    ("list_alert_rules", EVERYBODY),
    ("get_alert_rule", EVERYBODY),
    ("set_alert_rule", MANAGERS),
    ("remove_alert_rule", MANAGERS),
    ("get_merchant", EVERYBODY),
    ("get_merchant_by_reference", EVERYBODY),
    ("list_merchants", EVERYBODY),
    ("create_export", WHO_EXPORTS),
    ("list_exports", WHO_EXPORTS),
    ("get_export", WHO_EXPORTS),
    ("take_export", WHO_EXPORTS),
    ("cancel_export", WHO_EXPORTS),
    ("list_merchant_events", EVERYBODY),
    ("list_merchant_callbacks", EVERYBODY),
    ("list_registration_links", EVERYBODY),
    ("get_registration_link", EVERYBODY),
    ("list_notes", EVERYBODY),
    ("get_billing_eligibility", EVERYBODY),
    ("list_approvals", EVERYBODY),
    ("get_callback", EVERYBODY),
    ("get_quarantined_callback", EVERYBODY),
    ("list_quarantine", EVERYBODY),
    ("count_quarantine", EVERYBODY),
    ("count_review_statuses", EVERYBODY),
    ("tell_ageing", EVERYBODY),
    ("tell_durations", EVERYBODY),
    ("tell_funnel", EVERYBODY),
    ("list_unclaimed_merchants", EVERYBODY),
    ("get_unclaimed_merchant", EVERYBODY),
    ("list_people", EVERYBODY),
    ("get_person", EVERYBODY),
    ("read_events", EVERYBODY),
    ("stream_events", EVERYBODY),
    ("create_merchant", WHO_WORKS),
    ("put_merchant", WHO_WORKS),
    ("change_merchant", WHO_WORKS),
    ("archive_merchant", WHO_WORKS),
    ("restore_merchant", WHO_WORKS),
    ("issue_registration_link", WHO_WORKS),
    ("revoke_registration_link", WHO_WORKS),
    ("create_approval_callback_url", WHO_WORKS),
    ("add_note", WHO_WORKS),
    ("reconcile_merchant", WHO_WORKS),
    ("get_merchant_balance", WHO_WORKS),
    ("get_balance", WHO_WORKS),
    ("redrive_callback", WHO_WORKS),
    ("redrive_callbacks", WHO_WORKS),
    ("redrive_received_callbacks", WHO_WORKS),
    ("resolve_quarantined_callback", WHO_WORKS),
    ("adopt_unclaimed_merchant", WHO_WORKS),
    ("dismiss_unclaimed_merchant", WHO_WORKS),
    ("reveal_merchant", "vMxA"),
    ("get_callback_payload", "Mx"),
    ("change_settings", MANAGERS),
    ("list_event_destinations", MANAGERS),
    ("create_event_destination", MANAGERS),
    ("get_event_destination", MANAGERS),
    ("change_event_destination", MANAGERS),
    ("rotate_event_destination_secret", MANAGERS),
    ("test_event_destination", MANAGERS),
    ("remove_event_destination", MANAGERS),
    ("list_deliveries", MANAGERS),
    ("get_delivery", MANAGERS),
    ("redeliver", MANAGERS),
    ("list_api_keys", MANAGERS),
    ("create_api_key", MANAGERS),
    ("get_api_key", MANAGERS),
    ("rotate_api_key", MANAGERS),
    ("revoke_api_key", MANAGERS),
    ("invite_person", MANAGERS),
    ("change_person", MANAGERS),
    ("remove_person", MANAGERS),
    ("list_sessions", MANAGERS),
    ("end_sessions", MANAGERS),
    ("get_role_mappings", MANAGERS),
    ("put_role_mappings", MANAGERS),
    ("list_audit", AUDITORS),
];

fn operator() -> Origin {
    Origin::of(Actor::Operator, CorrelationId::from_uuid(Uuid::nil()))
}

/// Somebody who is signed in.
struct Somebody {
    letter: char,
    id: PersonId,
    session: NewSession,
}

impl Somebody {
    /// One of a tenant's people with these rights.
    async fn of(
        app: &TestApp,
        tenant: &TestTenant,
        (letter, role, granted, withheld): (char, &str, &str, &str),
    ) -> Self {
        let email = format!("{letter}-{role}-{}@example.test", tenant.slug).to_lowercase();
        let email = if letter.is_uppercase() {
            email
        } else {
            format!("small-{email}")
        };
        let body = json!({ "email": email, "name": "Kim", "role": "viewer" });
        let invited = tenant.api.post("/v1/people", &body).await.expect(201);
        let token = text_of(&invited["invitation"], "url")
            .rsplit('/')
            .next()
            .expect("a token");
        logs::secret(token);
        let id: PersonId = id_of(&invited).parse().expect("an id");
        let extra = |word: &str| Extra::from_word(word);
        let role = Role::from_word(role).expect("a role");
        let rights = Rights::new(role, extra(granted), extra(withheld)).expect("they fit");
        let last = registry_domain::tenant::LastManager::MayGo;
        let changed = app
            .people()
            .change_member(tenant.id, operator(), id, rights, last)
            .await;
        changed.expect("they are given");
        let session = app
            .people()
            .accept_invitation(token, PASSWORD, &Browser::default())
            .await;
        let session = session.expect("they come");
        Self { letter, id, session }
    }

    /// The cookie that their browser holds.
    fn cookie(&self) -> String {
        let secret = self.session.secret.expose();
        logs::secret(&secret);
        format!("__Host-session={secret}")
    }

    /// How the console says to the API who asks; none if nothing of the tenant is open to them.
    async fn principal(&self, app: &TestApp, tenant: &TestTenant) -> Option<Principal> {
        let signed_in = app.people().authenticate(&self.session.secret.expose()).await;
        let signed_in = signed_in.expect("storage answers").expect("is in");
        signed_in.in_console(tenant.slug.as_str())
    }
}

/// Calls an operation as a person. Returns the status and the problem's code.
async fn ask_as(app: &TestApp, principal: &Principal, things: &Things, call: &Call) -> (u16, String) {
    ask_at(app, principal, &things.path(call.path), call).await
}

async fn ask_at(app: &TestApp, principal: &Principal, path: &str, call: &Call) -> (u16, String) {
    let body = call.body.map(|body| body().to_string());
    let mut request = Request::builder()
        .method(call.method.as_str())
        .uri(path)
        .header("idempotency-key", "key-of-a-test")
        .header("if-match", "\"1\"");
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let request = request.extension(principal.clone());
    let request = request
        .body(body.map_or_else(Body::empty, Body::from))
        .expect("a request");
    let answer = app.api_within().oneshot(request).await.expect("it answers");
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn the_table_has_each_operation_once() {
    let mut listed: Vec<_> = RIGHTS.iter().map(|(operation, _)| *operation).collect();
    let mut all: Vec<_> = OF_ONE_THING
        .iter()
        .chain(OF_EVERYTHING)
        .map(|call| call.operation)
        .collect();
    listed.sort_unstable();
    all.sort_unstable();
    assert_eq!(listed, all);
}

/// Whatever names a thing in its path is tried with things of others.
#[test]
fn every_operation_on_one_thing_is_known_as_one() {
    let document = serde_json::to_value(registry_http::openapi()).expect("JSON");
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for operation in operations.as_object().expect("operations").values() {
            let Some(name) = operation["operationId"].as_str() else {
                continue;
            };
            let is_known = OF_ONE_THING.iter().any(|call| call.operation == name);
            assert!(
                is_known == path.contains('{') || OF_NOBODY.contains(&name) || OF_WHAT_MAY_BE.contains(&name),
                "{name} at {path} belongs into the other list of tests/it/isolation/calls.rs"
            );
        }
    }
}

#[tokio::test]
async fn each_person_may_do_what_the_table_says() {
    let app = TestApp::start().await;
    let things = Things::of(&app, &app.tenant).await;
    for kind in PEOPLE {
        let somebody = Somebody::of(&app, &app.tenant, kind).await;
        let principal = somebody.principal(&app, &app.tenant).await.expect("a member");
        for (operation, allowed) in RIGHTS {
            let mut calls = OF_ONE_THING.iter().chain(OF_EVERYTHING);
            let call = calls.find(|call| call.operation == *operation).expect("a call");
            let (status, code) = ask_as(&app, &principal, &things, call).await;
            let is_refused = (status, code.as_str()) == (403, "insufficient_scope");
            assert_eq!(
                is_refused,
                !allowed.contains(somebody.letter),
                "{operation} as {kind:?}: {status} {code}"
            );
            assert!(
                status != 401 && (status != 403 || is_refused),
                "{operation} as {kind:?}: {code}"
            );
        }
        // Everybody sees and ends their own sessions.
        for operation in ["list_sessions", "end_sessions"] {
            let call = OF_ONE_THING
                .iter()
                .find(|call| call.operation == operation)
                .expect("a call");
            let path = call.path.replace("{person}", &somebody.id.to_string());
            let (status, code) = ask_at(&app, &principal, &path, call).await;
            assert!(matches!(status, 200 | 204), "{operation} as {kind:?}: {status} {code}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn to_people_of_others_nothing_is_there() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let things = Things::of(&app, &app.tenant).await;
    let manager = Somebody::of(&app, &stranger, ('M', "manager", "", "")).await;
    assert!(manager.principal(&app, &app.tenant).await.is_none());
    let principal = manager.principal(&app, &stranger).await.expect("a member");
    let before = app.tenant.api.feed().await;
    for call in OF_ONE_THING {
        let (status, code) = ask_as(&app, &principal, &things, call).await;
        assert_eq!(status, 404, "{}: {code}", call.operation);
    }
    assert_eq!(app.tenant.api.feed().await, before, "nothing happened to it");
    // Whoever administers the installation is no member of anything by that.
    let new = registry_people::NewPerson {
        email: registry_domain::people::EmailAddress::parse("root@example.test").expect("an address"),
        name: registry_domain::Label::parse("Root").expect("a name"),
        is_administrator: true,
    };
    let (person, _) = app.people().known_or_new(new).await.expect("people are kept");
    let link = app.people().invitation(person.id).await.expect("a link");
    let token = link.url.rsplit('/').next().expect("a token");
    logs::secret(token);
    let session = app
        .people()
        .accept_invitation(token, PASSWORD, &Browser::default())
        .await;
    let administrator = Somebody {
        letter: ' ',
        id: person.id,
        session: session.expect("they come"),
    };
    for tenant in [&app.tenant, &stranger] {
        assert!(administrator.principal(&app, tenant).await.is_none());
    }
    let mut visitor = Visitor::new(&app);
    visitor.cookie = Some(administrator.cookie());
    assert_eq!(visitor.get("/console").await.status, 403, "nothing is open to them");
    for (path, _) in pages::PAGES {
        let path = format!("/console/{}{}", app.tenant.slug, things.path(path));
        assert_eq!(visitor.status(&path).await, 404, "{path}");
    }
    app.finish().await;
}

/// Each role sees of people what it may.
#[tokio::test]
async fn addresses_are_shown_to_those_who_need_them() {
    let app = TestApp::start().await;
    let body = json!({ "email": "kim@example.test", "name": "kim", "role": "operator" });
    let invited = app.tenant.api.post("/v1/people", &body).await.expect(201);
    logs::secret(
        text_of(&invited["invitation"], "url")
            .rsplit('/')
            .next()
            .expect("a token"),
    );
    let kim = id_of(&invited);
    for role in Role::ALL {
        let scopes = role.scopes();
        let api = app.key(app.tenant.id, &scopes).await;
        let seen = api.get(&format!("/v1/people/{kim}")).await.expect(200);
        let sees_address = scopes.contains(&Scope::PeopleWrite) || scopes.contains(&Scope::AuditRead);
        assert_eq!(seen["email"].is_string(), sees_address, "{}", role.as_str());
        assert_eq!(seen["name"], "kim");
    }
    app.finish().await;
}
