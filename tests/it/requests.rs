//! Requests to the API that break its rules: each mistake is named with its place.

use registry_tests::{Answer, TestApp};
use reqwest::Method;
use serde_json::json;

const BODY_MAX: usize = 64 * 1024;

#[tokio::test]
async fn a_body_of_the_api_is_refused_with_the_place_of_every_mistake() {
    let app = TestApp::start().await;
    let mistakes = json!({
        "member_code": "", "merchant_code": "x".repeat(61), "business_number": "117-81-78261", "company_name": 7,
        "tags": ["a", 1], "colour": "red", "metadata": {"k": []},
    });
    let problem = app
        .tenant
        .api
        .post("/v1/merchants", &mistakes)
        .await
        .problem(422, "validation_failed");
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["pointer"])
        .collect();
    for pointer in [
        "/member_code",
        "/merchant_code",
        "/business_number",
        "/company_name",
        "/tags/1",
        "/colour",
        "/metadata/k",
    ] {
        assert!(
            pointers.contains(&&json!(pointer)),
            "{pointer} is not among {pointers:?}"
        );
    }
    assert!(
        !problem.to_string().contains("117-81-78261"),
        "a business number is not repeated"
    );
    for (body, status, code) in [
        ("{", 400, "invalid_json"),
        ("[]", 422, "validation_failed"),
        (
            "{\"member_code\":\"a\",\"member_code\":\"b\",\"merchant_code\":\"c\"}",
            422,
            "validation_failed",
        ),
        (&"{\"a\":".repeat(10_000), 400, "invalid_json"),
    ] {
        let request = app
            .tenant
            .api
            .request(Method::POST, "/v1/merchants")
            .header("content-type", "application/json");
        let answer = Answer::to(request.body(body.to_owned())).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            answer.text
        );
    }
    let request = app.tenant.api.request(Method::POST, "/v1/merchants").body("{}");
    Answer::to(request).await.problem(415, "unsupported_media_type");
    let large = json!({ "member_code": "a".repeat(BODY_MAX) });
    app.tenant
        .api
        .post("/v1/merchants", &large)
        .await
        .problem(413, "body_too_large");
    assert_eq!(app.tenant.api.get("/v1/merchants").await.expect(200)["data"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn what_looks_the_same_is_the_same_or_is_refused() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    // 가 typed as two letters, as macOS does.
    let (apart, whole) = ("\u{1100}\u{1161}", "가");
    let shop = json!({
        "member_code": format!("{apart}-1"), "merchant_code": "store-1", "company_name": format!("{apart}\u{3000}학원"),
        "business_number": "１１７－８１—78260 ",
    });
    let merchant = api.post("/v1/merchants", &shop).await.expect(201);
    assert_eq!(merchant["member_code"], format!("{whole}-1"));
    assert_eq!(merchant["business"]["company_name"], format!("{whole} 학원"));
    assert_eq!(merchant["business"]["number"], "1178178260");
    let twin = json!({ "member_code": format!("{whole}-1"), "merchant_code": "store-1" });
    api.post("/v1/merchants", &twin).await.problem(409, "reference_taken");
    for code in [apart, whole] {
        let path = format!("/v1/merchants/by-reference/{code}-1/store-1");
        assert_eq!(api.get(&path).await.expect(200)["id"], merchant["id"]);
        let found = api.get(&format!("/v1/merchants?q={code}-1")).await.expect(200);
        assert_eq!(found["data"][0]["id"], merchant["id"]);
    }
    for (field, value, fault) in [
        ("merchant_code", "a\u{200b}b", "invisible_character"),
        ("merchant_code", "\u{feff}b", "invisible_character"),
        ("merchant_code", "a\u{202e}b", "invisible_character"),
        ("merchant_code", "a\u{a0}b", "invisible_character"),
        ("merchant_code", "a\u{fe0f}", "invisible_character"),
        ("merchant_code", "\u{3164}", "invisible_character"),
        ("merchant_code", ".", "dots"),
        ("member_code", "..", "dots"),
        ("company_name", "\u{3164}", "blank"),
        ("branch_name", "강\u{200b}남", "invisible_character"),
        ("business_number", "000-00-00000", "all_zeros"),
        ("business_number", "117\u{200b}8178260", "not_ten_digits"),
    ] {
        let mut shop = json!({ "member_code": "a", "merchant_code": "b" });
        shop[field] = value.into();
        let problem = api.post("/v1/merchants", &shop).await.problem(422, "validation_failed");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(format!("/{field}")), &json!(fault))
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn queries_out_of_range_are_named() {
    let app = TestApp::start().await;
    let path = "/v1/merchants?limit=0&sort=colour&status=open&colour=red";
    let problem = app.tenant.api.get(path).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 4, "{problem}");
    for path in [
        "/v1/merchants?limit=501",
        "/v1/merchants?q=",
        "/v1/events?after=-1",
        "/v1/events?wait=31",
        // What would be the merchant of today, taken for that of then.
        "/v1/merchants/by-reference/acad-1/store-1?as_of=2026-01-01T00:00:00Z",
        "/v1/me?verbose=true",
    ] {
        app.tenant.api.get(path).await.problem(422, "validation_failed");
    }
    app.tenant
        .api
        .get("/v1/merchants?cursor=AAAA")
        .await
        .problem(400, "cursor_invalid");
    let request = app.tenant.api.request(Method::GET, "/v1/events");
    let request = request.header("accept", "text/event-stream");
    let garbled = request.header("last-event-id", "evt_17");
    let problem = Answer::to(garbled).await.problem(400, "malformed_request");
    let error = &problem["errors"][0];
    assert_eq!(
        (&error["header"], &error["code"]),
        (&json!("Last-Event-ID"), &json!("not_a_position"))
    );
    let packed = app.tenant.api.request(Method::POST, "/v1/merchants");
    let packed = packed.header("content-encoding", "gzip").body(vec![0x1f, 0x8b]);
    Answer::to(packed).await.problem(415, "content_encoding_unsupported");
    app.tenant.api.get("/v1/nothing").await.problem(404, "route_not_found");
    // What is wrong with the rest of the request is not looked at.
    for path in ["/v1/merchants", "/v1/me?x=1", "/v1/settings?x=1"] {
        let request = app.tenant.api.request(Method::PUT, path);
        Answer::to(request).await.problem(405, "method_not_allowed");
    }
    let twice = r#"{"member_code": "a", "merchant_code": "b", "metadata": {"x": "1", "x": "2"}}"#;
    let twice = app.tenant.api.request(Method::POST, "/v1/merchants").body(twice);
    let twice = Answer::to(twice.header("content-type", "application/json")).await;
    let error = &twice.problem(422, "validation_failed")["errors"][0];
    assert_eq!(
        (&error["pointer"], &error["code"]),
        (&json!("/metadata/x"), &json!("repeated"))
    );
    app.finish().await;
}
