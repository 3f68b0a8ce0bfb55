//! Views in the console: kept from the list, looked after on a page of their own, one click from Home.

use chrono::TimeDelta;
use fantoccini::Locator;
use registry_domain::people::Role;
use registry_tests::callback::send_taken;
use registry_tests::{Answer, TestApp};
use reqwest::Method;
use serde_json::json;

use super::days::{advance_to, count};
use crate::chromium::{Browser, Screen};
use crate::console::Pages;
use crate::isolation::things::raise;

/// The heads of the list but for the first, which is a box; and what the menu of views says of the one that is shown.
const SHOWN: &str = "const text = (found) => [...document.querySelectorAll(found)].map((it) => it.textContent.trim());
    return [text('thead th').slice(1).map((head) => head.replace(/ [↑↓]$/, '')), text('.tools .view .cut')[0] ?? '',
      [...document.querySelectorAll('row-select tbody tr')].length]";

/// Where the browser is: its query, parameter by parameter, without those that say nothing.
const HERE: &str = "return Object.fromEntries([...new URLSearchParams(location.search)].filter(([, value]) => value))";

async fn shops(app: &TestApp) {
    for (number, tag) in [(1, "seoul"), (2, "seoul"), (3, "busan")] {
        let shop = json!({ "member_code": "acad-12", "merchant_code": format!("store-{number}"), "tags": [tag] });
        app.tenant.api.post("/v1/merchants", &shop).await.expect(201);
    }
}

/// Keeps what the list shows under a name.
async fn keep(browser: &Browser, name: &str) {
    browser.press("button[popovertarget=views]").await;
    browser.fill("#views form.keep input[name=name]", name).await;
    browser.click("#views form.keep button", "보기를 저장했습니다.").await;
}

#[tokio::test]
async fn choosing_columns_keeps_every_filter_and_a_copied_address_shows_the_same() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    shops(&app).await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    let list = format!("{home}/merchants?stage=registered&tag=seoul&updated_from=-7bd&metadata=&sort=name&limit=100");
    browser.client.goto(&list).await.expect("the list opens");
    let are_there = "return document.querySelectorAll('row-select tbody tr').length === 2";
    browser.until(are_there, Vec::new()).await;
    browser.press("button[popovertarget=columns]").await;
    // What is ticked away goes, and the first place goes to what waits longest.
    let choose = "for (const box of document.querySelectorAll('#columns input[name=column]'))
          box.checked = ['business_days', 'message', 'tags'].includes(box.value);
        document.querySelector('#columns input[name=at_tags]').value = '1';
        document.querySelector('#columns input[name=at_message]').value = '2';
        document.querySelector('#columns input[name=at_business_days]').value = '3'";
    browser.run(choose).await;
    browser.press("#columns button.go").await;
    let is_chosen = "return document.readyState === 'complete' && location.search.includes('columns=')";
    browser.until(is_chosen, Vec::new()).await;
    let heads = json!(["사업장(지점)", "태그", "마지막 메시지", "체류"]);
    assert_eq!(browser.run(SHOWN).await, json!([heads, "보기", 2]));
    let here = browser.run(HERE).await;
    let expected = json!({ "stage": "registered", "tag": "seoul", "updated_from": "-7bd", "sort": "name", "limit": "100",
        "columns": "name,tags,message,business_days" });
    assert_eq!(here, expected, "choosing columns changes nothing else");
    browser.see("지난 7영업일").await;
    // Another condition by the form, and all that has no field there stays.
    browser.press("button[popovertarget=conditions]").await;
    browser.press("#conditions input[name=held]").await;
    browser.press("#conditions form > .btn").await;
    browser
        .until("return location.search.includes('held=true')", Vec::new())
        .await;
    let mut expected = expected;
    expected["held"] = json!("true");
    assert_eq!(browser.run(HERE).await, expected);
    let copied = browser.client.current_url().await.expect("an address").to_string();
    let copied = copied.replace("&held=true", "");
    let (_, link) = app.open_console_for("최운영", Role::Operator).await;
    let other = Browser::open().await;
    other.sign_in(&link).await;
    other.client.goto(&copied).await.expect("the list opens");
    assert_eq!(other.run(SHOWN).await, json!([heads, "보기", 2]));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    other.close().await;
    app.finish().await;
}

