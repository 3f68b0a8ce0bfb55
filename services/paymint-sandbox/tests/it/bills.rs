//! The life of a bill: made, paid, told of, cancelled or destroyed.

use serde_json::{Value, json};

use crate::support::{Fixture, KEY, PHONE, named, official_approval};

const NAMES_OF_A_PAYMENT: [&str; 5] = ["apprNum", "apprOriginNum", "apprDt", "apprOriginDt", "apprIssuer"];

/// `printf 'B1,01012345678,1000' | sha256sum`, and the same without the telephone: written out, so that no mistake is made
/// twice.
const HASH_OF_THREE: &str = "9fd249dc34dc837a380bb164b142993c55b8bd08e8daf1c004435b21814d3da0";
const HASH_OF_TWO: &str = "93b9301635e227e8e648ff83f84d7678dbce5c669c9b00eb765bb3d9af42232a";

#[tokio::test]
async fn a_bill_lives_from_its_making_to_its_refund() {
    let validator = official_approval();
    let fixture = Fixture::start().await;
    let mapping = fixture.open_business("s1").await;
    let page = make(&fixture).await;
    let waiting = fixture.good("bill/read", json!({"billId": "B1"})).await;
    assert!(validator.is_valid(&waiting), "{waiting}");
    assert_eq!(
        (&waiting["apprState"], &waiting["apprPrice"]),
        (&json!("W"), &json!("1000"))
    );
    assert!(NAMES_OF_A_PAYMENT.iter().all(|name| waiting.get(*name).is_none()));
    pay(&fixture, &page).await;

    let arrival = fixture.receiver.next().await;
    assert_eq!(arrival.path, "/cb/bill/B1", "it goes where the bill says");
    let approval = arrival.json();
    assert!(validator.is_valid(&approval), "{approval}");
    assert_eq!(
        (
            &approval["apprState"],
            &approval["billId"],
            &approval["apprPrice"],
            &approval["apiKey"]
        ),
        (&json!("F"), &json!("B1"), &json!("1000"), &json!(KEY))
    );
    assert_eq!(approval["apprNum"], approval["apprOriginNum"]);
    assert_eq!(approval["apprDt"], approval["apprOriginDt"]);
    assert_eq!(approval["apprDt"].as_str().unwrap().len(), 14);
    let paid = fixture.good("bill/read", json!({"billId": "B1"})).await;
    assert_eq!(paid, approval, "whoever reads it sees what was told");

    let mut wish = named("B1", "1000");
    wish["hash"] = json!(HASH_OF_TWO);
    wish["cancelReason"] = json!("환불 요청");
    let cancelled = fixture.good("bill/cancel", wish.clone()).await;
    assert_eq!(cancelled["apprOriginNum"], approval["apprNum"]);
    assert_ne!(cancelled["apprNum"], approval["apprNum"]);
    assert_eq!(cancelled["apprCancelDt"].as_str().unwrap().len(), 14);
    let read = fixture.good("bill/read", json!({"billId": "B1"})).await;
    assert!(validator.is_valid(&read), "{read}");
    assert_eq!(
        (&read["apprState"], &read["apprNum"], &read["apprOriginNum"]),
        (&json!("C"), &cancelled["apprNum"], &approval["apprNum"])
    );
    assert_eq!(fixture.refused("bill/cancel", wish).await, "BILL_006", "once is enough");
    assert_eq!(fixture.refused("bill", fixture.bill("B1", "1000")).await, "BILL_001");

    let shown = fixture.shown_bill("B1").await;
    assert_eq!(
        (&shown["mapping"], &shown["telling"]["is"], &shown["refund"]["reason"]),
        (&json!(mapping), &json!("accepted"), &json!("환불 요청"))
    );
    assert_eq!(fixture.receiver.rest().await.len(), 0, "nobody is told of a refund");
}

/// Makes a bill with most of the fields. Returns the path of its page.
async fn make(fixture: &Fixture) -> String {
    let mut bill = fixture.bill("B1", "1000");
    bill["hash"] = json!(HASH_OF_THREE);
    bill["billIssuer"] = json!("가나다학원 강남점");
    bill["message"] = json!("11월 수강료입니다.");
    bill["pageRedirectUrl"] = json!("https://partner.example/thanks?bill=B1");
    let made = fixture.good("bill", bill).await;
    assert_eq!(
        (&made["apiKey"], &made["member"], &made["merchant"], &made["billId"]),
        (&json!(KEY), &json!("m1"), &json!("s1"), &json!("B1"))
    );
    assert_eq!(made["hash"], HASH_OF_THREE);
    let page = made["shortUrl"].as_str().unwrap();
    format!("/{}", page.strip_prefix(fixture.sandbox.site_url().as_str()).unwrap())
}

