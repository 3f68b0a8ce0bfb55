//! What the pages about people, their sessions, API keys and the audit log do.

use regex::Regex;
use registry_domain::people::Role;
use registry_tests::api::{Answer, text_of};
use registry_tests::tenant::id_of;
use registry_tests::{TestApp, logs};
use serde_json::{Value, json};

use crate::console::{Pages, hidden};

/// The value of the field that shows what is shown once.
fn shown_once(page: &Answer) -> &str {
    let (_, rest) = page.text.split_once("url\" readonly value=\"").expect("it is shown");
    let value = rest.split('"').next().expect("it ends");
    logs::secret(value.rsplit('/').next().expect("a secret"));
    value
}

/// One of the tenant's people, by name.
async fn person(app: &TestApp, name: &str) -> Option<Value> {
    let people = app.tenant.api.get("/v1/people").await.expect(200);
    let mut people = people["data"].as_array().expect("people").clone().into_iter();
    people.find(|person| person["name"] == name)
}

#[tokio::test]
async fn a_note_is_written_once_and_says_whose_it_is() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let path = format!("/merchants/{}", id_of(&merchant));
    let form = pages.get(&path).await;
    let key = hidden(&form, "key").to_owned();
    let fields = [("key", key.as_str()), ("text", "대표 통화\r\n<b>월요일</b> 제출")];
    for _ in 0..2 {
        let after = pages.send(&format!("{path}/notes"), &fields).await;
        assert!(after.ends_with("done=noted"), "{after}");
    }
    let notes = app.tenant.api.get(&format!("/v1{path}/notes")).await.expect(200);
    assert_eq!(notes["data"].as_array().map(Vec::len), Some(1), "{notes}");
    assert_eq!(notes["data"][0]["text"], "대표 통화\n<b>월요일</b> 제출");
    let page = pages.get(&format!("{path}?kind=notes")).await;
    assert!(page.text.contains("대표 통화\n&#60;b&#62;월요일"), "{}", page.text);
    assert!(page.text.contains("콘솔 · 김운영"), "it says who wrote it");

    let long = "가".repeat(2_001);
    let refused = Answer::to(pages.form(&format!("{path}/notes"), &[("key", "k"), ("text", &long)])).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains(&long), "what was typed is still there");
    app.finish().await;
}

#[tokio::test]
async fn a_number_is_shown_when_somebody_asks_and_that_is_on_record() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let body = json!({ "member_code": "acad-12", "merchant_code": "store-3", "business_number": "1178178260" });
    let merchant = app.tenant.api.post("/v1/merchants", &body).await.expect(201);
    let path = format!("/merchants/{}", id_of(&merchant));
    let page = pages.get(&path).await;
    assert!(page.text.contains("117-81-*****"), "{}", page.text);
    for whole in ["1178178260", "117-81-78260"] {
        assert!(!page.text.contains(whole), "nobody asked for {whole}");
    }
    let shown = Answer::to(pages.form(&format!("{path}/number"), &[])).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains("117-81-78260"), "{}", shown.text);
    let auditor = Pages::of(&app, "감사자 박", Role::Auditor).await;
    let audit = auditor.get("/audit?action=personal.revealed").await;
    assert!(
        audit.text.contains("사업자번호 봄</td>") && audit.text.contains(">김운영</a>"),
        "{}",
        audit.text
    );
    app.finish().await;
}

#[tokio::test]
async fn people_are_invited_given_other_rights_and_removed() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let typed = |email| {
        [
            ("email", email),
            ("name", "이심사"),
            ("role", "operator"),
            ("personal", "granted"),
        ]
    };
    let refused = Answer::to(pages.form("/people", &typed("lee"))).await;
    assert_eq!(refused.status, 422);
    for kept in [
        "value=\"이심사\"",
        "value=\"operator\" checked",
        "value=\"granted\" selected",
        "aria-invalid=\"true\"",
    ] {
        assert!(refused.text.contains(kept), "{kept} is missing");
    }
    let made = Answer::to(pages.form("/people", &typed("lee@example.test"))).await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let first = shown_once(&made).to_owned();
    let lee = person(&app, "이심사").await.expect("they are there");
    assert_eq!(
        (&lee["role"], &lee["granted"]),
        (&json!("operator"), &json!(["personal:read"]))
    );
    let path = format!("/people/{}", id_of(&lee));
    let page = pages.get(&path).await;
    assert!(!page.text.contains(&first), "it is shown once");
    let again = Answer::to(pages.form(&format!("{path}/invitation"), &[])).await;
    assert_ne!(shown_once(&again), first, "another link takes its place");
    assert_eq!(
        pages
            .get(first.strip_prefix(app.tenant.api.base()).expect("it is here"))
            .await
            .status,
        404
    );

    let rights = [("role", "viewer"), ("personal", ""), ("exports", "granted")];
    assert!(pages.send(&path, &rights).await.ends_with("done=rights"));
    let lee = person(&app, "이심사").await.expect("they are there");
    assert_eq!(
        (&lee["role"], &lee["granted"]),
        (&json!("viewer"), &json!(["exports:create"]))
    );
    let beyond = Answer::to(pages.form(&path, &[("role", "auditor")])).await;
    assert_eq!(beyond.status, 403, "nobody gives more than they have");
    let page = pages.get(&path).await;
    assert!(
        page.text.contains("value=\"auditor\" disabled"),
        "and is not offered to"
    );

    assert!(
        pages
            .send(&format!("{path}/removal"), &[])
            .await
            .ends_with("/people?done=person_removed")
    );
    assert_eq!(person(&app, "이심사").await, None);
    assert_eq!(pages.get(&path).await.status, 404);
    app.finish().await;
}

