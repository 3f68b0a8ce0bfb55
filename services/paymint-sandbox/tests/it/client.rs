use std::collections::BTreeMap;
use std::time::Duration;

use paymint_client::{ApiKey, CallError, Client, ClientConfig, ConnectionLoss, MappingRequest, Outcome, WhoFixes};
use serde_json::json;
use url::Url;

use crate::support::{Fixture, OTHER_KEY, key};

fn request<'a>(member_id: &'a str, callback_url: &'a str) -> MappingRequest<'a> {
    MappingRequest {
        member_id,
        merchant_id: "s1",
        business_number: None,
        callback_url,
        redirect_url: None,
    }
}

async fn issue(fixture: &Fixture) -> Result<(), CallError> {
    let request = request("m1", "http://127.0.0.1:1/cb");
    fixture.client.issue_registration_url(&key(), &request).await.map(drop)
}

async fn answer_with(fixture: &Fixture, fault: serde_json::Value) -> CallError {
    fixture.set_faults(&json!({"calls": {"auth/mapping": fault}})).await;
    issue(fixture).await.unwrap_err()
}

#[tokio::test]
async fn every_call_understands_its_answer() {
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    assert!(page.starts_with("/register/"));
    let form = [
        ("member_id", "kim01"),
        ("business_number", "1178178260"),
        ("company_name", "가나다학원"),
    ];
    fixture.send_form(&page, &form).await;
    fixture.review(&id, "S").await;

    let status = fixture.client.mapping_status(&key(), "m1", "s1").await.unwrap();
    assert_eq!(
        (status.member_id.as_deref(), status.merchant_id.as_deref()),
        (Some("m1"), Some("s1"))
    );
    assert_eq!(status.mapping_status.as_deref(), Some("MERCHANT_OPENING"));
    assert_eq!(status.paymint_member_id.as_deref(), Some("kim01"));
    assert_eq!(status.merchant.review_status.as_deref(), Some("S"));
    assert_eq!(status.merchant.review_message.as_deref(), Some("서류를 보완해 주세요."));
    assert_eq!(status.merchant.business_number.as_deref(), Some("1178178260"));
    assert_eq!(status.merchant.is_deleted.as_deref(), Some("N"));

    let list = fixture.client.list_mappings(&key()).await.unwrap();
    assert_eq!((list.rows.len(), list.unreadable), (1, 0));
    assert_eq!(
        (list.rows[0].member_id.as_deref(), list.rows[0].merchant_id.as_str()),
        (Some("m1"), "s1")
    );
    assert_eq!(list.rows[0].company_name.as_deref(), Some("가나다학원"));

    let balance = fixture.client.remain_count(&key()).await.unwrap();
    assert_eq!(balance.points, 1_000_000);
    assert!(balance.charge_url.is_some());
    assert_eq!(
        fixture
            .client
            .merchant_remain_count(&key(), "m1", "s1")
            .await
            .unwrap()
            .points,
        55_000
    );

    let calls = fixture.get("/_sandbox/calls").await;
    let asked_for = calls.as_object().unwrap().iter().filter(|(_, count)| **count != 0);
    let expected = json!({
        "auth/mapping": 1, "auth/mapping-status": 1, "read/mapping": 1, "read/remain_count": 1,
        "read/merchant/remain_count": 1
    });
    assert_eq!(json!(asked_for.collect::<BTreeMap<_, _>>()), expected);
}

#[tokio::test]
async fn partners_do_not_see_each_other() {
    let fixture = Fixture::start().await;
    fixture.issue("m1", "s1").await;
    let other = ApiKey::parse(OTHER_KEY).unwrap();
    assert!(fixture.client.list_mappings(&other).await.unwrap().rows.is_empty());
    let error = fixture.client.mapping_status(&other, "m1", "s1").await.unwrap_err();
    assert_eq!(
        (error.code(), error.who_fixes()),
        (Some("PARTNER_004"), WhoFixes::Partner)
    );
}

#[tokio::test]
async fn a_deleted_link_is_listed_no_more_but_still_answers() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    fixture
        .post(&format!("/_sandbox/mappings/{id}/deletion"), &json!({"deleted": true}))
        .await;
    assert!(fixture.client.list_mappings(&key()).await.unwrap().rows.is_empty());
    let status = fixture.client.mapping_status(&key(), "m1", "s1").await.unwrap();
    assert_eq!(status.merchant.is_deleted.as_deref(), Some("Y"));
}

#[tokio::test]
async fn what_upstream_would_refuse_is_refused_with_its_code() {
    let fixture = Fixture::start().await;
    let callback = "http://127.0.0.1:1/cb";
    let long = "m".repeat(31);
    let table = [
        ("nobody's-key", request("m1", callback), "PARTNER_003"),
        (crate::support::KEY, request(&long, callback), "VALIDATION_001"),
        (crate::support::KEY, request("", callback), "VALIDATION_001"),
        (crate::support::KEY, request("m1", "not a url"), "VALIDATION_001"),
        (
            crate::support::KEY,
            MappingRequest {
                business_number: Some("123"),
                ..request("m1", callback)
            },
            "VALIDATION_001",
        ),
    ];
    for (key, request, code) in table {
        let error = fixture
            .client
            .issue_registration_url(&ApiKey::parse(key).unwrap(), &request)
            .await
            .unwrap_err();
        assert_eq!((error.code(), error.outcome()), (Some(code), Outcome::Refused));
        assert!(!error.message().unwrap().is_empty());
    }
    let without_key = fixture.post("/partner/auth/mapping", &json!({"memberId": "m"})).await;
    assert_eq!(
        (without_key.0, without_key.1["code"].as_str()),
        (200, Some("PARTNER_002"))
    );
    let no_object = fixture.post("/partner/auth/mapping", &json!([])).await;
    assert_eq!(
        (no_object.0, no_object.1["code"].as_str()),
        (400, Some("VALIDATION_001"))
    );
    let bill = json!({"apiKey": crate::support::KEY, "member": "m1", "merchant": "s1", "bill": {}});
    let with_bill = fixture.post("/partner/read/merchant/remain_count", &bill).await;
    assert_eq!(with_bill.1["code"], "VALIDATION_001");
}

