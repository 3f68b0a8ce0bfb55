//! Callbacks in every encoding and wrapping: what can be read is read, what is kept can be read again, and what must not
//! be kept is not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::EUC_KR;
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{Api, TestApp, logs};
use serde_json::{Value, json};

use crate::hostile::{callback_url, received};

const ACCOUNT_NUMBER: &str = "110123456789";

const FOREIGN_KEY: &str = "another-partners-key-4711";

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn korean(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = EUC_KR.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

fn percent(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |said, byte| said + &format!("%{byte:02X}"))
}

fn escaped(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |said, byte| said + &format!("\\u{byte:04x}"))
}

/// The bytes that are kept of a callback.
async fn kept(api: &Api, event: &Value) -> Vec<u8> {
    let path = format!("/v1/callbacks/{}/payload", id_of(event));
    let payload = api.get(&path).await.expect(200);
    let text = payload["base64"].as_str().expect("the bytes as text");
    STANDARD.decode(text).expect("base64")
}

#[tokio::test]
async fn a_letter_is_read_whatever_it_is_wrapped_in() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let json = |number: usize| mapping("acad-1", "store-1", "S", Some(&format!("서류 {number}"))).to_string();
    let form = |number: usize| percent(&json(number));
    let bodies: Vec<Vec<u8>> =
        vec![
        [b"\xef\xbb\xbf".to_vec(), json(0).into_bytes()].concat(),
        [b"\xff\xfe".to_vec(), utf_16(&json(1))].concat(),
        utf_16(&json(2)),
        korean(&json(3)),
        [json(4).into_bytes(), vec![0; 7]].concat(),
        format!("payload={}", form(5)).into_bytes(),
        format!("version=2&data={}", form(6)).into_bytes(),
        json!(json(7)).to_string().into_bytes(),
        json!({ "payload": json(8) }).to_string().into_bytes(),
        "memberId=acad-1&merchantId=store-1&merchant.reviewStatus=S&merchant%5BreviewMessage%5D=%EC%84%9C%EB%A5%98+9"
            .into(),
        json(10).replace("서류 10", "서류\n10").into_bytes(),
        // What says nothing beside it.
        [json(11).into_bytes(), b"\x1a\r\n".to_vec()].concat(),
        [b"\n".to_vec(), utf_16(&json(12))].concat(),
        // JSON put into a form as it is.
        format!("version=2&payload={}&a=b", json(13)).into_bytes(),
        json(14).chars().flat_map(|character| u32::from(character).to_le_bytes()).collect(),
    ];
    for (number, body) in bodies.iter().enumerate() {
        send_taken(&url, body.clone()).await;
        let event = received(&app).await.pop().unwrap();
        assert_eq!(event["data"]["verdict"], "applied", "{number}: {event}");
        assert_eq!(event["data"].get("decoded_with_loss"), None, "{number}");
        assert_eq!(kept(&app.tenant.api, &event).await, *body, "{number}");
        let message = app.tenant.api.merchant(id_of(&merchant)).await["review"]["message"].clone();
        let expected = format!("서류{}{number}", if number == 10 { '\n' } else { ' ' });
        assert_eq!(message, expected);
    }
    app.finish().await;
}

#[tokio::test]
async fn what_says_nothing_beside_a_letter_does_not_hide_it() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let json = |number: usize| mapping("acad-1", "store-1", "S", Some(&format!("서류 {number}"))).to_string();
    let bodies = [
        [json(0).into_bytes(), b"\xff".to_vec()].concat(),
        [b"\xa0".to_vec(), json(1).into_bytes()].concat(),
        [utf_16(&json(2)), b"\n".to_vec()].concat(),
        [
            b"\xef\xbb\xbf\xef\xbb\xbf".to_vec(),
            json(3).into_bytes(),
            b"\xec\x84".to_vec(),
        ]
        .concat(),
    ];
    for (number, body) in bodies.iter().enumerate() {
        send_taken(&url, body.clone()).await;
        let event = received(&app).await.pop().unwrap();
        assert_eq!(event["data"]["verdict"], "applied", "{number}: {event}");
        assert_eq!(kept(&app.tenant.api, &event).await, *body, "{number}");
        let message = app.tenant.api.merchant(id_of(&merchant)).await["review"]["message"].clone();
        assert_eq!(message, format!("서류 {number}"));
    }
    app.finish().await;
}

