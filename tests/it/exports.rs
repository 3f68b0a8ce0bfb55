//! A list as a file: what somebody sees, whole, in order, and written down.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use futures::future::join_all;
use registry_domain::people::Role;
use registry_domain::tenant::Scope;
use registry_tests::api::text_of;
use registry_tests::{Answer, Api, BUSINESS_NUMBER, TestApp};
use reqwest::Method;
use serde_json::json;
use tower::ServiceExt;

use crate::console::Pages;

const PATH: &str = "/v1/merchants.csv";

/// The bytes of a file: as text, the mark before it would be gone.
async fn file(api: &Api, path: &str, language: &str) -> String {
    let request = api.request(Method::GET, path).header("accept-language", language);
    let response = request.send().await.expect("it is answered");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    let name = response.headers()["content-disposition"]
        .to_str()
        .expect("a text")
        .to_owned();
    assert!(
        name.starts_with("attachment; filename=\"merchants-t-") && name.ends_with(".csv\""),
        "{name}"
    );
    let bytes = response.bytes().await.expect("it comes whole");
    String::from_utf8(bytes.to_vec()).expect("it is UTF-8")
}

async fn shops(app: &TestApp) {
    for (code, name, number) in [
        ("store-1", "=HYPERLINK(\"https://evil.example\")", Some(BUSINESS_NUMBER)),
        ("store-2", "나, \"본점\"", None),
        ("store-3", "가나다", None),
    ] {
        let mut body = json!({ "member_code": "acad-1", "merchant_code": code, "company_name": name });
        if let Some(number) = number {
            body["business_number"] = json!(number);
        }
        app.tenant.api.post("/v1/merchants", &body).await.expect(201);
    }
    app.tenant.register("other", "shop").await;
}

#[tokio::test]
async fn a_file_is_the_list_with_its_filters_its_order_and_its_columns() {
    let app = TestApp::start().await;
    shops(&app).await;
    let path = format!(
        "{PATH}?member_code=acad-1&sort=-merchant_code&columns=merchant_code,company_name,business_number,stage"
    );
    let text = file(&app.tenant.api, &path, "ko").await;
    let (about, rest) = text.split_once("\r\n").expect("lines");
    assert!(
        about.starts_with(&format!("\u{feff}{},기준시점 20", app.tenant.slug)),
        "{about}"
    );
    assert!(about.ends_with(" KST,조건: member_code=acad-1,가맹점 3곳"), "{about}");
    let expected = "가맹점 코드,사업장,사업자번호,단계\r\n\
        store-3,가나다,,등록\r\n\
        store-2,\"나, \"\"본점\"\"\",,등록\r\n\
        store-1,\"'=HYPERLINK(\"\"https://evil.example\"\")\",117-81-78260,등록\r\n";
    assert_eq!(rest, expected);
    let english = file(&app.tenant.api, PATH, "en").await;
    assert!(
        english.contains(",All but archived,4 merchants\r\nCompany,Branch,Member code,"),
        "{english}"
    );
    let refused = app.tenant.api.get(&format!("{PATH}?columns=stage,age&sort=x")).await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2), "{problem}");
    app.finish().await;
}

#[tokio::test]
async fn a_file_of_many_pages_has_each_row_once_in_order() {
    let app = TestApp::start().await;
    let register = async |number: usize| app.tenant.register("acad-1", &format!("store-{number:04}")).await;
    for begin in (0..1_203).step_by(200) {
        join_all((begin..1_203.min(begin + 200)).map(register)).await;
    }
    let path = format!("{PATH}?sort=merchant_code&columns=merchant_code");
    let text = file(&app.tenant.api, &path, "ko").await;
    let found: Vec<_> = text.lines().skip(2).map(str::to_owned).collect();
    let expected: Vec<_> = (0..1_203).map(|number| format!("store-{number:04}")).collect();
    assert_eq!(found, expected);
    app.finish().await;
}

#[tokio::test]
async fn who_takes_a_list_out_is_written_down_and_so_is_who_may_not() {
    let app = TestApp::start().await;
    shops(&app).await;
    let reads = [Scope::MerchantsRead, Scope::ExportsCreate];
    let masked = app.key(app.tenant.id, &reads).await;
    let text = file(&masked, &format!("{PATH}?q=store&columns=business_number"), "ko").await;
    assert!(
        text.contains("\r\n117-81-*****\r\n") && !text.contains("78260"),
        "{text}"
    );
    let exported = async || {
        app.tenant
            .api
            .get("/v1/audit?action=merchants.exported")
            .await
            .expect(200)["data"]
            .clone()
    };
    let entries = exported().await;
    let event = app
        .tenant
        .api
        .event(|event| event["type"] == "merchants.exported")
        .await;
    assert_eq!(
        event["data"],
        json!({ "format": "csv", "rows": 3, "filters": ["q"], "with_numbers": false })
    );
    assert_eq!(
        (entries.as_array().map(Vec::len), &entries[0]["outcome"]),
        (Some(1), &json!("done"))
    );

    let reader = app.key(app.tenant.id, &[Scope::MerchantsRead]).await;
    let problem = reader.get(PATH).await.problem(403, "insufficient_scope");
    assert_eq!(problem["required_scope"], "exports:create");
    let refused = app.tenant.api.event(|event| event["type"] == "access.refused").await;
    assert_eq!(
        (
            text_of(&refused["data"], "operation"),
            text_of(&refused["data"], "required_scope")
        ),
        ("GET /v1/merchants.csv", "exports:create")
    );
    assert_eq!(exported().await.as_array().map(Vec::len), Some(1), "nothing left");
    app.finish().await;
}