#[tokio::test]
async fn groups_are_given_roles_one_by_one() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let groups = async || app.tenant.api.get("/v1/role-mappings").await.expect(200)["groups"].clone();
    for (group, role) in [("a & b", "viewer"), ("감사팀", "viewer"), ("a & b", "operator")] {
        pages.send("/people/groups", &[("group", group), ("role", role)]).await;
    }
    assert_eq!(groups().await, json!({ "a & b": "operator", "감사팀": "viewer" }));
    pages.send("/people/groups/removal", &[("group", "a & b")]).await;
    assert_eq!(groups().await, json!({ "감사팀": "viewer" }));
    let refused = Answer::to(pages.form("/people/groups", &[("group", "새 그룹"), ("role", "king")])).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("value=\"새 그룹\""),
        "what was typed is still there"
    );
    assert_eq!(groups().await, json!({ "감사팀": "viewer" }));
    let told = app
        .tenant
        .api
        .get("/v1/audit?action=role_mappings.replaced")
        .await
        .expect(200);
    let told = told["data"].as_array().expect("a list");
    let through: Vec<_> = told.iter().map(|entry| &entry["channel"]).collect();
    assert_eq!(through, ["console"; 4], "each that changed something");
    let auditor = Pages::of(&app, "감사자 박", Role::Auditor).await;
    let audit = auditor.get("/audit?action=role_mappings.replaced").await;
    assert!(
        audit.text.contains("그룹 역할 바꿈") && audit.text.contains("김운영"),
        "{}",
        audit.text
    );
    app.finish().await;
}

#[tokio::test]
async fn sessions_are_seen_and_ended_one_by_one_and_all_at_once() {
    let app = TestApp::start().await;
    let manager = Pages::new(&app).await;
    let desk = Pages::of(&app, "이심사", Role::Operator).await;
    let phone = Pages::of(&app, "이심사", Role::Operator).await;
    let account = phone.get("/account").await;
    assert!(account.text.contains("지금 이 브라우저"), "{}", account.text);
    let session = Regex::new("name=\"session\" value=\"(ses_[^\"]+)\"").expect("a pattern");
    let all: Vec<_> = session
        .captures_iter(&account.text)
        .map(|found| found[1].to_owned())
        .collect();
    assert_eq!(all.len(), 2, "{all:?}");
    // The newest is first, and it is this one.
    let after = phone.send("/account/sessions", &[("session", &all[1])]).await;
    assert!(after.ends_with("/account?done=session_ended"), "{after}");
    let ended = desk.get("/merchants").await;
    assert!(
        ended
            .header("location")
            .expect("it leads to sign in")
            .contains("why=expired")
    );
    assert_eq!(phone.get("/merchants").await.status, 200);

    let other = Pages::of(&app, "이심사", Role::Operator).await;
    assert_eq!(phone.send("/account/sessions", &[]).await, "/console/signed-out");
    for browser in [&phone, &other] {
        assert_eq!(browser.get("/merchants").await.status, 303, "all of them are out");
    }

    let back = Pages::of(&app, "이심사", Role::Operator).await;
    let lee = person(&app, "이심사").await.expect("they are there");
    let path = format!("/people/{}", id_of(&lee));
    assert!(manager.get(&path).await.text.contains("모든 곳에서 로그아웃"));
    let after = manager.send(&format!("{path}/sessions"), &[]).await;
    assert!(after.ends_with("done=sessions_ended"), "{after}");
    assert_eq!(back.get("/merchants").await.status, 303);
    app.finish().await;
}

