//! Pages of the console that are open in a browser: what they hear, and what keys do there.

use std::time::Duration;

use fantoccini::Locator;
use fantoccini::elements::Element;
use registry_tests::TestApp;
use registry_tests::api::{Answer, within};
use registry_tests::tenant::id_of;
use serde_json::json;

use crate::chromium::{Browser, Screen};

/// Within this time an open page has heard of a change.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// What the browser shows, once it is there.
async fn shown(browser: &Browser, selector: &str) -> Element {
    let found = browser.client.wait().for_element(Locator::Css(selector)).await;
    found.unwrap_or_else(|error| panic!("{selector} is not to be seen: {error}"))
}

#[tokio::test]
async fn an_open_list_tells_of_changes_and_moves_nothing() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    let mut merchants = Vec::new();
    for number in 0..40 {
        merchants.push(app.tenant.register("acad-12", &format!("store-{number:02}")).await);
    }
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    browser
        .client
        .goto(&format!("{home}/merchants"))
        .await
        .expect("the list opens");
    shown(&browser, ".live[data-live]").await;
    let tick = "for (const box of [...document.querySelectorAll('tbody input')].slice(3, 8)) box.click();
        document.querySelector('.scroll').scrollTop = 100;
        return [...document.querySelectorAll('tbody tr')].map((row) => row.id).join()";
    let before = browser.run(tick).await;
    for merchant in merchants.iter().take(30) {
        let path = format!("/v1/merchants/{}", id_of(merchant));
        let request = app
            .tenant
            .api
            .request(reqwest::Method::PATCH, &path)
            .header("if-match", format!("\"{}\"", merchant["version"]));
        Answer::to(request.json(&json!({ "company_name": "새 이름" })))
            .await
            .expect(200);
    }
    within(HEARD_WITHIN, browser.see("30건 변경됨")).await;
    let state = "return [[...document.querySelectorAll('tbody tr')].map((row) => row.id).join(),
        document.querySelectorAll('tbody :checked').length, document.querySelector('.scroll').scrollTop,
        document.body.innerText.includes('새 이름')]";
    assert_eq!(
        browser.run(state).await,
        json!([before, 5, 100, false]),
        "nothing moved"
    );
    browser.click("live-pill a", "새 이름").await;
    let after = browser.run(state).await;
    assert_eq!(
        (&after[1], &after[2]),
        (&json!(5), &json!(100)),
        "ticks and place survive"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn an_open_merchant_follows_the_review_and_knows_what_it_knew() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    app.tenant.issue_link(&merchant).await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    let page = format!("{home}/merchants/{}", id_of(&merchant));
    browser.client.goto(&page).await.expect("the page opens");
    shown(&browser, ".live[data-live]").await;
    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.submit("강남떡볶이").await;
    for (letter, message, stage) in [
        ("S", Some("서류를 다시"), "서류보완"),
        ("P", None, "심사중"),
        ("O", None, "개시"),
    ] {
        mapping.review(letter, message).await;
        app.tenant.settled(id_of(&merchant)).await;
        let badge = format!("//span[contains(@class, ' big') and contains(., '{stage}')]");
        let seen = browser
            .client
            .wait()
            .at_most(HEARD_WITHIN)
            .for_element(Locator::XPath(&badge))
            .await;
        seen.unwrap_or_else(|error| panic!("{stage} is not shown: {error}"));
    }
    // As it was when the documents were asked for: nothing later is shown, and nothing can be done.
    let events = app.tenant.api.timeline(id_of(&merchant)).await;
    let asked = events
        .iter()
        .find(|event| event["data"]["to"] == "documents_required")
        .expect("it was asked");
    browser
        .client
        .goto(&format!("{page}?version={}", asked["version"]))
        .await
        .expect("the page opens");
    browser.see("서류를 다시").await;
    let past = browser
        .run(
            "return [document.querySelectorAll('.banner').length, document.querySelectorAll('.acts form').length,
        document.querySelector('.tl').innerText.includes('개시')]",
        )
        .await;
    assert_eq!(past, json!([1, 0, false]));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

/// Presses a key by its place, as a Korean layout sends it.
const PRESS: &str = "const [code, key] = arguments;
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent('keydown', { code, key, bubbles: true, cancelable: true }));
    return document.activeElement?.closest('tr')?.id ?? document.activeElement?.name ?? ''";

