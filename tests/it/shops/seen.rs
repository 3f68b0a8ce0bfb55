//! The pages in a real browser: on a telephone, with and without JavaScript, by everybody.

use fantoccini::Locator;
use registry_tests::TestApp;
use serde_json::Value;

use super::{Visited, stable_link};
use crate::chromium::{Browser, Screen};

/// What axe finds that keeps people out.
const AXE: &str = r#"
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"] }).then(
  (found) => done(found.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(" ")).join(", ")}`)),
  (error) => done([String(error)]),
);
"#;

/// Where pictures of the pages are left, for whoever wants to see them.
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pictures/shops");

/// The source of axe, as the lock file of the console names it.
fn axe() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/tools/console/node_modules/axe-core/axe.min.js"
    );
    std::fs::read_to_string(path).expect("the build of the console has fetched it")
}

/// Holds the page that is shown against what must hold for all, and leaves a picture of it.
async fn expect_usable(browser: &Browser, axe: &str, name: &str) {
    let picture = browser.client.screenshot().await.expect("a picture");
    std::fs::create_dir_all(PICTURES).expect("a folder");
    std::fs::write(format!("{PICTURES}/{name}.png"), picture).expect("a file");
    let width = browser.run("return document.documentElement.scrollWidth").await;
    assert_eq!(width, 375, "{name} is as wide as the screen");
    browser.run(axe).await;
    let found = browser.client.execute_async(AXE, Vec::new()).await.expect("axe looks");
    assert_eq!(found, Value::Array(Vec::new()), "{name}");
    let low = "return [...document.querySelectorAll('button, a.btn')].filter((it) => it.getBoundingClientRect().height < 44).length";
    assert_eq!(browser.run(low).await, 0, "{name}: everything can be hit with a thumb");
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{name}: {complaints:?}");
}

#[tokio::test]
async fn a_shop_sees_what_is_to_do_on_its_telephone_and_everybody_can_use_it() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let link = stable_link(&app.tenant, &merchant).await.expect("it has a link");
    let (browser, axe) = (Browser::on(Screen::Narrow, true).await, axe());
    let look = async |name: &str, text: &str| {
        browser.client.goto(&link).await.expect("the page opens");
        browser.see(text).await;
        expect_usable(&browser, &axe, name).await;
    };
    look("1-apply", "신청 시작하기").await;
    browser.click("button.go", "하위 사업장 등록").await;
    app.sandbox.mapping("acad-12", "store-3").await.delivered().await;
    // Paymint's own page is Paymint's.
    browser.complaints().await;
    look("2-draft", "이어서 쓰기").await;
    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.submit("강남떡볶이").await;
    look("3-review", "심사하고 있습니다").await;
    mapping
        .review("S", Some("사업자등록증 사본이 흐립니다. 다시 올려 주세요"))
        .await;
    look("4-documents", "서류를 다시 올려 주세요").await;
    mapping.review("R", Some("업종이 신청서와 다릅니다")).await;
    look("5-rejected", "반려되었습니다").await;
    mapping.review("O", None).await;
    app.tenant.settled(merchant["id"].as_str().expect("an id")).await;
    look("6-opened", "개시되었습니다").await;
    app.tenant
        .archive(&app.tenant.api.merchant(merchant["id"].as_str().expect("an id")).await)
        .await;
    browser.client.goto(&link).await.expect("the page opens");
    browser.see("이 링크는 이제 쓰지 않습니다").await;
    browser.client.goto(&format!("{link}x")).await.expect("the page opens");
    browser.see("링크를 찾을 수 없습니다").await;
    let closed = browser.client.find(Locator::Css("form")).await;
    assert!(closed.is_err(), "nothing to press");
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn it_works_without_javascript_there_and_back() {
    let app = TestApp::start().await;
    let shop = Visited::registered(&app).await;
    let browser = Browser::on(Screen::Wide, false).await;
    let page = format!("{}{}", app.tenant.api.base(), shop.path);
    browser.client.goto(&page).await.expect("the page opens");
    browser.click("button.go", "하위 사업장 등록").await;
    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.submit("강남떡볶이").await;
    browser
        .client
        .goto(&mapping.registration_url)
        .await
        .expect("the page opens");
    browser.click(r#"a[href*="/r/"]"#, "결제선생이 심사하고 있습니다").await;
    browser.close().await;
    app.finish().await;
}
