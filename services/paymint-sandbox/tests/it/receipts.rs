//! Cash receipts.

use serde_json::{Value, json};

use crate::support::{Fixture, KEY, hash, named, official_approval};

fn receipt(bill_id: &str) -> Value {
    json!({
        "billId": bill_id, "price": "1100", "supplyPrice": "1000", "tax": "100", "issuanceNumber": "01012345678",
        "trader": "0", "hash": hash(&[bill_id, "1100"]),
    })
}

fn with(mut fields: Value, name: &str, value: Value) -> Value {
    fields[name] = value;
    fields
}

#[tokio::test]
async fn a_receipt_is_issued_read_and_cancelled() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    let issued = fixture.good("cash-receipt/issue", receipt("R1")).await;
    let number = issued["apprCashNum"].clone();
    let expected = json!({
        "apiKey": KEY, "member": "m1", "merchant": "s1", "billId": "R1", "hash": hash(&["R1", "1100"]), "trader": "0",
        "issuanceNumber": "01012345678", "apprCashNum": number,
    });
    assert_eq!(issued, expected);

    let read = fixture.good("cash-receipt/read", named("R1", "1100")).await;
    assert_eq!(read["info"].as_array().unwrap().len(), 1);
    let entry = &read["info"][0];
    assert_eq!((&entry["apprState"], &entry["apprNum"]), (&json!("F"), &number));
    assert_eq!(
        (
            &entry["apprPrice"],
            &entry["apprSupplyPrice"],
            &entry["apprTax"],
            &entry["trader"]
        ),
        (&json!("1100"), &json!("1000"), &json!("100"), &json!("0"))
    );
    // As the test environment of upstream does it, against its page.
    assert!(entry.get("billId").is_none() && entry["apprDt"].as_str().unwrap().len() == 12);

    let cancel = with(named("R1", "1100"), "trader", json!("0"));
    let cancelled = fixture.good("cash-receipt/cancel", cancel.clone()).await;
    assert_ne!(cancelled["apprCashNum"], number);
    fixture
        .put("/_sandbox/rules", &json!({"receipt_history_official": true}))
        .await;
    let read = fixture.good("cash-receipt/read", named("R1", "1100")).await;
    let states: Vec<&Value> = read["info"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["apprState"])
        .collect();
    assert_eq!(json!(states), json!(["F", "C"]));
    assert_eq!(read["info"][1]["apprNum"], cancelled["apprCashNum"]);
    assert_eq!(read["info"][1]["billId"], "R1");
    assert_eq!(read["info"][1]["apprDt"].as_str().unwrap().len(), 14);

    assert_eq!(fixture.refused("cash-receipt/cancel", cancel).await, "BILL_006");
    assert_eq!(fixture.refused("cash-receipt/issue", receipt("R1")).await, "BILL_001");
    assert_eq!(fixture.refused("bill", fixture.bill("R1", "1100")).await, "BILL_001");
    let shown = fixture.get("/_sandbox/receipts?bill_id=R1").await;
    assert_eq!(
        (&shown[0]["number"], &shown[0]["cancel_number"]),
        (&number, &cancelled["apprCashNum"])
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    fixture.open_business("s2").await;
    for name in [
        "billId",
        "price",
        "supplyPrice",
        "tax",
        "issuanceNumber",
        "trader",
        "hash",
    ] {
        let wish = with(receipt("R1"), name, Value::Null);
        assert_eq!(
            fixture.refused("cash-receipt/issue", wish).await,
            "VALIDATION_002",
            "{name}"
        );
    }
    for (name, value) in [
        ("trader", json!("2")),
        ("issuanceNumber", json!("010-1234-5678")),
        ("issuanceNumber", json!("1".repeat(21))),
        ("tax", json!("100원")),
    ] {
        let wish = with(receipt("R1"), name, value);
        let (status, answer) = fixture.call("cash-receipt/issue", "s1", "cashReceipt", wish).await;
        assert_eq!((status, &answer["code"]), (400, &json!("VALIDATION_001")), "{name}");
    }
    let wish = with(receipt("R1"), "tax", json!("99"));
    assert_eq!(
        fixture.refused("cash-receipt/issue", wish).await,
        "VALIDATION_002",
        "the sum"
    );
    assert_eq!(
        fixture.refused("cash-receipt/read", named("R1", "1100")).await,
        "BILL_003"
    );
    let cancel = with(named("R1", "1100"), "trader", json!("0"));
    assert_eq!(fixture.refused("cash-receipt/cancel", cancel.clone()).await, "BILL_003");

    fixture.good("cash-receipt/issue", receipt("R1")).await;
    assert_eq!(
        fixture.refused("cash-receipt/read", named("R1", "900")).await,
        "VALIDATION_002"
    );
    let other_trader = with(cancel.clone(), "trader", json!("1"));
    assert_eq!(
        fixture.refused("cash-receipt/cancel", other_trader).await,
        "VALIDATION_002"
    );
    let without_trader = named("R1", "1100");
    assert_eq!(
        fixture.refused("cash-receipt/cancel", without_trader).await,
        "VALIDATION_002"
    );
    let (_, answer) = fixture.call("cash-receipt/cancel", "s2", "cashReceipt", cancel).await;
    assert_eq!(answer["code"], "BILL_003");
}

#[tokio::test]
async fn the_receipt_of_a_bill_stands_in_the_bill() {
    let validator = official_approval();
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    fixture.open_business("s2").await;
    fixture.good("bill", fixture.bill("B1", "1100")).await;
    let (_, answer) = fixture
        .call("cash-receipt/issue", "s2", "cashReceipt", receipt("B1"))
        .await;
    assert_eq!(answer["code"], "BILL_001", "the bill is another business's");
    let issued = fixture.good("cash-receipt/issue", receipt("B1")).await;
    let read = fixture.good("bill/read", json!({"billId": "B1"})).await;
    assert!(validator.is_valid(&read), "{read}");
    assert_eq!(
        (&read["apprCashNum"], &read["apprCashTrader"]),
        (&issued["apprCashNum"], &json!("personal"))
    );
    // It does not go with the payment.
    fixture.on_bill("B1", "pay", json!({})).await;
    fixture.good("bill/cancel", named("B1", "1100")).await;
    let read = fixture.good("cash-receipt/read", named("B1", "1100")).await;
    assert_eq!(read["info"].as_array().unwrap().len(), 1);
}
