//! Calls about alerts.

mod destinations;

use registry_tests::api::text_of;
use reqwest::Method;
use serde_json::json;

use super::Visitor;
use crate::alerts::work_today;

pub(super) async fn visit(visitor: &mut Visitor<'_>) {
    work_today(visitor.app).await;
    let path = "/v1/alert-rules/{rule}";
    let url = "/v1/alert-rules/quarantine_growing";
    for (body, status) in [(json!({ "severity": "late", "more_than": 0 }), 201), (json!({}), 422)] {
        let request = visitor.api().request(Method::PUT, url).json(&body);
        visitor.send(&Method::PUT, path, request).await.expect(status);
    }
    let worse = json!({ "severity": "critical", "more_than": 0 });
    let request = visitor.api().request(Method::PUT, url).header("if-match", "*");
    visitor.send(&Method::PUT, path, request.json(&worse)).await.expect(200);
    visitor.get(path, &["quarantine_growing"]).await.expect(200);
    visitor
        .get(path, &["opened"])
        .await
        .problem(404, "alert_rule_not_found");
    visitor.get("/v1/alert-rules", &[]).await.expect(200);
    let raised = visitor.api().event(|event| event["type"] == "alert.raised").await;
    let id = text_of(&raised["data"], "alert_id").to_owned();
    visitor.get("/v1/alerts", &[]).await.expect(200);
    visitor.get("/v1/stats/alerts", &[]).await.expect(200);
    visitor.get("/v1/alerts/{id}", &[&id]).await.expect(200);
    visitor.get("/v1/alerts/{id}", &["alt_x"]).await.expect(404);
    for (what, body) in [("acknowledgement", json!({})), ("snooze", json!({ "until": null }))] {
        let (path, url) = (format!("/v1/alerts/{{id}}/{what}"), format!("/v1/alerts/{id}/{what}"));
        for (tag, status) in [(Some("*"), 200), (Some("\"1\""), 412), (None, 428)] {
            let mut request = visitor.api().request(Method::POST, &url).json(&body);
            if let Some(tag) = tag {
                request = request.header("if-match", tag);
            }
            visitor.send(&Method::POST, &path, request).await.expect(status);
        }
    }
    let request = visitor.api().request(Method::DELETE, url).header("if-match", "*");
    visitor.send(&Method::DELETE, path, request).await;
    destinations::visit(visitor).await;
}
