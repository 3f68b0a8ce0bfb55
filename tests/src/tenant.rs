//! Tenants of a test, each with its own slug, upstream key and API key.

use registry_domain::TenantId;
use registry_domain::tenant::Slug;
use registry_journal::Ambient;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Answer, Api, number_of};
use crate::logs;

/// A tenant that was set up.
#[derive(Debug, Clone)]
pub struct TestTenant {
    /// Its id.
    pub id: TenantId,
    /// Its short name, unlike any other test's.
    pub slug: Slug,
    /// A client with a key that may do everything.
    pub api: Api,
}

impl TestTenant {
    /// The same with a new client: the old one may hold connections to a process that is gone.
    #[must_use]
    pub fn reconnected(self) -> Self {
        Self {
            api: self.api.reconnected(),
            ..self
        }
    }

    /// Registers a shop.
    pub async fn register(&self, member: &str, merchant: &str) -> Value {
        let body = json!({ "member_code": member, "merchant_code": merchant });
        self.api.post("/v1/merchants", &body).await.expect(201)
    }

    /// A shop once no claim of it is held. One that says to the byte what an earlier one said waits until upstream was
    /// asked.
    pub async fn settled(&self, id: &str) -> Value {
        let merchant = self.api.merchant(id).await;
        if merchant["confirmation"].is_null() {
            return merchant;
        }
        let is_settled = |event: &Value| event["type"] == "confirmation.resolved";
        self.api.event_after(number_of(&merchant, "seq"), is_settled).await;
        self.api.merchant(id).await
    }

    /// Issues a link with a new Idempotency-Key.
    pub async fn issue_link(&self, merchant: &Value) -> Value {
        let link = self.ask_for_link(merchant, &random(32)).await.expect(201);
        logs::secret(link["url"].as_str().expect("a URL"));
        link
    }

    /// Asks for a link, whatever comes of it.
    pub async fn ask_for_link(&self, merchant: &Value, key: &str) -> Answer {
        let path = format!("/v1/merchants/{}/registration-links", id_of(merchant));
        self.api.ask_once(&path, key).await
    }

    /// The callback URL for the bills of a shop.
    pub async fn callback_url_for_bills(&self, merchant: &Value) -> String {
        let path = format!("/v1/merchants/{}/approval-callback-urls", id_of(merchant));
        let document = self.api.post(&path, &json!({})).await.expect(201);
        let url = document["url"].as_str().expect("a URL").to_owned();
        logs::secret(url.rsplit('/').next().expect("a token"));
        url
    }

    /// Asks upstream about a shop now.
    pub async fn reconcile(&self, merchant: &Value) -> Answer {
        let path = format!("/v1/merchants/{}/reconciliations", id_of(merchant));
        self.api.post(&path, &json!({})).await
    }

    /// Changes settings.
    pub async fn set(&self, change: &Value) -> Value {
        let request = self.api.request(Method::PATCH, "/v1/settings").json(change);
        Answer::to(request).await.expect(200)
    }

    /// Archives a shop. If it has changed since it was read, as it does when upstream is asked about it meanwhile, it is
    /// read again.
    pub async fn archive(&self, merchant: &Value) -> Value {
        let path = format!("/v1/merchants/{}", id_of(merchant));
        let mut version = merchant["version"].clone();
        loop {
            let request = self.api.request(Method::DELETE, &path);
            let answer = Answer::to(request.header("if-match", format!("\"{version}\""))).await;
            if answer.status != 412 {
                return answer.expect(200);
            }
            version = self.api.merchant(id_of(merchant)).await["version"].take();
        }
    }
}

/// A document's id.
pub fn id_of(document: &Value) -> &str {
    document["id"].as_str().expect("a document has an id")
}

/// Random hexadecimal digits, at most 64.
pub fn random(digits: usize) -> String {
    let mut text = hex::encode(Ambient::system().ids.secret());
    text.truncate(digits);
    text
}

/// A slug unlike any other test's: the names on a shared NATS server come from it.
pub fn random_slug() -> Slug {
    Slug::parse(&format!("t-{}", random(16))).expect("it is a slug")
}
