//! Shops from a file: how it is read, what a plan says of each row, what comes of it, and what is corrected.

mod desk;
mod hostile;
mod masked;

use encoding_rs::EUC_KR;
use registry_tests::api::{text_of, until};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, TestApp, TestTenant};
use reqwest::Method;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Hands a file over.
pub(crate) async fn hand_over(api: &Api, kind: &str, bytes: Vec<u8>) -> Answer {
    let request = api.request(Method::POST, "/v1/imports?name=shops.csv");
    Answer::to(request.header("content-type", kind).body(bytes)).await
}

async fn planned(tenant: &TestTenant, file: &Value, more: Value) -> Value {
    let mut wish = json!({ "action": "import", "import_id": id_of(file) });
    let members = wish.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    tenant.api.post("/v1/plans", &wish).await.expect(201)
}

/// Carries a plan out.
async fn carried_out(tenant: &TestTenant, plan: &Value) -> Value {
    let path = format!("/v1/plans/{}/confirmation", id_of(plan));
    let job = tenant.api.post(&path, &json!({ "reason": "이관" })).await.expect(202);
    let path = format!("/v1/jobs/{}", id_of(&job));
    until(async || !tenant.api.get(&path).await.expect(200)["ended_at"].is_null()).await;
    tenant.api.get(&path).await.expect(200)
}

async fn rows_of(tenant: &TestTenant, plan: &Value, state: &str) -> Vec<Value> {
    let path = format!("/v1/plans/{}/rows?state={state}&limit=500", id_of(plan));
    let page = tenant.api.get(&path).await.expect(200);
    page["data"].as_array().expect("rows").clone()
}

async fn table(api: &Api, path: &str) -> String {
    let response = api.request(Method::GET, path).send().await.expect("it is answered");
    assert_eq!(response.status(), 200, "{path}");
    let bytes = response.bytes().await.expect("it comes whole");
    String::from_utf8(bytes.to_vec()).expect("it is UTF-8")
}

const FILE: &str = "\
회원코드,가맹점코드,상호,지점명,사업자등록번호,태그,비고
acad-12,store-1,가나다 학원,강남점,117-81-78260,\"분식, 서울\",x
acad-12,store-2,라마바,,117-81-78261,,
acad-12,store-1,둘째,,,,
acad-12,,이름만,,,,
acad-12,store-9,바뀐 이름,,,,
acad-12,store-3,,,,,
";

/// Line, code and faults of each row that does not fit.
async fn refusals(tenant: &TestTenant, plan: &Value) -> Vec<(Value, Value, String)> {
    let refused = rows_of(tenant, plan, "refused").await;
    let refused = refused.iter().map(|row| {
        let faults = row["source"]["faults"].as_array().expect("faults").iter();
        let faults: Vec<_> = faults
            .map(|fault| format!("{}:{}", text_of(fault, "field"), text_of(fault, "code")))
            .collect();
        (row["source"]["line"].clone(), row["code"].clone(), faults.join(" "))
    });
    refused.collect()
}

/// What each column was taken for.
fn fields_of(file: &Value) -> String {
    let columns = file["columns"].as_array().expect("columns").iter();
    let fields: Vec<_> = columns.map(|column| column["field"].as_str().unwrap_or("-")).collect();
    fields.join(" ")
}

/// The first row of the file is a shop now.
async fn expect_registered(tenant: &TestTenant, job: &Value) {
    assert_eq!(
        (&job["counts"]["done"], &job["counts"]["failed"]),
        (&json!(2), &json!(0))
    );
    let path = "/v1/merchants/by-reference/acad-12/store-1";
    let shop = tenant.api.get(path).await.expect(200);
    assert_eq!(shop["business"]["company_name"], "가나다 학원");
    assert_eq!(shop["business"]["number"], "1178178260");
    assert_eq!(shop["tags"], json!(["분식", "서울"]));
    let rows = tenant
        .api
        .get(&format!("/v1/jobs/{}/rows?state=done", id_of(job)))
        .await
        .expect(200);
    assert_eq!(rows["data"][0]["merchant_id"], shop["id"]);
}

#[tokio::test]
async fn a_file_is_planned_row_by_row_carried_out_once_and_corrected() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let there = tenant.register("acad-12", "store-9").await;
    let before = tenant.api.feed().await.len();
    let bytes = EUC_KR.encode(FILE).0.into_owned();
    let file = hand_over(&tenant.api, CSV, bytes).await.expect(201);
    assert_eq!(
        (&file["encoding"], &file["separator"]),
        (&json!("cp949"), &json!("comma"))
    );
    assert_eq!((&file["rows"], &file["name"]), (&json!(6), &json!("shops.csv")));
    assert_eq!(
        fields_of(&file),
        "member_code merchant_code company_name branch_name business_number tags -"
    );
    assert_eq!(file["columns"][2]["samples"][0], "가나다 학원");
    let plan = planned(tenant, &file, json!({})).await;
    assert_eq!((&plan["count"], &plan["eligible"]), (&json!(6), &json!(2)));
    let refused = refusals(tenant, &plan).await;
    let expected = [
        (3, "invalid", "business_number:checksum_mismatch"),
        (4, "duplicate_row", ""),
        (5, "invalid", "merchant_code:blank"),
        (6, "already_registered", ""),
    ];
    assert_eq!(
        refused,
        expected.map(|(line, code, faults)| (json!(line), json!(code), faults.to_owned()))
    );
    assert_eq!(
        tenant.api.feed().await.len(),
        before,
        "nothing is written before it is confirmed"
    );
    let job = carried_out(tenant, &plan).await;
    expect_registered(tenant, &job).await;
    // What does not fit comes back in the same shape, with why; corrected, it is read in as it is.
    let wrong = table(&tenant.api, &format!("/v1/jobs/{}/rows.csv?state=refused", id_of(&job))).await;
    assert!(
        wrong
            .starts_with("\u{feff}회원코드,가맹점코드,상호,지점명,사업자등록번호,태그,비고,Outcome,Reason,Remarks\r\n"),
        "{wrong}"
    );
    assert!(
        wrong.contains("Business number: the check digit does not match"),
        "{wrong}"
    );
    let corrected = wrong
        .replace("117-81-78261", "117-81-78260")
        .replace(",,이름만", ",store-5,이름만");
    let file = hand_over(&tenant.api, CSV, corrected.into_bytes()).await.expect(201);
    let plan = planned(tenant, &file, json!({ "existing": "update" })).await;
    assert_eq!((&plan["count"], &plan["eligible"]), (&json!(4), &json!(4)), "{plan}");
    carried_out(tenant, &plan).await;
    let shop = tenant.api.merchant(id_of(&there)).await;
    assert_eq!(shop["business"]["company_name"], "바뀐 이름");
    let again = planned(tenant, &file, json!({ "existing": "update" })).await;
    assert_eq!(again["eligible"], 0, "all is as the file says: {again}");
    app.finish().await;
}

