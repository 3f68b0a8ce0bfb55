//! Connections that no well-behaved client makes.

use std::time::{Duration, Instant};

use registry_tests::TestApp;
use registry_tests::callback::{mapping, send_taken};
use registry_tests::raw::Connection;
use registry_tests::tenant::id_of;

use crate::hostile::{callback_url, received};

#[tokio::test]
async fn ten_megabytes_of_headers_are_cut_short() {
    let app = TestApp::start().await;
    let base = app.tenant.api.base();
    let request = format!(
        "GET /v1/me HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        "x".repeat(10 * 1024 * 1024)
    );
    let answer = Connection::open(base).await.exchange(request.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    app.tenant.api.get("/v1/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn garbage_behind_a_request_does_not_harm_the_request() {
    let app = TestApp::start().await;
    let (_, url) = callback_url(&app).await;
    let path = url.strip_prefix(app.tenant.api.base()).unwrap();
    let body = mapping("acad-1", "store-1", "P", None).to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let bytes = [request.as_bytes(), b"\x16\x03\x01\0garbage\r\n\r\n"].concat();
    let answer = Connection::open(app.tenant.api.base()).await.exchange(&bytes).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("HTTP/1.1 400"), "{answer}");
    for smuggled in [
        format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef"),
        format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n"),
    ] {
        let answer = Connection::open(app.tenant.api.base())
            .await
            .exchange(smuggled.as_bytes())
            .await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert_eq!(received(&app).await.len(), 1);
    app.finish().await;
}

/// Whose name was asked for must not be anybody's guess.
#[tokio::test]
async fn a_request_names_one_host() {
    let app = TestApp::start().await;
    let base = app.tenant.api.base();
    for (head, status, code) in [
        ("GET /livez HTTP/1.1", "400", "required"),
        ("GET /livez HTTP/1.1\r\nhost: a\r\nhost: a", "400", "repeated"),
        (
            "GET /console/sign-in HTTP/1.1\r\nhost: a\r\nhost: evil.example",
            "400",
            "repeated",
        ),
        ("GET /livez HTTP/1.0\r\nhost: a\r\nhost: b", "400", "repeated"),
        ("GET /livez HTTP/1.1\r\nhost: a", "200", ""),
        ("GET /livez HTTP/1.0", "200", ""),
    ] {
        let request = format!("{head}\r\nconnection: close\r\n\r\n");
        let answer = Connection::open(base).await.exchange(request.as_bytes()).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{head}: {answer}");
        assert!(answer.contains(code), "{head}: {answer}");
    }
    app.finish().await;
}

/// Nobody need sign in to send a form.
#[tokio::test]
async fn forms_that_do_not_end_are_not_waited_for() {
    let app = TestApp::start().await;
    let base = app.tenant.api.base();
    let began = Instant::now();
    let pause = Duration::from_millis(500);
    let paths = ["sign-in", "look", "join/x", "sign-out/backchannel"];
    let answers = paths.map(|path| async move {
        let head =
            |length: usize| format!("POST /console/{path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
        let large = Connection::open(base).await.exchange(head(2_000_000).as_bytes()).await;
        assert!(large.starts_with("HTTP/1.1 413"), "{path}: {large}");
        let slow = Connection::open(base).await.drip(head(1_000).as_bytes(), pause).await;
        (path, slow)
    });
    for (path, slow) in futures::future::join_all(answers).await {
        assert!(slow.starts_with("HTTP/1.1 408"), "{path}: {slow}");
    }
    assert!(began.elapsed() < Duration::from_secs(25), "they held on for too long");
    app.finish().await;
}

#[tokio::test]
async fn a_slow_sender_is_sent_away_and_holds_up_nobody() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let path = url.strip_prefix(app.tenant.api.base()).unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n");
    let began = Instant::now();
    let slow_body = Connection::open(app.tenant.api.base()).await;
    let slow_head = Connection::open(app.tenant.api.base()).await;
    let pause = Duration::from_millis(500);
    let (by_body, by_head, ()) = tokio::join!(
        slow_body.drip(head.as_bytes(), pause),
        slow_head.drip(b"GET /v1/me HTTP/1.1\r\nx: ", pause),
        async {
            for number in 0..20 {
                let body = mapping("acad-1", "store-1", "S", Some(&format!("서류 {number}"))).to_string();
                send_taken(&url, body).await;
            }
            assert!(began.elapsed() < Duration::from_secs(9), "others had to wait");
        }
    );
    assert!(by_body.starts_with("HTTP/1.1 408"), "{by_body}");
    assert!(by_head.is_empty() || by_head.starts_with("HTTP/1.1 408"), "{by_head}");
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "it could hold on for too long"
    );
    assert_eq!(received(&app).await.len(), 20);
    assert_eq!(
        app.tenant.api.merchant(id_of(&merchant)).await["review"]["message"],
        "서류 19"
    );
    app.finish().await;
}
