//! The sandbox upstream, over HTTP: as a business, as the reviewer, and through its control API.

use std::net::SocketAddr;

use paymint_sandbox::{PartnerKey, RunningSandbox, Sandbox, SandboxConfig};
use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::api::{Answer, Api};
use crate::{BUSINESS_NUMBER, logs};

/// How long the sandbox waits until a callback is answered, in milliseconds.
const DELIVERY_MILLISECONDS: u32 = 30_000;

/// A running sandbox.
pub struct TestSandbox {
    running: RunningSandbox,
    api: Api,
    keys: Vec<String>,
}

impl TestSandbox {
    /// Starts a sandbox that two partners may call.
    pub async fn start() -> Self {
        let keys: Vec<String> = (0..2).map(|_| crate::tenant::random(32)).collect();
        for key in &keys {
            logs::secret(key);
        }
        logs::secret(BUSINESS_NUMBER);
        let config = SandboxConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            api_keys: keys
                .iter()
                .map(|key| PartnerKey::parse(key).expect("it fits"))
                .collect(),
            seed: 7,
            state_file: None,
        };
        let running = Sandbox::start(config).await.expect("the sandbox starts");
        let api = Api::new(running.site_url().as_str().trim_end_matches('/'), None);
        Self { running, api, keys }
    }

    /// Its control API.
    pub fn control(&self) -> &Api {
        &self.api
    }

    /// The base URL of the partner API.
    pub fn partner_url(&self) -> String {
        self.running.base_url().into()
    }

    /// The address of the pages.
    pub fn site_url(&self) -> &str {
        self.api.base()
    }

    /// The `apiKey` of one of the two partners.
    pub fn partner_key(&self, number: usize) -> &str {
        &self.keys[number]
    }

    /// The mapping of a pair of codes.
    pub async fn mapping(&self, member: &str, merchant: &str) -> Mapping<'_> {
        self.found(member, merchant, |_| true).await
    }

    /// The one to which a link leads: two partners may use the same codes.
    pub async fn mapping_behind(&self, member: &str, merchant: &str, link: &str) -> Mapping<'_> {
        self.found(member, merchant, |found| found["registration_url"] == link)
            .await
    }

    async fn found(&self, member: &str, merchant: &str, is_it: impl Fn(&Value) -> bool) -> Mapping<'_> {
        let path = format!("/_sandbox/mappings?member_code={member}&merchant_code={merchant}");
        let all = self.api.get(&path).await.expect(200);
        let all = all.as_array().expect("a list").iter();
        let found = all
            .into_iter()
            .find(|found| is_it(found))
            .expect("there is such a mapping");
        let mapping = Mapping {
            sandbox: self,
            id: text(found, "id"),
            callback_url: text(found, "callback_url"),
            registration_url: text(found, "registration_url"),
        };
        logs::secret(mapping.token());
        logs::secret(&mapping.registration_url);
        mapping
    }

    /// A link that the first partner has made without the registry. Nobody hears its callbacks.
    pub async fn linked_elsewhere(&self, member: &str, merchant: &str) -> Mapping<'_> {
        self.link(member, merchant).await;
        self.mapping(member, merchant).await
    }

    /// The same, where nobody looks at it.
    pub async fn link(&self, member: &str, merchant: &str) {
        let body = json!({
            "apiKey": self.keys[0], "memberId": member, "merchantId": merchant, "callbackUrl": "http://127.0.0.1:9/",
        });
        let partner = Api::new(self.partner_url().trim_end_matches('/'), None);
        let answer = partner.post("/auth/mapping", &body).await.expect(200);
        assert_eq!(answer["code"], "0000", "{answer}");
    }

    /// How often a call of the partner API was asked for, such as `auth/mapping`.
    pub async fn calls(&self, name: &str) -> u64 {
        let calls = self.api.get("/_sandbox/calls").await.expect(200);
        calls[name].as_u64().expect("a number")
    }

    /// A partner's wallet, and the code with which each of its calls is refused, if any.
    pub async fn partner(&self, number: usize, points: i64, refused_with: Option<&str>) {
        let path = format!("/_sandbox/partners/{number}");
        let body = json!({ "points": points, "refused_with": refused_with });
        Answer::to(self.api.request(Method::PUT, &path).json(&body))
            .await
            .expect(200);
    }

    /// What goes wrong from now on.
    pub async fn faults(&self, faults: &Value) {
        let request = self.api.request(Method::PUT, "/_sandbox/faults").json(faults);
        Answer::to(request).await.expect(200);
    }

    /// What goes wrong with `/auth/mapping` from now on.
    pub async fn fail_mapping(&self, fault: &Value) {
        self.faults(&json!({ "calls": { "auth/mapping": fault } })).await;
    }

    /// Opens a page by its whole URL, as a browser does.
    pub async fn open(&self, url: &str) -> Answer {
        self.api.get(self.path_of(url)).await
    }

    /// Sends a form, as a browser does. Redirects are not followed.
    pub async fn send_form(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self.api.request(Method::POST, self.path_of(url)).body(body);
        Answer::to(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    fn path_of<'a>(&self, url: &'a str) -> &'a str {
        url.strip_prefix(self.site_url()).expect("it is a page of the sandbox")
    }

    /// Stops it. From then on nothing listens there.
    pub async fn stop(self) {
        self.running.shutdown().await;
    }
}

