use paymint_client::callback::{self, CallbackPayload, DeletionMark};
use serde_json::{Value, json};

use crate::support::{Arrival, Fixture, official};

#[tokio::test]
async fn every_callback_of_a_long_life_fits_the_official_schema() {
    let validator = official("mapping-callback.openapi.json", "PartnerAuthCallbackPayload");
    assert!(!validator.is_valid(&json!({"memberId": 5})), "the schema is in force");
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    fixture.open_page(&page).await;
    let form = [
        ("member_id", "kim01"),
        ("business_number", "117-81-78260"),
        ("company_name", "가나다학원"),
        ("branch_name", "강남점"),
    ];
    fixture.send_form(&page, &form).await;
    for code in ["S", "P", "R", "W", "P", "O", "N"] {
        fixture.review(&id, code).await;
    }
    fixture
        .post(&format!("/_sandbox/mappings/{id}/deletion"), &json!({"deleted": true}))
        .await;
    fixture
        .post(&format!("/_sandbox/mappings/{id}/deletion"), &json!({"deleted": false}))
        .await;
    fixture.settled(&id).await;

    let arrivals = fixture.receiver.rest().await;
    let mut letters = String::new();
    for arrival in &arrivals {
        let body = arrival.json();
        assert!(validator.is_valid(&body), "{body}");
        assert_eq!(
            (arrival.path.as_str(), arrival.content_type.as_str()),
            ("/cb/m1/s1", "application/json")
        );
        letters.push_str(&arrival.letter());
        let has_message = body["merchant"].get("reviewMessage").is_some();
        assert_eq!(has_message, ["S", "R"].contains(&arrival.letter().as_str()), "{body}");
    }
    assert_eq!(letters, "WPSPRWPONNN");
    let deleted: Vec<_> = arrivals
        .iter()
        .map(|arrival| arrival.json()["merchant"]["isDeleted"].clone())
        .collect();
    assert_eq!(deleted[8..], ["N", "Y", "N"]);
}

#[tokio::test]
async fn the_client_reads_what_the_sandbox_sends() {
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    fixture.set_faults(&json!({"nulls": 1})).await;
    fixture.open_page(&page).await;
    let CallbackPayload::Mapping(callback) = callback::read(&fixture.receiver.next().await.body, None)
        .payload
        .unwrap()
    else {
        panic!("a mapping result was sent");
    };
    assert_eq!(
        (callback.member_id.as_deref(), callback.merchant_id.as_deref()),
        (Some("m1"), Some("s1"))
    );
    assert_eq!(callback.merchant.review_status.as_deref(), Some("W"));
    assert_eq!(
        (callback.paymint_member_id, callback.merchant.company_name),
        (None, None)
    );

    fixture.set_faults(&json!({})).await;
    fixture
        .post(&format!("/_sandbox/mappings/{id}/deletion"), &json!({"deleted": true}))
        .await;
    let CallbackPayload::Mapping(callback) = callback::read(&fixture.receiver.next().await.body, None)
        .payload
        .unwrap()
    else {
        panic!("a mapping result was sent");
    };
    assert_eq!(callback.merchant.deletion_mark(), DeletionMark::Deleted);
}

#[tokio::test]
async fn a_callback_of_the_wrong_kind_is_an_official_approval() {
    let validator = official(
        "approval-callback.openapi.json",
        "PartnerCallbackClient_SyncApprovalRequest",
    );
    assert!(!validator.is_valid(&json!({"billId": 5})), "the schema is in force");
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    fixture.set_faults(&json!({"wrong_kind": 1})).await;
    fixture.review(&id, "P").await;
    let arrival = fixture.receiver.next().await;
    assert!(validator.is_valid(&arrival.json()));
    let CallbackPayload::Approval(approval) = callback::read(&arrival.body, None).payload.unwrap() else {
        panic!("an approval was sent");
    };
    assert!(approval.api_key.unwrap().matches(&crate::support::key()));
    // What a script sees of it does not hold the key.
    let mapping = fixture.settled(&id).await;
    assert_eq!(mapping["callbacks"][0]["kind"], "approval");
    assert_eq!(mapping["callbacks"][0]["body"]["apiKey"], "***");
}

