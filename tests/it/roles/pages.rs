//! Roles meet pages: who sees and does what in the console, and what a cookie is worth.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex::Regex;
use registry_domain::tenant::LastManager;
use registry_tests::api::text_of;
use registry_tests::tenant::{id_of, random};
use registry_tests::{Answer, TestApp, TestTenant, logs};
use reqwest::Method;
use serde_json::json;

use super::{AUDITORS, EVERYBODY, MANAGERS, PEOPLE, Somebody, WHO_EXPORTS, WHO_READS_FILES, WHO_WORKS, operator};
use crate::isolation::things::{Things, share_a_view};
use crate::visitor::{Visitor, leads_to};

/// Pages of a tenant, and who may see them.
pub(super) const PAGES: &[(&str, &str)] = &[
    ("", EVERYBODY),
    ("/figures", EVERYBODY),
    ("/live", EVERYBODY),
    ("/merchants", EVERYBODY),
    ("/merchants/tabs", EVERYBODY),
    ("/merchants/new", EVERYBODY),
    ("/merchants/{merchant}", EVERYBODY),
    ("/merchants/{merchant}/edit", EVERYBODY),
    ("/merchants/{merchant}/approvals", EVERYBODY),
    ("/views", EVERYBODY),
    ("/jobs", EVERYBODY),
    ("/jobs/{job}", EVERYBODY),
    ("/jobs/{job}/live", EVERYBODY),
    ("/plans/{plan}", EVERYBODY),
    ("/plans/{plan}/rows.csv", WHO_EXPORTS),
    ("/jobs/{job}/rows.csv", WHO_EXPORTS),
    ("/exports", WHO_EXPORTS),
    ("/exports/new", EVERYBODY),
    ("/exports/{export}", WHO_EXPORTS),
    ("/imports/new", EVERYBODY),
    ("/imports/template", WHO_WORKS),
    ("/imports/{import}", WHO_READS_FILES),
    ("/callbacks", EVERYBODY),
    ("/callbacks/{callback}", EVERYBODY),
    ("/quarantine", EVERYBODY),
    ("/quarantine/{quarantined}", EVERYBODY),
    ("/unclaimed", EVERYBODY),
    ("/people", EVERYBODY),
    ("/people/new", EVERYBODY),
    ("/people/groups", MANAGERS),
    ("/people/{person}", EVERYBODY),
    ("/account", EVERYBODY),
    ("/keys", MANAGERS),
    ("/keys/new", EVERYBODY),
    ("/keys/{key}", MANAGERS),
    ("/audit", AUDITORS),
    ("/health", EVERYBODY),
    ("/ageing", EVERYBODY),
    ("/ageing/csv", EVERYBODY),
    ("/funnel", EVERYBODY),
    ("/funnel/csv", EVERYBODY),
    ("/settings", EVERYBODY),
    ("/settings/calendar", EVERYBODY),
    ("/settings/destinations", MANAGERS),
    ("/settings/destinations/{destination}", MANAGERS),
    ("/alerts", EVERYBODY),
    ("/alerts/rules", EVERYBODY),
];

