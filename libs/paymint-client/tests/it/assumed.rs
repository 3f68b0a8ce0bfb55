//! What is understood of the answers of calls that no page shows.

use paymint_client::callback::ApprovalState;
use paymint_client::{
    AutoPaid, AutoPaymentRegistration, CallError, Client, ExtraFields, PayMethodList, RegisteredAutoPayment, Reported,
};
use serde_json::{Value, json};

use crate::calls::{KEY, NAME, bill, bill_id, codes, exchange, key, phone, succeed, url};
use crate::stub::Reply;

async fn paid(data: Value) -> Result<AutoPaid, CallError> {
    let pay = async |client: &Client| {
        let (id, phone, url) = (bill_id(), phone(), url());
        let auto_payment = client.auto_payment().expect("it is on");
        let extra = ExtraFields::default();
        auto_payment
            .pay(&key(), &codes(), &bill(&id, &phone, &url), &extra)
            .await
    };
    succeed(data, pay).await
}

async fn registered(data: Value) -> Result<RegisteredAutoPayment, CallError> {
    let register = async |client: &Client| {
        let phone = phone();
        let registration = AutoPaymentRegistration {
            phone: &phone,
            member_name: NAME,
            callback_url: None,
            page_redirect_url: None,
        };
        let auto_payment = client.auto_payment().expect("it is on");
        let extra = ExtraFields::default();
        auto_payment.register(&key(), &codes(), &registration, &extra).await
    };
    succeed(data, register).await
}

async fn methods(client: &Client) -> Result<PayMethodList, CallError> {
    let pay_methods = client.pay_methods().expect("it is on");
    pay_methods
        .list(&key(), &codes(), &phone(), &ExtraFields::default())
        .await
}

#[tokio::test]
async fn an_auto_payment_says_what_bills_say_or_nothing() {
    let data = json!({
        "apiKey": KEY, "billId": "B20260801A1", "apprState": "F", "apprPayType": "CARD_RP", "apprPrice": "1000",
        "shortUrl": "https://bill.example/x/1", "new": {"a": 1}
    });
    let whole = paid(data).await.unwrap();
    assert_eq!(whole.state, Some(ApprovalState::Approved));
    assert_eq!(whole.payment.pay_type.as_deref(), Some("CARD_RP"));
    assert!(whole.link.is_some());
    assert!(
        whole.raw.expose().contains(r#""new":{"a":1}"#),
        "{}",
        whole.raw.expose()
    );
    let silent = paid(json!(null)).await.unwrap();
    assert_eq!((silent.state, silent.link), (None, None));
}

#[tokio::test]
async fn a_registration_gives_a_page_or_an_id() {
    for name in ["url", "shortUrl", "shortURL"] {
        let told = registered(json!({"apiKey": KEY, name: "https://bill.example/rp/1"}))
            .await
            .unwrap();
        assert_eq!(told.link.unwrap().expose(), "https://bill.example/rp/1");
    }
    for name in ["rpKey", "rpId", "id"] {
        let told = registered(json!({"data": {name: "rp-secret-1"}})).await.unwrap();
        assert_eq!(told.method_id.as_deref(), Some("rp-secret-1"));
        assert!(!format!("{told:?}").contains("rp-secret-1"));
    }
}

#[tokio::test]
async fn pay_methods_are_a_list_somewhere() {
    let entry = json!({"payType": "CARD", "issuer": "현대카드", "issuerNum": "1234567890123456", "regDt": "20260801120000",
                       "rpKey": "rp-secret-1"});
    for data in [
        json!([entry, 7]),
        json!({"apiKey": KEY, "info": [entry, 7]}),
        json!({"payMethods": [entry, 7]}),
        json!({"data": [entry, 7]}),
        json!({"data": {"payMethods": [entry, 7]}}),
    ] {
        let told = succeed(data, methods).await.unwrap();
        assert_eq!((told.methods.len(), told.unreadable), (1, 1));
        let method = &told.methods[0];
        assert_eq!(method.pay_type.as_deref(), Some("CARD"));
        assert_eq!(method.issuer_number.as_ref().unwrap().as_str(), "123456******3456");
        assert!(matches!(method.registered_at, Some(Reported::Known(_))));
        assert_eq!(method.method_id.as_deref(), Some("rp-secret-1"));
        assert!(!format!("{told:?}").contains("현대카드") && !format!("{told:?}").contains("rp-secret-1"));
    }
    assert!(succeed(json!({"other": 1}), methods).await.is_err());
}

#[tokio::test]
async fn a_customer_whom_upstream_does_not_know_has_no_pay_method() {
    for envelope in [
        r#"{"code":"0000","data":null}"#,
        r#"{"code":"0000","data":[]}"#,
        r#"{"code":"BILL_003","message":"없음","data":null}"#,
    ] {
        let (_, told) = exchange(Reply::Json(200, envelope.to_owned()), methods).await;
        assert!(told.unwrap().methods.is_empty(), "{envelope}");
    }
}

#[tokio::test]
async fn the_partners_record_is_kept_as_it_came_but_for_the_key() {
    let read = async |client: &Client| {
        let partner_info = client.partner_info().expect("it is on");
        partner_info.read(&key(), &ExtraFields::default()).await
    };
    let told = succeed(
        json!({"apiKey": KEY, "callbackUrl": "https://cb.example/paid", "n": 1}),
        read,
    )
    .await;
    assert_eq!(
        told.unwrap().expose(),
        r#"{"callbackUrl":"https://cb.example/paid","n":1}"#
    );
}