#[tokio::test]
async fn a_key_is_made_rotated_and_revoked() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let form = pages.get("/keys/new").await;
    assert!(
        !form.text.contains("value=\"audit:read\""),
        "a manager has no such scope to give"
    );
    let key = hidden(&form, "key").to_owned();
    let refused = [
        ("key", key.as_str()),
        ("name", "정산 서버"),
        ("networks", "here"),
        ("scope", "merchants:read"),
    ];
    let refused = Answer::to(pages.form("/keys", &refused)).await;
    assert_eq!(refused.status, 422);
    for kept in [
        "value=\"정산 서버\"",
        ">here</textarea>",
        "value=\"merchants:read\" checked",
    ] {
        assert!(refused.text.contains(kept), "{kept} is missing");
    }
    let key = hidden(&refused, "key").to_owned();
    let typed = [
        ("key", key.as_str()),
        ("name", "정산 서버"),
        ("scope", "merchants:read"),
        ("scope", "events:read"),
        ("networks", "127.0.0.0/8\r\n"),
        ("expires", "2099-12-31"),
    ];
    let made = Answer::to(pages.form("/keys", &typed)).await;
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let secret = shown_once(&made).to_owned();
    let program = app.tenant.api.with_key(&secret);
    let me = program.get("/v1/me").await.expect(200);
    assert_eq!(me["key"]["scopes"], json!(["merchants:read", "events:read"]));
    assert_eq!(
        me["key"]["expires_at"], "2099-12-31T15:00:00Z",
        "at the end of that day in Korea"
    );
    let again = Answer::to(pages.form("/keys", &typed)).await;
    assert!(!again.text.contains(&secret), "it is shown once");
    assert!(again.text.contains("이미 만든 키입니다"), "sent twice, one key is made");

    let id = text_of(&me["key"], "id").to_owned();
    let path = format!("/keys/{id}");
    assert!(pages.get("/keys").await.text.contains(&path));
    let page = pages.get(&path).await;
    assert!(!page.text.contains(&secret));
    let key = hidden(&page, "key").to_owned();
    let rotated = Answer::to(pages.form(&format!("{path}/rotation"), &[("key", &key), ("overlap", "3600")])).await;
    let successor = app.tenant.api.with_key(shown_once(&rotated));
    successor.get("/v1/merchants").await.expect(200);
    program.get("/v1/merchants").await.expect(200);
    let old = pages.get(&path).await;
    assert!(old.text.contains("이어받은 키"), "{}", old.text);
    let after = pages.send(&format!("{path}/revocation"), &[]).await;
    assert!(after.ends_with("done=key_revoked"), "{after}");
    assert_eq!(program.get("/v1/merchants").await.status, 401);
    successor.get("/v1/merchants").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn who_did_what_is_found_page_by_page() {
    let app = TestApp::start().await;
    let manager = Pages::new(&app).await;
    let auditor = Pages::of(&app, "감사자 박", Role::Auditor).await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let path = format!("/merchants/{}", id_of(&merchant));
    for number in 0..60 {
        let key = format!("k-{number}");
        manager
            .send(&format!("{path}/notes"), &[("key", &key), ("text", &key)])
            .await;
    }
    let kim = person(&app, "김운영").await.expect("they are there");
    let filter = format!(
        "/audit?actor={}&action=note.added&merchant_id={}",
        id_of(&kim),
        id_of(&merchant)
    );
    let row = Regex::new("<tr id=\"(evt_[^\"]+)\"").expect("a pattern");
    let next = Regex::new("rel=\"next\" href=\"([^\"]+)\"").expect("a pattern");
    let mut found = Vec::new();
    let mut at = Some(filter.clone());
    while let Some(path) = at {
        let page = auditor.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        found.extend(row.captures_iter(&page.text).map(|found| found[1].to_owned()));
        at = next
            .captures(&page.text)
            .map(|found| found[1].replace("&#38;", "&").replace("&amp;", "&"));
    }
    assert_eq!(found.len(), 60, "all of them, each once");
    let page = auditor.get(&filter).await;
    assert!(page.text.contains(&format!("{path}\"")), "it leads to the merchant");
    assert!(
        page.text.contains(&format!("/people/{}\"", id_of(&kim))),
        "and to the person"
    );

    let none = auditor.get("/audit?from=2099-01-01T00:00").await;
    assert!(none.text.contains("기록이 없습니다"), "{}", none.text);
    let wrong = auditor.get("/audit?merchant_id=acad-12&from=2026-01-01T00:00").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("value=\"acad-12\"") && wrong.text.contains("value=\"2026-01-01T00:00\""));
    assert_eq!(
        manager.get("/audit").await.status,
        403,
        "a manager does not audit themselves"
    );
    app.finish().await;
}
