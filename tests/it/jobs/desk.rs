//! Jobs in the console: from the list of shops to a plan, a confirmation, and what came of it; with JavaScript and without.

use fantoccini::Locator;
use registry_tests::TestApp;
use serde_json::json;

use super::shops;
use crate::chromium::{Browser, Screen};

/// From the list to the plan, for what is ticked or for all.
async fn choose(browser: &Browser, action: &str, whom: &str) {
    browser.press("button[popovertarget=bulk]").await;
    let option = format!("#bulk-form option[value={action}]");
    let option = browser.client.find(Locator::Css(&option)).await.expect("an action");
    option.click().await.expect("it can be chosen");
    let button = format!("#bulk-form button[value={whom}]");
    browser.click(&button, "계획을 보고 확인하세요").await;
}

/// How many of the rows are ticked.
const TICK_TWO: &str = "const boxes = [...document.querySelectorAll('row-select tbody input[type=checkbox]')];
    for (const box of boxes.slice(0, 2)) box.click(); return boxes.length";

#[tokio::test]
async fn ticked_shops_are_planned_confirmed_and_followed() {
    // Slow enough that it is still under way when somebody pauses it.
    let app = TestApp::start_with(|config| config.reconcile_calls_per_second = 3).await;
    let (home, link) = app.open_console().await;
    shops(&app.tenant, 30).await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    let list = format!("{home}/merchants?stage=registered");
    browser.client.goto(&list).await.expect("the list opens");
    assert_eq!(browser.run(TICK_TWO).await, json!(30));
    choose(&browser, "archive", "these").await;
    browser.see("2곳에 실행").await;
    browser.fill("#f-reason", "정리").await;
    browser.click("form[action$='/confirmation'] button.go", "정리").await;
    // It is told as it goes, and the page shows its end by itself.
    browser.see("완료").await;
    browser
        .until(
            "return document.querySelector('[data-count=done]')?.textContent === '2' &&
                document.querySelector('h1 + p')?.textContent.includes('완료')",
            Vec::new(),
        )
        .await;
    browser.client.goto(&list).await.expect("the list opens");
    choose(&browser, "issue_links", "all").await;
    browser.see("28곳에 실행").await;
    browser.fill("#f-reason", "월요일 재발송").await;
    browser
        .click("form[action$='/confirmation'] button.go", "월요일 재발송")
        .await;
    // The numbers move while nobody does anything.
    let moves =
        "const done = Number(document.querySelector('[data-count=done]')?.textContent); return done > 3 && done < 28";
    browser.until(moves, Vec::new()).await;
    browser.click("form[action$='/pause'] button", "이어서 하기").await;
    // How long it goes on afterwards is not promised: only its end is.
    browser.press("form[action$='/resume'] button").await;
    browser
        .until(
            "return document.querySelector('[data-count=done]')?.textContent === '28'",
            Vec::new(),
        )
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn without_javascript_everything_works_too() {
    let app = TestApp::start_with(|config| config.reconcile_calls_per_second = 100).await;
    let (home, link) = app.open_console().await;
    shops(&app.tenant, 5).await;
    app.sandbox
        .fail_mapping(&json!({ "answer": "PARTNER_999", "times": 1 }))
        .await;
    let browser = Browser::on(Screen::Wide, false).await;
    browser.sign_in(&link).await;
    let list = format!("{home}/merchants?stage=registered");
    browser.client.goto(&list).await.expect("the list opens");
    browser
        .press("row-select tbody tr:first-child input[type=checkbox]")
        .await;
    choose(&browser, "issue_links", "these").await;
    browser.see("1곳에 실행").await;
    browser.fill("#f-reason", "시험").await;
    browser.click("form[action$='/confirmation'] button.go", "시험").await;
    // Whoever wants to know how far it is asks.
    let over = async {
        loop {
            let page = browser.client.source().await.expect("a page");
            if page.contains("실패만 다시") {
                return;
            }
            browser.client.refresh().await.expect("the page opens");
        }
    };
    registry_tests::api::within(registry_tests::PATIENCE, over).await;
    browser.see("결제선생이 거절했습니다").await;
    browser
        .click("form[action$='/retry'] button", "계획을 보고 확인하세요")
        .await;
    browser.fill("#f-reason", "다시").await;
    browser.click("form[action$='/confirmation'] button.go", "다시").await;
    browser
        .client
        .goto(&format!("{home}/jobs"))
        .await
        .expect("the page opens");
    browser.see("등록 링크 발급").await;
    browser.close().await;
    app.finish().await;
}