#[tokio::test]
async fn each_shop_that_has_no_link_gets_one() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let linked = tenant.register("acad-12", "store-1").await;
    tenant.issue_link(&linked).await;
    let text = "member_code;merchant_code\nacad-12;store-1\nacad-12;store-2\n";
    let file = hand_over(&tenant.api, CSV, text.into()).await.expect(201);
    assert_eq!(file["separator"], "semicolon");
    let plan = planned(tenant, &file, json!({ "issue_links": true })).await;
    assert_eq!(plan["import"]["issue_links"], true);
    assert_eq!(plan["refused"], json!([{ "code": "already_registered", "count": 1 }]));
    let job = carried_out(tenant, &plan).await;
    assert_eq!(job["counts"]["done"], 1, "{job}");
    let rows = tenant
        .api
        .get(&format!("/v1/jobs/{}/rows?state=done", id_of(&job)))
        .await
        .expect(200);
    assert!(rows["data"][0]["link_id"].is_string(), "{rows}");
    let again = planned(tenant, &file, json!({ "issue_links": true })).await;
    assert_eq!(again["eligible"], 0, "read in twice, it asks for none twice");
    app.finish().await;
}

#[tokio::test]
async fn codes_that_a_spreadsheet_took_for_numbers_are_pointed_out() {
    let app = TestApp::start().await;
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, heading) in (0..).zip(["member_code", "merchant_code", "business_number"]) {
        sheet.write_string(0, column, heading).expect("a cell");
    }
    sheet.write_string(1, 0, "acad-12").expect("a cell");
    sheet.write_number(1, 1, 12.0).expect("a cell");
    sheet.write_number(1, 2, 1_178_178_260.0).expect("a cell");
    let bytes = workbook.save_to_buffer().expect("a workbook");
    let file = hand_over(&app.tenant.api, XLSX, bytes).await.expect(201);
    assert_eq!((&file["format"], &file["encoding"]), (&json!("xlsx"), &json!(null)));
    let plan = planned(&app.tenant, &file, json!({})).await;
    let rows = rows_of(&app.tenant, &plan, "waiting").await;
    assert_eq!(rows[0]["source"]["values"]["merchant_code"], "12");
    assert_eq!(
        rows[0]["source"]["values"]["business_number"], "1178178260",
        "no exponent"
    );
    let warnings = rows[0]["source"]["warnings"].as_array().expect("warnings");
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        (&warnings[0]["field"], &warnings[0]["code"]),
        (&json!("merchant_code"), &json!("maybe_leading_zeros"))
    );
    app.finish().await;
}

#[tokio::test]
async fn columns_and_encodings_are_those_that_somebody_chooses() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let file = hand_over(api, CSV, "a|b,c,d\nacad-1,store-1,😀\n".into())
        .await
        .expect(201);
    let fields = file["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .all(|column| column["field"].is_null());
    assert!(fields, "{file}");
    let wish = |columns: Value| json!({ "action": "import", "import_id": id_of(&file), "columns": columns });
    let answer = api
        .post("/v1/plans", &json!({ "action": "import", "import_id": id_of(&file) }))
        .await;
    assert_eq!(
        answer.problem(422, "validation_failed")["errors"][0]["code"],
        "missing_column"
    );
    let answer = api
        .post(
            "/v1/plans",
            &wish(json!(["member_code", "merchant_code", "member_code"])),
        )
        .await;
    assert_eq!(
        answer.problem(422, "validation_failed")["errors"][0]["code"],
        "column_twice"
    );
    let plan = api
        .post("/v1/plans", &wish(json!(["member_code", "merchant_code", "ignore"])))
        .await
        .expect(201);
    assert_eq!(plan["eligible"], 1);
    let answer = api.get(&format!("/v1/imports/{}?encoding=cp949", id_of(&file))).await;
    assert_eq!(
        answer.problem(422, "file_refused")["errors"][0]["code"],
        "not_in_encoding"
    );
    let tabs = api
        .get(&format!("/v1/imports/{}?separator=tab", id_of(&file)))
        .await
        .expect(200);
    assert_eq!(tabs["columns"].as_array().map(Vec::len), Some(1));
    let unknown = "/v1/imports/imp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6";
    api.get(unknown).await.problem(404, "import_not_found");
    let answer = hand_over(api, "application/pdf", b"%PDF".to_vec()).await;
    answer.problem(415, "unsupported_media_type");
    app.finish().await;
}
