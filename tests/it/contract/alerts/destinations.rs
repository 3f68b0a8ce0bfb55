//! Calls about event destinations and what is carried to them.

use registry_tests::tenant::id_of;
use reqwest::Method;
use serde_json::json;

use super::Visitor;

pub(super) async fn visit(visitor: &mut Visitor<'_>) {
    let path = "/v1/event-destinations";
    let there = |kind: &str| json!({ "name": "당직", "kind": kind, "address": "http://127.0.0.1:9/" });
    let request = visitor.api().request(Method::POST, path).json(&there("webhook"));
    let made = visitor.send(&Method::POST, path, request).await.expect(201);
    registry_tests::logs::secret(made["secret"].as_str().expect("it is shown"));
    let request = visitor.api().request(Method::POST, path).json(&there("chat"));
    let chat = visitor.send(&Method::POST, path, request).await.expect(201);
    for (body, status) in [(json!({ "kind": "pigeon" }), 422), (there("mail"), 409)] {
        let request = visitor.api().request(Method::POST, path).json(&body);
        visitor.send(&Method::POST, path, request).await.expect(status);
    }
    visitor.get(path, &[]).await.expect(200);
    let one = "/v1/event-destinations/{id}";
    visitor.get(one, &[id_of(&made)]).await.expect(200);
    visitor.get(one, &["dst_x"]).await.expect(404);
    let url = format!("{path}/{}", id_of(&made));
    for (tag, body, status) in [
        (Some("*"), json!({ "rules": ["in_review"] }), 200),
        (Some("\"1\""), json!({ "name": "x" }), 412),
        (Some("*"), json!({ "address": "ftp://x" }), 422),
        (None, json!({}), 428),
    ] {
        let mut request = visitor.api().request(Method::PATCH, &url).json(&body);
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        visitor.send(&Method::PATCH, one, request).await.expect(status);
    }
    let rotations = "/v1/event-destinations/{id}/secret-rotations";
    for (id, body, status) in [
        (id_of(&made), json!({ "overlap_seconds": 60 }), 201),
        (id_of(&made), json!({ "overlap_seconds": -1 }), 422),
        (id_of(&chat), json!({}), 409),
        ("dst_x", json!({}), 404),
    ] {
        let request = visitor
            .api()
            .request(Method::POST, &format!("{path}/{id}/secret-rotations"));
        let answer = visitor.send(&Method::POST, rotations, request.json(&body)).await;
        let answer = answer.expect(status);
        if let Some(secret) = answer["secret"].as_str() {
            registry_tests::logs::secret(secret);
        }
    }
    let request = visitor.api().request(Method::POST, &format!("{url}/test"));
    let delivery = visitor
        .send(&Method::POST, "/v1/event-destinations/{id}/test", request)
        .await
        .expect(202);
    visitor.get("/v1/deliveries", &[]).await.expect(200);
    visitor
        .get("/v1/deliveries/{id}", &[id_of(&delivery)])
        .await
        .expect(200);
    visitor.get("/v1/deliveries/{id}", &["dlv_x"]).await.expect(404);
    for (id, status) in [(id_of(&delivery), 202), ("dlv_x", 404)] {
        let request = visitor
            .api()
            .request(Method::POST, &format!("/v1/deliveries/{id}/redeliver"));
        let path = "/v1/deliveries/{id}/redeliver";
        visitor.send(&Method::POST, path, request).await.expect(status);
    }
    let request = visitor.api().request(Method::DELETE, &url);
    visitor.send(&Method::DELETE, one, request).await;
}
