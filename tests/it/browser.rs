//! A person with a browser: the registration page, the review desk, the reference.

use registry_tests::tenant::id_of;
use registry_tests::{BUSINESS_NUMBER, TestApp};
use serde_json::json;

use crate::chromium::Browser;

#[tokio::test]
async fn a_person_registers_a_shop_and_a_reviewer_opens_it() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let link = app.tenant.issue_link(&merchant).await;
    let browser = Browser::open().await;
    browser.client.goto(link["url"].as_str().unwrap()).await.unwrap();
    browser.see("하위 사업장 등록").await;
    browser.fill("#member_id", "kim01").await;
    browser.fill("#business_number", BUSINESS_NUMBER).await;
    browser.fill("#company_name", "가나다 학원").await;
    browser.fill("#branch_name", "강남점").await;
    browser.click("button.main", "신청이 접수되었습니다").await;
    app.sandbox.mapping("acad-12", "store-3").await.delivered().await;
    let seen = app.tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(
        (&seen["stage"], &seen["business"]["branch_name"]),
        (&json!("in_review"), &json!("강남점"))
    );

    browser
        .client
        .goto(&format!("{}/desk", app.sandbox.site_url()))
        .await
        .unwrap();
    browser.click("tbody a", "심사 상태 바꾸기").await;
    for (letter, message, stage) in [
        ("S", Some("사업자등록증 사본을 보내 주세요."), "documents_required"),
        ("P", None, "in_review"),
        ("O", None, "opened"),
    ] {
        if let Some(message) = message {
            browser.fill("#message", message).await;
        }
        let shown = format!("\"reviewStatus\":\"{letter}\"");
        browser
            .click(&format!("button[name=code][value={letter}]"), &shown)
            .await;
        app.sandbox.mapping("acad-12", "store-3").await.delivered().await;
        let seen = app.tenant.settled(id_of(&merchant)).await;
        assert_eq!(seen["stage"], stage);
        assert_eq!(seen["review"]["message"].as_str(), message);
    }
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn the_reference_is_read_without_the_internet() {
    let app = TestApp::start().await;
    let browser = Browser::open().await;
    browser
        .client
        .goto(&format!("{}/docs/", app.tenant.api.base()))
        .await
        .unwrap();
    browser.see("Issue a registration link").await;
    browser.close().await;
    app.finish().await;
}