#[tokio::test]
async fn the_answer_to_a_callback_is_noted() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    fixture.review(&id, "P").await;
    let noted = &fixture.settled(&id).await["callbacks"][0];
    assert_eq!(
        (noted["http_status"].as_u64(), noted["accepted"].as_bool()),
        (Some(200), Some(true))
    );
    assert_eq!(
        (noted["kind"].as_str(), noted["number"].as_u64(), &noted["fault"]),
        (Some("mapping"), Some(1), &Value::Null)
    );
    assert_eq!(noted["body"]["merchant"]["reviewStatus"], "P");
    assert!(noted["milliseconds"].is_u64() && noted["sent_at"].is_string());

    fixture.receiver.answer_with(503);
    fixture.review(&id, "O").await;
    let noted = &fixture.settled(&id).await["callbacks"][1];
    assert_eq!(
        (noted["http_status"].as_u64(), noted["accepted"].as_bool()),
        (Some(503), Some(false))
    );
}

#[tokio::test]
async fn a_partner_that_is_not_there_is_noted() {
    let fixture = Fixture::start().await;
    let request = json!({
        "apiKey": crate::support::KEY, "memberId": "m", "merchantId": "s", "callbackUrl": "http://127.0.0.1:1/cb"
    });
    fixture.post("/partner/auth/mapping", &request).await;
    fixture.review("map_1", "P").await;
    let noted = &fixture.settled("map_1").await["callbacks"][0];
    assert_eq!(
        (noted["failure"].as_str(), noted["accepted"].as_bool()),
        (Some("no_connection"), Some(false))
    );
    assert_eq!(noted["http_status"], Value::Null);
}

#[tokio::test]
async fn approvals_are_official_in_either_spelling_and_repeated_on_demand() {
    let validator = official(
        "approval-callback.openapi.json",
        "PartnerCallbackClient_SyncApprovalRequest",
    );
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    let approvals = format!("/_sandbox/mappings/{id}/approvals");
    let wish = json!({"bill_id": "BILL1", "number": "77", "price": 12_000, "repeats": 2});
    assert_eq!(fixture.post(&approvals, &wish).await.0, 200);
    let first = fixture.receiver.next().await;
    for _ in 0..2 {
        assert_eq!(
            fixture.receiver.next().await.body,
            first.body,
            "a repeat is the same to the byte"
        );
    }
    assert!(validator.is_valid(&first.json()), "{:?}", first.json());
    let CallbackPayload::Approval(approval) = callback::read(&first.body, None).payload.unwrap() else {
        panic!("an approval was sent");
    };
    assert_eq!(approval.bill_id.as_deref(), Some("BILL1"));
    assert_eq!(approval.price.as_deref(), Some("12000"));

    let elsewhere = fixture.receiver.url("bill", "2");
    let wish = json!({"state": "C", "old_spelling": true, "without_key": true, "callback_url": elsewhere});
    assert_eq!(fixture.post(&approvals, &wish).await.0, 200);
    let arrival = fixture.receiver.next().await;
    assert_eq!(arrival.path, "/cb/bill/2");
    let names: Vec<_> = arrival.json().as_object().unwrap().keys().cloned().collect();
    assert!(names.iter().all(|name| !name.contains(char::is_uppercase)), "{names:?}");
    let CallbackPayload::Approval(approval) = callback::read(&arrival.body, None).payload.unwrap() else {
        panic!("an approval was sent");
    };
    assert!(approval.api_key.is_none() && approval.bill_id.is_some() && approval.issuer_number.is_some());
    assert_eq!(approval.state.unwrap().as_str(), "C");
    assert_eq!(fixture.post(&approvals, &json!({"repeats": 25})).await.0, 422);
}

#[tokio::test]
async fn a_mishap_can_be_chosen_for_one_callback() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    let review = format!("/_sandbox/mappings/{id}/review");
    let lost = json!({"code": "P", "mishap": {"lost": true}});
    assert_eq!(fixture.post(&review, &lost).await.0, 200);
    let late = json!({"code": "O", "mishap": {"overtaken_by": 1}});
    assert_eq!(fixture.post(&review, &late).await.0, 200);
    let twice = json!({"code": "P", "mishap": {"duplicated": true}});
    assert_eq!(fixture.post(&review, &twice).await.0, 200);
    fixture.settled(&id).await;
    let letters: String = fixture.receiver.rest().await.iter().map(Arrival::letter).collect();
    assert_eq!(letters, "PPO", "the first was lost");
    let tally = fixture.get("/_sandbox/tally").await;
    assert_eq!(
        (&tally["sent"], &tally["accepted"], &tally["answered_5xx"]),
        (&json!(3), &json!(3), &json!(0))
    );
    assert_eq!(tally["faults"], json!({"delayed": 1, "duplicated": 1, "lost": 1}));
    assert_eq!(
        fixture
            .post(&review, &json!({"code": "P", "mishap": {"eaten": true}}))
            .await
            .0,
        422
    );
}
