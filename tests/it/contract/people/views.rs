//! Calls about views.

use registry_tests::tenant::id_of;
use reqwest::Method;
use serde_json::json;

use super::Visitor;

pub(super) async fn visit(visitor: &mut Visitor<'_>) {
    let path = "/v1/views";
    let wish = json!({ "name": "서류보완 4일+", "query": "stage=documented&age_min=4", "shared": true });
    let request = visitor.api().request(Method::POST, path).json(&wish);
    visitor.send(&Method::POST, path, request).await.expect(422);
    let wish = json!({ "name": "서류보완 4일+", "query": "stage=documents_required&age_min=4", "shared": true });
    let request = visitor.api().request(Method::POST, path).json(&wish);
    let kept = visitor.send(&Method::POST, path, request).await.expect(201);
    let request = visitor.api().request(Method::POST, path).json(&wish);
    visitor.send(&Method::POST, path, request).await.expect(409);
    visitor.get(path, &[]).await.expect(200);
    let one = "/v1/views/{view_id}";
    visitor.get(one, &[id_of(&kept)]).await.expect(200);
    visitor.get(one, &["viw_x"]).await.expect(404);
    let url = format!("{path}/{}", id_of(&kept));
    for (tag, body, status) in [
        (Some("*"), json!({ "columns": ["code", "business_days"] }), 200),
        (Some("\"1\""), json!({ "name": "x" }), 412),
        (Some("*"), json!({ "columns": ["secret"] }), 422),
        (None, json!({}), 428),
    ] {
        let mut request = visitor.api().request(Method::PATCH, &url).json(&body);
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        visitor.send(&Method::PATCH, one, request).await.expect(status);
    }
    let begin = "/v1/default-view";
    for (body, status) in [
        (json!({ "view_id": kept["id"] }), 200),
        (json!({ "view_id": null }), 200),
        (json!({ "view_id": "viw_0197f0a1b2c37d4e8f90a1b2c3d4e5f6" }), 404),
        (json!({}), 422),
    ] {
        let request = visitor.api().request(Method::PUT, begin).json(&body);
        let request = request.header("registry-on-behalf-of", "Kim");
        visitor.send(&Method::PUT, begin, request).await.expect(status);
    }
    let request = visitor.api().request(Method::DELETE, &url);
    visitor.send(&Method::DELETE, one, request).await.expect(204);
}