#[tokio::test]
async fn json_in_a_form_loses_no_character() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    for message in ["등기부 & 정관 1+1부", "100%25 a=b&c=d"] {
        let json = mapping("acad-1", "store-1", "S", Some(message)).to_string();
        send_taken(&url, format!("payload={json}")).await;
        assert_eq!(
            app.tenant.api.merchant(id_of(&merchant)).await["review"]["message"],
            message
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn one_unreadable_character_hides_no_letter_and_is_told() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let with = |number: usize, broken: &[u8]| {
        let whole = mapping("acad-1", "store-1", "S", Some(&format!("서류 {number} @"))).to_string();
        let (before, after) = whole.split_once('@').unwrap();
        [before.as_bytes(), broken, after.as_bytes()].concat()
    };
    let bodies = [
        with(0, b"\xff"),
        with(1, b"\xec\x84"),
        with(2, br"\ud83d"),
        with(3, br"\udc00\ud83d"),
    ];
    for (number, body) in bodies.iter().enumerate() {
        send_taken(&url, body.clone()).await;
        let event = received(&app).await.pop().unwrap();
        assert_eq!(event["data"]["verdict"], "applied", "{number}: {event}");
        assert_eq!(event["data"]["decoded_with_loss"], true, "{number}");
        let message = app.tenant.api.merchant(id_of(&merchant)).await["review"]["message"].clone();
        let message = message.as_str().unwrap();
        assert!(message.starts_with(&format!("서류 {number} \u{fffd}")), "{message}");
    }
    // Not so in a code or in the letter: what is left of them could be mistaken for another.
    let before = app.tenant.api.merchant(id_of(&merchant)).await;
    for (whole, broken, reason) in [
        ("\"S\"", &b"\"O\xff\""[..], "unparseable"),
        ("\"store-1\"", b"\"store-1\xff\"", "codes_mismatch"),
    ] {
        let text = mapping("acad-1", "store-1", "S", None).to_string();
        let (head, tail) = text.split_once(whole).unwrap();
        send_taken(&url, [head.as_bytes(), broken, tail.as_bytes()].concat()).await;
        let event = received(&app).await.pop().unwrap();
        assert_eq!(event["data"]["reason"], reason);
        assert_eq!(event["data"]["decoded_with_loss"], true);
    }
    assert_eq!(
        app.tenant.api.merchant(id_of(&merchant)).await["review"],
        before["review"]
    );
    app.finish().await;
}

#[tokio::test]
async fn a_code_that_is_a_number_keeps_its_digits() {
    let app = TestApp::start().await;
    let long = "123456789012345678901234567890";
    let merchant = app.tenant.register("007", long).await;
    let url = app.tenant_callback_url(app.tenant.id);
    let body = format!(r#"{{"memberId":007,"merchantId":{long},"merchant":{{"reviewStatus":"P"}}}}"#);
    send_taken(&url, body).await;
    assert_eq!(app.tenant.api.merchant(id_of(&merchant)).await["stage"], "in_review");
    app.finish().await;
}

#[tokio::test]
async fn an_approval_in_another_encoding_is_kept_before_it_is_acknowledged() {
    logs::secret(ACCOUNT_NUMBER);
    let app = TestApp::start().await;
    let (_, url) = callback_url(&app).await;
    // The order of the official page: the key comes first.
    let approval = |bill: &str| {
        format!(
            r#"{{"apiKey":"{}","billId":"{bill}","apprState":"F","apprIssuer":"국민은행","apprIssuerNum":"{ACCOUNT_NUMBER}","apprNum":"1"}}"#,
            app.sandbox.partner_key(0)
        )
    };
    for (bill, body) in [
        ("b1", korean(&approval("b1"))),
        ("b2", [b"\xef\xbb\xbf".to_vec(), approval("b2").into_bytes()].concat()),
        ("b3", utf_16(&approval("b3"))),
    ] {
        send_taken(&url, body).await;
        let event = app.tenant.api.event(|event| event["data"]["bill_id"] == bill).await;
        let data = &event["data"];
        assert_eq!(
            (&data["issuer"], &data["api_key"]),
            (&json!("국민은행"), &json!("matches"))
        );
        assert_eq!(data["issuer_number_masked"], "********6789");
    }
    // Cut off, it is no approval; but a reader sees which it was.
    for encode in [korean as fn(&str) -> Vec<u8>, |text| text.as_bytes().to_vec(), utf_16] {
        let whole = approval("b4");
        send_taken(&url, encode(&whole[..whole.len() - 6])).await;
        let event = received(&app).await.pop().unwrap();
        assert_eq!(event["data"]["reason"], "unparseable");
        let kept = String::from_utf8(kept(&app.tenant.api, &event).await).unwrap();
        assert_eq!(
            kept,
            r#"{"apiKey":"***","billId":"b4","apprState":"F","apprIssuer":"국민은행","apprIssuerNum":"********6789","apprNum"#
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_kept_can_be_driven_again() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let url = app.tenant_callback_url(app.tenant.id);
    let text = mapping("acad-7", "store-7", "S", Some("통장 사본")).to_string();
    // Something is taken out of the second, so that other bytes are kept than came.
    let wrapped = json!({ "apiKey": FOREIGN_KEY, "payload": text.replace("통장 사본", "통장 사본 2") }).to_string();
    for body in [korean(&text), korean(&wrapped)] {
        send_taken(&url, body).await;
    }
    let merchant = app.tenant.register("acad-7", "store-7").await;
    let driven = api.post("/v1/quarantine/redrives", &json!({ "dry_run": false })).await;
    assert_eq!(driven.expect(200)["outcomes"], json!({ "applied": 2 }));
    let merchant = api.merchant(id_of(&merchant)).await;
    assert_eq!(merchant["review"]["message"], "통장 사본 2");
    app.finish().await;
}

#[tokio::test]
async fn no_secret_is_kept_wherever_it_stands() {
    let app = TestApp::start().await;
    let (merchant, url) = callback_url(&app).await;
    let own_key = app.sandbox.partner_key(0);
    let inner = json!({ "API_KEY": FOREIGN_KEY, "note": "남는다" }).to_string();
    let message = format!("{own_key} 키를 확인해 주세요, apiKey={FOREIGN_KEY}");
    let text = mapping("acad-1", "store-1", "S", Some(&message)).to_string();
    let text = text.replacen(
        '{',
        &format!(r#"{{"x":{{"apiKey":"{FOREIGN_KEY}"}},"x":{},"#, json!(inner)),
        1,
    );
    let escaped = escaped(FOREIGN_KEY);
    let part = format!("--b\r\nContent-Disposition: form-data; name=\"apiKey\"\r\n\r\n{FOREIGN_KEY}\r\n--b--");
    for body in [
        part.into_bytes(),
        format!("<a><apiKey><![CDATA[{FOREIGN_KEY}]]></apiKey></a>").into_bytes(),
        format!("<param name=\"apiKey\" value=\"{FOREIGN_KEY}\"/>").into_bytes(),
        format!(r#"{{"memberId":"m","a\u0000p\u0000iKey":"{FOREIGN_KEY}","x":["apiKey",":","{FOREIGN_KEY}"]}}"#)
            .into_bytes(),
        format!(r#"{{"memberId":"m","x":{{"k":"com.paymint.apiKey","v":"{FOREIGN_KEY}"}}}}"#).into_bytes(),
        format!("&#97piKey={FOREIGN_KEY}&a=%u0061piKey={FOREIGN_KEY}").into_bytes(),
        [b"\xb0apiKey=".as_slice(), FOREIGN_KEY.as_bytes()].concat(),
        format!("{} {}", own_key.to_uppercase(), STANDARD.encode(own_key)).into_bytes(),
        text.clone().into_bytes(),
        utf_16(&text),
        format!("payload={}", percent(&text)).into_bytes(),
        format!(r#"{{"memberId":"acad-1","\u0061piKey":"{escaped}","x":["{own_key}"]"#).into_bytes(),
    ] {
        send_taken(&url, body).await;
        let event = received(&app).await.pop().unwrap();
        let kept = String::from_utf8(kept(&app.tenant.api, &event).await).unwrap();
        for secret in [
            own_key,
            FOREIGN_KEY,
            &escaped,
            &own_key.to_uppercase(),
            &STANDARD.encode(own_key),
        ] {
            assert!(!kept.contains(secret), "{kept}");
        }
    }
    let seen = app.tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(seen["review"]["message"], "*** 키를 확인해 주세요, apiKey=***");
    let feed = json!(app.tenant.api.feed().await).to_string();
    assert!(!feed.contains(own_key) && !feed.contains(FOREIGN_KEY));
    app.finish().await;
}