#[tokio::test]
async fn a_view_is_kept_renamed_shared_and_begun_with_and_is_there_in_another_browser() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    shops(&app).await;
    // Without JavaScript.
    let browser = Browser::on(Screen::Wide, false).await;
    browser.sign_in(&link).await;
    let list = format!("{home}/merchants?tag=seoul&sort=merchant_code&columns=name,code");
    browser.client.goto(&list).await.expect("the list opens");
    keep(&browser, "서울 가맹점").await;
    let kept = browser.client.current_url().await.expect("an address").to_string();
    for part in ["tag=seoul", "sort=merchant_code", "columns=name,code", "view=viw_"] {
        assert!(kept.contains(part), "{part} is missing: {kept}");
    }
    let colleague = Pages::of(&app, "최운영", Role::Operator).await;
    assert!(!colleague.get("/views").await.text.contains("서울 가맹점"));
    let views = format!("{home}/views");
    browser.client.goto(&views).await.expect("the page opens");
    browser.press("button[popovertarget=rename-1]").await;
    let field = browser.client.find(Locator::Css("#rename-1 input[name=name]")).await;
    field.expect("a field").clear().await.expect("it can be cleared");
    browser.fill("#rename-1 input[name=name]", "서울 가맹점 모두").await;
    browser.click("#rename-1 button.go", "서울 가맹점 모두").await;
    browser.click("form[action$='/default'] button", "기본 해제").await;
    assert!(!colleague.get("/views").await.text.contains("서울 가맹점"));
    browser.press("form:has(input[name=shared][value=true]) button").await;
    browser.see("내가 만듦").await;
    let seen = colleague.get("/views").await.text;
    assert!(
        seen.contains("서울 가맹점 모두") && !seen.contains("내가 만듦"),
        "{seen}"
    );
    let viewer = Pages::of(&app, "이열람", Role::Viewer).await.get("/views").await;
    assert!(viewer.text.contains("서울 가맹점 모두"), "{}", viewer.text);
    assert!(!viewer.text.contains("/removal\""), "who only looks has no forms");
    browser.close().await;

    // The same person in another browser: the menu leads to it.
    let (_, link) = app.open_console().await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    // The driver takes the menu for closed: it is a part that only narrow screens fold.
    browser.run("document.querySelector('a[data-go=KeyM]').click()").await;
    browser
        .until("return location.search.includes('view=viw_')", Vec::new())
        .await;
    let heads = json!(["사업장(지점)", "코드"]);
    assert_eq!(browser.run(SHOWN).await, json!([heads, "서울 가맹점 모두", 2]));
    // What the list shows now becomes the view.
    let wider = kept.replace("tag=seoul", "tag=busan").replace("&done=view", "");
    browser.client.goto(&wider).await.expect("the list opens");
    browser.press("button[popovertarget=views]").await;
    browser
        .click("#views form:not(.keep) button", "보기를 저장했습니다.")
        .await;
    assert_eq!(browser.run(SHOWN).await[2], 1);
    let views = colleague.get("/views").await.text;
    assert!(views.contains("busan") && !views.contains("seoul"), "{views}");
    browser
        .client
        .goto(&format!("{home}/views"))
        .await
        .expect("the page opens");
    browser.press("button[popovertarget=remove-1]").await;
    browser.click("#remove-1 button.danger", "보기를 삭제했습니다.").await;
    assert!(!colleague.get("/views").await.text.contains("서울 가맹점"));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn home_leads_to_ones_view_and_its_days_are_those_of_today() {
    let app = TestApp::start().await;
    advance_to(&app, |_| true);
    let (home, link) = app.open_console().await;
    shops(&app).await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    let list = format!("{home}/merchants?created_from=today");
    browser.client.goto(&list).await.expect("the list opens");
    keep(&browser, "오늘 등록").await;
    browser.client.goto(&home).await.expect("Home opens");
    let is_counted = "return document.querySelector('.views b')?.textContent === arguments[0]";
    browser.until(is_counted, vec![json!("3")]).await;
    browser.press(".views a").await;
    browser
        .until("return location.search.includes('view=')", Vec::new())
        .await;
    assert_eq!(browser.run(SHOWN).await[2], 3);
    browser.close().await;

    app.advance(TimeDelta::days(1));
    let next = json!({ "member_code": "acad-12", "merchant_code": "store-9" });
    app.tenant.api.post("/v1/merchants", &next).await.expect(201);
    let (_, link) = app.open_console().await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    browser.client.goto(&home).await.expect("Home opens");
    browser.until(is_counted, vec![json!("1")]).await;
    browser.press(".views a").await;
    browser
        .until("return location.search.includes('created_from=today')", Vec::new())
        .await;
    assert_eq!(browser.run(SHOWN).await[2], 1, "the same view, another day");
    assert_eq!(count(&app.tenant.api, "").await, 4);
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn what_waits_has_a_place_on_home() {
    let app = TestApp::start().await;
    send_taken(&app.tenant_callback_url(app.tenant.id), "{".to_owned()).await;
    let alert = raise(&app, &app.tenant).await;
    let pages = Pages::new(&app).await;
    assert!(pages.get("").await.text.contains("id=\"asleep\">0<"));
    let until = json!({ "until": app.now() + TimeDelta::days(3) });
    let snooze = app
        .tenant
        .api
        .request(Method::POST, &format!("/v1/alerts/{alert}/snooze"));
    Answer::to(snooze.header("if-match", "*").json(&until))
        .await
        .expect(200);
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    let home = pages.get("").await.text;
    assert!(home.contains("id=\"asleep\">1<"), "{home}");
    assert!(pages.get("/alerts?state=snoozed").await.text.contains(&alert));
    let figures = pages.get("/figures").await.text;
    let (_, waiting) = figures
        .split_once("링크 열기, 작성, 서류보완")
        .map_or(("", ""), |(before, _)| before.rsplit_once("<a href").expect("a link"));
    assert!(waiting.contains("<b>1</b>"), "one waits for its merchant: {figures}");
    app.finish().await;
}
