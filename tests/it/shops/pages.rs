//! What the page says, in every stage; and what looking at it leaves behind.

use chrono::TimeDelta;
use registry_domain::tenant::Scope;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, TestNats, until};
use reqwest::Method;
use serde_json::{Value, json};

use super::{OPENED, SCRAPER, Visited, stable_link, told};

/// Holds a page against what must hold for all of them.
#[track_caller]
fn expect_discreet(page: &Answer) {
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("x-robots-tag"), Some("noindex, nofollow"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").expect("a policy");
    for part in [
        "default-src 'none'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(
        !page.text.contains("<script") && !page.text.contains("style="),
        "nothing runs, nothing is styled inside"
    );
    let head = page.text.split("</head>").next().expect("a head");
    for personal in ["가나다", "본점", "사본", "/l/"] {
        assert!(!head.contains(personal), "{personal} in {head}");
    }
}

#[tokio::test]
async fn the_page_says_where_the_shop_stands_and_what_is_missing() {
    let app = TestApp::start().await;
    let shop = Visited::registered(&app).await;
    let says = async |title: &str, more: &[&str]| {
        let page = shop.open().await;
        assert_eq!(page.status, 200);
        expect_discreet(&page);
        assert!(page.text.contains(&format!("<h1>{title}</h1>")), "{}", page.text);
        for text in more.iter().chain(&["Test partner"]) {
            assert!(page.text.contains(text), "{text} in {}", page.text);
        }
        page.text
    };
    says("결제선생 입점을 신청해 주세요", &["신청 시작하기"]).await;
    let page = shop.led_to().await;
    says("결제선생 입점을 신청해 주세요", &["새로 열기"]).await;
    app.sandbox.open(&page).await;
    app.sandbox.mapping("acad-12", "store-3").await.delivered().await;
    says("쓰던 신청서를 마저 써 주세요", &["이어서 쓰기"]).await;
    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.submit("가나다 학원").await;
    says("결제선생이 심사하고 있습니다", &["가나다 학원 본점"]).await;
    mapping.review("S", Some("사업자등록증 사본이 <흐립니다>")).await;
    let text = says("서류를 다시 올려 주세요", &["서류 올리기", "네 모서리가 모두 보이게"]).await;
    assert!(text.contains("사업자등록증 사본이 &#60;흐립니다&#62;"), "{text}");
    mapping.review("R", Some("업종이 다릅니다")).await;
    says("심사에서 반려되었습니다", &["업종이 다릅니다", "다시 신청하기"]).await;
    mapping.review("O", None).await;
    app.tenant.settled(&shop.id).await;
    let text = says("개시되었습니다", &["결제를 받을 수 있"]).await;
    assert!(!text.contains("<form"), "nothing is left to do");
    let pressed = shop.go_on().await;
    assert_eq!((pressed.status, app.sandbox.calls("auth/mapping").await), (200, 1));
    mapping.set_deleted(true).await;
    app.tenant.settled(&shop.id).await;
    says("결제선생과 연결이 끊겼습니다", &["다시 연결하기"]).await;
    app.finish().await;
}

#[tokio::test]
async fn a_browser_that_speaks_english_reads_english_and_everybody_else_korean() {
    let app = TestApp::start().await;
    let shop = Visited::registered(&app).await;
    for (language, tag, title) in [
        (Some("en-GB,en;q=0.9"), "en", "Please apply at Paymint"),
        (Some("ko"), "ko", "결제선생 입점을 신청해 주세요"),
        (None, "ko", "결제선생 입점을 신청해 주세요"),
    ] {
        let headers: Vec<_> = language.map(|it| ("accept-language", it)).into_iter().collect();
        let page = shop.send(Method::GET, &shop.path, &headers).await;
        assert_eq!(page.header("content-language"), Some(tag));
        assert!(page.text.contains(title), "{}", page.text);
    }
    app.finish().await;
}

#[tokio::test]
async fn previews_crawlers_and_looks_issue_nothing_and_change_nothing() {
    let nats = TestNats::shared();
    let app = TestApp::start_with_nats(&nats).await;
    let shop = Visited::registered(&app).await;
    let before = app.tenant.api.merchant(&shop.id).await;
    for _ in 0..5 {
        for (method, headers) in [
            (Method::GET, &SCRAPER[..]),
            (Method::HEAD, &OPENED),
            (
                Method::GET,
                &[OPENED[0], OPENED[1], ("sec-purpose", "prefetch;prerender")],
            ),
        ] {
            assert_eq!(shop.send(method, &shop.path, headers).await.status, 200);
        }
    }
    assert_eq!(shop.send(Method::PUT, &shop.path, &OPENED).await.status, 405);
    assert_eq!(app.tenant.api.merchant(&shop.id).await, before, "no trace is left");

    for _ in 0..3 {
        shop.open().await;
    }
    until(async || !told(&app, &shop.id, "link.opened").await.is_empty()).await;
    app.advance(TimeDelta::hours(23));
    shop.open().await;
    app.advance(TimeDelta::hours(2));
    shop.open().await;
    until(async || told(&app, &shop.id, "link.opened").await.len() == 2).await;
    let opened = told(&app, &shop.id, "link.opened").await;
    assert_eq!(opened[0]["actor"], json!({ "type": "shop", "id": null }));
    let after = app.tenant.api.merchant(&shop.id).await;
    assert_eq!(
        (&after["stage"], &after["updated_at"]),
        (&before["stage"], &before["updated_at"])
    );
    assert_eq!(app.sandbox.calls("auth/mapping").await, 0);
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn the_link_of_a_shop_that_was_put_away_says_so_kindly_and_works_again_once_it_is_back() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let shop = Visited::new(&app, &merchant).await;
    let archived = app
        .tenant
        .archive(&app.tenant.api.merchant(id_of(&merchant)).await)
        .await;
    for answer in [shop.open().await, shop.go_on().await] {
        assert_eq!(answer.status, 410);
        expect_discreet(&answer);
        assert!(answer.text.contains("이 링크는 이제 쓰지 않습니다"), "{}", answer.text);
        assert!(answer.text.contains("Test partner에 문의해 주세요"), "{}", answer.text);
        assert!(!answer.text.contains("<form"));
    }
    assert_eq!(stable_link(&app.tenant, &archived).await, None);
    assert_eq!(app.sandbox.calls("auth/mapping").await, 0);
    assert_eq!(told(&app, &shop.id, "link.opened").await, Vec::<Value>::new());
    let path = format!("/v1/merchants/{}/restoration", shop.id);
    app.tenant.api.post(&path, &json!({})).await.expect(200);
    assert_eq!(shop.open().await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn a_suspended_partner_s_links_rest() {
    let app = TestApp::start().await;
    let shop = Visited::registered(&app).await;
    app.suspend(app.tenant.id).await;
    assert_eq!((shop.open().await.status, shop.go_on().await.status), (410, 410));
    app.finish().await;
}

#[tokio::test]
async fn only_whoever_may_issue_links_reads_them() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let path = format!("/v1/merchants/{}/registration-links", id_of(&merchant));
    let reader = app.key(app.tenant.id, &[Scope::MerchantsRead]).await;
    assert_eq!(reader.get(&path).await.expect(200)["stable_link"], Value::Null);
    let link = stable_link(&app.tenant, &merchant).await;
    assert_eq!(
        app.tenant.issue_link(&merchant).await["stable_link"].as_str(),
        link.as_deref()
    );
    app.finish().await;
}

#[tokio::test]
async fn one_shop_s_page_is_not_asked_for_without_end() {
    let app = TestApp::start_with(|config| config.shop_pages_per_minute_max = 3).await;
    let shop = Visited::registered(&app).await;
    let other = Visited::new(&app, &app.tenant.register("acad-12", "store-4").await).await;
    for _ in 0..3 {
        assert_eq!(shop.open().await.status, 200);
    }
    let refused = shop.open().await;
    assert_eq!(refused.status, 429);
    expect_discreet(&refused);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(other.open().await.status, 200);
    let metrics = app.tenant.api.get("/metrics").await.text;
    assert!(
        metrics.contains(r#"registry_shop_pages_refused_total{reason="too_many_requests"} 1"#),
        "{metrics}"
    );
    app.finish().await;
}
