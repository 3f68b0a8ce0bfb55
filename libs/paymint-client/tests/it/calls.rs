use std::time::Duration;

use paymint_client::{
    ApiKey, AutoPaymentRegistration, BillId, BillPrice, BillRequest, CallError, CancelReason, Client, ExtraFields,
    MerchantCodes, PhoneNumber, PriceSplit, ReceiptReceiver, SendType, Trader, Won,
};
use serde_json::Value;
use url::Url;

use crate::stub::{Reply, Request, Stub};

pub const KEY: &str = "the-key-of-partner-77";
pub const PHONE: &str = "01012345678";
pub const NAME: &str = "홍길동";

/// Every call that is about a pair or a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Send,
    Resend,
    Read,
    Destroy,
    Cancel,
    IssueReceipt,
    CancelReceipt,
    ReadReceipt,
    AutoPay,
    Register,
    Unregister,
    PayMethods,
    PartnerInfo,
    CallbackUrl,
}

pub const ALL: [Call; 14] = [
    Call::Send,
    Call::Resend,
    Call::Read,
    Call::Destroy,
    Call::Cancel,
    Call::IssueReceipt,
    Call::CancelReceipt,
    Call::ReadReceipt,
    Call::AutoPay,
    Call::Register,
    Call::Unregister,
    Call::PayMethods,
    Call::PartnerInfo,
    Call::CallbackUrl,
];

pub fn key() -> ApiKey {
    ApiKey::parse(KEY).expect("it is a key")
}

pub fn codes() -> MerchantCodes {
    MerchantCodes::parse("m1", "s1").expect("they are codes")
}

pub fn bill_id() -> BillId {
    BillId::parse("B20260801A1").expect("it is an id")
}

pub fn price() -> Won {
    Won::new(1000).expect("it is a price")
}

pub fn phone() -> PhoneNumber {
    PhoneNumber::parse(PHONE).expect("it is a number")
}

pub fn url() -> Url {
    Url::parse("https://cb.example/paid").expect("it is a URL")
}

/// Calls something that answers so, and gives what came and what was understood.
pub async fn exchange<T>(reply: Reply, call: impl AsyncFnOnce(&Client) -> T) -> (Request, T) {
    let stub = Stub::start(reply);
    let client = stub.client(Duration::from_secs(10));
    let told = call(&client).await;
    (stub.request().await, told)
}

/// The same for an answer of success.
pub async fn succeed<T>(data: Value, call: impl AsyncFnOnce(&Client) -> T) -> T {
    let envelope = serde_json::json!({"code": "0000", "message": "성공하였습니다.", "data": data});
    let (_, told) = exchange(Reply::Json(200, envelope.to_string()), call).await;
    told
}

/// Makes a call, and gives its answer as it may stand in a log.
pub async fn make(client: &Client, call: Call) -> Result<String, CallError> {
    match call {
        Call::Send | Call::Resend | Call::Read | Call::Destroy | Call::Cancel => about_a_bill(client, call).await,
        Call::IssueReceipt | Call::CancelReceipt | Call::ReadReceipt => about_a_receipt(client, call).await,
        Call::AutoPay
        | Call::Register
        | Call::Unregister
        | Call::PayMethods
        | Call::PartnerInfo
        | Call::CallbackUrl => assumed(client, call).await,
    }
}

async fn about_a_bill(client: &Client, call: Call) -> Result<String, CallError> {
    let (key, codes, id) = (key(), codes(), bill_id());
    if call == Call::Send {
        return client
            .send_bill(&key, &codes, &bill(&id, &phone(), &url()))
            .await
            .map(told);
    }
    if call == Call::Resend {
        return client.resend_bill(&key, &codes, &id).await.map(told);
    }
    if call == Call::Read {
        return client.read_bill(&key, &codes, &id).await.map(told);
    }
    if call == Call::Destroy {
        return client.destroy_bill(&key, &codes, &id, price()).await.map(told);
    }
    let reason = CancelReason::parse("고객 요청").expect("it is short");
    client.cancel_bill(&key, &codes, &id, price(), &reason).await.map(told)
}

async fn about_a_receipt(client: &Client, call: Call) -> Result<String, CallError> {
    let (key, codes, id) = (key(), codes(), bill_id());
    if call == Call::IssueReceipt {
        let receiver = ReceiptReceiver::phone(&phone());
        let split = PriceSplit::taxed(price());
        return client
            .issue_cash_receipt(&key, &codes, &id, split, &receiver)
            .await
            .map(told);
    }
    if call == Call::CancelReceipt {
        let cancelled = client.cancel_cash_receipt(&key, &codes, &id, price(), Trader::Person);
        return cancelled.await.map(told);
    }
    client.read_cash_receipt(&key, &codes, &id, price()).await.map(told)
}

async fn assumed(client: &Client, call: Call) -> Result<String, CallError> {
    let (key, codes, phone, url, id) = (key(), codes(), phone(), url(), bill_id());
    let extra = ExtraFields::default();
    let auto_payment = client.auto_payment().expect("it is on");
    if call == Call::AutoPay {
        return auto_payment
            .pay(&key, &codes, &bill(&id, &phone, &url), &extra)
            .await
            .map(told);
    }
    if call == Call::Register {
        let registration = AutoPaymentRegistration {
            phone: &phone,
            member_name: NAME,
            callback_url: None,
            page_redirect_url: Some(&url),
        };
        return auto_payment
            .register(&key, &codes, &registration, &extra)
            .await
            .map(told);
    }
    if call == Call::Unregister {
        let extra = extra.with("rpKey", "r-1").expect("it is a field");
        return auto_payment.delete(&key, &codes, &phone, &extra).await.map(told);
    }
    if call == Call::PayMethods {
        let pay_methods = client.pay_methods().expect("it is on");
        return pay_methods.list(&key, &codes, &phone, &extra).await.map(told);
    }
    if call == Call::PartnerInfo {
        return client
            .partner_info()
            .expect("it is on")
            .read(&key, &extra)
            .await
            .map(told);
    }
    let change = client.callback_url_change().expect("it is on");
    change.change(&key, &url, &extra).await.map(told)
}

fn told(answer: impl std::fmt::Debug) -> String {
    format!("{answer:?}")
}

/// A bill with nothing optional in it.
pub fn bill<'a>(bill_id: &'a BillId, phone: &'a PhoneNumber, callback_url: &'a Url) -> BillRequest<'a> {
    BillRequest {
        bill_id,
        send_type: SendType::Talk,
        product_name: "8월 수강료",
        price: BillPrice::Total(price()),
        member_name: NAME,
        phone,
        callback_url,
        bill_issuer: None,
        message: None,
        expire_date: None,
        page_redirect_url: None,
    }
}
