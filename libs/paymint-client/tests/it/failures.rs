use std::time::Duration;

use paymint_client::{CallError, Client, ClientConfig, ConnectionLoss, Outcome, WhoFixes};
use url::Url;

use crate::calls::{ALL, Call, KEY, NAME, PHONE, exchange, make};
use crate::stub::{Reply, Stub, everything_on};

async fn fail(call: Call, reply: Reply) -> CallError {
    let (_, told) = exchange(reply, async |client: &Client| make(client, call).await).await;
    let error = told.expect_err("it was no success");
    let shown = format!("{error} {error:?}");
    for secret in [KEY, PHONE, NAME, "somebody's page"] {
        assert!(!shown.contains(secret), "{call:?}: {shown}");
    }
    error
}

#[tokio::test]
async fn a_refusal_comes_with_its_code_and_what_to_do() {
    for call in ALL {
        for (body, code, who_fixes) in [
            (
                r#"{"code":"POINT_001","message":"포인트가 부족합니다.","data":null}"#,
                "POINT_001",
                WhoFixes::Partner,
            ),
            (
                r#"{"code":"VALIDATION_002","msg":"hash","data":{"apiKey":"the-key-of-partner-77"},"new":1}"#,
                "VALIDATION_002",
                WhoFixes::Us,
            ),
            (r#"{"code":"BILL_999"}"#, "BILL_999", WhoFixes::Us),
        ] {
            let error = fail(call, Reply::Json(200, body.to_owned())).await;
            assert_eq!((error.code(), error.who_fixes()), (Some(code), who_fixes), "{call:?}");
            assert_eq!(
                (error.outcome(), error.retryable()),
                (Outcome::Refused, false),
                "{call:?}"
            );
            assert!(!error.is_to_be_read_first(), "{call:?}");
        }
    }
}

#[tokio::test]
async fn a_message_says_no_key() {
    let body = format!(r#"{{"code":"PARTNER_003","msg":"apiKey {KEY} 확인","data":null}}"#);
    for call in ALL {
        let error = fail(call, Reply::Json(200, body.clone())).await;
        assert_eq!(error.message(), Some("apiKey *** 확인"), "{call:?}");
        assert!(error.is_partner_level(), "{call:?}");
    }
}

#[tokio::test]
async fn codes_after_which_money_may_have_moved_are_no_plain_refusals() {
    for code in ["PAYMENT_001", "PAYMENT_002"] {
        let error = fail(
            Call::Cancel,
            Reply::Json(200, format!(r#"{{"code":"{code}","data":null}}"#)),
        )
        .await;
        assert_eq!((error.outcome(), error.retryable()), (Outcome::Unknown, true), "{code}");
        assert!(error.is_to_be_read_first());
    }
    let error = fail(Call::Cancel, Reply::Json(200, r#"{"code":"ERROR"}"#.to_owned())).await;
    assert!(error.is_to_be_read_first());
}

#[tokio::test]
async fn http_400_is_our_mistake_with_and_without_an_envelope() {
    for call in ALL {
        let envelope = r#"{"code":"VALIDATION_001","message":"필수 값","data":null}"#;
        let error = fail(call, Reply::Json(400, envelope.to_owned())).await;
        assert_eq!(
            (error.code(), error.outcome(), error.who_fixes()),
            (Some("VALIDATION_001"), Outcome::Refused, WhoFixes::Us),
            "{call:?}"
        );
        for reply in [Reply::Html(400), Reply::Json(400, r#"{"status":400}"#.to_owned())] {
            let error = fail(call, reply).await;
            assert!(
                matches!(error, CallError::Unintelligible { http_status: 400, .. }),
                "{call:?}"
            );
            assert_eq!(
                (error.outcome(), error.who_fixes(), error.retryable()),
                (Outcome::Unknown, WhoFixes::Us, false),
                "{call:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_server_in_trouble_leaves_the_outcome_unknown() {
    for call in ALL {
        for reply in [
            Reply::Html(502),
            Reply::Json(200, String::new()),
            Reply::Json(200, "[]".to_owned()),
        ] {
            let error = fail(call, reply).await;
            assert!(matches!(error, CallError::Unintelligible { .. }), "{call:?}");
            assert!(error.is_to_be_read_first() && error.retryable(), "{call:?}");
        }
    }
}

#[tokio::test]
async fn no_answer_leaves_the_outcome_unknown() {
    for call in ALL {
        let stub = Stub::start(Reply::Hang);
        let client = stub.client(Duration::from_millis(300));
        let error = make(&client, call).await.unwrap_err();
        assert!(
            matches!(
                error,
                CallError::OutcomeUnknown {
                    loss: ConnectionLoss::Timeout,
                    ..
                }
            ),
            "{call:?}: {error:?}"
        );
        assert_eq!(error.outcome(), Outcome::Unknown);
        // It did arrive.
        assert!(stub.request().await.body.contains(KEY), "{call:?}");

        let error = fail(call, Reply::Reset).await;
        assert!(
            matches!(
                error,
                CallError::OutcomeUnknown {
                    loss: ConnectionLoss::Broken,
                    ..
                }
            ),
            "{call:?}: {error:?}"
        );
        assert!(error.is_to_be_read_first(), "{call:?}");
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let base = Url::parse("http://127.0.0.1:1/partner").unwrap();
    let client = Client::new(&everything_on(&base)).unwrap();
    for call in ALL {
        let error = make(&client, call).await.unwrap_err();
        assert_eq!(
            (error.outcome(), error.is_to_be_read_first()),
            (Outcome::NotSent, false),
            "{call:?}"
        );
    }
}

#[tokio::test]
async fn a_bill_that_is_not_there_is_told_from_one_that_is_used() {
    let table = [
        (Call::Read, "BILL_003", true, false),
        (Call::Send, "BILL_001", false, true),
    ];
    for (call, code, is_not_found, is_used) in table {
        let error = fail(
            call,
            Reply::Json(200, format!(r#"{{"code":"{code}","message":"x","data":null}}"#)),
        )
        .await;
        assert_eq!(
            (error.is_bill_not_found(), error.is_bill_id_used()),
            (is_not_found, is_used),
            "{code}"
        );
    }
}

#[tokio::test]
async fn what_is_not_configured_is_off() {
    let base = Url::parse("http://127.0.0.1:1/partner").unwrap();
    let client = Client::new(&ClientConfig::new(base)).unwrap();
    assert!(client.auto_payment().is_none() && client.pay_methods().is_none());
    assert!(client.partner_info().is_none() && client.callback_url_change().is_none());
    // The others are on.
    let error = make(&client, Call::Read).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
}
