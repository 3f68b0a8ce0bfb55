//! Calls about plans and jobs.

use registry_tests::api::until;
use registry_tests::tenant::id_of;
use reqwest::Method;
use serde_json::json;

use super::Visitor;

pub(super) async fn visit(visitor: &mut Visitor<'_>) {
    let plans = "/v1/plans";
    let wish = json!({ "action": "add_tags", "filter": "stage=closed" });
    visitor.post(plans, &[], Some(wish)).await.expect(422);
    let wish = json!({ "action": "add_tags", "tags": ["서울"], "filter": "" });
    let plan = visitor.post(plans, &[], Some(wish)).await.expect(201);
    let one = "/v1/plans/{id}";
    visitor.get(one, &[id_of(&plan)]).await.expect(200);
    visitor.get(one, &["pln_x"]).await.expect(404);
    let confirmation = "/v1/plans/{id}/confirmation";
    let reason = Some(json!({ "reason": "월요일 재발송" }));
    let job = visitor.post(confirmation, &[id_of(&plan)], reason).await.expect(202);
    let path = format!("/v1/jobs/{}", id_of(&job));
    let api = visitor.api().clone();
    until(async || !api.get(&path).await.expect(200)["ended_at"].is_null()).await;
    visitor.get("/v1/jobs", &[]).await.expect(200);
    visitor.get("/v1/jobs/{id}", &[id_of(&job)]).await.expect(200);
    visitor.get("/v1/jobs/{id}/rows", &[id_of(&job)]).await.expect(200);
    visitor.get("/v1/jobs/{id}/progress", &[id_of(&job)]).await.expect(200);
    for what in ["pause", "resume", "cancellation"] {
        let path = format!("/v1/jobs/{{id}}/{what}");
        visitor.post(&path, &[id_of(&job)], None).await.expect(409);
    }
    for (path, id) in [
        ("/v1/plans/{id}/rows", &plan),
        ("/v1/plans/{id}/rows.csv", &plan),
        ("/v1/jobs/{id}/rows.csv", &job),
    ] {
        visitor.get(path, &[id_of(id)]).await.expect(200);
    }
    stop_and_go(visitor).await;
    visit_files(visitor).await;
    visit_exports(visitor).await;
    let nothing = json!({ "action": "restore", "merchant_ids": [] });
    let nothing = visitor.post(plans, &[], Some(nothing)).await.expect(201);
    let reason = Some(json!({ "reason": "x" }));
    visitor.post(confirmation, &[id_of(&nothing)], reason).await.expect(409);
}

/// A job that goes on for so long that somebody can pause it.
async fn stop_and_go(visitor: &mut Visitor<'_>) {
    visitor.app.sandbox.fail_mapping(&json!({ "slow_ms": 2_000 })).await;
    let wish = json!({ "action": "issue_links", "filter": "" });
    let plan = visitor.post("/v1/plans", &[], Some(wish)).await.expect(201);
    let reason = Some(json!({ "reason": "재발송" }));
    let confirmation = visitor
        .post("/v1/plans/{id}/confirmation", &[id_of(&plan)], reason)
        .await;
    let job = confirmation.expect(202);
    for what in ["pause", "resume", "cancellation"] {
        let path = format!("/v1/jobs/{{id}}/{what}");
        visitor.post(&path, &[id_of(&job)], None).await.expect(202);
    }
    let (api, path) = (visitor.api().clone(), format!("/v1/jobs/{}", id_of(&job)));
    until(async || !api.get(&path).await.expect(200)["ended_at"].is_null()).await;
    visitor.app.sandbox.fail_mapping(&json!({})).await;
}

async fn visit_exports(visitor: &mut Visitor<'_>) {
    let exports = "/v1/exports";
    let wish = json!({ "format": "csv", "filter": "sort=merchant_code", "reason": "x" });
    let export = visitor.post(exports, &[], Some(wish)).await.expect(202);
    let (of_one, file) = ("/v1/exports/{id}", "/v1/exports/{id}/file");
    let id = id_of(&export);
    let (api, path) = (visitor.api().clone(), format!("{exports}/{id}"));
    until(async || api.get(&path).await.expect(200)["state"] == "ready").await;
    visitor.get(of_one, &[id]).await.expect(200);
    let taken = visitor.get(file, &[id]).await;
    assert_eq!(taken.status, 200);
    visitor.get(exports, &[]).await.expect(200);
    visitor
        .post("/v1/exports/{id}/cancellation", &[id], None)
        .await
        .expect(200);
}

async fn visit_files(visitor: &mut Visitor<'_>) {
    let path = "/v1/imports";
    let text = "member_code,merchant_code,business_number\nacad-9,store-9,\nacad-9,,117-81-78261\n";
    for (bytes, status) in [(text, 201), ("", 422)] {
        let request = visitor
            .api()
            .request(Method::POST, path)
            .header("content-type", "text/csv");
        let answer = visitor.send(&Method::POST, path, request.body(bytes)).await;
        let file = answer.expect(status);
        if status == 201 {
            visitor.get("/v1/imports/{id}", &[id_of(&file)]).await.expect(200);
            let wish = json!({ "action": "import", "import_id": id_of(&file), "existing": "update" });
            let plan = visitor.post("/v1/plans", &[], Some(wish)).await.expect(201);
            visitor.get("/v1/plans/{id}/rows", &[id_of(&plan)]).await.expect(200);
        }
    }
    visitor.get("/v1/imports/template", &[]).await.expect(200);
}