/// A form, with its fields and who may send it.
type Sent = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Forms of a tenant. What ends something comes after what needs it.
const FORMS: &[Sent] = &[
    (
        "/merchants",
        &[("key", "k-1"), ("member_code", "a-3"), ("merchant_code", "s-3")],
        WHO_WORKS,
    ),
    ("/exports", &[("reason", "x")], WHO_EXPORTS),
    ("/exports/chosen", &[], EVERYBODY),
    ("/exports/{export}/file", &[], WHO_EXPORTS),
    ("/exports/{export}/cancellation", &[], WHO_EXPORTS),
    ("/merchants/{merchant}", &[("version", "1")], WHO_WORKS),
    ("/merchants/{merchant}/links", &[("key", "k-2")], WHO_WORKS),
    ("/merchants/{merchant}/links/{link}/url", &[("key", "k-2")], WHO_WORKS),
    ("/merchants/{merchant}/links/{link}/revoke", &[], WHO_WORKS),
    ("/merchants/{merchant}/ask", &[], WHO_WORKS),
    ("/merchants/{merchant}/archive", &[("version", "1")], WHO_WORKS),
    ("/merchants/{merchant}/restore", &[("key", "k-3")], WHO_WORKS),
    ("/merchants/{merchant}/number", &[], "vMxA"),
    (
        "/merchants/{merchant}/notes",
        &[("key", "k-6"), ("text", "x")],
        WHO_WORKS,
    ),
    ("/merchants/{merchant}/approvals/url", &[], WHO_WORKS),
    ("/callbacks/{callback}/payload", &[], "Mx"),
    (
        "/views",
        &[("key", "k-10"), ("name", ""), ("state", "stage=opened")],
        WHO_WORKS,
    ),
    ("/views/{view}", &[("version", "1"), ("name", "x")], WHO_WORKS),
    ("/views/{view}/default", &[("default", "true")], WHO_WORKS),
    ("/views/{view}/removal", &[], WHO_WORKS),
    ("/imports", &[], WHO_WORKS),
    (
        "/imports/{import}/plan",
        &[("column", "member_code"), ("existing", "skip")],
        WHO_READS_FILES,
    ),
    ("/plans", &[("action", "archive"), ("whom", "these")], WHO_WORKS),
    ("/plans/{plan}/confirmation", &[("reason", "x")], WHO_WORKS),
    ("/jobs/{job}/pause", &[], WHO_WORKS),
    ("/jobs/{job}/resume", &[], WHO_WORKS),
    ("/jobs/{job}/cancellation", &[], WHO_WORKS),
    ("/jobs/{job}/retry", &[], WHO_WORKS),
    ("/quarantine/redrives", &[("key", "k-4"), ("dry", "on")], WHO_WORKS),
    ("/quarantine/{quarantined}/redrive", &[("dry", "on")], WHO_WORKS),
    (
        "/quarantine/{quarantined}/resolution",
        &[("action", "discard"), ("reason", "x")],
        WHO_WORKS,
    ),
    ("/unclaimed/{unclaimed}/adoption", &[("key", "k-5")], WHO_WORKS),
    ("/unclaimed/{unclaimed}/dismissal", &[("reason", "x")], WHO_WORKS),
    (
        "/people",
        &[("email", "x"), ("name", "x"), ("role", "viewer")],
        MANAGERS,
    ),
    ("/people/groups", &[("group", "x"), ("role", "viewer")], MANAGERS),
    ("/people/groups/removal", &[("group", "x")], MANAGERS),
    ("/people/{person}/invitation", &[], MANAGERS),
    ("/people/{person}/sessions", &[], MANAGERS),
    ("/people/{person}", &[("role", "viewer")], MANAGERS),
    ("/people/{person}/removal", &[], MANAGERS),
    (
        "/keys",
        &[("key", "k-7"), ("name", ""), ("scopes", "merchants:read")],
        MANAGERS,
    ),
    ("/keys/{key}/rotation", &[("key", "k-8"), ("overlap", "-1")], MANAGERS),
    ("/keys/{key}/revocation", &[], MANAGERS),
    ("/settings", &[("hold_seconds", "60")], MANAGERS),
    ("/settings/balance", &[], WHO_WORKS),
    ("/alerts/{alert}/acknowledgement", &[("version", "1")], WHO_WORKS),
    ("/alerts/{alert}/snooze", &[("version", "1")], WHO_WORKS),
    ("/alerts/rules", &[("rule", "drafting"), ("warn", "3")], MANAGERS),
    ("/alerts/rules/usual", &[], MANAGERS),
    ("/settings/calendar", &[("date", "2026-12-24"), ("name", "x")], MANAGERS),
    ("/settings/calendar/removal", &[("date", "2026-12-24")], MANAGERS),
    (
        "/settings/destinations",
        &[("key", "k-9"), ("kind", "chat"), ("address", "x")],
        MANAGERS,
    ),
    ("/settings/destinations/{destination}/test", &[], MANAGERS),
    (
        "/settings/destinations/{destination}/deliveries/{delivery}",
        &[],
        MANAGERS,
    ),
    (
        "/settings/destinations/{destination}/rotation",
        &[("overlap", "-1")],
        MANAGERS,
    ),
    ("/settings/destinations/{destination}", &[("version", "1")], MANAGERS),
    ("/settings/destinations/{destination}/removal", &[], MANAGERS),
    ("/account/sessions", &[], EVERYBODY),
];

/// What belongs to no tenant: tried in `console_sign_in.rs`, `oidc.rs` and `people.rs`.
const OF_NOBODY: &[(&str, &str)] = &[
    ("GET", "/console"),
    ("GET", "/console/sign-in"),
    ("POST", "/console/sign-in"),
    ("GET", "/console/sign-in/oidc"),
    ("GET", "/console/sign-in/callback"),
    ("GET", "/console/join/{}"),
    ("POST", "/console/join/{}"),
    ("GET", "/console/enter/{}"),
    ("POST", "/console/enter/{}"),
    ("POST", "/console/sign-out"),
    ("POST", "/console/sign-out/backchannel"),
    ("GET", "/console/signed-out"),
    ("POST", "/console/look"),
    ("GET", "/console/licences"),
    ("GET", "/console/assets/{}"),
];

