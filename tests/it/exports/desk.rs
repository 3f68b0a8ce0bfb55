//! Files in the console: from shops that are ticked to a file that is there by itself.

use registry_tests::TestApp;
use serde_json::json;

use super::shops;
use crate::chromium::{Browser, Screen};

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
    registry_tests::api::until(async || {
        browser.client.goto(page.as_str()).await.expect("the page opens");
        let source = browser.client.source().await.expect("a page");
        source.contains("data-state=\"ready\"")
    })
    .await;
    browser.picture("exports/ready-narrow").await;
    browser.close().await;
    app.finish().await;
}
