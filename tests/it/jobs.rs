//! Plans and jobs: one thing done to many shops, row by row, each once, whoever dies meanwhile.

mod again;
mod amid;
mod crash;
mod desk;

use registry_domain::tenant::Scope;
use registry_tests::api::{number_of, text_of, until};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, TestTenant};
use serde_json::{Value, json};

/// Registers shops, one after the other.
async fn shops(tenant: &TestTenant, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let shop = json!({ "member_code": "acad-12", "merchant_code": format!("store-{number}"), "tags": ["a"] });
        let shop = tenant.api.post("/v1/merchants", &shop).await.expect(201);
        ids.push(id_of(&shop).to_owned());
    }
    ids
}

async fn plan(tenant: &TestTenant, wish: Value) -> Value {
    tenant.api.post("/v1/plans", &wish).await.expect(201)
}

async fn confirm(tenant: &TestTenant, plan: &Value) -> Value {
    let path = format!("/v1/plans/{}/confirmation", id_of(plan));
    let reason = json!({ "reason": "월요일 재발송" });
    tenant.api.post(&path, &reason).await.expect(202)
}

fn of(job: &Value) -> String {
    format!("/v1/jobs/{}", id_of(job))
}

async fn job(tenant: &TestTenant, id: &Value) -> Value {
    tenant.api.get(&of(id)).await.expect(200)
}

async fn act(tenant: &TestTenant, job: &Value, what: &str) -> Answer {
    tenant.api.post(&format!("{}/{what}", of(job)), &json!({})).await
}

/// Waits until nothing of it is left to do.
async fn ended(tenant: &TestTenant, id: &Value) -> Value {
    until(async || !job(tenant, id).await["ended_at"].is_null()).await;
    job(tenant, id).await
}

/// All rows, page by page.
async fn rows(tenant: &TestTenant, job: &Value) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("{}/rows?limit=500&after={after}", of(job));
        let page = tenant.api.get(&path).await.expect(200);
        rows.extend(page["data"].as_array().expect("rows").iter().cloned());
        match page["page"]["next_after"].as_u64() {
            Some(next) => after = next,
            None => return rows,
        }
    }
}

fn count(job: &Value, state: &str) -> u64 {
    number_of(&job["counts"], state)
}

/// What was told of jobs: the types, in order.
async fn told(tenant: &TestTenant) -> Vec<String> {
    let feed = tenant.api.feed().await;
    let types = feed.iter().map(|event| text_of(event, "type").to_owned());
    types.filter(|name| name.starts_with("job.")).collect()
}

#[tokio::test]
async fn a_plan_says_whom_it_fits_and_changes_nothing_until_it_is_confirmed() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let ids = shops(&app.tenant, 4).await;
    let archived = app.tenant.api.merchant(&ids[3]).await;
    app.tenant.archive(&archived).await;
    let missing = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6";
    let mut named = ids.clone();
    named.push(missing.to_owned());
    named.push(ids[0].clone());
    let before = app.tenant.api.feed().await;
    let planned = plan(&app.tenant, json!({ "action": "archive", "merchant_ids": named })).await;
    assert_eq!((&planned["count"], &planned["eligible"]), (&json!(5), &json!(3)));
    assert_eq!(
        planned["refused"],
        json!([{ "code": "archived", "count": 1 }, { "code": "merchant_not_found", "count": 1 }])
    );
    let sample = planned["sample"].as_array().expect("a sample");
    assert_eq!(sample.len(), 5);
    assert_eq!(sample[0]["merchant_id"], ids[0]);
    assert_eq!(sample[0]["merchant_code"], "store-0");
    let path = format!("/v1/plans/{}", id_of(&planned));
    assert_eq!(app.tenant.api.get(&path).await.expect(200), planned);
    stranger.api.get(&path).await.problem(404, "plan_not_found");
    // A plan is no job.
    let as_job = id_of(&planned).replace("pln_", "job_");
    let answer = app.tenant.api.get(&format!("/v1/jobs/{as_job}")).await;
    answer.problem(404, "job_not_found");
    assert_eq!(app.tenant.api.feed().await, before, "nothing happened");
    // Those that fit a filter, and nothing to do for them.
    let nothing = plan(&app.tenant, json!({ "action": "restore", "filter": "tag=a&sort=name" })).await;
    assert_eq!((&nothing["count"], &nothing["eligible"]), (&json!(3), &json!(0)));
    let confirmation = format!("/v1/plans/{}/confirmation", id_of(&nothing));
    let answer = app.tenant.api.post(&confirmation, &json!({ "reason": "x" })).await;
    answer.problem(409, "nothing_to_do");
    let wrong = json!({ "action": "restore", "filter": "stage=closed" });
    let answer = app.tenant.api.post("/v1/plans", &wrong).await;
    let problem = answer.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/filter");
    assert_eq!(problem["errors"][0]["parameter"], "stage");
    app.finish().await;
}

