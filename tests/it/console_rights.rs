//! What each role finds in the console, and what is refused to it.

use registry_domain::people::Role;
use registry_tests::TestApp;
use registry_tests::api::Answer;
use registry_tests::tenant::id_of;

use crate::console::Pages;

/// A part of the console: a page, what stands there for those who may do something, and the scope that they need.
const SHOWN: [(&str, &str, &str); 14] = [
    ("/merchants", "/merchants/new\"", "merchants:write"),
    ("/merchants", "/views\" class=\"keep\"", "views:write"),
    ("/merchants", "id=\"bulk-form\"", "jobs:write"),
    ("{merchant}", "{merchant}/edit\"", "merchants:write"),
    ("{merchant}", "{merchant}/archive\"", "merchants:write"),
    ("{merchant}", "{merchant}/links\"", "links:write"),
    ("{merchant}", "{merchant}/ask\"", "upstream:ask"),
    ("{merchant}", "{merchant}/notes\"", "notes:write"),
    ("{merchant}", "{merchant}/number\"", "personal:read"),
    ("/people", "/people/new\"", "people:write"),
    ("/people", "/people/groups\"", "people:write"),
    ("", "/keys\"", "keys:write"),
    ("", "/audit\"", "audit:read"),
    ("/settings", "<footer class=\"hrow\">", "settings:write"),
];

/// What can be sent, and the scope that it needs.
const SENT: [(&str, &str); 15] = [
    ("/merchants", "merchants:write"),
    ("/views", "views:write"),
    ("/plans", "jobs:write"),
    ("{merchant}/archive", "merchants:write"),
    ("{merchant}/links", "links:write"),
    ("{merchant}/ask", "upstream:ask"),
    ("{merchant}/notes", "notes:write"),
    ("{merchant}/number", "personal:read"),
    ("/people", "people:write"),
    ("/people/{other}/removal", "people:write"),
    ("/people/{other}/sessions", "people:write"),
    ("/people/groups", "people:write"),
    ("/keys", "keys:write"),
    ("/settings", "settings:write"),
    ("/settings/balance", "upstream:ask"),
];

/// Pages that not everybody may open.
const OPENED: [(&str, &str); 3] = [
    ("/people/groups", "people:write"),
    ("/keys", "keys:write"),
    ("/audit", "audit:read"),
];

#[tokio::test]
async fn every_role_finds_what_it_may_do_and_nothing_else() {
    let app = TestApp::start().await;
    let body =
        serde_json::json!({ "member_code": "acad-12", "merchant_code": "store-3", "business_number": "1178178260" });
    let merchant = app.tenant.api.post("/v1/merchants", &body).await.expect(201);
    let path = format!("/merchants/{}", id_of(&merchant));
    let people = app.tenant.api.get("/v1/people").await.expect(200);
    assert_eq!(people["data"].as_array().map(Vec::len), Some(0));
    Pages::of(&app, "이대표", Role::Manager).await;
    let people = app.tenant.api.get("/v1/people").await.expect(200);
    let other = id_of(&people["data"][0]).to_owned();
    let here = |text: &str| text.replace("{merchant}", &path).replace("{other}", &other);
    for role in [Role::Viewer, Role::Operator, Role::Auditor] {
        let pages = Pages::of(&app, role.as_str(), role).await;
        let may = |scope: &str| role.scopes().iter().any(|own| own.as_str() == scope);
        for (page, mark, scope) in SHOWN {
            let page = pages.get(&here(page)).await;
            assert_eq!(page.status, 200, "{role:?}");
            assert_eq!(page.text.contains(&here(mark)), may(scope), "{role:?}: {mark}");
        }
        for (page, scope) in OPENED {
            let status = pages.get(page).await.status;
            assert_eq!(status, if may(scope) { 200 } else { 403 }, "{role:?}: {page}");
        }
        for (form, scope) in SENT {
            if !may(scope) {
                let answer =
                    Answer::to(pages.form(&here(form), &[("key", "k"), ("text", "a"), ("version", "1")])).await;
                assert_eq!(answer.status, 403, "{role:?}: {form}: {}", answer.text);
            }
        }
    }
    assert_eq!(
        app.tenant.api.merchant(id_of(&merchant)).await["version"],
        1,
        "nothing came of it"
    );
    let manager = Pages::new(&app).await;
    let page = manager.get(&path).await;
    for mark in ["/edit\"", "/archive\"", "/links\"", "/ask\"", "/notes\"", "/number\""] {
        assert!(page.text.contains(&format!("{path}{mark}")), "{mark}");
    }
    app.finish().await;
}