/// A payer looks at the page and pays.
async fn pay(fixture: &Fixture, page: &str) {
    let (status, html) = fixture.open_page(page).await;
    assert_eq!(status, 200);
    for text in [
        "가나다학원 강남점",
        "11월 수강료",
        "1,000원",
        "결제 대기",
        "결제하기",
        "결제 거절",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert!(
        !html.contains("<script") && !html.contains("partner.example"),
        "not before it is paid"
    );
    let (status, place, _) = fixture.send_form(&format!("{page}/pay"), &[]).await;
    assert_eq!((status, place), (303, Some(format!("{page}?after=paid"))));
}

#[tokio::test]
async fn after_the_payment_the_page_leads_back_to_the_partner() {
    let fixture = Fixture::start().await;
    let mapping = fixture.open_business("s1").await;
    let mut bill = fixture.bill("B1", "12000");
    bill["pageRedirectUrl"] = json!("https://partner.example/thanks?a=1&b=2");
    fixture.good("bill", bill).await;
    let page = page_of(&fixture, "B1").await;

    let (status, place, _) = fixture.send_form(&format!("{page}/decline"), &[]).await;
    assert_eq!((status, place), (303, Some(format!("{page}?after=declined"))));
    let (_, html) = fixture.open_page(&format!("{page}?after=declined")).await;
    assert!(
        html.contains("결제가 거절되었습니다") && html.contains("결제하기"),
        "it can be tried again"
    );
    assert_eq!(fixture.shown_bill("B1").await["declines"], 1);
    // Nobody gets the page of a payment by its address alone.
    let (_, html) = fixture.open_page(&format!("{page}?after=paid")).await;
    assert!(html.contains("결제 대기") && !html.contains("http-equiv"));

    fixture.send_form(&format!("{page}/pay"), &[]).await;
    let (_, html) = fixture.open_page(&format!("{page}?after=paid")).await;
    let leads = r#"<meta http-equiv="refresh" content="1;url=https://partner.example/thanks?a=1&#38;b=2">"#;
    assert!(
        html.contains(leads) && html.contains("결제가 완료되었습니다") && !html.contains("<form"),
        "{html}"
    );
    let (_, html) = fixture.open_page(&page).await;
    assert!(
        !html.contains("http-equiv") && html.contains("돌아가기"),
        "who comes later stays"
    );

    let (_, desk) = fixture.open_page(&format!("/desk/{mapping}")).await;
    assert!(desk.contains(&format!("{page}\">B1</a>")) && desk.contains("12,000원") && desk.contains("결제 완료"));

    // Whoever presses late sees how it stands, and pays nothing again.
    let number = fixture.shown_bill("B1").await["payment"]["number"].clone();
    let (status, place, _) = fixture.send_form(&format!("{page}/pay"), &[]).await;
    assert_eq!((status, place), (303, Some(page.clone())));
    assert_eq!(fixture.shown_bill("B1").await["payment"]["number"], number);
    assert_eq!(fixture.receiver.rest().await.len(), 1, "the refused try was not told");
    for path in ["/b/unknown", "/rp/unknown"] {
        assert_eq!(fixture.open_page(path).await.0, 404);
    }
    assert_eq!(fixture.send_form("/b/unknown/pay", &[]).await.0, 404);
}

#[tokio::test]
async fn an_unpaid_bill_is_destroyed_once_and_pays_nothing_then() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    fixture.good("bill", fixture.bill("B1", "1000")).await;
    let page = page_of(&fixture, "B1").await;
    assert_eq!(
        fixture.refused("bill/destroy", named("B1", "999")).await,
        "VALIDATION_002"
    );
    let destroyed = fixture.good("bill/destroy", named("B1", "1000")).await;
    assert_eq!(destroyed, json!({"apiKey": KEY, "billId": "B1"}));
    assert_eq!(
        fixture.good("bill/read", json!({"billId": "B1"})).await["apprState"],
        "D"
    );
    fixture.send_form(&format!("{page}/pay"), &[]).await;
    let (_, html) = fixture.open_page(&page).await;
    assert!(html.contains("청구서가 취소되었습니다") && !html.contains("<form"));
    for (name, fields) in [
        ("bill/destroy", named("B1", "1000")),
        ("bill/cancel", named("B1", "1000")),
        ("bill/resend", json!({"billId": "B1"})),
    ] {
        assert_eq!(fixture.refused(name, fields).await, "BILL_006", "{name}");
    }
    assert_eq!(fixture.refused("bill", fixture.bill("B1", "1000")).await, "BILL_001");
    assert_eq!(fixture.receiver.rest().await.len(), 0);
}

