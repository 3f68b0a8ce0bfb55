//! What is understood of the answers about bills.

use paymint_client::callback::{ApprovalState, MaskedNumber};
use paymint_client::{
    Amount, AnswerFault, BillReading, CallError, CancelReason, CancelledBill, Client, Reported, SentBill, Trader,
};
use serde_json::{Value, json};

use crate::calls::{ALL, Call, KEY, bill, bill_id, codes, exchange, key, make, phone, price, succeed, url};
use crate::stub::Reply;

async fn sent(data: Value) -> Result<SentBill, CallError> {
    let send = async |client: &Client| {
        client
            .send_bill(&key(), &codes(), &bill(&bill_id(), &phone(), &url()))
            .await
    };
    succeed(data, send).await
}

async fn read(data: Value) -> Result<BillReading, CallError> {
    succeed(data, async |client: &Client| {
        client.read_bill(&key(), &codes(), &bill_id()).await
    })
    .await
}

async fn cancelled(data: Value) -> Result<CancelledBill, CallError> {
    let reason = CancelReason::parse("고객 요청").unwrap();
    let cancel = async |client: &Client| client.cancel_bill(&key(), &codes(), &bill_id(), price(), &reason).await;
    succeed(data, cancel).await
}

fn fault(error: &CallError) -> Option<AnswerFault> {
    match error {
        CallError::Unintelligible { fault, .. } => Some(*fault),
        CallError::Refused { .. } | CallError::OutcomeUnknown { .. } | CallError::Unreachable { .. } => None,
    }
}

fn known<T: Copy>(reported: Option<&Reported<T>>) -> Option<T> {
    reported.and_then(Reported::known).copied()
}

#[tokio::test]
async fn success_without_data_is_success_unless_data_was_asked_for() {
    let envelopes = [
        r#"{"code":"0000","message":"ok","data":null}"#,
        r#"{"code":"0000","msg":"ok"}"#,
    ];
    for call in ALL {
        for envelope in envelopes {
            let reply = Reply::Json(200, envelope.to_owned());
            let (_, told) = exchange(reply, async |client: &Client| make(client, call).await).await;
            let expected = match call {
                Call::Read => Some(AnswerFault::Field("data.apprState")),
                Call::ReadReceipt => Some(AnswerFault::Field("data.info")),
                Call::Send
                | Call::Resend
                | Call::Destroy
                | Call::Cancel
                | Call::IssueReceipt
                | Call::CancelReceipt
                | Call::AutoPay
                | Call::Register
                | Call::Unregister
                | Call::PayMethods
                | Call::PartnerInfo
                | Call::CallbackUrl => None,
            };
            assert_eq!(told.err().as_ref().and_then(fault), expected, "{call:?}");
        }
    }
}

#[tokio::test]
async fn an_echo_shows_nowhere() {
    let data = json!({
        "apiKey": KEY, "member": "m1", "merchant": "s1", "billId": "B20260801A1", "hash": "0d20", "apprState": "F",
        "issuanceNumber": "01012345678", "apprIssuer": "현대카드", "info": [], "list": [], "note": format!("key {KEY}")
    });
    let envelope = json!({"code": "0000", "data": data}).to_string();
    for call in ALL {
        let reply = Reply::Json(200, envelope.clone());
        let (_, told) = exchange(reply, async |client: &Client| make(client, call).await).await;
        let told = told.unwrap();
        for secret in [KEY, "01012345678", "현대카드"] {
            assert!(!told.contains(secret), "{call:?}: {told}");
        }
    }
    let raw = read(data).await.unwrap().raw;
    assert!(!raw.expose().contains(KEY), "{}", raw.expose());
    assert!(raw.expose().contains("\"hash\":\"0d20\""), "{}", raw.expose());
}

#[tokio::test]
async fn an_answer_about_another_bill_is_none() {
    let other = json!({"billId": "B20260801A2", "apprState": "F", "info": []});
    for call in ALL {
        let envelope = json!({"code": "0000", "data": other});
        let reply = Reply::Json(200, envelope.to_string());
        let (_, told) = exchange(reply, async |client: &Client| make(client, call).await).await;
        let is_about_a_bill = !matches!(
            call,
            Call::Register | Call::Unregister | Call::PayMethods | Call::PartnerInfo | Call::CallbackUrl
        );
        let expected = is_about_a_bill.then_some(AnswerFault::Field("data.billId"));
        assert_eq!(told.err().as_ref().and_then(fault), expected, "{call:?}");
    }
}

#[tokio::test]
async fn the_link_of_a_bill_has_two_names_and_may_lie_deeper() {
    for data in [
        json!({"apiKey": KEY, "billId": "B20260801A1", "shortUrl": "https://bill.example/x/1", "new": [1]}),
        json!({"billId": "B20260801A1", "shortURL": "https://bill.example/x/1"}),
        json!({"bill_id": "B20260801A1", "shortUrl": null, "shortURL": "https://bill.example/x/1"}),
        json!({"data": {"billId": "B20260801A1", "shortUrl": "https://bill.example/x/1"}}),
    ] {
        let sent = sent(data).await.unwrap();
        assert_eq!(sent.link.as_ref().unwrap().expose(), "https://bill.example/x/1");
        assert!(!format!("{sent:?}").contains("bill.example"));
    }
    for data in [
        json!({}),
        json!({"shortUrl": "javascript:alert(1)"}),
        json!({"shortUrl": 5}),
        json!("done"),
    ] {
        assert_eq!(sent(data).await.unwrap().link, None);
    }
}

