//! Coming back from Paymint: it is asked, once in a while, and the shop is sent on to where its partner wants.

use chrono::TimeDelta;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, logs};
use reqwest::Method;
use serde_json::json;

use super::{OPENED, Visited, leads_to, path_in, told};

/// The address to which the sandbox sends a shop back, below our base URL.
async fn way_back(app: &TestApp) -> String {
    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.submit("가나다 학원").await;
    let page = app.sandbox.open(&mapping.registration_url).await.text;
    let base = app.tenant.api.base();
    let begin = page.find(&format!("{base}/r/")).expect("it leads back to us");
    let url = page[begin..]
        .split('"')
        .next()
        .expect("an address")
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let path = path_in(&url, base);
    logs::secret(path.split(['/', '?']).nth(2).expect("a token"));
    path
}

async fn come_back(shop: &Visited, path: &str) -> Answer {
    shop.send(Method::GET, path, &OPENED).await
}

#[tokio::test]
async fn paymint_is_asked_and_the_page_says_what_it_answered() {
    let app = TestApp::start().await;
    let shop = Visited::registered(&app).await;
    shop.led_to().await;
    let back = way_back(&app).await;
    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.review_unheard("S", Some("통장 사본을 보내 주세요")).await;
    let asked = async || app.sandbox.calls("auth/mapping-status").await;
    let before = asked().await;
    let page = come_back(&shop, &back).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("통장 사본을 보내 주세요"), "{}", page.text);
    assert!(
        page.text.contains(&format!("{}?\"", shop.path)),
        "it goes on from the other page"
    );
    assert_eq!(asked().await, before + 1);
    assert_eq!(told(&app, &shop.id, "merchant.returned").await.len(), 1);
    for _ in 0..5 {
        come_back(&shop, &back).await;
        shop.send(Method::HEAD, &back, &OPENED).await;
    }
    assert_eq!(asked().await, before + 1, "once in a while");
    app.advance(TimeDelta::seconds(61));
    come_back(&shop, &back).await;
    assert_eq!(told(&app, &shop.id, "merchant.returned").await.len(), 2);
    assert!(asked().await > before + 1);
    app.finish().await;
}

#[tokio::test]
async fn the_shop_is_sent_on_to_pages_that_are_allowed_and_to_no_others() {
    let app = TestApp::start().await;
    let pages = json!({ "return_urls": ["https://partner.example/shops/", "https://other.example/done"] });
    assert_eq!(app.tenant.set(&pages).await["return_urls"], pages["return_urls"]);
    let shop = Visited::registered(&app).await;
    let wish = format!("{}?to=https%3A%2F%2Fpartner.example%2Fshops%2F7%3Fa%3D1", shop.path);
    leads_to(&shop.send(Method::POST, &wish, &OPENED).await);
    let back = way_back(&app).await;
    assert_eq!(
        leads_to(&come_back(&shop, &back).await),
        "https://partner.example/shops/7?a=1"
    );
    let plain = back.split('?').next().unwrap();
    assert_eq!(
        leads_to(&come_back(&shop, plain).await),
        "https://partner.example/shops/"
    );
    for other in [
        "https://partner.example/elsewhere",
        "https://partner.example.evil.example/shops/",
        "https://evil.example/shops/",
        "http://partner.example/shops/",
        "https://partner.example/shops/../elsewhere",
        "https://partner.example@evil.example/shops/",
        "//evil.example",
        "javascript:alert(1)",
    ] {
        let query: String = url::form_urlencoded::byte_serialize(other.as_bytes()).collect();
        let page = come_back(&shop, &format!("{plain}?to={query}")).await;
        assert_eq!((page.status, page.header("location")), (200, None), "{other}");
        let page = shop
            .send(Method::GET, &format!("{}?to={query}", shop.path), &OPENED)
            .await;
        assert!(
            !page.text.contains("evil") && !page.text.contains("elsewhere"),
            "{other}"
        );
    }
    app.tenant.set(&json!({ "return_urls": [] })).await;
    assert_eq!(come_back(&shop, plain).await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn a_paymint_that_does_not_answer_keeps_nobody_waiting() {
    let app = TestApp::start().await;
    let shop = Visited::registered(&app).await;
    shop.led_to().await;
    let back = way_back(&app).await;
    let slow = json!({ "calls": { "auth/mapping-status": { "slow_ms": 10_000 } } });
    app.sandbox.faults(&slow).await;
    let begun = std::time::Instant::now();
    assert_eq!(come_back(&shop, &back).await.status, 200);
    assert!(begun.elapsed().as_secs() < 6, "{:?}", begun.elapsed());
    app.finish().await;
}

#[tokio::test]
async fn a_page_that_is_not_public_cannot_be_one_to_return_to() {
    let app = TestApp::start().await;
    for url in [
        "http://partner.example/",
        "https://user:password@partner.example/",
        "https://127.0.0.1/",
        "https://registry.internal/",
        "https://partner.example/#x",
    ] {
        let change = json!({ "return_urls": ["https://partner.example/", url] });
        let request = app.tenant.api.request(Method::PATCH, "/v1/settings").json(&change);
        let problem = Answer::to(request).await.problem(422, "validation_failed");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!("/return_urls/1"), &json!("not_a_return_page")),
            "{url}"
        );
    }
    app.finish().await;
}

/// Whoever issues a link over REST, or many by a job, learns of the return too.
#[tokio::test]
async fn a_shop_that_was_sent_nowhere_comes_back_to_us_if_its_partner_has_pages() {
    let app = TestApp::start().await;
    let pages = json!({ "return_urls": ["https://partner.example/shops/"] });
    app.tenant.set(&pages).await;
    let shop = Visited::registered(&app).await;
    let merchant = app.tenant.api.merchant(&shop.id).await;
    app.tenant.issue_link(&merchant).await;
    let back = way_back(&app).await;
    assert_eq!(
        leads_to(&come_back(&shop, &back).await),
        "https://partner.example/shops/"
    );
    assert_eq!(told(&app, &shop.id, "merchant.returned").await.len(), 1);

    // Where somebody says where to, or there is no page, it goes there or nowhere.
    let leads_back = async |code: &str, body: serde_json::Value| {
        let merchant = app.tenant.register("acad-12", code).await;
        let path = format!("/v1/merchants/{}/registration-links", id_of(&merchant));
        let request = app
            .tenant
            .api
            .request(Method::POST, &path)
            .header("idempotency-key", code);
        Answer::to(request.json(&body)).await.expect(201);
        let mapping = app.sandbox.mapping("acad-12", code).await;
        mapping.submit("가나다 학원").await;
        app.sandbox.open(&mapping.registration_url).await.text.contains("/r/")
    };
    assert!(leads_back("store-4", json!({})).await);
    assert!(!leads_back("store-5", json!({ "redirect_url": "https://partner.example/done" })).await);
    app.tenant.set(&json!({ "return_urls": [] })).await;
    assert!(!leads_back("store-6", json!({})).await);
    app.finish().await;
}