#[tokio::test]
async fn merchants_are_gone_through_by_keys_whatever_the_layout() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    for number in 0..5 {
        app.tenant.register("acad-12", &format!("store-{number}")).await;
    }
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    browser
        .client
        .goto(&format!("{home}/merchants"))
        .await
        .expect("the list opens");
    shown(&browser, "row-select").await;
    let rows = browser
        .run("return [...document.querySelectorAll('tbody tr')].map((row) => row.id)")
        .await;
    let press = async |code: &str, key: &str| {
        let pressed = browser.client.execute(PRESS, vec![json!(code), json!(key)]).await;
        pressed.expect("a key can be pressed")
    };
    assert_eq!(press("KeyJ", "ㅓ").await, rows[0]);
    assert_eq!(press("KeyJ", "Process").await, rows[1]);
    assert_eq!(press("KeyK", "ㅏ").await, rows[0]);
    press("KeyX", "ㅌ").await;
    assert_eq!(
        browser
            .run("return document.querySelectorAll('tbody :checked').length")
            .await,
        1
    );
    assert_eq!(press("Slash", "/").await, "q");
    assert_eq!(press("KeyJ", "ㅓ").await, "q", "in a field, letters are letters");
    browser.run("document.activeElement.blur()").await;
    press("KeyJ", "j").await;
    press("KeyO", "ㅐ").await;
    browser.see("지금 할 일").await;
    let row = rows[0].as_str().expect("an id");
    browser.client.back().await.expect("one can go back");
    shown(&browser, "row-select").await;
    assert_eq!(
        browser.run("return document.activeElement.closest('tr')?.id").await,
        row,
        "one comes back to the row"
    );
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn ten_merchants_are_gone_through_without_the_mouse() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    for number in 0..10 {
        let shop = app.tenant.register("acad-12", &format!("store-{number}")).await;
        app.tenant.issue_link(&shop).await;
    }
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    let press = async |code: &str, key: &str| {
        let pressed = browser.client.execute(PRESS, vec![json!(code), json!(key)]).await;
        pressed.expect("a key can be pressed")
    };
    let is_list = "return document.readyState === 'complete' && !!document.querySelector('row-select')";
    let is_asked = "return document.readyState === 'complete' && location.search.includes('done=asked_')";
    // From Home to the list, down to the next shop, into it, Paymint is asked, and back to where one was.
    for number in 0..10 {
        press("KeyG", "ㅎ").await;
        press("KeyM", "ㅡ").await;
        browser.until(is_list, Vec::new()).await;
        let row = press("KeyJ", "ㅓ").await;
        let rows = browser
            .run("return [...document.querySelectorAll('tbody tr')].map((row) => row.id)")
            .await;
        assert_eq!(row, rows[number], "one goes on where one was");
        press("KeyO", "ㅐ").await;
        browser.see("지금 할 일").await;
        press("KeyR", "ㄱ").await;
        browser.until(is_asked, Vec::new()).await;
    }
    let asked = app.tenant.api.feed().await;
    let asked = asked.iter().filter(|event| event["type"] == "status.observed").count();
    assert_eq!(asked, 10, "each was asked about");

    // Whoever speaks to the browser, or has letters do something else, switches them off.
    browser.click("button.me", "단축키").await;
    browser.click("button[name=keys][value=off]", "지금 할 일").await;
    browser
        .until("return document.documentElement.dataset.keys === 'off'", Vec::new())
        .await;
    browser
        .client
        .goto(&format!("{home}/merchants?q=store-"))
        .await
        .expect("the list opens");
    browser.until(is_list, Vec::new()).await;
    for (code, key) in [("KeyJ", "j"), ("Slash", "/"), ("KeyG", "g"), ("KeyH", "h")] {
        assert_eq!(press(code, key).await, "", "{code} does nothing");
    }
    assert_eq!(
        browser.run("return location.pathname").await,
        json!(format!("/console/{}/merchants", app.tenant.slug))
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn every_page_is_read_without_javascript() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let browser = Browser::on(Screen::Wide, false).await;
    browser.sign_in(&link).await;
    let own = format!("/merchants/{}", id_of(&merchant));
    for (path, text) in [
        ("", "오늘 할 일"),
        ("/merchants", "acad-12/store-3"),
        (own.as_str(), "지금 할 일"),
        ("/callbacks", "아직 받은 콜백이 없습니다"),
        ("/quarantine", "모두 처리됨"),
        ("/unclaimed", "미등록 사업장이 없습니다"),
        ("/health", "모두 정상"),
        ("/people", "김운영"),
        ("/people/new", "역할"),
        ("/people/groups", "그룹 더하기"),
        ("/account", "지금 이 브라우저"),
        ("/keys", "API 키"),
        ("/keys/new", "만들기"),
        ("/settings", "보류 시간"),
    ] {
        browser
            .client
            .goto(&format!("{home}{path}"))
            .await
            .expect("the page opens");
        browser.see(text).await;
    }
    browser
        .client
        .goto(&format!("{home}/merchants?q=store-3"))
        .await
        .expect("the page opens");
    browser.click("tbody a.name", "지금 할 일").await;
    browser.close().await;
    app.finish().await;
}
