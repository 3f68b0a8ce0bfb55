//! What the service hands out to read: the documents, the reference, and what problems and scopes mean.

use registry_tests::TestApp;
use registry_tests::api::text_of;
use serde_json::json;

use super::openapi;
use crate::chromium::{Browser, Screen};

#[tokio::test]
async fn the_service_hands_out_its_documents_and_a_page_to_read_them() {
    let app = TestApp::start().await;
    let api = app.tenant.api.anonymous();
    assert_eq!(api.get("/openapi.json").await.expect(200), openapi());
    let page = api.get("/docs/").await;
    assert_eq!(page.status, 200);
    let foreign = page.text.match_indices("://").count();
    assert_eq!(foreign, 0, "the page fetches nothing from elsewhere");
    app.finish().await;
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_a_page_about_it() {
    let app = TestApp::start().await;
    let api = app.tenant.api.anonymous();
    let refused = api.get("/v1/merchants").await;
    assert_eq!(refused.status, 401);
    let place = text_of(&refused.body, "type");
    let page = api.get(place).await;
    assert_eq!((page.status, page.header("content-language")), (200, Some("en")));
    for said in [text_of(&refused.body, "title"), "unauthenticated", "GET /v1/merchants"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let korean = api.get(&format!("{place}?lang=ko")).await;
    assert!(korean.text.contains("유효한 API 키가 필요합니다"), "{}", korean.text);
    api.get("/docs/problems/nothing").await.problem(404, "route_not_found");
    // All of them are in one table, each scope with what it opens.
    let all = api.get("/docs/problems").await;
    assert!(all.text.contains(&format!("href=\"{place}\"")), "{}", all.text);
    let scopes = api.get("/docs/scopes").await;
    assert!(scopes.text.contains("id=\"merchants:write\"") && scopes.text.contains("POST /v1/merchants"));
    app.finish().await;
}

#[tokio::test]
async fn what_integrators_read_is_read_on_a_telephone() {
    let app = TestApp::start().await;
    let browser = Browser::on(Screen::Narrow, true).await;
    for (path, said) in [
        ("/docs/problems?lang=ko", "오류 목록"),
        ("/docs/problems/upstream_refused", "Paymint"),
        ("/docs/scopes", "merchants:write"),
        ("/docs/guide?lang=en", "Bucket first, then stream"),
        ("/docs/guide", "버킷"),
        ("/docs/changelog", "0.1.0"),
    ] {
        let url = format!("{}{path}", app.tenant.api.base());
        browser.client.goto(&url).await.expect("the page opens");
        browser.see(said).await;
        let width = browser.run("return document.documentElement.scrollWidth").await;
        assert_eq!(width, json!(375), "{path}");
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}