/// Whoever takes a file as slowly as they please.
async fn begin(app: &TestApp, api: &Api) -> (StatusCode, Body) {
    let request = Request::builder()
        .uri(PATH)
        .header("authorization", format!("Bearer {}", api.key().expect("a key")));
    let request = request.body(Body::empty()).expect("a request");
    let response = app.api_within().oneshot(request).await;
    let (parts, body) = response.expect("it is answered").into_parts();
    (parts.status, body)
}

#[tokio::test]
async fn two_files_are_written_for_a_tenant_at_once_and_another_has_its_own_places() {
    let mut app = TestApp::start().await;
    let other = app.other_tenant().await;
    shops(&app).await;
    let (own, others) = (app.tenant.api.clone(), other.api.clone());
    let first = begin(&app, &own).await;
    let second = begin(&app, &own).await;
    assert_eq!((first.0, second.0), (StatusCode::OK, StatusCode::OK));
    let third = app.tenant.api.get(PATH).await;
    assert!(third.header("retry-after").is_some());
    third.problem(429, "too_many_exports");
    assert_eq!(begin(&app, &others).await.0, StatusCode::OK);
    // One is read to its end, the other given up.
    let bytes = to_bytes(second.1, 1_000_000).await.expect("it comes whole");
    let text = String::from_utf8(bytes.to_vec()).expect("it is UTF-8");
    assert_eq!(text.lines().count(), 6);
    drop(first.1);
    for _ in 0..3 {
        file(&app.tenant.api, PATH, "ko").await;
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_seen_in_the_console_comes_out_of_it_by_a_form() {
    let app = TestApp::start().await;
    shops(&app).await;
    let pages = Pages::of(&app, "박관리", Role::Manager).await;
    let list = pages
        .get("/merchants?member_code=acad-1&sort=merchant_code&limit=50")
        .await;
    let (_, rest) = list.text.split_once("<form method=\"post\" action=\"").expect("a form");
    let (_, rest) = rest.split_once("/merchants/csv?").expect("the form of the file");
    let query = rest
        .split('"')
        .next()
        .expect("it ends")
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    assert!(!query.contains("limit"), "{query}");
    let answer = Answer::to(pages.form(&format!("/merchants/csv?{query}"), &[])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        answer
            .header("content-disposition")
            .is_some_and(|it| it.contains("merchants-"))
    );
    assert!(answer.header("content-security-policy").is_some());
    let codes: Vec<_> = ["store-1", "store-2", "store-3"]
        .map(|code| answer.text.find(code))
        .to_vec();
    assert!(
        codes.iter().all(Option::is_some) && codes.is_sorted(),
        "{}",
        answer.text
    );
    assert!(!answer.text.contains("other"));
    let events = app.tenant.api.feed().await;
    let exported = events.iter().filter(|event| event["type"] == "merchants.exported");
    assert_eq!(exported.count(), 1, "looking at the page took nothing out");

    let viewer = Pages::of(&app, "이업무", Role::Operator).await;
    assert!(!viewer.get("/merchants").await.text.contains("/merchants/csv"));
    let refused = Answer::to(viewer.form("/merchants/csv", &[])).await;
    assert_eq!(refused.status, 403);
    app.tenant.api.event(|event| event["type"] == "access.refused").await;
    app.finish().await;
}

#[tokio::test]
async fn ageing_and_funnel_come_out_as_tables() {
    let app = TestApp::start().await;
    shops(&app).await;
    let pages = Pages::of(&app, "이업무", Role::Operator).await;
    let board = pages.get("/ageing?member_code=acad-1").await;
    assert!(
        board.text.contains("name=\"member_code\" value=\"acad-1\""),
        "{}",
        board.text
    );
    let csv = pages.get("/ageing/csv?member_code=acad-1").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.text.contains("회원 코드: acad-1\r\n단계,오늘,"), "{}", csv.text);
    assert!(csv.text.contains("\r\n등록,3,0,0,0,0,3,0,0,,\r\n"), "{}", csv.text);
    assert!(csv.text.ends_with("\r\n합,3,0,0,0,0,3,,,,0\r\n"), "{}", csv.text);
    let csv = pages.get("/funnel/csv").await;
    assert!(csv.text.contains("\r\n등록,4,100,,\r\n"), "{}", csv.text);
    let stranger = Pages::of(&app, "이심사", Role::Viewer).await;
    assert_eq!(
        stranger.get("/funnel/csv").await.status,
        200,
        "numbers are for all who see them"
    );
    app.finish().await;
}
