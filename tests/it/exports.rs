//! A list as a file: what somebody sees, whole, in order, made while they do something else, and written down.

mod crash;
mod desk;
mod lossless;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use futures::future::join_all;
use registry_domain::tenant::Scope;
use registry_tests::api::{text_of, until};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, BUSINESS_NUMBER, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::shares::metric;

const PATH: &str = "/v1/exports";

/// Has a file made, and waits until nothing of it is left to do.
pub(crate) async fn made(api: &Api, wish: &Value) -> Value {
    made_in(api, wish, "ko").await
}

async fn made_in(api: &Api, wish: &Value, language: &str) -> Value {
    let request = api.request(Method::POST, PATH).header("accept-language", language);
    let export = Answer::to(request.json(wish)).await.expect(202);
    let path = format!("{PATH}/{}", id_of(&export));
    until(async || !api.get(&path).await.expect(200)["ended_at"].is_null()).await;
    api.get(&path).await.expect(200)
}

fn file_of(export: &Value) -> String {
    format!("{PATH}/{}/file", id_of(export))
}

/// The bytes of a file: as text, the mark before it would be gone.
async fn taken(api: &Api, export: &Value) -> Vec<u8> {
    assert_eq!(export["state"], "ready", "{export}");
    let response = api.request(Method::GET, &file_of(export)).send().await;
    let response = response.expect("it is answered");
    assert_eq!(response.status(), 200);
    let name = response.headers()["content-disposition"].to_str().expect("a text");
    assert!(name.starts_with("attachment; filename=\"merchants-t-"), "{name}");
    assert_eq!(response.headers()["accept-ranges"], "bytes");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let bytes = response.bytes().await.expect("it comes whole").to_vec();
    assert_eq!(export["bytes"], bytes.len());
    bytes
}

async fn text(api: &Api, wish: &Value) -> String {
    let export = made(api, wish).await;
    String::from_utf8(taken(api, &export).await).expect("it is UTF-8")
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
    let wish = json!({
        "filter": "member_code=acad-1&sort=-merchant_code", "reason": "월말",
        "columns": ["merchant_code", "company_name", "business_number", "stage"],
    });
    let file = text(&app.tenant.api, &wish).await;
    let (about, rest) = file.split_once("\r\n").expect("lines");
    assert!(
        about.starts_with(&format!("\u{feff}{},기준시점 20", app.tenant.slug)),
        "{about}"
    );
    assert!(
        about.ends_with(" KST,조건: member_code=acad-1&sort=-merchant_code,가맹점 3곳"),
        "{about}"
    );
    let expected = "가맹점 코드,사업장,사업자번호,단계\r\n\
        store-3,가나다,,등록\r\n\
        store-2,\"나, \"\"본점\"\"\",,등록\r\n\
        store-1,\"'=HYPERLINK(\"\"https://evil.example\"\")\",117-81-78260,등록\r\n";
    assert_eq!(rest, expected);
    let english = made_in(&app.tenant.api, &json!({ "reason": "x" }), "en").await;
    let english = String::from_utf8(taken(&app.tenant.api, &english).await).expect("it is UTF-8");
    assert!(
        english.contains(",All but archived,4 merchants\r\nCompany,Branch,Member code,"),
        "{english}"
    );
    let wish = json!({ "columns": ["stage", "age"], "filter": "sort=x&stage=y", "format": "pdf" });
    let refused = app.tenant.api.post(PATH, &wish).await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(3), "{problem}");
    app.finish().await;
}

#[tokio::test]
async fn shops_that_were_chosen_come_in_the_order_in_which_they_were() {
    let app = TestApp::start().await;
    shops(&app).await;
    let listed = app.tenant.api.get("/v1/merchants?sort=merchant_code").await.expect(200);
    let id = |place: usize| listed["data"][place]["id"].clone();
    // One that is not there, or another's, is left out.
    let nobody = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6";
    let wish = json!({ "merchant_ids": [id(3), nobody, id(1)], "columns": ["merchant_code"], "reason": "x" });
    let file = text(&app.tenant.api, &wish).await;
    assert!(file.contains(",직접 고른 가맹점,"), "{file}");
    assert!(file.ends_with("가맹점 코드\r\nstore-3\r\nstore-1\r\n"), "{file}");
    let wish = json!({ "merchant_ids": [id(0)], "filter": "", "as_of": "2026-01-01T00:00:00Z", "reason": "x" });
    let problem = app.tenant.api.post(PATH, &wish).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2), "{problem}");
    app.finish().await;
}