#[tokio::test]
async fn a_job_does_each_row_once_and_tells_what_came_of_it() {
    let app = TestApp::start().await;
    let ids = shops(&app.tenant, 30).await;
    let wish = json!({ "action": "add_tags", "tags": ["서울", "a"], "filter": "member_code=acad-12" });
    let planned = plan(&app.tenant, wish).await;
    // It is frozen: what changes now is looked at when its turn comes, and what is new is not in it.
    let last = app.tenant.api.merchant(&ids[29]).await;
    let request = app
        .tenant
        .api
        .request(reqwest::Method::PATCH, &format!("/v1/merchants/{}", ids[29]))
        .header("if-match", format!("\"{}\"", last["version"]));
    let tags = json!({ "tags": ["a", "서울"] });
    Answer::to(request.json(&tags)).await.expect(200);
    let late = json!({ "member_code": "acad-12", "merchant_code": "late" });
    let late = app.tenant.api.post("/v1/merchants", &late).await.expect(201);
    let begun = confirm(&app.tenant, &planned).await;
    assert_eq!(begun["reason"], "월요일 재발송");
    assert_eq!(
        confirm(&app.tenant, &planned).await["id"],
        begun["id"],
        "a repeat is the same job"
    );
    let over = ended(&app.tenant, &begun).await;
    assert_eq!(
        (&over["state"], count(&over, "done"), count(&over, "failed")),
        (&json!("finished"), 29, 1)
    );
    assert_eq!(over["failures"], json!([{ "code": "nothing_to_change", "count": 1 }]));
    for id in &ids {
        let merchant = app.tenant.api.merchant(id).await;
        assert_eq!(merchant["tags"], json!(["a", "서울"]));
        assert_eq!(merchant["version"], 2, "{id}");
    }
    assert_eq!(app.tenant.api.merchant(id_of(&late)).await["tags"], json!([]));
    let rows = rows(&app.tenant, &begun).await;
    assert_eq!(rows.len(), 30);
    assert!(rows.iter().all(|row| row["ended_at"].is_string()));
    assert_eq!(told(&app.tenant).await, ["job.confirmed", "job.finished"]);
    let kept = app.tenant.api.get("/v1/jobs").await.expect(200);
    assert_eq!(
        kept["data"].as_array().map(Vec::len),
        Some(1),
        "the plan that it was is no second one"
    );
    // Its changes belong to the request that confirmed it.
    let feed = app.tenant.api.feed().await;
    let confirmed = feed
        .iter()
        .find(|event| event["type"] == "job.confirmed")
        .expect("it is told");
    let changes = feed.iter().filter(|event| event["type"] == "merchant.details_changed");
    let of_job = changes.filter(|event| event["correlation_id"] == confirmed["correlation_id"]);
    assert_eq!(of_job.count(), 29);
    assert_eq!(confirmed["data"]["rows"], 30);
    app.finish().await;
}

