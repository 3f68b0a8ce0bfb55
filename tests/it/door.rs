//! The door for callbacks: who may speak, for how long, and what becomes of what is refused.

use std::io::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use registry_tests::api::http_client;
use registry_tests::callback::{mapping, send, send_taken};
use registry_tests::raw::Connection;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::hostile::{callback_url, received};

/// Most bytes of a callback that are read.
const BODY_MAX: usize = 1024 * 1024;

/// What is kept of one that is larger.
const KEPT: usize = 16 * 1024;

/// Whoever has no business at the door is gone by then.
const AT_ONCE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn who_has_no_token_is_answered_before_a_body_comes_and_sent_away() {
    let app = TestApp::start().await;
    let base = app.tenant.api.base();
    for (head, status) in [
        ("POST /cb/v1/AQEAAAAA HTTP/1.1", "404"),
        ("POST /cb/v1/ HTTP/1.1", "404"),
        ("PUT /cb/v1/AQEAAAAA HTTP/1.1", "405"),
    ] {
        let began = Instant::now();
        let head = format!("{head}\r\nhost: a\r\ncontent-length: 60000\r\n\r\n");
        let answer = Connection::open(base).await.exchange(head.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
        assert!(began.elapsed() < AT_ONCE, "it was held for {:?}", began.elapsed());
        // One that goes on sending is not listened to either.
        let began = Instant::now();
        let dripping = Connection::open(base).await;
        let answer = dripping.drip(head.as_bytes(), Duration::from_millis(50)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(began.elapsed() < AT_ONCE, "it was held for {:?}", began.elapsed());
    }
    app.finish().await;
}

/// The callback, with blanks behind it.
fn padded(size: usize, code: &str) -> String {
    let mut body = mapping("acad-1", "store-1", code, None).to_string();
    body.push_str(&" ".repeat(size - body.len()));
    body
}

/// A request that says how long its body is.
fn whole(path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A request that does not.
fn in_chunks(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut request = head.into_bytes();
    for chunk in body.chunks(64 * 1024) {
        request.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend(chunk);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    request
}

#[tokio::test]
async fn a_callback_may_have_1_mib_and_of_a_larger_one_the_beginning_is_kept() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    send_taken(&url, padded(BODY_MAX, "P")).await;
    assert_eq!(received(&app).await.pop().unwrap()["data"]["verdict"], "applied");
    let announced = padded(BODY_MAX + 1, "S");
    let streamed = padded(3 * BODY_MAX, "W").into_bytes();
    let path = url.strip_prefix(app.tenant.api.base()).unwrap();
    for (request, beginning) in [
        (whole(path, announced.as_bytes()), &announced.as_bytes()[..KEPT]),
        (in_chunks(path, &streamed), &streamed[..KEPT]),
    ] {
        // Sent again it would be as large: this ends the repeats.
        let connection = Connection::open(app.tenant.api.base()).await;
        let answer = connection.exchange(&request).await;
        assert!(answer.contains("\"code\":\"0000\""), "{answer}");
        let event = received(&app).await.pop().unwrap();
        assert_eq!(event["data"]["verdict"], "quarantined");
        assert_eq!(event["data"]["reason"], "too_large");
        let path = format!("/v1/callbacks/{}/payload", id_of(&event));
        let payload = app.tenant.api.get(&path).await.expect(200);
        let kept = STANDARD.decode(payload["base64"].as_str().unwrap()).unwrap();
        assert!(
            kept.starts_with(beginning) && kept.len() <= KEPT,
            "{} bytes",
            kept.len()
        );
    }
    let list = app.tenant.api.get("/v1/quarantine?reason=too_large").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    // There is nothing in a beginning that a better reader could find.
    let path = format!(
        "/v1/quarantine/{}/redrives",
        list["data"][0]["event_id"].as_str().unwrap()
    );
    let redriven = app.tenant.api.post(&path, &json!({})).await.expect(200);
    assert_eq!(redriven["outcome"], "nothing", "{redriven}");
    let after = app.tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(after["review"]["code"], "P");
    app.finish().await;
}

#[tokio::test]
async fn an_approval_with_a_large_signature_is_taken_and_the_signature_is_not_kept() {
    let app = TestApp::start().await;
    let (_, url) = callback_url(&app).await;
    let approval = json!({
        "apiKey": app.sandbox.partner_key(0), "billId": "BILL000000000001", "apprPayType": "CARD_VAN",
        "apprDt": "20261103140000", "apprPrice": "54000", "apprNum": "30011234", "apprOriginNum": "30011234",
        "apprState": "F", "apprSign": STANDARD.encode(vec![7; 300 * 1024]),
    });
    send_taken(&url, approval.to_string()).await;
    let event = app.tenant.api.event(|event| event["type"] == "payment.approved").await;
    assert_eq!(event["data"]["price"], "54000", "{event}");
    app.finish().await;
}

#[tokio::test]
async fn a_picture_that_is_larger_than_a_callback_hides_nothing_of_the_approval() {
    let app = TestApp::start().await;
    let (_, url) = callback_url(&app).await;
    let path = url.strip_prefix(app.tenant.api.base()).unwrap();
    let secret = app.sandbox.partner_key(0);
    // The picture stands first.
    let approval = |bill: &str| {
        let picture = "x".repeat(2 * BODY_MAX);
        format!(
            r#"{{"apprSign":"{picture}","apiKey":"{secret}","billId":"{bill}","apprState":"F","apprPrice":"54000"}}"#
        )
    };
    for (bill, request) in [
        ("b1", whole(path, approval("b1").as_bytes())),
        ("b2", in_chunks(path, approval("b2").as_bytes())),
    ] {
        let connection = Connection::open(app.tenant.api.base()).await;
        let answer = connection.exchange(&request).await;
        assert!(answer.contains("\"code\":\"0000\""), "{answer}");
        let event = app.tenant.api.event(|event| event["data"]["bill_id"] == bill).await;
        let data = &event["data"];
        assert_eq!((&data["price"], &data["api_key"]), (&json!("54000"), &json!("matches")));
    }
    app.finish().await;
}

#[tokio::test]
async fn a_packed_callback_is_unpacked_within_the_same_limit() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let http = http_client();
    let send = async |packing: &str, body: Vec<u8>| {
        let request = http.post(&url).header("content-encoding", packing).body(body);
        Answer::to(request).await
    };
    let text = |message: &str| {
        mapping("acad-1", "store-1", "S", Some(message))
            .to_string()
            .into_bytes()
    };
    for (packing, body) in [
        ("gzip", gzip(&text("gzip"))),
        ("deflate", zlib(&text("deflate"))),
        ("GZIP, deflate", zlib(&gzip(&text("GZIP, deflate")))),
        ("identity", text("identity")),
        // It only says so.
        ("br", text("br")),
    ] {
        send(packing, body).await.expect(200);
        let event = received(&app).await.pop().unwrap();
        assert_eq!(event["data"]["verdict"], "applied", "{packing}: {event}");
        let path = format!("/v1/callbacks/{}/payload", id_of(&event));
        let payload = app.tenant.api.get(&path).await.expect(200);
        assert_eq!(
            payload["text"].as_str().unwrap().as_bytes(),
            text(packing),
            "it is kept unpacked"
        );
        assert_eq!(
            app.tenant.api.merchant(id_of(&merchant)).await["review"]["message"],
            packing
        );
    }
    // A thousand times as large as it looks.
    send("gzip", gzip(&vec![b' '; 64 * BODY_MAX])).await.expect(200);
    let event = received(&app).await.pop().unwrap();
    assert_eq!(event["data"]["reason"], "too_large", "{event}");
    let before = received(&app).await.len();
    let cut = gzip(&text("cut"));
    send("gzip", cut[..cut.len() - 9].to_vec())
        .await
        .problem(400, "malformed_request");
    for unknown in ["compress", "gzip, snappy", "gzip, gzip, gzip"] {
        send(unknown, text("unknown"))
            .await
            .problem(415, "content_encoding_unsupported");
    }
    assert_eq!(received(&app).await.len(), before);
    let counted = refusals(&app).await;
    assert!(
        counted.contains(&("content_encoding_unsupported".to_owned(), 3)),
        "{counted:?}"
    );
    app.finish().await;
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("bytes can be packed");
    encoder.finish().expect("bytes can be packed")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("bytes can be packed");
    encoder.finish().expect("bytes can be packed")
}

#[tokio::test]
async fn a_slash_too_many_does_not_matter() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let base = app.tenant.api.base();
    let token = url.rsplit('/').next().unwrap();
    for (number, path) in ["/cb/v1/T/", "//cb/v1/T", "/cb//v1/T", "/cb/v1//T", "//cb//v1//T//"]
        .iter()
        .enumerate()
    {
        let body = mapping("acad-1", "store-1", "S", Some(&format!("서류 {number}"))).to_string();
        send_taken(&format!("{base}{}", path.replace('T', token)), body).await;
    }
    assert_eq!(received(&app).await.len(), 5);
    let message = &app.tenant.api.merchant(id_of(&merchant)).await["review"]["message"];
    assert_eq!(message, "서류 4");
    app.finish().await;
}

#[tokio::test]
async fn who_looks_at_a_callback_url_learns_whether_it_is_one_and_stores_nothing() {
    let app = TestApp::start().await;
    let (_, url) = callback_url(&app).await;
    let before = app.tenant.api.feed().await;
    let http = http_client();
    for (suffix, method) in [
        ("", Method::GET),
        ("", Method::HEAD),
        ("/", Method::GET),
        ("/", Method::HEAD),
    ] {
        let good = Answer::to(http.request(method.clone(), format!("{url}{suffix}"))).await;
        assert_eq!(good.status, 200, "{method}");
        assert!(!good.text.contains("0000"), "{}", good.text);
        let bad = Answer::to(http.request(method, format!("{url}A{suffix}"))).await;
        assert_eq!(bad.status, 404);
    }
    assert_eq!(app.tenant.api.feed().await, before);
    app.finish().await;
}

/// The refusals by reason.
async fn refusals(app: &TestApp) -> Vec<(String, u64)> {
    let text = app.tenant.api.get("/metrics").await.text;
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("registry_callbacks_refused_total{reason=\""));
    let parts = lines.filter_map(|line| line.split_once("\"} "));
    let counts = parts.map(|(reason, count)| (reason.to_owned(), count.parse().expect("a number")));
    counts.filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn every_refusal_is_counted_by_its_reason_and_shows_no_token() {
    let app = TestApp::start().await;
    let (_, url) = callback_url(&app).await;
    let base = app.tenant.api.base();
    let token = url.rsplit('/').next().unwrap();
    let http = http_client();
    let mut answers = Vec::new();
    for (method, path, code) in [
        (Method::POST, format!("/cb/v1/x{token}"), "callback_url_unknown"),
        (Method::GET, format!("//cb/v1/x{token}/"), "callback_url_unknown"),
        (Method::PUT, format!("/cb/v1/{token}"), "method_not_allowed"),
        (Method::DELETE, format!("/cb/v1/{token}/"), "method_not_allowed"),
        (Method::POST, format!("/cb/{token}"), "route_not_found"),
        (Method::POST, format!("/cb/v1/{token}/more"), "route_not_found"),
        (Method::POST, format!("//cb/v2/{token}"), "route_not_found"),
    ] {
        let answer = Answer::to(http.request(method, format!("{base}{path}")).body("{}")).await;
        assert_eq!(answer.body["code"], code, "{path} {}", answer.text);
        answers.push(answer.text);
    }
    let path = url.strip_prefix(base).unwrap();
    let mut broken = Connection::open(base).await;
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n");
    broken.write(head.as_bytes()).await.unwrap();
    broken.read_until("malformed_request").await.unwrap();
    // Where else a token may end up that was put together wrongly.
    for path in [
        format!("/registry{path}"),
        format!("/CB/v1/{token}"),
        format!("/docs{path}"),
        format!("/v1{path}"),
    ] {
        answers.push(Answer::to(http.post(format!("{base}{path}")).body("{}")).await.text);
    }
    let expected = [
        ("callback_url_unknown", 2),
        ("malformed_request", 1),
        ("method_not_allowed", 2),
        ("route_not_found", 3),
    ];
    let mut counted = refusals(&app).await;
    counted.sort();
    assert_eq!(counted, expected.map(|(reason, count)| (reason.to_owned(), count)));
    answers.push(app.tenant.api.get("/metrics").await.text);
    let shown = answers.iter().find(|text| text.contains(token));
    assert_eq!(shown, None, "a token is shown");
    assert_eq!(received(&app).await, Vec::<Value>::new());
    // Elsewhere too nobody repeats a path that is none.
    let answer = send(&format!("{base}/v1/nothing/{token}"), "{}").await;
    assert_eq!(answer.body["instance"], Value::Null, "{}", answer.text);
    app.finish().await;
}