#[tokio::test]
async fn a_file_of_a_moment_that_has_passed_is_as_it_was() {
    let app = TestApp::start().await;
    shops(&app).await;
    let then = app
        .tenant
        .api
        .get("/v1/merchants/by-reference/acad-1/store-1")
        .await
        .expect(200);
    let moment = text_of(&then, "updated_at").to_owned();
    let path = format!("/v1/merchants/{}", id_of(&then));
    let change = app.tenant.api.request(Method::PATCH, &path).header("if-match", "*");
    Answer::to(change.json(&json!({ "company_name": "새 이름" })))
        .await
        .expect(200);
    let wish = |as_of: Value| json!({ "filter": "member_code=acad-1&sort=created_at", "as_of": as_of, "columns": ["company_name"], "reason": "x" });
    let was = text(&app.tenant.api, &wish(json!(moment))).await;
    assert!(was.contains("HYPERLINK") && !was.contains("새 이름"), "{was}");
    let is = text(&app.tenant.api, &wish(Value::Null)).await;
    assert!(is.contains("새 이름") && !is.contains("HYPERLINK"), "{is}");
    app.finish().await;
}

#[tokio::test]
async fn a_file_of_many_pages_has_each_row_once_in_order_and_is_taken_in_parts() {
    let app = TestApp::start().await;
    let register = async |number: usize| app.tenant.register("acad-1", &format!("store-{number:04}")).await;
    for begin in (0..1_203).step_by(200) {
        join_all((begin..1_203.min(begin + 200)).map(register)).await;
    }
    let wish = json!({ "filter": "sort=merchant_code", "columns": ["merchant_code"], "reason": "x" });
    let export = made(&app.tenant.api, &wish).await;
    assert_eq!(
        (&export["rows"], &export["rows_expected"]),
        (&json!(1_203), &json!(1_203))
    );
    let whole = taken(&app.tenant.api, &export).await;
    let lines = String::from_utf8(whole.clone()).expect("it is UTF-8");
    let found: Vec<_> = lines.lines().skip(2).map(str::to_owned).collect();
    let expected: Vec<_> = (0..1_203).map(|number| format!("store-{number:04}")).collect();
    assert_eq!(found, expected);

    let path = file_of(&export);
    let part = async |range: &str, of: Option<&str>| {
        let mut request = app.tenant.api.request(Method::GET, &path).header("range", range);
        if let Some(of) = of {
            request = request.header("if-range", of);
        }
        request.send().await.expect("it is answered")
    };
    let first = part("bytes=0-999", None).await;
    assert_eq!(first.status(), 206);
    assert_eq!(first.headers()["content-range"], format!("bytes 0-999/{}", whole.len()));
    let tag = first.headers()["etag"].to_str().expect("a text").to_owned();
    let first = first.bytes().await.expect("it comes whole");
    let rest = part("bytes=1000-", Some(&tag)).await;
    assert_eq!(rest.status(), 206);
    let rest = rest.bytes().await.expect("it comes whole");
    assert_eq!([first, rest].concat(), whole);
    assert_eq!(part("bytes=1000-", Some("\"other\"")).await.status(), 200);
    let behind = Answer::to(
        app.tenant
            .api
            .request(Method::GET, &path)
            .header("range", "bytes=99999999-"),
    )
    .await;
    behind.problem(416, "range_not_satisfiable");
    app.finish().await;
}

#[tokio::test]
async fn who_takes_a_list_out_is_written_down_and_so_is_who_may_not() {
    let app = TestApp::start().await;
    shops(&app).await;
    let reads = [Scope::MerchantsRead, Scope::ExportsCreate];
    let masked = app.key(app.tenant.id, &reads).await;
    let wish = json!({ "filter": "q=store", "columns": ["business_number"], "reason": "월말 정산" });
    let export = made(&masked, &wish).await;
    let event = async |kind: &'static str| app.tenant.api.event(|event| event["type"] == kind).await;
    assert_eq!(
        event("merchants.exported").await["data"],
        json!({
            "format": "csv", "rows": 3, "filters": ["q"], "with_numbers": false, "export_id": export["id"], "reason": "월말 정산",
        })
    );
    let file = String::from_utf8(taken(&masked, &export).await).expect("it is UTF-8");
    assert!(
        file.contains("\r\n117-81-*****\r\n") && !file.contains("78260"),
        "{file}"
    );
    assert_eq!(
        event("export.taken").await["data"],
        json!({ "export_id": export["id"], "from": 0 })
    );
    let audit = app.tenant.api.get("/v1/audit?action=export.taken").await.expect(200);
    assert_eq!(
        (audit["data"].as_array().map(Vec::len), &audit["data"][0]["outcome"]),
        (Some(1), &json!("done"))
    );

    // A file with whole numbers is for those who may see them.
    let whole = made(&app.tenant.api, &json!({ "reason": "x" })).await;
    let problem = masked.get(&file_of(&whole)).await.problem(403, "insufficient_scope");
    assert_eq!(problem["required_scope"], "personal:read");

    let reader = app.key(app.tenant.id, &[Scope::MerchantsRead]).await;
    let problem = reader.post(PATH, &json!({ "reason": "x" })).await;
    let problem = problem.problem(403, "insufficient_scope");
    assert_eq!(problem["required_scope"], "exports:create");
    let is_of_it =
        |event: &Value| event["type"] == "access.refused" && event["data"]["operation"] == "POST /v1/exports";
    app.tenant.api.event(is_of_it).await;
    app.finish().await;
}