#[tokio::test]
async fn what_failed_is_planned_again_alone() {
    let app = TestApp::start_with(|config| config.reconcile_calls_per_second = 100).await;
    shops(&app.tenant, 6).await;
    app.sandbox
        .fail_mapping(&json!({ "answer": "PARTNER_999", "times": 2 }))
        .await;
    let planned = plan(
        &app.tenant,
        json!({ "action": "issue_links", "filter": "stage=registered" }),
    )
    .await;
    let begun = confirm(&app.tenant, &planned).await;
    let over = ended(&app.tenant, &begun).await;
    assert_eq!((count(&over, "done"), count(&over, "failed")), (4, 2));
    assert_eq!(over["failures"][0]["code"], "upstream_refused");
    let failed = app.tenant.api.get(&format!("{}/rows?state=failed", of(&begun))).await;
    let failed = failed.expect(200);
    assert_eq!(failed["data"][0]["upstream_code"], "PARTNER_999");
    let again = plan(&app.tenant, json!({ "failed_of": begun["id"] })).await;
    assert_eq!((&again["count"], &again["eligible"]), (&json!(2), &json!(2)));
    assert_eq!(
        (&again["action"], &again["failed_of"]),
        (&json!("issue_links"), &begun["id"])
    );
    let over = ended(&app.tenant, &confirm(&app.tenant, &again).await).await;
    assert_eq!((count(&over, "done"), count(&over, "failed")), (2, 0));
    let linked = app.tenant.api.get("/v1/merchants?stage=link_issued").await.expect(200);
    assert_eq!(linked["data"].as_array().map(Vec::len), Some(6));
    app.finish().await;
}

#[tokio::test]
async fn a_job_rests_goes_on_and_is_given_up() {
    let mut app = TestApp::start_with(|config| config.reconcile_calls_per_second = 10).await;
    let stranger = app.other_tenant().await;
    shops(&app.tenant, 60).await;
    app.sandbox.fail_mapping(&json!({ "slow_ms": 50 })).await;
    let planned = plan(&app.tenant, json!({ "action": "issue_links", "filter": "" })).await;
    let begun = confirm(&app.tenant, &planned).await;
    let done = async || count(&job(&app.tenant, &begun).await, "done");
    until(async || done().await >= 8).await;
    for what in ["pause", "resume", "cancellation"] {
        act(&stranger, &begun, what).await.problem(404, "job_not_found");
    }
    let paused = act(&app.tenant, &begun, "pause").await.expect(202);
    assert_eq!(paused["state"], "paused");
    act(&app.tenant, &begun, "pause").await.expect(202);
    // What was begun comes to its end, and then nothing moves.
    until(async || count(&job(&app.tenant, &begun).await, "running") == 0).await;
    let (at_rest, calls) = (done().await, app.sandbox.calls("auth/mapping").await);
    assert!(at_rest < 60);
    // Others work meanwhile.
    let other = shops(&stranger, 3).await;
    let theirs = plan(&stranger, json!({ "action": "archive", "merchant_ids": other })).await;
    ended(&stranger, &confirm(&stranger, &theirs).await).await;
    assert_eq!(done().await, at_rest);
    assert_eq!(app.sandbox.calls("auth/mapping").await, calls);
    let resumed = act(&app.tenant, &begun, "resume").await.expect(202);
    assert_ne!(resumed["state"], "paused");
    until(async || done().await > at_rest).await;
    let cancelled = act(&app.tenant, &begun, "cancellation").await.expect(202);
    assert_eq!(cancelled["state"], "cancelled");
    let over = ended(&app.tenant, &begun).await;
    assert_eq!(count(&over, "done") + count(&over, "cancelled"), 60);
    assert!(count(&over, "cancelled") > 0);
    assert_eq!(
        app.sandbox.calls("auth/mapping").await,
        count(&over, "done"),
        "each shop was asked for once"
    );
    act(&app.tenant, &begun, "resume").await.problem(409, "job_ended");
    act(&app.tenant, &begun, "pause").await.problem(409, "job_ended");
    let expected = [
        "job.confirmed",
        "job.paused",
        "job.resumed",
        "job.cancelled",
        "job.finished",
    ];
    assert_eq!(told(&app.tenant).await, expected);
    app.finish().await;
}