fn parameter() -> Regex {
    Regex::new(r"\{\w+\}").expect("an expression")
}

/// The tables have each route of the console once, and nothing else: who sees a new page is said here first.
#[test]
fn the_tables_have_each_route_of_the_console_once() {
    let parameter = parameter();
    let plain = |method: &str, path: &str| (method.to_owned(), parameter.replace_all(path, "{}").into_owned());
    let of_tenant = |method: &str, path: &str| plain(method, &format!("/console/{{tenant}}{path}"));
    let mut listed: Vec<_> = OF_NOBODY.iter().map(|(method, path)| plain(method, path)).collect();
    listed.extend(PAGES.iter().map(|(path, _)| of_tenant("GET", path)));
    listed.extend(FORMS.iter().map(|(path, ..)| of_tenant("POST", path)));
    let routes = registry_console::routes::all();
    let mut routes: Vec<_> = routes
        .iter()
        .map(|(method, path)| plain(method.as_str(), path))
        .collect();
    listed.sort_unstable();
    routes.sort_unstable();
    assert_eq!(listed, routes);
}

/// Things of which some may be taken away: a person and a key that nobody needs.
async fn with_others(things: &mut Things, tenant: &TestTenant) {
    let person = json!({ "email": format!("{}@example.test", random(16)), "name": "Lee", "role": "viewer" });
    let person = tenant.api.post("/v1/people", &person).await.expect(201);
    logs::secret(
        text_of(&person["invitation"], "url")
            .rsplit('/')
            .next()
            .expect("a token"),
    );
    let key = json!({ "name": "n", "scopes": ["keys:write"] });
    let key = tenant.api.post("/v1/api-keys", &key).await.expect(201);
    logs::secret(text_of(&key, "secret"));
    id_of(&person).clone_into(&mut things.person);
    id_of(&key).clone_into(&mut things.key);
    let there = json!({ "name": "n", "kind": "chat", "address": "http://127.0.0.1:9/" });
    let there = tenant.api.post("/v1/event-destinations", &there).await.expect(201);
    let tried = format!("/v1/event-destinations/{}/test", id_of(&there));
    let delivery = Answer::to(tenant.api.request(Method::POST, &tried)).await.expect(202);
    id_of(&there).clone_into(&mut things.destination);
    id_of(&delivery).clone_into(&mut things.delivery);
    things.view = share_a_view(tenant).await;
}

#[tokio::test]
async fn each_person_sees_the_pages_and_sends_the_forms_of_their_role() {
    let app = TestApp::start().await;
    let mut things = Things::of(&app, &app.tenant).await;
    for kind in PEOPLE {
        with_others(&mut things, &app.tenant).await;
        let at = |path: &str| format!("/console/{}{}", app.tenant.slug, things.path(path));
        let somebody = Somebody::of(&app, &app.tenant, kind).await;
        let mut visitor = Visitor::new(&app);
        visitor.cookie = Some(somebody.cookie());
        assert!(EVERYBODY.contains(somebody.letter));
        for (page, allowed) in PAGES {
            let expected = if allowed.contains(somebody.letter) { 200 } else { 403 };
            assert_eq!(visitor.status(&at(page)).await, expected, "{page} as {kind:?}");
        }
        for (form, fields, allowed) in FORMS {
            let answer = visitor.send(&at(form), fields).await;
            let is_refused = answer.status == 403;
            assert_eq!(
                is_refused,
                !allowed.contains(somebody.letter),
                "{form} as {kind:?}: {} {}",
                answer.status,
                answer.text
            );
            assert_ne!(answer.status, 404, "{form} as {kind:?} finds nothing");
            tell_secrets(&answer.text);
        }
        assert_seen(&app, &somebody, kind).await;
    }
    app.finish().await;
}

/// What is shown once must not be in any log.
fn tell_secrets(page: &str) {
    for shown in page.split("url\" readonly value=\"").skip(1) {
        let value = shown.split('"').next().expect("it ends");
        logs::secret(value.rsplit('/').next().expect("a token"));
    }
}

/// Whoever saw a number in full or a body is written down for it.
async fn assert_seen(app: &TestApp, somebody: &Somebody, kind: (char, &str, &str, &str)) {
    let path = format!(
        "/v1/audit?action=personal.revealed,payload.opened&actor={}",
        somebody.id
    );
    let seen = app.tenant.api.get(&path).await.expect(200);
    let may = FORMS.iter().filter(|(form, _, allowed)| {
        (form.ends_with("/number") || form.ends_with("/payload")) && allowed.contains(somebody.letter)
    });
    assert_eq!(seen["data"].as_array().map(Vec::len), Some(may.count()), "{kind:?}");
}

