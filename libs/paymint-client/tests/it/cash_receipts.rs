use paymint_client::callback::ApprovalState;
use paymint_client::{
    Amount, CallError, CashReceipt, CashReceiptHistory, Client, PriceSplit, ReceiptReceiver, Reported, Standing, Trader,
};
use serde_json::{Value, json};

use crate::calls::{KEY, bill_id, codes, key, phone, price, succeed};

async fn issued(data: Value) -> Result<CashReceipt, CallError> {
    let receiver = ReceiptReceiver::phone(&phone());
    let issue = async |client: &Client| {
        let split = PriceSplit::taxed(price());
        client
            .issue_cash_receipt(&key(), &codes(), &bill_id(), split, &receiver)
            .await
    };
    succeed(data, issue).await
}

async fn history(data: Value) -> Result<CashReceiptHistory, CallError> {
    let read = async |client: &Client| client.read_cash_receipt(&key(), &codes(), &bill_id(), price()).await;
    succeed(data, read).await
}

async fn standing(info: Value) -> Standing {
    history(json!({"billId": "B20260801A1", "info": info}))
        .await
        .unwrap()
        .standing()
}

#[tokio::test]
async fn a_receipt_says_its_number() {
    for trader in [json!("0"), json!(0), json!("personal")] {
        let data = json!({
            "apiKey": KEY, "billId": "B20260801A1", "hash": "388d", "trader": trader, "apprCashNum": "C77",
            "issuanceNumber": "01012345678"
        });
        let receipt = issued(data).await.unwrap();
        assert_eq!(receipt.approval_number.as_deref(), Some("C77"));
        assert_eq!(receipt.trader, Some(Reported::Known(Trader::Person)));
        assert_eq!(receipt.issuance_number.as_ref().unwrap().as_str(), "*******5678");
        assert!(!format!("{receipt:?}").contains("5678"));
    }
    let nested = issued(json!({"data": {"apprCashNum": 77, "trader": "someone"}}))
        .await
        .unwrap();
    assert_eq!(nested.approval_number.as_deref(), Some("77"));
    assert_eq!(nested.trader, Some(Reported::Unreadable("someone".to_owned())));
}

#[tokio::test]
async fn a_history_is_sorted_by_time_in_either_form() {
    let data = json!({
        "apiKey": KEY, "billId": "B20260801A1",
        "info": [
            {"apprState": "C", "apprDt": "260801120500", "apprNum": "C78", "apprPrice": 1000},
            {"billId": "B20260801A1", "apprState": "F", "apprDt": "20260801120000", "apprNum": "C77", "apprPrice": "1000",
             "apprSupplyPrice": "909", "apprTax": "91", "trader": "0", "issuanceNumber": "01012345678"}
        ]
    });
    let history = history(data).await.unwrap();
    assert_eq!((history.entries.len(), history.unreadable), (2, 0));
    let [issued, cancelled] = &history.entries[..] else {
        panic!("there are two")
    };
    assert_eq!(
        (&issued.state, &cancelled.state),
        (&ApprovalState::Approved, &ApprovalState::Cancelled)
    );
    assert_eq!(issued.price, Some(Reported::Known(Amount::new(1000).unwrap())));
    assert_eq!(issued.supply_price, Some(Reported::Known(Amount::new(909).unwrap())));
    assert_eq!(issued.tax, Some(Reported::Known(Amount::new(91).unwrap())));
    assert_eq!(issued.trader, Some(Reported::Known(Trader::Person)));
    assert_eq!(issued.approval_number.as_deref(), Some("C77"));
    assert_eq!(issued.issuance_number.as_ref().unwrap().as_str(), "*******5678");
    assert_eq!(history.standing(), Standing::Cancelled);
    assert!(!format!("{history:?}").contains("5678"));
}

#[tokio::test]
async fn a_receipt_stands_as_its_last_entry_says_if_that_can_be_told() {
    let at = |state: &str, time: &str| json!({"apprState": state, "apprDt": time});
    let (first, second) = ("260801120000", "20260801120001");
    let table = [
        (json!([]), Standing::NeverIssued),
        (json!([at("F", first)]), Standing::Issued),
        (json!([{"apprState": "F"}]), Standing::Issued),
        (json!([at("C", second), at("F", first)]), Standing::Cancelled),
        // The same second, once in each form.
        (json!([at("C", second), at("F", "260801120001")]), Standing::Undecidable),
        (json!([at("F", second), at("F", "260801120001")]), Standing::Issued),
        (json!([at("F", first), at("C", "some day")]), Standing::Undecidable),
        (json!([at("F", first), at("X", second)]), Standing::Undecidable),
        (json!([at("F", first), 7]), Standing::Undecidable),
        (json!([at("F", first), {"apprDt": second}]), Standing::Undecidable),
        (
            json!([at("F", first), {"billId": "other", "apprState": "C", "apprDt": second}]),
            Standing::Undecidable,
        ),
    ];
    for (info, expected) in table {
        let shown = info.to_string();
        assert_eq!(standing(info).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn no_list_is_not_an_empty_one() {
    for data in [
        json!(null),
        json!({}),
        json!({"info": null}),
        json!({"info": {}}),
        json!({"info": "none"}),
    ] {
        assert!(history(data).await.is_err());
    }
    let nested = history(json!({"data": {"info": []}})).await.unwrap();
    assert_eq!(nested.standing(), Standing::NeverIssued);
}
