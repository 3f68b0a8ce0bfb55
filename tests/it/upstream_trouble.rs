//! An upstream that is slow, away, broken or unwilling: what was asked is recorded with its outcome, and asking again
//! with the same key asks nobody.

use std::time::{Duration, Instant};

use registry_tests::api::text_of;
use registry_tests::sandbox::TestSandbox;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp};
use serde_json::{Value, json};

/// What a fault leads to.
struct Outcome {
    status: u16,
    code: &'static str,
    state: &'static str,
    recorded: &'static str,
}

const REFUSED: Outcome = Outcome {
    status: 502,
    code: "upstream_refused",
    state: "failed",
    recorded: "refused",
};

const UNKNOWN: Outcome = Outcome {
    status: 504,
    code: "upstream_outcome_unknown",
    state: "unknown",
    recorded: "unknown",
};

const NOT_SENT: Outcome = Outcome {
    status: 503,
    code: "upstream_unreachable",
    state: "failed",
    recorded: "not_sent",
};

/// Asks once, looks at everything that is told about it, and asks again. Returns what upstream was said to have said.
async fn check(app: &TestApp, merchant_code: &str, expected: &Outcome) -> Value {
    let merchant = app.tenant.register("acad-1", merchant_code).await;
    let calls = app.sandbox.calls("auth/mapping").await;
    let answer = app.tenant.ask_for_link(&merchant, merchant_code).await;
    let problem = answer.problem(expected.status, expected.code);
    assert!(problem["upstream"]["retryable"].is_boolean(), "{problem}");
    assert!(
        ["us", "partner", "paymint"]
            .iter()
            .any(|who| problem["upstream"]["who_fixes"] == *who),
        "{problem}"
    );
    let called = app.sandbox.calls("auth/mapping").await;
    let again = app.tenant.ask_for_link(&merchant, merchant_code).await;
    check_repeat(&again, &problem);
    assert_eq!(app.sandbox.calls("auth/mapping").await, called, "a repeat asks nobody");
    assert!(called <= calls + 1, "it was asked at most once");

    let link_id = problem["link_id"].as_str().expect("the problem names the link");
    let link = app
        .tenant
        .api
        .get(&format!("/v1/registration-links/{link_id}"))
        .await
        .expect(200);
    assert_eq!(link["state"], expected.state);
    let timeline = app.tenant.api.timeline(id_of(&merchant)).await;
    let types: Vec<_> = timeline.iter().map(|event| text_of(event, "type")).collect();
    assert_eq!(types, ["merchant.registered", "link.requested", "link.issue_failed"]);
    let failure = &timeline[2]["data"];
    assert_eq!(failure["outcome"], expected.recorded);
    assert_eq!(failure["who_fixes"], problem["upstream"]["who_fixes"]);
    problem["upstream"].clone()
}

fn check_repeat(again: &Answer, problem: &Value) {
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    for member in ["status", "code", "link_id", "upstream"] {
        assert_eq!(again.body[member], problem[member], "{member}");
    }
}

#[tokio::test]
async fn a_refusal_is_passed_on_with_who_can_remove_its_cause() {
    let app = TestApp::start().await;
    app.sandbox.fail_mapping(&json!({ "answer": "PARTNER_001" })).await;
    let upstream = check(&app, "store-1", &REFUSED).await;
    assert_eq!(upstream["code"], "PARTNER_001");
    assert_eq!(upstream["retryable"], false);
    app.sandbox.fail_mapping(&json!({ "answer": "NEVER_HEARD_OF" })).await;
    let upstream = check(&app, "store-2", &REFUSED).await;
    assert_eq!(upstream["code"], "NEVER_HEARD_OF");
    app.finish().await;
}

#[tokio::test]
async fn an_answer_that_says_nothing_leaves_the_outcome_unknown() {
    let app = TestApp::start().await;
    for (number, answer) in ["html", "empty", "cut", "500", "502"].iter().enumerate() {
        app.sandbox
            .fail_mapping(&json!({ "answer": answer, "carried_out": number % 2 == 0 }))
            .await;
        let upstream = check(&app, &format!("store-{number}"), &UNKNOWN).await;
        let status = match *answer {
            "html" | "empty" => json!(200),
            "cut" => Value::Null,
            status => json!(status.parse::<u16>().expect("a status")),
        };
        assert_eq!(upstream["http_status"], status, "{answer}");
    }
    app.finish().await;
}

#[tokio::test]
async fn nobody_at_home_means_that_nothing_was_sent() {
    let app = TestApp::start().await;
    let gone = TestSandbox::start().await;
    let (url, key) = (gone.partner_url(), gone.partner_key(0).to_owned());
    gone.stop().await;
    app.configure_upstream(app.tenant.id, &url, &key).await;
    let upstream = check(&app, "store-1", &NOT_SENT).await;
    assert_eq!(upstream["retryable"], true);
    app.finish().await;
}

#[tokio::test]
async fn silence_is_waited_for_fifteen_seconds_and_no_longer() {
    let app = TestApp::start().await;
    app.sandbox.fail_mapping(&json!({ "answer": "hang", "times": 1 })).await;
    let began = Instant::now();
    let upstream = check(&app, "store-1", &UNKNOWN).await;
    assert_eq!(upstream["retryable"], true);
    assert!((Duration::from_secs(14)..Duration::from_secs(20)).contains(&began.elapsed()));
    let merchant = app
        .tenant
        .api
        .get("/v1/merchants/by-reference/acad-1/store-1")
        .await
        .expect(200);
    app.tenant.issue_link(&merchant).await;
    assert_eq!(
        app.tenant.api.merchant(id_of(&merchant)).await["stage"],
        "link_issued",
        "a new key asks anew"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_slow_answer_is_an_answer() {
    let app = TestApp::start().await;
    app.sandbox.fail_mapping(&json!({ "slow_ms": 2_000 })).await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    app.finish().await;
}

#[tokio::test]
async fn codes_that_paymint_would_not_take_are_not_sent() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", &"x".repeat(31)).await;
    app.tenant
        .ask_for_link(&merchant, "key-1")
        .await
        .problem(422, "codes_too_long_for_link");
    assert_eq!(app.sandbox.calls("auth/mapping").await, 0);
    let merchant = app.tenant.register("acad-1", &"x".repeat(30)).await;
    app.tenant.issue_link(&merchant).await;
    app.finish().await;
}

#[tokio::test]
async fn a_callback_of_a_link_whose_outcome_was_unknown_still_counts() {
    let app = TestApp::start().await;
    app.sandbox
        .fail_mapping(&json!({ "answer": "html", "carried_out": true }))
        .await;
    check(&app, "store-1", &UNKNOWN).await;
    app.sandbox
        .mapping("acad-1", "store-1")
        .await
        .submit("가나다 학원")
        .await;
    let merchant = app
        .tenant
        .api
        .get("/v1/merchants/by-reference/acad-1/store-1")
        .await
        .expect(200);
    assert_eq!(merchant["stage"], "in_review");
    app.finish().await;
}
