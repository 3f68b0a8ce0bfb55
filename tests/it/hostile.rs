//! What a service on the internet is sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registry_tests::callback::{is_taken, mapping, send, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, BUSINESS_NUMBER, TestApp, TestNats, logs};
use serde_json::{Value, json};

const CARD_NUMBER: &str = "9490123412345678";

/// A registered shop with a link; returns its callback URL. Paymint is not asked by itself: what is not understood would have it
/// asked, and its answer be believed.
pub async fn callback_url(app: &TestApp) -> (Value, String) {
    app.tenant.set(&json!({ "read_back": { "enabled": false } })).await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    let url = app.sandbox.mapping("acad-1", "store-1").await.callback_url;
    (merchant, url)
}

#[tokio::test]
async fn a_wrong_token_is_not_found_and_leaves_no_trace() {
    let app = TestApp::start().await;
    let (_, url) = callback_url(&app).await;
    let before = app.tenant.api.feed().await;
    let base = app.tenant.api.base();
    let token = url.rsplit('/').next().unwrap();
    let forged = format!(
        "{}{}",
        &token[..token.len() - 4],
        if token.ends_with("AAAA") { "BBBB" } else { "AAAA" }
    );
    let long = "A".repeat(4_000);
    for wrong in [forged.as_str(), "x", "%00", "한글", &long, &token[1..]] {
        let body = mapping("acad-1", "store-1", "O", None).to_string();
        let answer = send(&format!("{base}/cb/v1/{wrong}"), body).await;
        answer.problem(404, "callback_url_unknown");
    }
    assert_eq!(app.tenant.api.feed().await, before);
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_to_the_byte_with_the_reason() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let before = app.tenant.api.merchant(id_of(&merchant)).await;
    let bodies: &[(&[u8], &str)] = &[
        (b"", "unparseable"),
        (b"{\"memberId\":", "unparseable"),
        (b"\0\0\0", "unparseable"),
        (b"\xff\xfe{}", "unparseable"),
        (br#"{"memberId":"\ud800","merchantId":"store-1"}"#, "codes_mismatch"),
        (
            br#"{"memberId":"acad-1","merchant":{"reviewStatus":"O\ud800"}}"#,
            "unparseable",
        ),
        (b"<html><h1>502 Bad Gateway</h1></html>", "unparseable"),
        (b"[]", "unknown_shape"),
        (b"{}", "unknown_shape"),
        (b"null", "unknown_shape"),
        (
            br#"{"memberId":{"a":[1]},"merchantId":["x"],"merchant":"none"}"#,
            "wrong_type",
        ),
        (
            br#"{"memberId":"acad-1","merchantId":"store-1","merchant":{"reviewStatus":["P"]}}"#,
            "wrong_type",
        ),
        (
            br#"{"memberId":"acad-1","merchantId":"store-2","merchant":{"reviewStatus":"O"}}"#,
            "codes_mismatch",
        ),
        (
            br#"{"memberId":"acad-2","merchantId":"store-1","merchant":{"reviewStatus":"O"}}"#,
            "codes_mismatch",
        ),
    ];
    let deep = "[".repeat(10_000);
    let deep_objects = "{\"a\":".repeat(10_000);
    let deep = [
        (deep.as_bytes(), "unparseable"),
        (deep_objects.as_bytes(), "unparseable"),
    ];
    for (body, reason) in bodies.iter().chain(&deep) {
        send_taken(&url, body.to_vec()).await;
        let event = received(&app).await.pop().unwrap();
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(event["data"]["verdict"], "quarantined", "{shown}");
        assert_eq!(event["data"]["reason"], *reason, "{shown}");
        let payload = app
            .tenant
            .api
            .get(&format!("/v1/callbacks/{}/payload", id_of(&event)))
            .await
            .expect(200);
        assert_eq!(
            STANDARD.decode(payload["base64"].as_str().unwrap()).unwrap(),
            *body,
            "{shown}"
        );
    }
    assert_eq!(received(&app).await.len(), bodies.len() + deep.len());
    let after = app.tenant.api.merchant(id_of(&merchant)).await;
    // Paymint may have been asked meanwhile, and knows of no review either.
    assert_eq!(
        (&after["stage"], &after["review"]["status"]),
        (&before["stage"], &before["review"]["status"])
    );
    app.finish().await;
}

#[tokio::test]
async fn what_can_be_read_in_part_is_believed_in_part() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let mut strange = mapping("acad-1", "store-1", "Z", Some("첫째\u{0}둘째\u{1b}[31m"));
    strange["merchant"]["isDeleted"] = "perhaps".into();
    strange["merchant"]["businessNumber"] = "12345".into();
    strange["merchant"]["unheardOf"] = json!({"a": [1, 2, 3]});
    send_taken(&url, strange.to_string()).await;
    let seen = app.tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(
        (&seen["review"]["status"], &seen["review"]["code"]),
        (&json!("unknown"), &json!("Z"))
    );
    assert_eq!(seen["review"]["message"], "첫째\u{fffd}둘째\u{fffd}[31m");
    assert_eq!(seen["unlinked"], false);
    let warnings = seen["warnings"].as_array().unwrap();
    for warning in [
        "review_code_unknown",
        "deletion_mark_unknown",
        "business_number_doubtful",
    ] {
        assert!(warnings.contains(&warning.into()), "{warning}");
    }
    let bare =
        json!({"memberId": "acad-1", "merchantId": "store-1", "member": null, "merchant": {"reviewStatus": "O"}});
    send_taken(&url, bare.to_string()).await;
    assert_eq!(app.tenant.api.merchant(id_of(&merchant)).await["stage"], "opened");
    app.finish().await;
}

