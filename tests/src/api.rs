//! A client of the API: what is sent is plain, and nothing of the answer is hidden.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::PATIENCE;

/// Events that a long poll asks for.
const EVENTS_PAGE: u32 = 200;

/// How long one long poll waits, in seconds.
const POLL_SECONDS: u32 = 10;

/// How long a connection is kept for another request. The service closes idle ones too (`keep_alive_seconds`), and a request
/// that is sent at that moment is lost: whoever keeps connections must let go first.
const IDLE_LIMIT: Duration = Duration::from_secs(5);

/// A client that follows no redirects and knows no proxies.
pub fn http_client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows the usual versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .pool_idle_timeout(IDLE_LIMIT)
        .build()
        .expect("the client can be built")
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null if it is none.
    pub body: Value,
}

impl Answer {
    /// Sends a request and reads the answer.
    pub async fn to(request: RequestBuilder) -> Self {
        Self::try_to(request).await.expect("the request is answered")
    }

    /// Sends a request; an error if no whole answer came back.
    pub async fn try_to(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self {
            status,
            headers,
            text,
            body,
        })
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The problem of an answer that must have this status and this code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text
        );
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        body
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A client with one API key, or none.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    key: Option<String>,
}

impl Api {
    /// A client of the service at a base URL such as `http://127.0.0.1:8080`.
    pub fn new(base: impl Into<String>, key: Option<String>) -> Self {
        Self {
            http: http_client(),
            base: base.into(),
            key,
        }
    }

    /// The same client with no connection yet.
    #[must_use]
    pub fn reconnected(&self) -> Self {
        Self {
            http: http_client(),
            ..self.clone()
        }
    }

    /// The same client without its key.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self {
            key: None,
            ..self.clone()
        }
    }

    /// The same client with another key, kept out of every output.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        crate::logs::secret(key);
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// Where the service is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The key.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// A request with the key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// POST of JSON with an Idempotency-Key.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        Answer::to(request.json(body)).await
    }

    /// POST without a body, with an Idempotency-Key.
    pub async fn ask_once(&self, path: &str, key: &str) -> Answer {
        Answer::to(self.request(Method::POST, path).header("idempotency-key", key)).await
    }

    /// A merchant.
    pub async fn merchant(&self, id: &str) -> Value {
        self.get(&format!("/v1/merchants/{id}")).await.expect(200)
    }

    /// A merchant's timeline.
    pub async fn timeline(&self, id: &str) -> Vec<Value> {
        let page = self
            .get(&format!("/v1/merchants/{id}/events?limit=200"))
            .await
            .expect(200);
        events_of(&page)
    }

    /// The tenant's whole feed as it is now.
    pub async fn feed(&self) -> Vec<Value> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/v1/events?after={after}&limit={EVENTS_PAGE}");
            let page = self.get(&path).await.expect(200);
            let seen = page["page"]["next_after"].as_u64().expect("a position");
            if seen == after {
                return events;
            }
            after = seen;
            events.extend(events_of(&page));
        }
    }

    /// Follows the feed with long polls until an event is the wanted one.
    pub async fn event(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.event_after(0, wanted).await
    }

    /// The same behind a position.
    pub async fn event_after(&self, mut after: u64, wanted: impl Fn(&Value) -> bool) -> Value {
        let follow = async {
            loop {
                let path = format!("/v1/events?after={after}&limit={EVENTS_PAGE}&wait={POLL_SECONDS}");
                let page = self.get(&path).await.expect(200);
                if let Some(event) = events_of(&page).into_iter().find(|event| wanted(event)) {
                    return event;
                }
                after = page["page"]["next_after"].as_u64().expect("a position");
            }
        };
        within(PATIENCE, follow).await
    }
}

/// A number of a document.
pub fn number_of(document: &Value, name: &str) -> u64 {
    let number = document[name].as_u64();
    number.unwrap_or_else(|| panic!("{name} is no number in {document}"))
}

/// A text of a document.
pub fn text_of<'a>(document: &'a Value, name: &str) -> &'a str {
    let text = document[name].as_str();
    text.unwrap_or_else(|| panic!("{name} is no text in {document}"))
}

/// The events of a page.
pub fn events_of(page: &Value) -> Vec<Value> {
    page["data"].as_array().expect("a page has data").clone()
}

/// Waits, but not for ever.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, work)
        .await
        .expect("what was waited for happens")
}

/// Looks until something holds, each time at an answer of the service or of the sandbox.
pub async fn until<Look: Future<Output = bool>>(look: impl Fn() -> Look) {
    let looks = async {
        while !look().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within(PATIENCE, looks).await;
}
