//! What goes wrong with money: answers that are lost after it moved, approvals that come twice or too early, and others who
//! are faster.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Fixture, PHONE, named, official_approval};

impl Fixture {
    async fn break_call(&self, name: &str, fault: Value) {
        self.set_faults(&json!({ "calls": { name: fault } })).await;
    }

    /// One call whose answer cannot be read.
    async fn unreadable(&self, name: &str, fields: Value) {
        let (_, answer) = self.call(name, "s1", "bill", fields).await;
        assert_eq!(answer["code"], Value::Null, "{answer}");
    }

    async fn state(&self, bill_id: &str) -> Value {
        self.good("bill/read", json!({ "billId": bill_id })).await["apprState"].clone()
    }
}

#[tokio::test]
async fn an_answer_is_cut_after_the_money_moved() {
    let fixture = Fixture::start().await;
    let mapping = fixture.open_business("s1").await;
    let broken = json!({"answer": "empty", "carried_out": true, "times": 1});
    fixture.break_call("bill", broken.clone()).await;
    fixture.unreadable("bill", fixture.bill("B1", "1000")).await;
    assert_eq!(fixture.state("B1").await, "W", "it was made");
    assert_eq!(
        fixture.refused("bill", fixture.bill("B1", "1000")).await,
        "BILL_001",
        "once"
    );

    fixture
        .put(&format!("/_sandbox/mappings/{mapping}/pay-methods/{PHONE}"), &json!({}))
        .await;
    fixture
        .break_call(
            "bill/rp",
            json!({"answer": "PAYMENT_001", "carried_out": true, "times": 1}),
        )
        .await;
    assert_eq!(fixture.refused("bill/rp", named("B1", "1000")).await, "PAYMENT_001");
    assert_eq!(fixture.state("B1").await, "F", "it was paid all the same");
    assert_eq!(fixture.receiver.next().await.json()["apprState"], "F");

    // A connection that breaks in the middle of the answer, as the client sees it.
    fixture
        .break_call("bill/cancel", json!({"answer": "cut", "carried_out": true, "times": 1}))
        .await;
    let body = json!({"apiKey": crate::support::KEY, "member": "m1", "merchant": "s1", "bill": named("B1", "1000")});
    let request = fixture.http.post(fixture.url("/partner/bill/cancel")).json(&body);
    // Where in the answer it breaks is a matter of luck.
    let answer = async { request.send().await?.bytes().await };
    assert!(answer.await.is_err());
    assert_eq!(fixture.state("B1").await, "C", "the money went back");
    assert_eq!(
        fixture.refused("bill/cancel", named("B1", "1000")).await,
        "BILL_006",
        "once"
    );
    assert!(fixture.shown_bill("B1").await["payment"]["number"].is_string());
}

#[tokio::test]
async fn a_call_runs_into_a_time_out_after_the_money_moved() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    fixture.good("bill", fixture.bill("B1", "1000")).await;
    fixture.on_bill("B1", "pay", json!({})).await;
    fixture
        .break_call(
            "bill/cancel",
            json!({"answer": "hang", "carried_out": true, "times": 1}),
        )
        .await;
    let call = fixture.call("bill/cancel", "s1", "bill", named("B1", "1000"));
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
    assert_eq!(fixture.state("B1").await, "C");
}

#[tokio::test]
async fn an_approval_comes_before_the_answer() {
    let validator = official_approval();
    let fixture = Fixture::start().await;
    let mapping = fixture.open_business("s1").await;
    fixture.break_call("bill", json!({"approval_first": true})).await;
    let made = fixture.good("bill", fixture.bill("B1", "1000")).await;
    let arrived = fixture.receiver.rest().await;
    assert_eq!(arrived.len(), 1, "it was there before the answer");
    assert!(validator.is_valid(&arrived[0].json()));
    assert_eq!(arrived[0].json()["billId"], made["billId"]);

    let cards = format!("/_sandbox/mappings/{mapping}/pay-methods/{PHONE}");
    fixture.put(&cards, &json!({})).await;
    fixture.good("bill", fixture.bill("B2", "1000")).await;
    fixture.receiver.rest().await;
    fixture.set_faults(&json!({})).await;
    fixture.good("bill", fixture.bill("B3", "1000")).await;
    fixture
        .break_call(
            "bill/rp",
            json!({"approval_first": true, "answer": "empty", "carried_out": true}),
        )
        .await;
    fixture.unreadable("bill/rp", named("B3", "1000")).await;
    let arrived = fixture.receiver.rest().await;
    assert_eq!(arrived.len(), 1, "the approval is all that the partner learns");
    assert_eq!(arrived[0].json()["apprPayType"], "CARD_RP");
}