#[tokio::test]
async fn a_letter_that_an_encoding_lacks_is_told_with_its_row() {
    let app = TestApp::start().await;
    shops(&app).await;
    let wish = |format: &str| json!({ "format": format, "filter": "sort=merchant_code", "reason": "x" });
    let export = made(&app.tenant.api, &wish("csv_cp949")).await;
    let bytes = taken(&app.tenant.api, &export).await;
    let (read, _, is_lossy) = encoding_rs::EUC_KR.decode(&bytes);
    assert!(!is_lossy && read.contains("\r\n가나다,,acad-1,store-3,"), "{read}");
    let emoji = json!({ "member_code": "acad-1", "merchant_code": "store-4", "company_name": "커피 🍵" });
    app.tenant.api.post("/v1/merchants", &emoji).await.expect(201);
    let failed = made(&app.tenant.api, &wish("csv_cp949")).await;
    assert_eq!(failed["state"], "failed");
    // By code: shop, store-1 to store-4.
    assert_eq!(failed["error"], json!({ "code": "not_in_cp949", "row": 5 }));
    let refused = app.tenant.api.get(&file_of(&failed)).await;
    refused.problem(409, "export_not_ready");
    let workbook = made(&app.tenant.api, &wish("xlsx")).await;
    assert!(taken(&app.tenant.api, &workbook).await.starts_with(b"PK"));
    app.finish().await;
}

#[tokio::test]
async fn there_are_so_many_files_and_what_is_given_up_is_gone() {
    let app = TestApp::start_with(|config| {
        config.exports_kept_max = 2;
        config.export_rows_max = 3;
    })
    .await;
    app.tenant.register("acad-1", "store-1").await;
    let wish = json!({ "reason": "x" });
    let first = made(&app.tenant.api, &wish).await;
    let second = made(&app.tenant.api, &wish).await;
    let full = app.tenant.api.post(PATH, &wish).await;
    full.problem(409, "too_many_exports");
    // One that is ready stays as it is.
    let kept = app
        .tenant
        .api
        .post(&format!("{PATH}/{}/cancellation", id_of(&first)), &json!({}))
        .await;
    assert_eq!(kept.expect(200)["state"], "ready");
    let listed = app.tenant.api.get(&format!("{PATH}?limit=1")).await.expect(200);
    assert_eq!(listed["data"][0]["id"], second["id"]);
    let cursor = text_of(&listed["page"], "next");
    let more = app
        .tenant
        .api
        .get(&format!("{PATH}?limit=1&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(
        (&more["data"][0]["id"], &more["page"]["next"]),
        (&first["id"], &Value::Null)
    );
    for number in 2..5 {
        app.tenant.register("acad-1", &format!("store-{number}")).await;
    }
    let long = app.tenant.api.post(PATH, &wish).await;
    long.problem(422, "export_too_long");
    app.finish().await;
}

/// Whoever takes a file as slowly as they please.
async fn begin(app: &TestApp, api: &Api, export: &Value) -> (StatusCode, Body) {
    let request = Request::builder()
        .uri(file_of(export))
        .header("authorization", format!("Bearer {}", api.key().expect("a key")));
    let request = request.body(Body::empty()).expect("a request");
    let response = app.api_within().oneshot(request).await;
    let (parts, body) = response.expect("it is answered").into_parts();
    (parts.status, body)
}

#[tokio::test]
async fn half_of_the_files_on_their_way_are_a_tenants_at_most() {
    let mut app = TestApp::start_with(|config| config.file_downloads_max = 4).await;
    let other = app.other_tenant().await;
    shops(&app).await;
    let (own, others) = (app.tenant.api.clone(), other.api.clone());
    let wish = json!({ "reason": "x" });
    let (of_own, of_others) = (made(&own, &wish).await, made(&others, &wish).await);
    let first = begin(&app, &own, &of_own).await;
    let second = begin(&app, &own, &of_own).await;
    assert_eq!((first.0, second.0), (StatusCode::OK, StatusCode::OK));
    let third = own.get(&file_of(&of_own)).await;
    assert!(third.header("retry-after").is_some());
    third.problem(429, "too_many_downloads");
    assert_eq!(metric(&app, "registry_file_downloads").await, 2);
    assert_eq!(metric(&app, "registry_file_downloads_refused_total").await, 1);
    assert_eq!(begin(&app, &others, &of_others).await.0, StatusCode::OK);
    // One is read to its end, the other given up.
    let bytes = to_bytes(second.1, 1_000_000).await.expect("it comes whole");
    let text = String::from_utf8(bytes.to_vec()).expect("it is UTF-8");
    assert_eq!(text.lines().count(), 6);
    drop(first.1);
    for _ in 0..3 {
        taken(&own, &of_own).await;
    }
    app.finish().await;
}
