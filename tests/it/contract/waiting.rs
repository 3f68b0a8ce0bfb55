//! What waits for somebody to settle it.

use registry_tests::api::text_of;
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;

use reqwest::Method;
use serde_json::json;

use super::{Visitor, filled};

/// What could not be used, and shops that nobody has claimed.
pub(super) async fn settle(visitor: &mut Visitor<'_>, merchant_id: &str) {
    let url = visitor.app.tenant_callback_url(visitor.app.tenant.id);
    for code in ["store-8", "store-9"] {
        send_taken(&url, mapping("acad-1", code, "P", None).to_string()).await;
    }
    let waiting = visitor.get("/v1/quarantine", &[]).await.expect(200);
    let event_id = text_of(&waiting["data"][0], "event_id");
    visitor.get("/v1/stats/quarantine", &[]).await.expect(200);
    visitor.get("/v1/quarantine/{event_id}", &[event_id]).await.expect(200);
    let many = Some(json!({ "dry_run": true }));
    visitor
        .post("/v1/quarantine/redrives", &[], many.clone())
        .await
        .expect(200);
    visitor.post("/v1/callbacks/redrives", &[], many).await.expect(200);
    let path = "/v1/quarantine/{event_id}/redrives";
    visitor.post(path, &[event_id], None).await.expect(200);
    let path = "/v1/quarantine/{event_id}/resolution";
    let bind = json!({ "action": "bind", "merchant_id": merchant_id });
    let request = visitor.api().request(Method::PUT, &filled(path, &[event_id]));
    visitor.send(&Method::PUT, path, request.json(&bind)).await.expect(200);
    let pairs = visitor.get("/v1/unclaimed-merchants", &[]).await.expect(200);
    let id = |index: usize| id_of(&pairs["data"][index]);
    visitor.get("/v1/unclaimed-merchants/{id}", &[id(0)]).await.expect(200);
    let path = "/v1/unclaimed-merchants/{id}/adoption";
    visitor.post(path, &[id(0)], None).await.expect(200);
    let path = "/v1/unclaimed-merchants/{id}/dismissal";
    let reason = Some(json!({ "reason": "시험 매장" }));
    visitor.post(path, &[id(1)], reason).await.expect(200);
}