#[tokio::test]
async fn an_approval_is_doubled_lost_or_late() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    for id in ["B1", "B2", "B3", "B4"] {
        fixture.good("bill", fixture.bill(id, "1000")).await;
    }
    fixture
        .on_bill("B1", "pay", json!({"mishap": {"duplicated": true}}))
        .await;
    let first = fixture.receiver.next().await;
    assert_eq!(fixture.receiver.next().await.body, first.body);

    fixture.on_bill("B2", "pay", json!({"mishap": {"lost": true}})).await;
    assert_eq!(fixture.shown_bill("B2").await["telling"]["is"], "owed");
    fixture.post("/_sandbox/repeats", &json!({"hours": 1})).await;
    assert_eq!(
        fixture.receiver.next().await.json()["billId"],
        "B2",
        "an hour later it comes"
    );
    assert_eq!(fixture.shown_bill("B2").await["telling"]["is"], "accepted");

    // It was paid, it is cancelled, and only then does the approval arrive.
    fixture.set_faults(&json!({"delay_ms": 60_000})).await;
    let id = fixture.shown_bill("B3").await["id"].as_str().unwrap().to_owned();
    let late = json!({"mishap": {"overtaken_by": 1}});
    fixture.post(&format!("/_sandbox/bills/{id}/pay"), &late).await;
    fixture.good("bill/cancel", named("B3", "1000")).await;
    assert_eq!(fixture.receiver.rest().await.len(), 0);
    let id = fixture.get("/_sandbox/bills?bill_id=B4").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    fixture.post(&format!("/_sandbox/bills/{id}/pay"), &json!({})).await;
    assert_eq!(fixture.receiver.next().await.json()["billId"], "B4");
    let late = fixture.receiver.next().await.json();
    assert_eq!((&late["billId"], &late["apprState"]), (&json!("B3"), &json!("F")));
    assert_eq!(fixture.state("B3").await, "C", "what is read is the truth");
}

#[tokio::test]
async fn chance_befalls_approvals_as_it_befalls_other_callbacks() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    for (id, faults) in [
        ("B1", json!({"garbage": 1})),
        ("B2", json!({"wrong_kind": 1})),
        ("B3", json!({"nulls": 1})),
    ] {
        fixture.good("bill", fixture.bill(id, "1000")).await;
        fixture.set_faults(&faults).await;
        fixture.on_bill(id, "pay", json!({})).await;
        let arrival = fixture.receiver.next().await;
        let body: Value = serde_json::from_slice(&arrival.body).unwrap_or_default();
        match id {
            "B1" => assert_eq!(body["apprState"], Value::Null),
            "B2" => assert_eq!(body["memberId"], "m1"),
            _ => assert_eq!(
                (&body["billId"], body.get("apprCashNum")),
                (&json!("B3"), Some(&Value::Null))
            ),
        }
        let telling = if id == "B3" { "accepted" } else { "owed" };
        assert_eq!(
            fixture.shown_bill(id).await["telling"]["is"],
            telling,
            "nothing but an approval counts as one"
        );
    }
    fixture.set_faults(&json!({})).await;
    let (_, passed) = fixture.post("/_sandbox/repeats", &json!({"hours": 1})).await;
    assert_eq!(passed, json!({"repeated": 2, "owed": 0}));
}

#[tokio::test]
async fn somebody_else_is_faster() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    for id in ["B1", "B2", "B3"] {
        fixture.good("bill", fixture.bill(id, "1000")).await;
    }
    fixture
        .break_call("bill/destroy", json!({"beforehand": "paid", "times": 1}))
        .await;
    assert_eq!(fixture.refused("bill/destroy", named("B1", "1000")).await, "BILL_006");
    assert_eq!(fixture.state("B1").await, "F");
    assert_eq!(fixture.receiver.next().await.json()["billId"], "B1");

    fixture
        .break_call("bill/cancel", json!({"beforehand": "cancelled", "times": 1}))
        .await;
    assert_eq!(fixture.refused("bill/cancel", named("B1", "1000")).await, "BILL_006");
    assert_eq!(fixture.state("B1").await, "C", "in Paymint's own console, and once");

    fixture
        .break_call("bill/resend", json!({"beforehand": "destroyed", "times": 1}))
        .await;
    assert_eq!(
        fixture.refused("bill/resend", json!({"billId": "B2"})).await,
        "BILL_006"
    );
    assert_eq!(fixture.state("B2").await, "D");

    // Two who cancel at once: one of them does.
    fixture.set_faults(&json!({})).await;
    fixture.on_bill("B3", "pay", json!({})).await;
    let cancel = || fixture.call("bill/cancel", "s1", "bill", named("B3", "1000"));
    let (one, other) = tokio::join!(cancel(), cancel());
    let mut codes = [one.1["code"].as_str().unwrap(), other.1["code"].as_str().unwrap()];
    codes.sort_unstable();
    assert_eq!(codes, ["0000", "BILL_006"]);
}

#[tokio::test]
async fn a_refund_is_told_if_that_is_wanted() {
    let validator = official_approval();
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    for id in ["B1", "B2"] {
        fixture.good("bill", fixture.bill(id, "1000")).await;
        fixture.receiver.answer_with(500);
        fixture.on_bill(id, "pay", json!({})).await;
        fixture.receiver.next().await;
        fixture.receiver.answer_with(200);
    }
    fixture
        .on_bill("B1", "cancel", json!({"told": true, "reason": "매장 취소"}))
        .await;
    fixture.put("/_sandbox/rules", &json!({"cancels_told": true})).await;
    fixture.good("bill/cancel", named("B2", "1000")).await;
    for id in ["B1", "B2"] {
        let told = fixture.receiver.next().await.json();
        assert!(validator.is_valid(&told), "{told}");
        assert_eq!((&told["billId"], &told["apprState"]), (&json!(id), &json!("C")));
        let shown = fixture.shown_bill(id).await;
        assert_eq!(shown["telling"]["is"], "owed", "that answer was not to the approval");
        assert_eq!(shown["callbacks"][1]["kind"], "refund");
    }
}
