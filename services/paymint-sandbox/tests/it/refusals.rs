//! Every refusal of the calls about bills.

use serde_json::{Value, json};

use crate::support::{Fixture, KEY, OTHER_KEY, PHONE, hash, named};

#[tokio::test]
async fn a_bill_without_a_required_field_is_refused() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    let required = [
        "billId",
        "sendType",
        "productName",
        "price",
        "memberName",
        "phone",
        "hash",
        "callbackUrl",
    ];
    for name in required {
        for value in [Value::Null, json!("")] {
            let mut bill = fixture.bill("B1", "1000");
            bill[name] = value;
            let (status, answer) = fixture.call("bill", "s1", "bill", bill).await;
            assert_eq!((status, &answer["code"]), (200, &json!("VALIDATION_002")), "{name}");
            assert!(answer["message"].as_str().unwrap().contains(name), "{answer}");
        }
    }
    let (_, answer) = fixture.call("bill", "s1", "nothing", json!({})).await;
    assert_eq!(answer["code"], "VALIDATION_002");
    // The other answer that was seen.
    fixture
        .put("/_sandbox/rules", &json!({"missing_is_malformed": true}))
        .await;
    let mut bill = fixture.bill("B1", "1000");
    bill["memberName"] = Value::Null;
    let (status, answer) = fixture.call("bill", "s1", "bill", bill).await;
    assert_eq!((status, &answer["code"]), (400, &json!("VALIDATION_001")));
    assert_eq!(fixture.get("/_sandbox/bills").await, json!([]));
}

#[tokio::test]
async fn an_ill_formed_field_is_a_bad_request() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    let long_url = format!("https://partner.example/{}", "a".repeat(255));
    let table = [
        ("billId", json!("B".repeat(21))),
        ("billId", json!("B-1")),
        ("billId", json!("청구서")),
        ("sendType", json!("SMS")),
        ("productName", json!("가".repeat(101))),
        ("price", json!("0")),
        ("price", json!("1,000")),
        ("price", json!("01000")),
        ("price", json!("10000000000")),
        ("price", json!(1000)),
        ("supplyPrice", json!("x")),
        ("tax", json!("-1")),
        ("memberName", json!("가".repeat(31))),
        ("phone", json!("010-1234-5678")),
        ("phone", json!("0212345678")),
        ("callbackUrl", json!("ftp://partner.example")),
        ("callbackUrl", json!(long_url)),
        ("billIssuer", json!("가".repeat(51))),
        ("message", json!("가".repeat(1001))),
        ("expireDt", json!("20261231")),
        ("expireDt", json!("2026-02-30")),
        ("pageRedirectUrl", json!("javascript:alert(1)")),
    ];
    for (name, value) in table {
        let mut bill = fixture.bill("B1", "1000");
        bill[name] = value.clone();
        let (status, answer) = fixture.call("bill", "s1", "bill", bill).await;
        assert_eq!(
            (status, &answer["code"]),
            (400, &json!("VALIDATION_001")),
            "{name} {value}"
        );
        assert!(answer["message"].as_str().unwrap().contains(name), "{answer}");
    }
    fixture.put("/_sandbox/rules", &json!({"lengths_checked": false})).await;
    let mut bill = fixture.bill("B1", "1000");
    bill["message"] = json!("가".repeat(1001));
    fixture.good("bill", bill).await;
}

#[tokio::test]
async fn each_call_has_its_own_hash() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    let two = hash(&["B1", "1000"]);
    let three = hash(&["B1", PHONE, "1000"]);
    let capital = three.to_uppercase();
    for wrong in [&two, &capital] {
        let mut bill = fixture.bill("B1", "1000");
        bill["hash"] = json!(wrong);
        assert_eq!(fixture.refused("bill", bill).await, "VALIDATION_002");
    }
    fixture.good("bill", fixture.bill("B1", "1000")).await;
    for name in ["bill/destroy", "bill/cancel", "cash-receipt/read"] {
        let wish = json!({"billId": "B1", "price": "1000", "hash": three});
        assert_eq!(fixture.refused(name, wish).await, "VALIDATION_002", "{name}");
        let wish = json!({"billId": "B1", "price": "1000"});
        assert_eq!(fixture.refused(name, wish).await, "VALIDATION_002", "{name}");
    }
}

#[tokio::test]
async fn a_bill_is_found_by_the_business_that_made_it_alone() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    fixture.open_business("s2").await;
    fixture.good("bill", fixture.bill("B1", "1000")).await;
    let mut with_reason = named("B1", "1000");
    with_reason["cancelReason"] = json!("환불");
    for (name, fields) in [
        ("bill/read", json!({"billId": "B1"})),
        ("bill/resend", json!({"billId": "B1"})),
        ("bill/destroy", named("B1", "1000")),
        ("bill/cancel", with_reason),
        ("bill/rp", named("B1", "1000")),
    ] {
        let (status, answer) = fixture.call(name, "s2", "bill", fields.clone()).await;
        assert_eq!((status, &answer["code"]), (200, &json!("BILL_003")), "{name}");
        assert_eq!(answer["data"], Value::Null);
        let (_, answer) = fixture.call(name, "nobody", "bill", fields).await;
        assert_eq!(answer["code"], "PARTNER_004", "{name}");
    }
    // The id is the partner's, whichever business used it.
    let (_, answer) = fixture.call("bill", "s2", "bill", fixture.bill("B1", "1000")).await;
    assert_eq!(answer["code"], "BILL_001");
    let body = json!({"apiKey": OTHER_KEY, "member": "m1", "merchant": "s1", "bill": {"billId": "B1"}});
    let (_, answer) = fixture.post("/partner/bill/read", &body).await;
    assert_eq!(answer["code"], "PARTNER_004");
    let body = json!({"apiKey": KEY, "merchant": "s1", "bill": {"billId": "B1"}});
    let (status, answer) = fixture.post("/partner/bill/read", &body).await;
    assert_eq!((status, &answer["code"]), (400, &json!("VALIDATION_001")));
}

