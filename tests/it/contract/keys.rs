//! A tenant's API keys.

use registry_tests::api::text_of;
use registry_tests::logs;
use registry_tests::tenant::id_of;
use reqwest::Method;
use serde_json::json;

use super::Visitor;

pub(super) async fn visit(visitor: &mut Visitor<'_>) {
    let wish = json!({ "name": "portal", "scopes": ["merchants:read"], "networks": ["198.51.100.0/24"] });
    let made = visitor.post("/v1/api-keys", &[], Some(wish)).await.expect(201);
    logs::secret(text_of(&made, "secret"));
    let id = id_of(&made);
    visitor.get("/v1/api-keys/{id}", &[id]).await.expect(200);
    let rotated = visitor
        .post("/v1/api-keys/{id}/rotations", &[id], None)
        .await
        .expect(201);
    logs::secret(text_of(&rotated, "secret"));
    visitor.get("/v1/api-keys", &[]).await.expect(200);
    let revoke = visitor.api().request(Method::DELETE, &format!("/v1/api-keys/{id}"));
    visitor
        .send(&Method::DELETE, "/v1/api-keys/{id}", revoke)
        .await
        .expect(200);
}