#[tokio::test]
async fn what_looks_the_same_in_a_callback_is_the_same_and_the_rest_is_flagged() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("가-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    let url = app.sandbox.mapping("가-1", "store-1").await.callback_url;
    let mut apart = mapping("\u{1100}\u{1161}-1", "store-1", "P", None);
    apart["merchant"]["companyName"] = "\u{1100}\u{1161} 학원".into();
    apart["merchant"]["branchName"] = "강남\u{200b}점".into();
    apart["merchant"]["businessNumber"] = "000-00-00000".into();
    for url in [&url, &app.tenant_callback_url(app.tenant.id)] {
        send_taken(url, apart.to_string()).await;
    }
    let whole = apart.to_string().replace("\u{1100}\u{1161}", "가");
    send_taken(&url, whole).await;
    let verdicts: Vec<_> = received(&app)
        .await
        .iter()
        .map(|event| event["data"]["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["applied", "duplicate", "duplicate"]);
    let seen = app.tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(seen["business"]["company_name"], "가 학원");
    assert_eq!(seen["business"]["number_flag"], "all_zeros");
    assert_eq!(
        seen["warnings"],
        json!(["business_number_doubtful", "business_name_doubtful"])
    );
    // A code that only looks like ours is another one.
    for (code, reason) in [
        ("가-1\u{200b}", "codes_disguised"),
        ("가-l", "codes_disguised"),
        ("나-1", "codes_mismatch"),
    ] {
        send_taken(&url, mapping(code, "store-1", "O", None).to_string()).await;
        assert_eq!(
            received(&app).await.pop().unwrap()["data"]["reason"],
            reason,
            "{code:?}"
        );
    }
    let adopt = app.tenant_callback_url(app.tenant.id);
    send_taken(&adopt, mapping("나\u{200b}", "store-1", "O", None).to_string()).await;
    let unclaimed = app.tenant.api.get("/v1/unclaimed-merchants").await.expect(200);
    let path = format!("/v1/unclaimed-merchants/{}/adoption", id_of(&unclaimed["data"][0]));
    let problem = app
        .tenant
        .api
        .post(&path, &json!({}))
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "invisible_character");
    app.finish().await;
}

#[tokio::test]
async fn a_callback_counts_whatever_its_content_type() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let http = registry_tests::api::http_client();
    for (number, content_type) in ["text/plain", "application/x-www-form-urlencoded", "nonsense"]
        .iter()
        .enumerate()
    {
        let body = mapping("acad-1", "store-1", "S", Some(&format!("서류 {number}"))).to_string();
        let answer = Answer::to(http.post(&url).header("content-type", *content_type).body(body)).await;
        assert!(is_taken(&answer), "{content_type}");
        assert_eq!(answer.text, r#"{"code":"0000","msg":"성공하였습니다."}"#);
    }
    let body = mapping("acad-1", "store-1", "P", None).to_string();
    assert!(is_taken(&Answer::to(http.post(&url).body(body)).await));
    assert_eq!(app.tenant.api.merchant(id_of(&merchant)).await["stage"], "in_review");
    app.finish().await;
}

#[tokio::test]
async fn a_payment_on_the_wrong_url_is_recorded_without_what_must_not_be_kept() {
    let nats = TestNats::shared();
    let app = TestApp::start_with_nats(&nats).await;
    let (merchant, url) = callback_url(&app).await;
    logs::secret(CARD_NUMBER);
    let signature = STANDARD.encode("a signature drawn by hand");
    let approval = json!({
        "apiKey": app.sandbox.partner_key(0), "billId": "BILL000000000001", "apprPayType": "CARD_VAN",
        "apprDt": "20261103140000", "apprPrice": "54000", "apprIssuer": "현대카드", "apprIssuerNum": CARD_NUMBER,
        "apprNum": "30011234", "apprOriginNum": "30011234", "apprState": "F",
        "apprSign": signature, "udItem": {"resident": "900101-1234567"},
    });
    send_taken(&url, approval.to_string()).await;
    let event = app.tenant.api.event(|event| event["type"] == "payment.approved").await;
    assert_eq!(event["data"]["issuer_number_masked"], "949012******5678");
    assert_eq!(event["data"]["api_key"], "matches", "{}", event["data"]);
    assert_eq!(app.tenant.api.merchant(id_of(&merchant)).await["stage"], "link_issued");
    // The same, so broken that it cannot be read as what it is.
    let cut = approval.to_string();
    send_taken(&url, cut[..cut.len() - 2].to_owned()).await;
    let mut seen: Vec<String> = app.tenant.api.feed().await.iter().map(Value::to_string).collect();
    for event in received(&app).await {
        let payload = app
            .tenant
            .api
            .get(&format!("/v1/callbacks/{}/payload", id_of(&event)))
            .await;
        let bytes = STANDARD
            .decode(payload.body["base64"].as_str().unwrap_or_default())
            .unwrap();
        seen.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    let last = app.tenant.api.merchant(id_of(&merchant)).await["seq"].as_u64().unwrap();
    seen.extend(
        nats.stream(&app.tenant.slug, last)
            .await
            .iter()
            .map(|message| format!("{message:?}")),
    );
    seen.push(files_of(&app));
    for secret in [app.sandbox.partner_key(0), CARD_NUMBER, &signature, "900101-1234567"] {
        let found = seen.iter().find(|text| text.contains(secret));
        assert_eq!(found, None, "it stands where it must not");
    }
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn nothing_personal_stands_open_in_the_log() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    send_taken(
        &url,
        mapping("acad-1", "store-1", "S", Some("등본을 다시 보내 주세요")).to_string(),
    )
    .await;
    assert_eq!(
        app.tenant.api.merchant(id_of(&merchant)).await["business"]["number"],
        BUSINESS_NUMBER
    );
    let rows = crate::crash::open_columns(&app.data_dir().join("registry.db")).await;
    assert!(rows.contains("\"code\":\"S\""), "the log was read");
    let url_path = "/register/";
    for personal in [
        "가나다 학원",
        "본점",
        BUSINESS_NUMBER,
        "등본을",
        url_path,
        "/cb/v1/",
        app.sandbox.partner_key(0),
    ] {
        assert!(!rows.contains(personal), "{personal} stands outside of what is sealed");
    }
    app.finish().await;
}

/// Every callback in the feed.
pub async fn received(app: &TestApp) -> Vec<Value> {
    let feed = app.tenant.api.feed().await;
    feed.into_iter()
        .filter(|event| event["type"] == "callback.received")
        .collect()
}

/// Every file of the installation, but for the keys.
fn files_of(app: &TestApp) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(app.data_dir()).expect("the directory can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            text.push_str(&String::from_utf8_lossy(
                &std::fs::read(path).expect("a file can be read"),
            ));
        }
    }
    text
}
