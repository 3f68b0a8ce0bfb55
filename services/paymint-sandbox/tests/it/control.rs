use serde_json::{Value, json};

use crate::support::Fixture;

#[tokio::test]
async fn a_mapping_shows_where_it_stands() {
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    fixture.review(&id, "R").await;
    let mapping = fixture.settled(&id).await;
    assert_eq!(
        (mapping["id"].as_str(), mapping["member_code"].as_str()),
        (Some(id.as_str()), Some("m1"))
    );
    assert_eq!(
        (mapping["review_status"].as_str(), mapping["is_deleted"].as_bool()),
        (Some("R"), Some(false))
    );
    assert_eq!(mapping["review_message"], "서류를 보완해 주세요.");
    assert_eq!(mapping["callback_url"], fixture.receiver.url("m1", "s1"));
    assert_eq!(mapping["registration_url"], fixture.url(&page));
    assert_eq!(fixture.get("/_sandbox/mappings").await, json!([mapping]));
    assert_eq!(fixture.get("/_sandbox/mappings?member_code=nobody").await, json!([]));
    let without_callbacks = fixture.get("/_sandbox/mappings?callbacks=0").await;
    assert_eq!(without_callbacks[0]["callbacks"], json!([]));
}

#[tokio::test]
async fn an_invented_letter_can_be_set() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    fixture.review(&id, "X").await;
    assert_eq!(fixture.receiver.next().await.letter(), "X");
}

#[tokio::test]
async fn a_callback_can_be_sent_again_by_its_number() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    fixture.review(&id, "P").await;
    fixture.review(&id, "O").await;
    fixture.settled(&id).await;
    let first = fixture.receiver.next().await;
    assert_eq!(fixture.receiver.next().await.letter(), "O");
    let resend = format!("/_sandbox/mappings/{id}/resend");
    assert_eq!(fixture.post(&resend, &json!({"number": 1})).await.0, 200);
    assert_eq!(fixture.receiver.next().await.body, first.body);
    fixture.settled(&id).await;
    let response = fixture.http.post(fixture.url(&resend)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(fixture.receiver.next().await.body, first.body, "that one left last");
    assert_eq!(fixture.post(&resend, &json!({"number": 77})).await.0, 404);
}

#[tokio::test]
async fn wrong_requests_are_answered_clearly() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    let review = format!("/_sandbox/mappings/{id}/review");
    for (path, body, status) in [
        (review.as_str(), json!({"code": "S"}), 422),
        (&review, json!({"code": "S", "message": " "}), 422),
        (&review, json!({"code": "P", "message": "왜"}), 422),
        (&review, json!({"code": "p"}), 422),
        (&review, json!({"code": "S", "message": "가".repeat(1001)}), 422),
        ("/_sandbox/mappings/map_99/review", json!({"code": "P"}), 404),
        ("/_sandbox/mappings/nonsense/review", json!({"code": "P"}), 404),
        ("/_sandbox/lives", json!({"merchants": 1, "speed": 0}), 422),
    ] {
        assert_eq!(fixture.post(path, &body).await.0, status, "{path} {body}");
    }
    for faults in [
        json!({"lost": 2}),
        json!({"losst": 1}),
        json!({"calls": {"auth/mapping": {"answer": "?"}}}),
    ] {
        let response = fixture
            .http
            .put(fixture.url("/_sandbox/faults"))
            .json(&faults)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 422, "{faults}");
    }
    assert_eq!(
        fixture.get("/_sandbox/lives/run_9").await["error"],
        "there is no such run"
    );
    assert_eq!(fixture.receiver.rest().await.len(), 0);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let fixture = Fixture::start().await;
    let body = json!({"apiKey": crate::support::KEY, "memberId": "m".repeat(70_000)});
    let response = fixture
        .http
        .post(fixture.url("/partner/auth/mapping"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 413);
}