#[tokio::test]
async fn a_code_that_is_switched_on_comes_with_what_to_do() {
    let fixture = Fixture::start().await;
    let error = answer_with(&fixture, json!({"answer": "PARTNER_001"})).await;
    assert_eq!((error.code(), error.outcome()), (Some("PARTNER_001"), Outcome::Refused));
    assert_eq!((error.retryable(), error.who_fixes()), (false, WhoFixes::Partner));
    let error = answer_with(&fixture, json!({"answer": "MAINTAINED_METHOD"})).await;
    assert_eq!((error.retryable(), error.who_fixes()), (true, WhoFixes::Paymint));
    let error = answer_with(&fixture, json!({"answer": "MEMBER_042"})).await;
    assert_eq!(
        (error.code(), error.retryable(), error.who_fixes()),
        (Some("MEMBER_042"), false, WhoFixes::Us)
    );
}

#[tokio::test]
async fn pages_and_broken_answers_leave_the_outcome_unknown() {
    let fixture = Fixture::start().await;
    for (answer, status, retryable) in [
        ("html", 200, true),
        ("empty", 200, true),
        ("500", 500, true),
        ("404", 404, false),
    ] {
        let error = answer_with(&fixture, json!({"answer": answer})).await;
        assert!(
            matches!(error, CallError::Unintelligible { http_status, .. } if http_status == status),
            "{error:?}"
        );
        assert_eq!(
            (error.outcome(), error.retryable()),
            (Outcome::Unknown, retryable),
            "{answer}"
        );
    }
    let error = answer_with(&fixture, json!({"answer": "cut"})).await;
    assert!(
        matches!(
            error,
            CallError::OutcomeUnknown {
                loss: ConnectionLoss::Broken,
                ..
            }
        ),
        "{error:?}"
    );
    fixture.set_faults(&json!({"http_5xx": 1})).await;
    assert!(matches!(
        issue(&fixture).await.unwrap_err(),
        CallError::Unintelligible { http_status: 500, .. }
    ));
    // None of them was carried out.
    assert_eq!(fixture.get("/_sandbox/mappings").await, json!([]));
}

#[tokio::test]
async fn a_timeout_is_no_refusal_and_the_call_may_have_been_carried_out() {
    let fixture = Fixture::start().await;
    let mut config = ClientConfig::new(fixture.sandbox.base_url());
    config.total_timeout = Duration::from_millis(300);
    let client = Client::new(&config).unwrap();
    fixture
        .set_faults(&json!({"calls": {"auth/mapping": {"answer": "hang", "carried_out": true, "times": 1}}}))
        .await;
    let request = request("m1", "http://127.0.0.1:1/cb");
    let error = client.issue_registration_url(&key(), &request).await.unwrap_err();
    assert!(
        matches!(
            error,
            CallError::OutcomeUnknown {
                loss: ConnectionLoss::Timeout,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!((error.outcome(), error.retryable()), (Outcome::Unknown, true));
    assert_eq!(fixture.get("/_sandbox/mappings").await.as_array().unwrap().len(), 1);
    // The fault was to strike once.
    client.issue_registration_url(&key(), &request).await.unwrap();
}

#[tokio::test]
async fn a_slow_answer_is_still_an_answer() {
    let fixture = Fixture::start().await;
    fixture
        .set_faults(&json!({"slow_ms": 50, "calls": {"auth/mapping": {"slow_ms": 50}}}))
        .await;
    let start = std::time::Instant::now();
    issue(&fixture).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let client = Client::new(&ClientConfig::new(Url::parse("http://127.0.0.1:1/partner").unwrap())).unwrap();
    let error = client.remain_count(&key()).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    assert_eq!((error.outcome(), error.retryable()), (Outcome::NotSent, true));
    assert!(!format!("{error:?}").contains(crate::support::KEY));
}

#[tokio::test]
async fn a_wrong_base_is_ours_to_fix() {
    let fixture = Fixture::start().await;
    let base = fixture.sandbox.site_url().join("elsewhere").unwrap();
    let error = Client::new(&ClientConfig::new(base))
        .unwrap()
        .remain_count(&key())
        .await
        .unwrap_err();
    assert_eq!((error.who_fixes(), error.retryable()), (WhoFixes::Us, false));
    // A redirect is not followed: the key would go along.
    let error = Client::new(&ClientConfig::new(fixture.sandbox.site_url().clone())).unwrap();
    let error = error.remain_count(&key()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
}