#[tokio::test]
async fn a_job_waits_while_paymint_is_down_and_goes_on_by_itself() {
    let app = TestApp::start_with(|config| config.reconcile_calls_per_second = 100).await;
    shops(&app.tenant, 40).await;
    app.sandbox.fail_mapping(&json!({ "answer": "503" })).await;
    let planned = plan(&app.tenant, json!({ "action": "issue_links", "filter": "" })).await;
    let begun = confirm(&app.tenant, &planned).await;
    until(async || job(&app.tenant, &begun).await["held_up"] == "upstream_down").await;
    let waits = job(&app.tenant, &begun).await;
    assert_eq!(waits["state"], "running");
    assert!(count(&waits, "failed") < 40, "the breaker has kept the others: {waits}");
    app.sandbox.faults(&json!({})).await;
    let over = app
        .as_time_passes(chrono::TimeDelta::seconds(5), ended(&app.tenant, &begun))
        .await;
    assert_eq!(over["held_up"], Value::Null);
    assert_eq!(count(&over, "done") + count(&over, "failed"), 40);
    assert!(count(&over, "done") > 0);
    app.finish().await;
}

#[tokio::test]
async fn a_job_ends_with_the_rights_of_whoever_runs_it() {
    let app = TestApp::start_with(|config| config.reconcile_calls_per_second = 1).await;
    shops(&app.tenant, 20).await;
    let scopes = [Scope::MerchantsRead, Scope::JobsWrite, Scope::LinksWrite];
    let api = app.key(app.tenant.id, &scopes).await;
    let wish = json!({ "action": "archive", "filter": "" });
    let refused = api.post("/v1/plans", &wish).await.problem(403, "insufficient_scope");
    assert_eq!(refused["required_scope"], "merchants:write");
    let wish = json!({ "action": "issue_links", "filter": "" });
    let planned = api.post("/v1/plans", &wish).await.expect(201);
    let path = format!("/v1/plans/{}/confirmation", id_of(&planned));
    let begun = api.post(&path, &json!({ "reason": "x" })).await.expect(202);
    let key = text_of(&begun["actor"], "id").to_owned();
    app.tenant.api.delete(&format!("/v1/api-keys/{key}")).await;
    until(async || job(&app.tenant, &begun).await["held_up"] == "not_allowed").await;
    // Somebody who may has it go on, and it is theirs from then on.
    let resumed = act(&app.tenant, &begun, "resume").await.expect(202);
    assert_ne!(resumed["actor"]["id"], json!(key));
    assert_eq!(resumed["held_up"], Value::Null);
    act(&app.tenant, &begun, "cancellation").await.expect(202);
    ended(&app.tenant, &begun).await;
    app.finish().await;
}

#[tokio::test]
async fn there_are_so_many_rows_and_jobs_and_no_more() {
    let app = TestApp::start_with(|config| {
        config.plan_rows_max = 3;
        config.jobs_kept_max = 2;
    })
    .await;
    shops(&app.tenant, 4).await;
    let wish = |filter: &str| json!({ "action": "archive", "filter": filter });
    let answer = app.tenant.api.post("/v1/plans", &wish("")).await;
    answer.problem(422, "plan_too_long");
    for _ in 0..2 {
        plan(&app.tenant, wish("q=store-1")).await;
    }
    let answer = app.tenant.api.post("/v1/plans", &wish("q=store-1")).await;
    answer.problem(409, "too_many_jobs");
    // What nobody has confirmed for an hour makes room.
    app.advance(chrono::TimeDelta::minutes(61));
    plan(&app.tenant, wish("q=store-1")).await;
    app.finish().await;
}
