//! What one tenant has, and how somebody asks for it.

use registry_domain::calendar::day_in_korea;
use registry_domain::tenant::Scope;
use registry_tests::api::{text_of, until};
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::{id_of, random};
use registry_tests::{Answer, Api, TestApp, TestTenant, logs};
use reqwest::Method;
use serde_json::json;

use super::calls::Call;
use crate::{exports, imports};

/// The ids of what one tenant has.
pub(crate) struct Things {
    pub(crate) merchant: String,
    pub(crate) link: String,
    pub(crate) callback: String,
    pub(crate) quarantined: String,
    pub(crate) unclaimed: String,
    pub(crate) person: String,
    pub(crate) key: String,
    pub(crate) alert: String,
    pub(crate) destination: String,
    pub(crate) delivery: String,
    pub(crate) view: String,
    pub(crate) plan: String,
    pub(crate) job: String,
    pub(crate) import: String,
    pub(crate) export: String,
}

/// Has something raised that is wrong with a tenant whenever it is, but on a holiday: then the tenant says that it works.
pub(crate) async fn raise(app: &TestApp, tenant: &TestTenant) -> String {
    let today = day_in_korea(app.now());
    let days = today
        .iter_days()
        .take(3)
        .map(|day| (day.to_string(), json!({ "business_day": true, "name": null })));
    let days: serde_json::Map<_, _> = days.collect();
    tenant.set(&json!({ "own_days": days })).await;
    let rule = json!({ "severity": "late", "more_than": 0 });
    let request = tenant.api.request(Method::PUT, "/v1/alert-rules/quarantine_growing");
    Answer::to(request.json(&rule)).await.expect(201);
    let raised = tenant.api.event(|event| event["type"] == "alert.raised").await;
    text_of(&raised["data"], "alert_id").to_owned()
}

/// A view that everybody of the tenant sees.
pub(crate) async fn share_a_view(tenant: &TestTenant) -> String {
    let wish = json!({ "name": random(16), "query": "stage=opened", "shared": true });
    let view = tenant.api.post("/v1/views", &wish).await.expect(201);
    id_of(&view).to_owned()
}

/// A plan that nobody confirms.
pub(crate) async fn plan_nothing(tenant: &TestTenant) -> String {
    let wish = json!({ "action": "archive", "merchant_ids": [] });
    id_of(&tenant.api.post("/v1/plans", &wish).await.expect(201)).to_owned()
}

/// A job that has ended and changed nothing: nobody is asked where reading back is switched off.
async fn ended_job(tenant: &TestTenant, merchant: &str) -> String {
    let wish = json!({ "action": "ask_now", "merchant_ids": [merchant] });
    let plan = tenant.api.post("/v1/plans", &wish).await.expect(201);
    let path = format!("/v1/plans/{}/confirmation", id_of(&plan));
    let job = tenant.api.post(&path, &json!({ "reason": "x" })).await.expect(202);
    let is_over = |event: &serde_json::Value| event["type"] == "job.finished" && event["data"]["job_id"] == job["id"];
    tenant.api.event(is_over).await;
    let path = format!("/v1/jobs/{}", id_of(&job));
    until(async || !tenant.api.get(&path).await.expect(200)["ended_at"].is_null()).await;
    id_of(&job).to_owned()
}