#[tokio::test]
async fn a_bill_past_its_last_day_waits_on_but_is_not_paid() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    let mut bill = fixture.bill("B1", "1000");
    bill["expireDt"] = json!("2020-01-01");
    let (status, answer) = fixture.call("bill", "s1", "bill", bill.clone()).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("VALIDATION_001")));
    bill["expireDt"] = json!("2999-12-31");
    fixture.good("bill", bill).await;
    let page = page_of(&fixture, "B1").await;
    assert!(fixture.open_page(&page).await.1.contains("2999-12-31까지"));

    let id = fixture.shown_bill("B1").await["id"].as_str().unwrap().to_owned();
    let last_day = format!("/_sandbox/bills/{id}/last-day");
    assert_eq!(fixture.put(&last_day, &json!({"last_day": "2020-01-01"})).await.0, 200);
    assert_eq!(
        fixture.good("bill/read", json!({"billId": "B1"})).await["apprState"],
        "W"
    );
    assert_eq!(
        fixture.refused("bill/resend", json!({"billId": "B1"})).await,
        "BILL_006"
    );
    let (_, html) = fixture.open_page(&page).await;
    assert!(html.contains("결제 기한이 지났습니다") && !html.contains("<form"));
    fixture.send_form(&format!("{page}/pay"), &[]).await;
    assert_eq!(
        fixture.post(&format!("/_sandbox/bills/{id}/pay"), &json!({})).await.0,
        409
    );
    assert_eq!(
        fixture.good("bill/read", json!({"billId": "B1"})).await["apprState"],
        "W"
    );
    fixture.good("bill/destroy", named("B1", "1000")).await;
}

#[tokio::test]
async fn bills_cost_points_until_there_are_none() {
    let fixture = Fixture::start().await;
    let id = fixture.open_business("s1").await;
    let balance = format!("/_sandbox/mappings/{id}/balance");
    assert_eq!(fixture.put(&balance, &json!({"points": 164})).await.0, 200);
    let mut talk = fixture.bill("B1", "1000");
    talk["sendType"] = json!("TALK");
    assert!(
        fixture.good("bill", talk).await["shortUrl"].is_string(),
        "the link comes too"
    );
    let resent = fixture.good("bill/resend", json!({"billId": "B1"})).await;
    assert_eq!(resent, json!({"apiKey": KEY, "billId": "B1"}));
    assert_eq!(fixture.get(&format!("/_sandbox/mappings/{id}")).await["points"], 54);
    assert_eq!(fixture.refused("bill", fixture.bill("B2", "1000")).await, "POINT_001");
    assert_eq!(
        fixture.refused("bill/resend", json!({"billId": "B1"})).await,
        "POINT_001"
    );
    let shown = fixture.shown_bill("B1").await;
    assert_eq!((&shown["messages"], &shown["points"]), (&json!(2), &json!(110)));

    // What was refused has used no id up, and cost nothing.
    fixture.put(&balance, &json!({"points": 55})).await;
    fixture.good("bill", fixture.bill("B2", "1000")).await;
    assert_eq!(fixture.get(&format!("/_sandbox/mappings/{id}")).await["points"], 0);

    let partner = json!({"wallet": "partner", "points": 100});
    assert_eq!(fixture.put("/_sandbox/partners/0", &partner).await.0, 200);
    fixture.good("bill", fixture.bill("B3", "1000")).await;
    assert_eq!(fixture.get("/_sandbox/partners/0").await["points"], 45);
    assert_eq!(fixture.refused("bill", fixture.bill("B4", "1000")).await, "POINT_001");
    fixture.put("/_sandbox/partners/0", &json!({"wallet": "missing"})).await;
    let (_, answer) = fixture.call("bill", "s1", "bill", fixture.bill("B4", "1000")).await;
    assert_eq!(
        (&answer["code"], &answer["message"]),
        (&json!("POINT_001"), &json!("must not be null"))
    );
    // Free links are a matter of the contract.
    fixture.put("/_sandbox/partners/0", &json!({})).await;
    assert_eq!(fixture.put("/_sandbox/rules", &json!({"url_points": 0})).await.0, 200);
    fixture.good("bill", fixture.bill("B4", "1000")).await;
}