#[tokio::test]
async fn what_is_switched_on_can_be_read_back_and_is_replaced_whole() {
    let fixture = Fixture::start().await;
    fixture
        .set_faults(&json!({"lost": 0.5, "calls": {"read/mapping": {"answer": "hang"}}}))
        .await;
    let faults = fixture.get("/_sandbox/faults").await;
    assert_eq!(
        (
            faults["lost"].as_f64(),
            faults["calls"]["read/mapping"]["answer"].as_str()
        ),
        (Some(0.5), Some("hang"))
    );
    fixture.set_faults(&json!({"duplicated": 1})).await;
    let faults = fixture.get("/_sandbox/faults").await;
    assert_eq!(
        (faults["lost"].as_f64(), faults["calls"].clone()),
        (Some(0.0), json!({}))
    );
}

#[tokio::test]
async fn a_sandbox_ends_while_a_call_hangs_and_a_callback_is_held() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    let faults = json!({"delayed": 1, "delay_ms": 100_000, "calls": {"read/mapping": {"answer": "hang"}}});
    fixture.set_faults(&faults).await;
    fixture.review(&id, "P").await;
    let Fixture {
        sandbox, client, http, ..
    } = fixture;
    let url = sandbox.site_url().join("/_sandbox/calls").unwrap();
    let hanging = tokio::spawn(async move { client.list_mappings(&crate::support::key()).await });
    // The call has arrived when it is counted.
    loop {
        let calls: Value = http.get(url.clone()).send().await.unwrap().json().await.unwrap();
        if calls["read/mapping"] == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    sandbox.shutdown().await;
    assert!(hanging.await.unwrap().is_err());
    assert!(http.get(url).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_partner_can_be_refused_as_a_whole_and_wallets_emptied() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    let key = crate::support::key();
    let put = |path: &str, body: Value| {
        let request = fixture.http.put(fixture.url(path)).json(&body);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let refused = json!({"refused_with": "PARTNER_006", "points": 54});
    assert_eq!(put("/_sandbox/partners/0", refused).await, 200);
    let error = fixture.client.remain_count(&key).await.unwrap_err();
    assert!(error.is_partner_level(), "{error}");
    let error = fixture.client.mapping_status(&key, "m1", "s1").await.unwrap_err();
    assert_eq!(error.code(), Some("PARTNER_006"));

    assert_eq!(put("/_sandbox/partners/0", json!({"points": 54})).await, 200);
    assert_eq!(fixture.client.remain_count(&key).await.unwrap().points, 54);
    assert_eq!(
        put(&format!("/_sandbox/mappings/{id}/balance"), json!({"points": -1})).await,
        200
    );
    let wallet = fixture.client.merchant_remain_count(&key, "m1", "s1").await.unwrap();
    assert_eq!(wallet.points, -1);
    assert_eq!(put("/_sandbox/partners/0", json!({"refused_with": "500"})).await, 422);
    assert_eq!(put("/_sandbox/partners/7", json!({})).await, 404);
}

#[tokio::test]
async fn a_stray_callback_changes_nothing_and_silence_answers_no_question() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    for (content, number) in [("garbage", 0), ("foreign", 1)] {
        let path = format!("/_sandbox/mappings/{id}/stray");
        let (status, mapping) = fixture.post(&path, &json!({ "content": content })).await;
        assert_eq!(status, 200, "{mapping}");
        assert_eq!(
            (&mapping["review_status"], &mapping["idle"]),
            (&json!("N"), &json!(true))
        );
        let body = &mapping["callbacks"][number]["body"];
        assert_eq!(body.is_string(), content == "garbage", "{body}");
        assert_ne!(body["memberId"], "m1");
    }
    let asked = json!({ "apiKey": crate::support::KEY, "member": "m1", "merchant": "s1" });
    for (silent, code) in [(true, "ERROR"), (false, "0000")] {
        let url = fixture.url(&format!("/_sandbox/mappings/{id}/silence"));
        let set = fixture
            .http
            .put(url)
            .json(&json!({ "silent": silent }))
            .send()
            .await
            .unwrap();
        assert_eq!(set.status(), 200);
        let (_, answer) = fixture.post("/partner/auth/mapping-status", &asked).await;
        assert_eq!(answer["code"], code);
    }
}
