//! A day at the desk and the next: signing in, a shop from its registration to its opening, and the way out of every browser.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use fantoccini::Locator;
use registry_domain::PersonId;
use registry_tests::api::text_of;
use registry_tests::tenant::id_of;
use registry_tests::{BUSINESS_NUMBER, TestApp, logs};
use serde_json::json;
use std::time::Duration;

use super::World;
use crate::chromium::Browser;

/// Within this time an open page shows what happened.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// Waits until something is shown.
async fn shown(browser: &Browser, selector: &str) -> fantoccini::elements::Element {
    let found = browser.client.wait().for_element(Locator::Css(selector)).await;
    found.unwrap_or_else(|error| panic!("{selector} is not to be seen: {error}"))
}

async fn open(browser: &Browser, url: &str) {
    browser.client.goto(url).await.expect("the page opens");
}

/// A reviewer moves the shop on the desk of the sandbox; the open page shows it by itself.
async fn review(world: &World, (desk, page): (&Browser, &Browser), letter: &str, message: Option<&str>, stage: &str) {
    if let Some(message) = message {
        desk.fill("#message", message).await;
    }
    let button = format!("button[name=code][value={letter}]");
    desk.click(&button, &format!("\"reviewStatus\":\"{letter}\"")).await;
    // One that says what an earlier one said counts once Paymint was asked.
    let app = &world.app;
    app.sandbox.mapping("acad-12", "store-3").await.delivered().await;
    let merchants = app.tenant.api.get("/v1/merchants").await.expect(200);
    app.tenant.settled(id_of(&merchants["data"][0])).await;
    let badge = format!("//span[contains(@class, ' big') and contains(., '{stage}')]");
    let wait = page.client.wait().at_most(SHOWN_WITHIN);
    let seen = wait.for_element(Locator::XPath(&badge)).await;
    seen.unwrap_or_else(|error| panic!("{stage} is not shown: {error}"));
}

/// Marks the page, so that one that was loaded anew is known.
async fn mark(page: &Browser) {
    page.run("window.isTheSame = true").await;
}

async fn expect_same(page: &Browser) {
    assert_eq!(
        page.run("return window.isTheSame === true").await,
        json!(true),
        "it was loaded anew"
    );
}

async fn link_of(app: &TestApp, person: PersonId) -> String {
    let link = app.people().sign_in_link(person).await.expect("a link");
    let token = link.url.rsplit('/').next().expect("a token");
    logs::secret(token);
    format!("{}/console/enter/{token}", app.tenant.api.base())
}

/// What a field for a moment holds: the next full minute in Korea.
fn field(at: DateTime<Utc>) -> String {
    let korea = FixedOffset::east_opt(9 * 3_600).expect("a time zone");
    let at = (at + TimeDelta::minutes(1)).with_timezone(&korea);
    at.format("%Y-%m-%dT%H:%M").to_string()
}

/// Through the provider's page, and back to where one wanted to go.
async fn sign_in_at_provider(browser: &Browser, home: &str) {
    open(browser, &format!("{home}/merchants")).await;
    shown(browser, "a[href^='/console/sign-in/oidc']")
        .await
        .click()
        .await
        .expect("one can click");
    shown(browser, "input[name=login]").await;
    browser.fill("input[name=login]", "kim").await;
    browser.fill("input[name=password]", "x").await;
    browser.click("button[type=submit]", "가맹점").await;
    let url = browser.client.current_url().await.expect("it is somewhere");
    assert_eq!(
        url.as_str(),
        format!("{home}/merchants"),
        "it leads where one wanted to go"
    );
    // What the browser has against the provider's page is none of ours.
    browser.complaints().await;
}

/// Registers a shop and issues a link. Returns where the shop registers; its page is open.
async fn register(browser: &Browser, home: &str) -> String {
    open(browser, &format!("{home}/merchants/new")).await;
    browser.fill("#f-member_code", "acad-12").await;
    browser.fill("#f-merchant_code", "store-3").await;
    browser.click("main form button.go", "지금 할 일").await;
    shown(browser, "form[action$='/links'] button")
        .await
        .click()
        .await
        .expect("one can click");
    shown(browser, ".issued input.url").await;
    // The page is drawn anew when something happens: found and read in one step, it cannot be another one in between.
    let url = browser
        .run("return document.querySelector('.issued input.url').value")
        .await;
    let url = url.as_str().expect("it is filled in").to_owned();
    logs::secret(&url);
    url
}