#[tokio::test]
async fn an_approval_is_repeated_hourly_until_it_is_answered_as_expected() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    fixture.good("bill", fixture.bill("B1", "1000")).await;
    fixture.receiver.answer_with(500);
    fixture.on_bill("B1", "pay", json!({})).await;
    let first = fixture.receiver.next().await;
    let owed = fixture.shown_bill("B1").await;
    assert_eq!(
        (&owed["telling"]["is"], &owed["telling"]["hours"]),
        (&json!("owed"), &json!(0))
    );

    let (status, passed) = fixture.post("/_sandbox/repeats", &json!({"hours": 3})).await;
    assert_eq!((status, passed), (200, json!({"repeated": 3, "owed": 1})));
    let repeats = fixture.receiver.rest().await;
    assert_eq!(repeats.len(), 3);
    assert!(
        repeats.iter().all(|repeat| repeat.body == first.body),
        "they are the same to the byte"
    );

    fixture.receiver.answer_with(200);
    let (_, passed) = fixture.post("/_sandbox/repeats", &json!({"hours": 5})).await;
    assert_eq!(
        passed,
        json!({"repeated": 1, "owed": 0}),
        "the first good answer ends it"
    );
    let shown = fixture.shown_bill("B1").await;
    assert_eq!(shown["telling"], json!({"is": "accepted"}));
    let faults: Vec<&Value> = shown["callbacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| &told["fault"])
        .collect();
    assert_eq!(
        json!(faults),
        json!([null, "repeated", "repeated", "repeated", "repeated"])
    );
    fixture.receiver.rest().await;

    // After a day it is over.
    fixture.good("bill", fixture.bill("B2", "1000")).await;
    fixture.receiver.answer_with(503);
    fixture.on_bill("B2", "pay", json!({})).await;
    let (_, passed) = fixture.post("/_sandbox/repeats", &json!({"hours": 25})).await;
    assert_eq!(passed, json!({"repeated": 24, "owed": 0}));
    assert_eq!(fixture.shown_bill("B2").await["telling"], json!({"is": "given_up"}));
    assert_eq!(fixture.receiver.rest().await.len(), 25);
    for hours in [0, 26] {
        assert_eq!(
            fixture.post("/_sandbox/repeats", &json!({ "hours": hours })).await.0,
            422
        );
    }

    // A script can have it sent again all the same, and a late good answer counts.
    fixture.receiver.answer_with(200);
    fixture
        .on_bill("B2", "approval", json!({"old_spelling": true, "without_key": true}))
        .await;
    let again = fixture.receiver.next().await.json();
    assert_eq!((&again["bill_id"], &again["appr_state"]), (&json!("B2"), &json!("F")));
    assert!(again.get("apikey").is_none() && again.get("billId").is_none());
    assert_eq!(fixture.shown_bill("B2").await["telling"], json!({"is": "accepted"}));
}

#[tokio::test]
async fn bills_are_listed_by_what_they_are() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    fixture.open_business("s2").await;
    for id in ["B1", "B2"] {
        fixture.good("bill", fixture.bill(id, "1000")).await;
    }
    let (_, answer) = fixture.call("bill", "s2", "bill", fixture.bill("B3", "700")).await;
    assert_eq!(answer["code"], "0000");
    fixture.on_bill("B2", "pay", json!({})).await;
    fixture.on_bill("B1", "decline", json!({})).await;
    let ids = async |query: &str| -> Vec<String> {
        let bills = fixture.get(&format!("/_sandbox/bills{query}")).await;
        let ids = bills.as_array().unwrap().iter();
        ids.map(|bill| bill["bill_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("").await, ["B1", "B2", "B3"]);
    assert_eq!(ids("?state=F").await, ["B2"]);
    assert_eq!(ids("?merchant_code=s2").await, ["B3"]);
    assert_eq!(ids("?member_code=nobody").await, Vec::<String>::new());
    let shown = fixture.shown_bill("B1").await;
    assert_eq!((&shown["declines"], &shown["phone"]), (&json!(1), &json!(PHONE)));
    for path in ["/_sandbox/bills/bill_9", "/_sandbox/bills/nonsense"] {
        assert!(fixture.get(path).await["error"].is_string());
    }
}

async fn page_of(fixture: &Fixture, bill_id: &str) -> String {
    let url = fixture.shown_bill(bill_id).await["page_url"]
        .as_str()
        .unwrap()
        .to_owned();
    format!("/{}", url.strip_prefix(fixture.sandbox.site_url().as_str()).unwrap())
}