#[tokio::test]
async fn a_paid_bill_is_read_whole() {
    let data = json!({
        "apiKey": KEY, "billId": "B20260801A1", "apprState": "F", "apprPrice": "1000", "apprPayType": "CARD_VAN",
        "apprCardType": "신용", "apprDt": "20260801120000", "apprOriginDt": "20260801115900", "apprNum": "77",
        "apprOriginNum": "76", "apprIssuer": "현대카드", "apprIssuerCd": "04", "apprIssuerNum": "1234567890123456",
        "apprAcquirerCd": "05", "apprAcquirerNm": "현대", "apprResCd": null, "apprMonthly": "0", "apprCashNum": "C1",
        "apprCashTrader": "personal", "apprCashIssuanceNumber": "01012345678", "apprSign": "c2lnbmF0dXJl",
        "udItem": {"patient": "kim"}, "catId": "9"
    });
    let reading = read(data).await.unwrap();
    assert_eq!(reading.state, ApprovalState::Approved);
    let payment = &reading.payment;
    assert_eq!(known(payment.price.as_ref()).map(Amount::get), Some(1000));
    assert_eq!(
        known(payment.approved_at.as_ref()).unwrap().to_string(),
        "2026-08-01T12:00:00+09:00"
    );
    assert_eq!(
        known(payment.origin_approved_at.as_ref()).unwrap().to_string(),
        "2026-08-01T11:59:00+09:00"
    );
    let texts = [
        (&payment.pay_type, "CARD_VAN"),
        (&payment.card_type, "신용"),
        (&payment.approval_number, "77"),
        (&payment.origin_approval_number, "76"),
        (&payment.issuer, "현대카드"),
        (&payment.issuer_code, "04"),
        (&payment.acquirer, "현대"),
        (&payment.acquirer_code, "05"),
        (&payment.instalment_months, "0"),
        (&payment.cash_receipt_number, "C1"),
    ];
    for (text, expected) in texts {
        assert_eq!(text.as_deref(), Some(expected));
    }
    assert_eq!(payment.response_code, None);
    let masked = |number: &Option<MaskedNumber>| number.as_ref().map(|number| number.as_str().to_owned());
    assert_eq!(masked(&payment.issuer_number).as_deref(), Some("123456******3456"));
    assert_eq!(
        masked(&payment.cash_receipt_issuance_number).as_deref(),
        Some("*******5678")
    );
    assert_eq!(known(payment.cash_receipt_trader.as_ref()), Some(Trader::Person));
    let raw = reading.raw.expose();
    assert!(
        raw.contains("catId") && !raw.contains("1234567890123456") && !raw.contains("c2lnbmF0dXJl"),
        "{raw}"
    );
}

#[tokio::test]
async fn numbers_texts_and_strange_values_are_told_apart() {
    let waiting =
        read(json!({"billId": "B20260801A1", "apprState": "W", "apprPrice": 1000, "apprDt": "", "apprNum": 7}));
    let waiting = waiting.await.unwrap();
    assert_eq!(waiting.state, ApprovalState::Waiting);
    assert_eq!(known(waiting.payment.price.as_ref()).map(Amount::get), Some(1000));
    assert_eq!(waiting.payment.approval_number.as_deref(), Some("7"));
    assert_eq!(waiting.payment.approved_at, None);

    let snake = read(json!({"bill_id": "B20260801A1", "appr_state": "D", "appr_dt": 20_260_801_120_000_u64}));
    let snake = snake.await.unwrap();
    assert_eq!(snake.state, ApprovalState::Destroyed);
    assert!(known(snake.payment.approved_at.as_ref()).is_some());

    let short = read(json!({"data": {"apprState": "C", "apprDt": "260801120000"}}))
        .await
        .unwrap();
    assert_eq!(short.state, ApprovalState::Cancelled);
    assert_eq!(
        known(short.payment.approved_at.as_ref()).unwrap().to_string(),
        "2026-08-01T12:00:00+09:00"
    );

    let strange = read(json!({"apprState": "X", "apprPrice": "1,000", "apprDt": "yesterday", "apprNum": []}));
    let strange = strange.await.unwrap();
    assert_eq!(strange.state, ApprovalState::Other("X".to_owned()));
    assert_eq!(strange.payment.price, Some(Reported::Unreadable("1,000".to_owned())));
    assert!(known(strange.payment.approved_at.as_ref()).is_none() && strange.payment.approved_at.is_some());
    assert_eq!(strange.payment.approval_number, None);
    assert!(!format!("{strange:?}").contains("1,000"));
}

#[tokio::test]
async fn a_reading_without_a_state_is_none() {
    for data in [
        json!({}),
        json!({"apprState": null}),
        json!({"apprState": ""}),
        json!([]),
        json!({"data": null}),
    ] {
        let error = read(data).await.unwrap_err();
        assert_eq!(fault(&error), Some(AnswerFault::Field("data.apprState")));
    }
}

#[tokio::test]
async fn a_cancellation_says_its_number_and_time() {
    let data = json!({
        "apiKey": KEY, "member": "m1", "merchant": "s1", "billId": "B20260801A1", "hash": "388d", "apprNum": "88",
        "apprOriginNum": "77", "apprCancelDt": "20260802090000"
    });
    let bill = cancelled(data).await.unwrap();
    assert_eq!(bill.cancel_number.as_deref(), Some("88"));
    assert_eq!(bill.origin_approval_number.as_deref(), Some("77"));
    assert_eq!(
        known(bill.cancelled_at.as_ref()).unwrap().to_string(),
        "2026-08-02T09:00:00+09:00"
    );
    let silent = cancelled(json!({"billId": "b20260801a1"})).await.unwrap();
    assert_eq!((silent.cancel_number, silent.cancelled_at), (None, None));
}