async fn fill_in(shop: &Browser, url: &str) {
    open(shop, url).await;
    shop.see("하위 사업장 등록").await;
    shop.fill("#member_id", "kim01").await;
    shop.fill("#business_number", BUSINESS_NUMBER).await;
    shop.fill("#company_name", "가나다 학원").await;
    shop.fill("#branch_name", "강남점").await;
    shop.click("button.main", "신청이 접수되었습니다").await;
}

async fn is_at_the_door(browser: &Browser, url: &str) -> bool {
    open(browser, url).await;
    let url = browser.client.current_url().await.expect("it is somewhere");
    url.path() == "/console/sign-in"
}

#[tokio::test]
async fn a_shop_is_followed_from_its_registration_to_its_opening() {
    let world = World::start().await;
    world.provider.person("kim", &["ops"]).await;
    let (app, base) = (&world.app, world.app.tenant.api.base().to_owned());
    let home = format!("{base}/console/{}", app.tenant.slug);
    let (desk, page) = (Browser::open().await, Browser::open().await);
    sign_in_at_provider(&page, &home).await;
    let url = register(&page, &home).await;
    let merchants = app.tenant.api.get("/v1/merchants").await.expect(200);
    let merchant = id_of(&merchants["data"][0]).to_owned();
    let of_merchant = format!("{home}/merchants/{merchant}");
    open(&page, &of_merchant).await;
    shown(&page, ".live[data-live]").await;
    mark(&page).await;
    fill_in(&desk, &url).await;
    open(&desk, &format!("{}/desk", app.sandbox.site_url())).await;
    desk.click("tbody a", "심사 상태 바꾸기").await;
    review(
        &world,
        (&desk, &page),
        "S",
        Some("사업자등록증 사본을 보내 주세요."),
        "서류보완",
    )
    .await;
    page.see("사업자등록증 사본을 보내 주세요.").await;
    expect_same(&page).await;
    let seen = app.tenant.api.merchant(&merchant).await;
    let yesterday = field(text_of(&seen, "updated_at").parse().expect("a moment"));

    // The next day the session is over, and the provider's clock is not ours: a link leads in.
    app.advance(TimeDelta::days(1));
    assert!(is_at_the_door(&page, &of_merchant).await);
    let people = app.tenant.api.get("/v1/people").await.expect(200);
    let kim: PersonId = id_of(&people["data"][0]).parse().expect("an id");
    page.sign_in(&link_of(app, kim).await).await;
    open(&page, &of_merchant).await;
    shown(&page, ".live[data-live]").await;
    mark(&page).await;
    review(&world, (&desk, &page), "P", None, "심사중").await;
    review(&world, (&desk, &page), "O", None, "개시").await;
    expect_same(&page).await;
    open(&page, &format!("{of_merchant}?as_of={yesterday}")).await;
    page.see("사업자등록증 사본을 보내 주세요.").await;
    let past = "return [document.querySelectorAll('.banner').length, document.querySelectorAll('.acts form').length,
        document.querySelector('main .big').innerText.includes('서류보완'),
        document.querySelector('.tl').innerText.includes('개시')]";
    assert_eq!(page.run(past).await, json!([1, 0, true, false]));
    assert_eq!(page.complaints().await, Vec::<String>::new());

    // Another browser of the same person.
    desk.sign_in(&link_of(app, kim).await).await;
    assert!(!is_at_the_door(&desk, &of_merchant).await);
    let ended = app.tenant.api.delete(&format!("/v1/people/{kim}/sessions")).await;
    assert_eq!(ended.status, 204);
    for browser in [&desk, &page] {
        assert!(is_at_the_door(browser, &of_merchant).await, "everywhere");
    }
    desk.close().await;
    page.close().await;
    world.app.finish().await;
}
