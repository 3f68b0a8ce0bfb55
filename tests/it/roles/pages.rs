//! Roles meet pages: who sees and does what in the console, and what a cookie is worth.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use registry_domain::tenant::LastManager;
use registry_tests::TestApp;

use super::{EVERYBODY, MANAGERS, PEOPLE, Somebody, WHO_WORKS, operator};
use crate::isolation::things::Things;
use crate::visitor::{Visitor, leads_to};

/// Pages of a tenant that are only looked at: everybody who belongs to it may.
pub(super) const PAGES: &[&str] = &[
    "",
    "/figures",
    "/merchants",
    "/merchants/tabs",
    "/merchants/new",
    "/merchants/{merchant}",
    "/merchants/{merchant}/edit",
    "/merchants/{merchant}/approvals",
    "/callbacks",
    "/callbacks/{callback}",
    "/quarantine",
    "/quarantine/{quarantined}",
    "/unclaimed",
    "/health",
    "/settings",
];

/// A form, with its fields and who may send it.
type Sent = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const FORMS: &[Sent] = &[
    (
        "/merchants",
        &[("key", "k-1"), ("member_code", "acad-3"), ("merchant_code", "store-3")],
        WHO_WORKS,
    ),
    ("/merchants/{merchant}", &[("version", "1")], WHO_WORKS),
    ("/merchants/{merchant}/links", &[("key", "k-2")], WHO_WORKS),
    ("/merchants/{merchant}/links/{link}/url", &[("key", "k-2")], WHO_WORKS),
    ("/merchants/{merchant}/links/{link}/revoke", &[], WHO_WORKS),
    ("/merchants/{merchant}/ask", &[], WHO_WORKS),
    ("/merchants/{merchant}/archive", &[("version", "1")], WHO_WORKS),
    ("/merchants/{merchant}/restore", &[("key", "k-3")], WHO_WORKS),
    ("/merchants/{merchant}/number", &[], "vMxA"),
    ("/merchants/{merchant}/approvals/url", &[], WHO_WORKS),
    ("/callbacks/{callback}/payload", &[], "Mx"),
    ("/quarantine/redrives", &[("key", "k-4"), ("dry", "on")], WHO_WORKS),
    ("/quarantine/{quarantined}/redrive", &[("dry", "on")], WHO_WORKS),
    (
        "/quarantine/{quarantined}/resolution",
        &[("action", "discard"), ("reason", "x")],
        WHO_WORKS,
    ),
    ("/unclaimed/{unclaimed}/adoption", &[("key", "k-5")], WHO_WORKS),
    ("/unclaimed/{unclaimed}/dismissal", &[("reason", "x")], WHO_WORKS),
    ("/settings", &[("hold_seconds", "60")], MANAGERS),
    ("/settings/balance", &[], WHO_WORKS),
];

#[tokio::test]
async fn each_person_sees_every_page_and_sends_the_forms_of_their_role() {
    let app = TestApp::start().await;
    let things = Things::of(&app, &app.tenant).await;
    let at = |path: &str| format!("/console/{}{}", app.tenant.slug, things.path(path));
    for kind in PEOPLE {
        let somebody = Somebody::of(&app, &app.tenant, kind).await;
        let mut visitor = Visitor::new(&app);
        visitor.cookie = Some(somebody.cookie());
        assert!(EVERYBODY.contains(somebody.letter));
        for page in PAGES {
            let answer = visitor.get(&at(page)).await;
            assert_eq!(answer.status, 200, "{page} as {kind:?}: {}", answer.text);
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
            assert_ne!(answer.status, 404, "{form} is no route");
        }
        // Whoever saw a number in full or a body is written down for it.
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
    app.finish().await;
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
    // Under the other tenant's name, and the other tenant's things under one's own.
    for tenant in [&app.tenant, &stranger] {
        let at = |path: &str| format!("/console/{}{}", tenant.slug, things.path(path));
        let is_own = tenant.slug == stranger.slug;
        // What a callback said is only asked for by its form.
        let is_asked = |page: &&&str| page.contains('{') && **page != "/callbacks/{callback}";
        for page in PAGES.iter().filter(|page| !is_own || is_asked(page)) {
            assert_eq!(visitor.get(&at(page)).await.status, 404, "{page}");
        }
        for (form, fields, _) in FORMS.iter().filter(|(form, ..)| !is_own || form.contains('{')) {
            assert_eq!(visitor.send(&at(form), fields).await.status, 404, "{form}");
        }
    }
    assert_eq!(app.tenant.api.feed().await, before, "nothing happened to it");
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