#[tokio::test]
async fn what_is_others_is_nowhere_in_the_console() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let things = Things::of(&app, &app.tenant).await;
    let manager = Somebody::of(&app, &stranger, ('M', "manager", "", "")).await;
    let mut visitor = Visitor::new(&app);
    visitor.cookie = Some(manager.cookie());
    let before = app.tenant.api.feed().await;
    // Under the other tenant's name.
    let at = |path: &str| format!("/console/{}{}", app.tenant.slug, things.path(path));
    for (page, _) in PAGES {
        assert_eq!(visitor.status(&at(page)).await, 404, "{page}");
    }
    for (form, fields, _) in FORMS {
        assert_eq!(visitor.send(&at(form), fields).await.status, 404, "{form}");
    }
    assert_eq!(app.tenant.api.feed().await, before, "nothing happened to it");
    app.finish().await;
}

/// An id of which there is nothing, in the form of the one that stands there.
fn unknown(id: &str) -> String {
    let (kind, _) = id.split_once('_').expect("an id begins with its kind");
    format!("{kind}_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")
}

/// A path with each of its ids in turn replaced by ones that name nothing here: the others are right.
fn with_strange_ids(path: &str, own: &Things, others: &Things) -> Vec<String> {
    let parameter = parameter();
    let places = parameter.find_iter(path).map(|found| found.range());
    let strange = places.flat_map(|place| {
        let name = &path[place.clone()];
        let ids = [
            "x".to_owned(),
            "%F0%9F".to_owned(),
            unknown(&own.path(name)),
            others.path(name),
        ];
        ids.map(|id| own.path(&format!("{}{id}{}", &path[..place.start], &path[place.end..])))
    });
    strange.collect()
}

/// Whatever page or form there is, one that names what is not there, or what is others', is not there.
#[tokio::test]
async fn what_does_not_exist_has_no_page_and_no_form() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let (own, others) = (Things::of(&app, &app.tenant).await, Things::of(&app, &stranger).await);
    let manager = Somebody::of(&app, &app.tenant, ('M', "manager", "", "")).await;
    let mut visitor = Visitor::new(&app);
    visitor.cookie = Some(manager.cookie());
    let before = (app.tenant.api.feed().await, stranger.api.feed().await);
    let mut tried = BTreeSet::new();
    let at = |path: String| format!("/console/{}{path}", app.tenant.slug);
    for (page, _) in PAGES {
        for path in with_strange_ids(page, &own, &others) {
            assert_eq!(visitor.status(&at(path.clone())).await, 404, "{page}: {path}");
            tried.insert(page);
        }
    }
    for (form, fields, _) in FORMS {
        for path in with_strange_ids(form, &own, &others) {
            let answer = visitor.send(&at(path.clone()), fields).await;
            assert_eq!(answer.status, 404, "{form}: {path}: {}", answer.text);
            tried.insert(form);
        }
    }
    assert!(tried.len() > 20, "{tried:?}");
    let after = (app.tenant.api.feed().await, stranger.api.feed().await);
    assert_eq!(after, before, "nothing came of it");
    app.finish().await;
}

#[tokio::test]
async fn a_cookie_is_worth_nothing_that_storage_tells_or_that_has_ended() {
    let app = TestApp::start_with(|config| config.database_url = None).await;
    let merchants = format!("/console/{}/merchants", app.tenant.slug);
    let somebody = Somebody::of(&app, &app.tenant, ('M', "manager", "", "")).await;
    let mut visitor = Visitor::new(&app);
    visitor.cookie = Some(somebody.cookie());
    assert_eq!(visitor.get(&merchants).await.status, 200);

    let mut database = crate::crash::open_unguarded(&app.data_dir().join("registry.db")).await;
    let query = sqlx::query_as("SELECT digest, session_id FROM sessions");
    let (digest, id): (Vec<u8>, Vec<u8>) = query.fetch_one(&mut database).await.expect("a session");
    let mut thief = Visitor::new(&app);
    let stolen = [
        URL_SAFE_NO_PAD.encode(&digest),
        hex::encode(&digest),
        URL_SAFE_NO_PAD.encode(&id),
    ];
    for text in stolen {
        thief.cookie = Some(format!("__Host-session={text}"));
        assert!(leads_to(&thief.get(&merchants).await).starts_with("/console/sign-in"));
    }
    // The role is gone, and with it the session: at the next request.
    let removed = app
        .people()
        .remove_member(app.tenant.id, operator(), somebody.id, LastManager::MayGo);
    removed.await.expect("they are removed");
    assert!(leads_to(&visitor.get(&merchants).await).starts_with("/console/sign-in"));
    app.finish().await;
}