#[tokio::test]
async fn only_an_open_business_bills() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    assert_eq!(fixture.refused("bill", fixture.bill("B1", "1000")).await, "PARTNER_004");
    fixture
        .put("/_sandbox/rules", &json!({"not_open": "PARTNER_007"}))
        .await;
    assert_eq!(fixture.refused("bill", fixture.bill("B1", "1000")).await, "PARTNER_007");
    fixture.review(&id, "O").await;
    fixture.good("bill", fixture.bill("B1", "1000")).await;
    fixture
        .post(&format!("/_sandbox/mappings/{id}/deletion"), &json!({"deleted": true}))
        .await;
    assert_eq!(
        fixture.refused("bill/resend", json!({"billId": "B1"})).await,
        "PARTNER_007"
    );
    // What was billed before is still looked at and taken back.
    fixture.good("bill/read", json!({"billId": "B1"})).await;
    fixture.good("bill/destroy", named("B1", "1000")).await;
}

#[tokio::test]
async fn states_and_prices_that_do_not_fit_are_refused_as_the_rules_say() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    fixture.good("bill", fixture.bill("B1", "1000")).await;
    assert_eq!(
        fixture.refused("bill/cancel", named("B1", "1000")).await,
        "BILL_006",
        "unpaid"
    );
    fixture.on_bill("B1", "pay", json!({})).await;
    assert_eq!(
        fixture.refused("bill/destroy", named("B1", "1000")).await,
        "BILL_006",
        "paid"
    );
    assert_eq!(
        fixture.refused("bill/resend", json!({"billId": "B1"})).await,
        "BILL_006"
    );
    assert_eq!(
        fixture.refused("bill/cancel", named("B1", "500")).await,
        "VALIDATION_002",
        "in part"
    );
    let mut long = named("B1", "1000");
    long["cancelReason"] = json!("가".repeat(21));
    let (status, answer) = fixture.call("bill/cancel", "s1", "bill", long).await;
    assert_eq!((status, &answer["code"]), (400, &json!("VALIDATION_001")));
    let rules = json!({"wrong_state": "BILL_004", "wrong_price": "BILL_005"});
    assert_eq!(fixture.put("/_sandbox/rules", &rules).await.0, 200);
    assert_eq!(fixture.refused("bill/destroy", named("B1", "1000")).await, "BILL_004");
    assert_eq!(fixture.refused("bill/cancel", named("B1", "500")).await, "BILL_005");
    let rules = fixture.get("/_sandbox/rules").await;
    assert_eq!(
        (&rules["wrong_state"], &rules["talk_points"]),
        (&json!("BILL_004"), &json!(55))
    );
    for wrong in [
        json!({"wrong_state": "nonsense"}),
        json!({"url_points": -1}),
        json!({"no_such_rule": 1}),
    ] {
        assert_eq!(fixture.put("/_sandbox/rules", &wrong).await.0, 422, "{wrong}");
    }
}

#[tokio::test]
async fn what_is_too_dear_for_a_test_environment_is_not_paid() {
    let fixture = Fixture::start().await;
    let mapping = fixture.open_business("s1").await;
    fixture.put("/_sandbox/rules", &json!({"pay_max": 45_000})).await;
    fixture.good("bill", fixture.bill("B1", "45001")).await;
    let bill = fixture.shown_bill("B1").await;
    let (status, _) = fixture
        .post(
            &format!("/_sandbox/bills/{}/pay", bill["id"].as_str().unwrap()),
            &json!({}),
        )
        .await;
    assert_eq!(status, 409);
    let card = format!("/_sandbox/mappings/{mapping}/pay-methods/{PHONE}");
    assert_eq!(fixture.put(&card, &json!({})).await.0, 200);
    assert_eq!(fixture.refused("bill/rp", named("B1", "45001")).await, "PAYMENT_005");
    assert_eq!(
        fixture.good("bill/read", json!({"billId": "B1"})).await["apprState"],
        "W"
    );
}

#[tokio::test]
async fn the_partner_reads_and_changes_its_own_callback_url() {
    let fixture = Fixture::start().await;
    let ask = async |name: &str, body: Value| fixture.post(&format!("/partner/{name}"), &body).await.1;
    let read = ask("read/partner", json!({"apiKey": KEY})).await;
    assert_eq!(read["data"], json!({"callbackUrl": null}));
    let url = "https://partner.example/callbacks";
    let changed = ask("update/partner", json!({"apiKey": KEY, "callbackUrl": url})).await;
    assert_eq!(changed["data"]["callbackUrl"], url);
    let read = ask("read/partner", json!({"apiKey": KEY})).await;
    assert_eq!(read["data"]["callbackUrl"], url);
    assert_eq!(
        ask("read/partner", json!({"apiKey": OTHER_KEY})).await["data"]["callbackUrl"],
        Value::Null
    );
    assert_eq!(
        ask("update/partner", json!({"apiKey": KEY})).await["code"],
        "VALIDATION_002"
    );
    assert_eq!(
        ask("read/partner", json!({"apiKey": "nobody"})).await["code"],
        "PARTNER_003"
    );
}