/// One business at the sandbox.
pub struct Mapping<'a> {
    sandbox: &'a TestSandbox,
    /// Its id.
    pub id: String,
    /// Where its callbacks go.
    pub callback_url: String,
    /// Where it registers.
    pub registration_url: String,
}

impl Mapping<'_> {
    /// The secret part of the callback URL.
    pub fn token(&self) -> &str {
        self.callback_url.rsplit('/').next().unwrap_or_default()
    }

    /// Opens the registration page and sends the form, as a person does.
    pub async fn submit(&self, company: &str) {
        let page = self.sandbox.open(&self.registration_url).await;
        assert_eq!(page.status, 200);
        let fields = [
            ("member_id", "kim01"),
            ("business_number", BUSINESS_NUMBER),
            ("company_name", company),
            ("branch_name", "본점"),
        ];
        let sent = self.sandbox.send_form(&self.registration_url, &fields).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        self.delivered().await;
    }

    /// Presses one of the desk's buttons and waits until its callback was taken.
    pub async fn review(&self, code: &str, message: Option<&str>) {
        let url = format!("{}/desk/{}/review", self.sandbox.site_url(), self.id);
        let fields = [("code", code), ("message", message.unwrap_or_default())];
        let sent = self.sandbox.send_form(&url, &fields).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        self.delivered().await;
    }

    /// Moves the review; the callback is lost on its way.
    pub async fn review_unheard(&self, code: &str, message: Option<&str>) {
        self.review_amid(code, message, &json!({ "lost": true })).await;
    }

    /// Moves the review, and decides what befalls the callback. It is not waited for.
    pub async fn review_amid(&self, code: &str, message: Option<&str>, mishap: &Value) {
        let path = format!("/_sandbox/mappings/{}/review", self.id);
        let body = json!({ "code": code, "message": message, "mishap": mishap });
        self.sandbox.api.post(&path, &body).await.expect(200);
    }

    /// The points in the wallet of the sub-merchant.
    pub async fn set_points(&self, points: i64) {
        let path = format!("/_sandbox/mappings/{}/balance", self.id);
        let request = self.sandbox.api.request(Method::PUT, &path);
        Answer::to(request.json(&json!({ "points": points }))).await.expect(200);
    }

    /// Lets the upstream delete the business, or link it again.
    pub async fn set_deleted(&self, deleted: bool) {
        let path = format!("/_sandbox/mappings/{}/deletion", self.id);
        let body = json!({ "deleted": deleted });
        self.sandbox.api.post(&path, &body).await.expect(200);
        self.delivered().await;
    }

    /// The same for a deletion whose callback is lost on its way.
    pub async fn delete_unheard(&self) {
        let path = format!("/_sandbox/mappings/{}/deletion", self.id);
        let body = json!({ "deleted": true, "mishap": { "lost": true } });
        self.sandbox.api.post(&path, &body).await.expect(200);
    }

    /// Sends the last callback once more.
    pub async fn resend(&self) {
        let path = format!("/_sandbox/mappings/{}/resend", self.id);
        self.sandbox.api.post(&path, &json!({})).await.expect(200);
        self.delivered().await;
    }

    /// The mapping as it is.
    pub async fn view(&self) -> Value {
        let path = format!("/_sandbox/mappings/{}", self.id);
        self.sandbox.api.get(&path).await.expect(200)
    }

    /// The mapping once no callback of it is under way. The last one must have been taken.
    pub async fn delivered(&self) -> Value {
        let path = format!("/_sandbox/mappings/{}?wait_ms={DELIVERY_MILLISECONDS}", self.id);
        let mapping = self.sandbox.api.get(&path).await.expect(200);
        assert_eq!(mapping["idle"], true, "callbacks are still under way");
        let last = mapping["callbacks"].as_array().and_then(|all| all.last());
        let last = last.expect("there was a callback");
        assert_eq!(last["accepted"], true, "{}", last["http_status"]);
        mapping
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("a text").to_owned()
}
