//! Notes on merchants: written once, read by whoever may see the merchant, told to subscribers.

use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, TestNats};
use reqwest::Method;
use serde_json::{Value, json};

fn path_of(merchant: &Value) -> String {
    format!("/v1/merchants/{}/notes", id_of(merchant))
}

#[tokio::test]
async fn a_note_is_in_the_timeline_and_in_the_stream() {
    let nats = TestNats::shared();
    let app = TestApp::start_with_nats(&nats).await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let body = json!({ "text": " 대표와 통화함\r\n금요일까지 " });
    let note = app.tenant.api.post(&path_of(&merchant), &body).await.expect(201);
    assert_eq!(
        (&note["text"], &note["version"]),
        (&json!("대표와 통화함\n금요일까지"), &json!(2))
    );
    assert_eq!(note["actor"]["type"], "api_key");

    let timeline = format!("/v1/merchants/{}/events?sort=-version&limit=1", id_of(&merchant));
    let event = app.tenant.api.get(&timeline).await.expect(200)["data"][0].take();
    assert_eq!((&event["type"], &event["id"]), (&json!("note.added"), &note["id"]));
    assert_eq!(event["data"]["text"], note["text"]);
    let messages = nats.stream(&app.tenant.slug, event["seq"].as_u64().unwrap()).await;
    let told = messages
        .iter()
        .filter(|message| message.subject.contains(".note.added."));
    assert_eq!(told.count(), 1);
    let now = app.tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(
        (&now["version"], &now["updated_at"]),
        (&json!(2), &merchant["updated_at"])
    );
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn a_note_with_a_key_is_written_once() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let send = async |text: &str| {
        let request = app.tenant.api.request(Method::POST, &path_of(&merchant));
        Answer::to(
            request
                .header("idempotency-key", "note-1")
                .json(&json!({ "text": text })),
        )
        .await
    };
    let first = send("한 번").await.expect(201);
    // What comes between does not change what the key stands for.
    app.tenant
        .api
        .post(&path_of(&merchant), &json!({ "text": "다른 메모" }))
        .await
        .expect(201);
    let again = send("한 번").await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201), first);
    send("두 번").await.problem(422, "idempotency_key_reused");
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_note_is_told() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    for (body, code) in [
        (json!({}), "required"),
        (json!({ "text": 1 }), "wrong_type"),
        (json!({ "text": " \n\u{3164}" }), "blank"),
        (json!({ "text": "가".repeat(2_001) }), "too_long"),
        (json!({ "text": "a\u{0}b" }), "bad_character"),
        (json!({ "text": "a\u{202e}b" }), "invisible_character"),
    ] {
        let answer = app.tenant.api.post(&path_of(&merchant), &body).await;
        let error = &answer.problem(422, "validation_failed")["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/text"), &json!(code)));
    }
    assert_eq!(app.tenant.api.merchant(id_of(&merchant)).await["version"], 1);
    app.finish().await;
}

#[tokio::test]
async fn notes_are_listed_the_newest_first() {
    let app = TestApp::start().await;
    let (merchant, other) = (
        app.tenant.register("acad-1", "store-1").await,
        app.tenant.register("acad-1", "store-2").await,
    );
    let mut written = Vec::new();
    for text in ["하나", "둘", "셋"] {
        for merchant in [&merchant, &other] {
            let body = json!({ "text": text });
            written.push(app.tenant.api.post(&path_of(merchant), &body).await.expect(201));
        }
    }
    let path = format!("{}?limit=2", path_of(&merchant));
    let first = app.tenant.api.get(&path).await.expect(200);
    let cursor = first["page"]["next"].as_str().expect("there is more");
    let second = app.tenant.api.get(&format!("{path}&cursor={cursor}")).await.expect(200);
    assert_eq!(first["data"], json!([written[4], written[2]]));
    assert_eq!(
        (&second["data"], &second["page"]["next"]),
        (&json!([written[0]]), &Value::Null)
    );
    let elsewhere = format!("{}?limit=2&cursor={cursor}", path_of(&other));
    app.tenant.api.get(&elsewhere).await.problem(400, "cursor_invalid");
    app.finish().await;
}