impl Things {
    pub(crate) async fn of(app: &TestApp, tenant: &TestTenant) -> Self {
        // Codes of another shop would have Paymint asked while logs are compared.
        tenant.set(&json!({ "read_back": { "enabled": false } })).await;
        // First: what is said of people does not go to NATS, and the end of the log is waited for there.
        let person = json!({ "email": format!("{}@example.test", tenant.slug), "name": "Kim", "role": "viewer" });
        let person = tenant.api.post("/v1/people", &person).await.expect(201);
        let view = share_a_view(tenant).await;
        let wish = json!({ "name": "n", "scopes": ["keys:write"] });
        let key = tenant.api.post("/v1/api-keys", &wish).await.expect(201);
        logs::secret(text_of(&key, "secret"));
        // Nobody listens there.
        let there = json!({ "name": "n", "kind": "webhook", "address": "http://127.0.0.1:9/" });
        let there = tenant.api.post("/v1/event-destinations", &there).await.expect(201);
        logs::secret(text_of(&there, "secret"));
        let tried = format!("/v1/event-destinations/{}/test", id_of(&there));
        let delivery = Answer::to(tenant.api.request(Method::POST, &tried)).await.expect(202);
        let of_tenant = app.tenant_callback_url(tenant.id);
        // It waits whatever becomes of the others, and with it the alert that there is one.
        send_taken(&of_tenant, "{".to_owned()).await;
        let alert = raise(app, tenant).await;
        send_taken(&of_tenant, mapping("acad-8", "store-8", "P", None).to_string()).await;
        let merchant = tenant.register("acad-1", "store-1").await;
        let link = tenant.issue_link(&merchant).await;
        // What is said of jobs does not go to NATS either.
        let plan = plan_nothing(tenant).await;
        let job = ended_job(tenant, id_of(&merchant)).await;
        let file = b"member_code,merchant_code\nacad-1,store-1\n".to_vec();
        let file = imports::hand_over(&tenant.api, "text/csv", file).await.expect(201);
        let import = id_of(&file).to_owned();
        // Without numbers that not everybody may see.
        let masked = [Scope::MerchantsRead, Scope::ExportsCreate];
        let export = exports::made(&app.key(tenant.id, &masked).await, &json!({ "reason": "x" })).await;
        let export = id_of(&export).to_owned();
        let issued = text_of(&link, "url");
        let mapping_behind = app.sandbox.mapping_behind("acad-1", "store-1", issued).await;
        let url = mapping_behind.callback_url;
        send_taken(&url, mapping("acad-1", "store-1", "P", None).to_string()).await;
        let callback = tenant.api.event(|event| event["type"] == "callback.received").await;
        send_taken(&url, mapping("acad-7", "store-7", "O", None).to_string()).await;
        let quarantined = tenant
            .api
            .event(|event| event["data"]["reason"] == "codes_mismatch")
            .await;
        let unclaimed = tenant.api.get("/v1/unclaimed-merchants").await.expect(200);
        Self {
            merchant: id_of(&merchant).to_owned(),
            link: id_of(&link).to_owned(),
            callback: id_of(&callback).to_owned(),
            quarantined: id_of(&quarantined).to_owned(),
            unclaimed: id_of(&unclaimed["data"][0]).to_owned(),
            person: id_of(&person).to_owned(),
            key: id_of(&key).to_owned(),
            alert,
            destination: id_of(&there).to_owned(),
            delivery: id_of(&delivery).to_owned(),
            view,
            plan,
            job,
            import,
            export,
        }
    }

    /// Where a call goes that is about them.
    pub(crate) fn path(&self, path: &str) -> String {
        [
            ("{merchant}", &self.merchant),
            ("{link}", &self.link),
            ("{export}", &self.export),
            ("{callback}", &self.callback),
            ("{quarantined}", &self.quarantined),
            ("{unclaimed}", &self.unclaimed),
            ("{person}", &self.person),
            ("{key}", &self.key),
            ("{alert}", &self.alert),
            ("{destination}", &self.destination),
            ("{delivery}", &self.delivery),
            ("{view}", &self.view),
            ("{plan}", &self.plan),
            ("{job}", &self.job),
            ("{import}", &self.import),
        ]
        .iter()
        .fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
    }

    pub(super) async fn ask(&self, api: &Api, call: &Call) -> Answer {
        let mut request = api.request(call.method.clone(), &self.path(call.path));
        request = request.header("idempotency-key", "key-1").header("if-match", "\"1\"");
        if let Some(body) = call.body {
            request = request.json(&body());
        }
        Answer::to(request).await
    }
}
