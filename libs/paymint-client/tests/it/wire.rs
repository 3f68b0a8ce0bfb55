use paymint_client::{
    AutoPaymentCalls, BillPrice, BillRequest, Client, ExpireDate, ExtraFields, PayProfile, PriceSplit, ReceiptReceiver,
    SendType,
};
use url::Url;

use crate::calls::{ALL, Call, NAME, bill, bill_id, codes, exchange, key, make, phone, price, url};
use crate::stub::{Reply, everything_on};

/// `printf '%s' B20260801A1,01012345678,1000 | sha256sum`
const WITH_PHONE: &str = "0d208403250dfadaebc52bd8b1762936fd36675c219d02fc36ffa0ec284a7060";

/// `printf '%s' B20260801A1,1000 | sha256sum`
const WITHOUT_PHONE: &str = "388d7c062ce3b545d7a2f6ec0e22d7ba6fa581684d279814bbae137892cb2c89";

/// The path below the base, and what stands in the body beside the key.
fn expected(call: Call) -> (&'static str, String) {
    let new_bill = format!(
        r#""productName":"8월 수강료","price":"1000","memberName":"{NAME}","phone":"01012345678","hash":"{WITH_PHONE}","callbackUrl":"https://cb.example/paid""#
    );
    let priced = format!(r#""billId":"B20260801A1","price":"1000","hash":"{WITHOUT_PHONE}""#);
    let pair = r#""member":"m1","merchant":"s1","#;
    let (path, fields) = match call {
        Call::Send => (
            "bill",
            format!(r#""bill":{{"billId":"B20260801A1","sendType":"TALK",{new_bill}}}"#),
        ),
        Call::Resend => ("bill/resend", r#""bill":{"billId":"B20260801A1"}"#.to_owned()),
        Call::Read => ("bill/read", r#""bill":{"billId":"B20260801A1"}"#.to_owned()),
        Call::Destroy => ("bill/destroy", format!(r#""bill":{{{priced}}}"#)),
        Call::Cancel => (
            "bill/cancel",
            format!(
                r#""bill":{{"billId":"B20260801A1","price":"1000","cancelReason":"고객 요청","hash":"{WITHOUT_PHONE}"}}"#
            ),
        ),
        Call::IssueReceipt => (
            "cash-receipt/issue",
            format!(
                r#""cashReceipt":{{"billId":"B20260801A1","price":"1000","supplyPrice":"909","tax":"91","issuanceNumber":"01012345678","trader":"0","hash":"{WITHOUT_PHONE}"}}"#
            ),
        ),
        Call::CancelReceipt => (
            "cash-receipt/cancel",
            format!(r#""cashReceipt":{{"billId":"B20260801A1","price":"1000","trader":"0","hash":"{WITHOUT_PHONE}"}}"#),
        ),
        Call::ReadReceipt => ("cash-receipt/read", format!(r#""cashReceipt":{{{priced}}}"#)),
        // What is configured is sorted by name.
        Call::AutoPay => (
            "bill/rp",
            format!(
                r#""bill":{{"billId":"B20260801A1","callbackUrl":"https://cb.example/paid","hash":"{WITH_PHONE}","memberName":"{NAME}","phone":"01012345678","price":"1000","productName":"8월 수강료"}}"#
            ),
        ),
        Call::Register => (
            "rp/manage",
            format!(
                r#""rp":{{"memberName":"{NAME}","pageRedirectUrl":"https://cb.example/paid","phone":"01012345678"}}"#
            ),
        ),
        Call::Unregister => ("rp/delete", r#""rp":{"phone":"01012345678","rpKey":"r-1"}"#.to_owned()),
        Call::PayMethods => (
            "customer/pay-method",
            r#""customer":{"phone":"01012345678"}"#.to_owned(),
        ),
        Call::PartnerInfo => return ("read/partner", String::new()),
        Call::CallbackUrl => {
            return (
                "update/partner",
                r#""callbackUrl":"https://cb.example/paid""#.to_owned(),
            );
        }
    };
    (path, format!("{pair}{fields}"))
}

fn success() -> Reply {
    Reply::Json(200, r#"{"code":"0000","message":"ok","data":null}"#.to_owned())
}

#[tokio::test]
async fn every_call_is_made_to_the_letter() {
    for call in ALL {
        let (request, _) = exchange(success(), async |client: &Client| make(client, call).await).await;
        let (path, fields) = expected(call);
        let comma = if fields.is_empty() { "" } else { "," };
        assert_eq!(request.path(), format!("/partner/{path}"), "{call:?}");
        assert!(request.head.starts_with("POST "), "{call:?}");
        assert!(request.head.contains("\r\ncontent-type: application/json"), "{call:?}");
        assert_eq!(
            request.body,
            format!(r#"{{"apiKey":"the-key-of-partner-77"{comma}{fields}}}"#),
            "{call:?}"
        );
    }
}

#[tokio::test]
async fn a_bill_says_all_that_it_is_given() {
    let (id, phone, callback) = (bill_id(), phone(), url());
    let back = Url::parse("https://shop.example/thanks").unwrap();
    let whole = BillRequest {
        send_type: SendType::Url,
        price: BillPrice::Split(PriceSplit::exempt(price())),
        bill_issuer: Some("가나다학원"),
        message: Some("고맙습니다"),
        expire_date: Some(ExpireDate::parse("2026-08-31").unwrap()),
        page_redirect_url: Some(&back),
        ..bill(&id, &phone, &callback)
    };
    let send = async |client: &Client| client.send_bill(&key(), &codes(), &whole).await.map(drop);
    let (request, _) = exchange(success(), send).await;
    assert_eq!(
        request.body,
        format!(
            r#"{{"apiKey":"the-key-of-partner-77","member":"m1","merchant":"s1","bill":{{"billId":"B20260801A1","sendType":"URL","productName":"8월 수강료","price":"1000","supplyPrice":"1000","tax":"0","memberName":"{NAME}","phone":"01012345678","hash":"{WITH_PHONE}","callbackUrl":"https://cb.example/paid","billIssuer":"가나다학원","message":"고맙습니다","expireDt":"2026-08-31","pageRedirectUrl":"https://shop.example/thanks"}}}}"#
        )
    );
    assert!(whole.long_fields().is_empty());
    let long = "가".repeat(1001);
    let long = BillRequest {
        message: Some(&long),
        ..whole
    };
    let warned: Vec<_> = long
        .long_fields()
        .iter()
        .map(|long| (long.field, long.characters))
        .collect();
    assert_eq!(warned, [("message", 1001)]);
}

#[tokio::test]
async fn a_receipt_for_a_business_says_so() {
    let receiver = ReceiptReceiver::business("117-81-78260").unwrap();
    let issue = async |client: &Client| {
        let split = PriceSplit::exempt(price());
        let (key, codes, id) = (key(), codes(), bill_id());
        client
            .issue_cash_receipt(&key, &codes, &id, split, &receiver)
            .await
            .map(drop)
    };
    let (request, _) = exchange(success(), issue).await;
    let fields = r#""supplyPrice":"1000","tax":"0","issuanceNumber":"1178178260","trader":"1""#;
    assert!(request.body.contains(fields), "{}", request.body);
}

#[tokio::test]
async fn what_is_a_guess_can_be_configured() {
    let stub = crate::stub::Stub::start(success());
    let base = stub.base().clone();
    let mut calls = AutoPaymentCalls::assumed(&base).unwrap();
    calls.profile = PayProfile::PayExisting;
    calls.pay = calls.pay.without_object().with_name("hash", "sign").unwrap();
    let mut config = everything_on(&base);
    config.auto_payment = Some(calls);
    let client = Client::new(&config).unwrap();
    let (id, phone, callback) = (bill_id(), phone(), url());
    let extra = ExtraFields::default().with("rpKey", "r-1").unwrap();
    let auto_payment = client.auto_payment().unwrap();
    let paid = auto_payment
        .pay(&key(), &codes(), &bill(&id, &phone, &callback), &extra)
        .await;
    assert_eq!(paid.unwrap().raw.expose(), "null");
    assert_eq!(
        stub.request().await.body,
        format!(
            r#"{{"apiKey":"the-key-of-partner-77","member":"m1","merchant":"s1","billId":"B20260801A1","price":"1000","rpKey":"r-1","sign":"{WITHOUT_PHONE}"}}"#
        )
    );
}
