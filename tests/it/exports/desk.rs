//! Files in the console: from shops that are ticked to a file that is there by itself.

use registry_domain::people::Role;
use registry_tests::api::until;
use registry_tests::{Answer, TestApp};
use serde_json::json;

use super::shops;
use crate::chromium::{Browser, Screen};
use crate::console::Pages;

/// All rows are ticked.
const TICK: &str = "const boxes = [...document.querySelectorAll('row-select tbody input[type=checkbox]')];
    for (const box of boxes.slice(0, 2)) box.click(); return boxes.length";

#[tokio::test]
async fn shops_that_are_ticked_become_a_file() {
    let app = TestApp::start().await;
    shops(&app).await;
    let (home, link) = app.open_console().await;
    let browser = Browser::on(Screen::Wide, true).await;
    browser.sign_in(&link).await;
    let list = format!("{home}/merchants?sort=merchant_code");
    browser.client.goto(&list).await.expect("the list opens");
    assert_eq!(browser.run(TICK).await, json!(4));
    browser.press("button[popovertarget=bulk]").await;
    browser
        .click("#bulk-form button[formaction$='/exports/chosen']", "고른 가맹점 2곳")
        .await;
    browser.picture("exports/new").await;
    browser.fill("#f-reason", "월말 정산 확인").await;
    browser.click("form.sheet button.go", "월말 정산 확인").await;
    // It is there by itself.
    browser
        .until(
            "return document.querySelector('[data-state]')?.dataset.state === 'ready'",
            Vec::new(),
        )
        .await;
    browser.see("내려받기").await;
    browser.picture("exports/ready").await;
    browser.press("form[action$='/file'] button").await;
    app.tenant.api.event(|event| event["type"] == "export.taken").await;
    browser
        .client
        .goto(&format!("{home}/exports"))
        .await
        .expect("the page opens");
    browser.see("준비됨").await;
    browser.picture("exports/list").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn the_whole_list_becomes_a_file_without_scripts_on_a_telephone() {
    let app = TestApp::start().await;
    shops(&app).await;
    let (home, link) = app.open_console().await;
    let browser = Browser::on(Screen::Narrow, false).await;
    browser.sign_in(&link).await;
    let list = format!("{home}/merchants?member_code=acad-1");
    browser.client.goto(&list).await.expect("the list opens");
    browser.click("a[href*='/exports/new?']", "목록에서 거른 가맹점").await;
    browser.picture("exports/new-narrow").await;
    browser.fill("#f-reason", "월말").await;
    browser.click("form.sheet button.go", "월말").await;
    let page = browser.client.current_url().await.expect("it is somewhere");
    until(async || {
        browser.client.goto(page.as_str()).await.expect("the page opens");
        let source = browser.client.source().await.expect("a page");
        source.contains("data-state=\"ready\"")
    })
    .await;
    browser.picture("exports/ready-narrow").await;
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn what_is_seen_in_the_console_comes_out_of_it_as_a_file() {
    let app = TestApp::start().await;
    shops(&app).await;
    let pages = Pages::of(&app, "박관리", Role::Manager).await;
    let list = pages
        .get("/merchants?member_code=acad-1&sort=merchant_code&limit=50")
        .await;
    let (_, rest) = list.text.split_once("/exports/new?").expect("a link");
    let query = rest
        .split('"')
        .next()
        .expect("it ends")
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    assert!(!query.contains("limit"), "{query}");
    let page = pages.get(&format!("/exports/new?{query}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let form = |reason| [("state", query.as_str()), ("format", "csv"), ("reason", reason)];
    let refused = Answer::to(pages.form("/exports", &form(""))).await;
    assert!(refused.text.contains("aria-invalid"), "{}", refused.text);
    let begun = Answer::to(pages.form("/exports", &form("월말"))).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    let place = begun.header("location").expect("a place").to_owned();
    let (_, path) = place.split_once(app.tenant.slug.as_str()).expect("it is the tenant's");
    until(async || pages.get(path).await.text.contains("data-state=\"ready\"")).await;
    assert!(pages.get("/exports").await.text.contains("월말"));
    let before = app.tenant.api.feed().await.len();
    pages.get(path).await;
    assert_eq!(
        app.tenant.api.feed().await.len(),
        before,
        "looking at the page takes nothing out"
    );
    let answer = Answer::to(pages.form(&format!("{path}/file"), &[])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        answer
            .header("content-disposition")
            .is_some_and(|it| it.contains("merchants-"))
    );
    assert!(answer.header("content-security-policy").is_some());
    let codes: Vec<_> = ["store-1", "store-2", "store-3"]
        .map(|code| answer.text.find(code))
        .to_vec();
    assert!(
        codes.iter().all(Option::is_some) && codes.is_sorted(),
        "{}",
        answer.text
    );
    assert!(!answer.text.contains("other"));

    let viewer = Pages::of(&app, "이업무", Role::Operator).await;
    assert!(!viewer.get("/merchants").await.text.contains("/exports/new"));
    let refused = Answer::to(viewer.form("/exports", &form("x"))).await;
    assert_eq!(refused.status, 403);
    app.tenant.api.event(|event| event["type"] == "access.refused").await;
    app.finish().await;
}

#[tokio::test]
async fn ageing_and_funnel_come_out_as_tables() {
    let app = TestApp::start().await;
    shops(&app).await;
    let pages = Pages::of(&app, "이업무", Role::Operator).await;
    let board = pages.get("/ageing?member_code=acad-1").await;
    assert!(
        board.text.contains("name=\"member_code\" value=\"acad-1\""),
        "{}",
        board.text
    );
    let csv = pages.get("/ageing/csv?member_code=acad-1").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.text.contains("회원 코드: acad-1\r\n단계,오늘,"), "{}", csv.text);
    assert!(csv.text.contains("\r\n등록,3,0,0,0,0,3,0,0,,\r\n"), "{}", csv.text);
    assert!(csv.text.ends_with("\r\n합,3,0,0,0,0,3,,,,0\r\n"), "{}", csv.text);
    let csv = pages.get("/funnel/csv").await;
    assert!(csv.text.contains("\r\n등록,4,100,,\r\n"), "{}", csv.text);
    let stranger = Pages::of(&app, "이심사", Role::Viewer).await;
    assert_eq!(
        stranger.get("/funnel/csv").await.status,
        200,
        "numbers are for all who see them"
    );
    app.finish().await;
}
