//! How `/v1` is called: by its router, in this process, on behalf of whoever is signed in. What the API checks is checked
//! there, and its problems come back as what it says about them.

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, IF_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

use crate::documents::{Problem, Readiness};
use crate::door::SignedIn;

/// Longest answer that is read, in bytes: the longest page of merchants about whom all is said that may be.
const ANSWER_BYTES_MAX: usize = 500 * 64 * 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The router of the API.
#[derive(Debug, Clone)]
pub struct Api {
    router: Router,
}

/// Why there is no answer to show.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The API says why.
    #[error("the API refused: {}", .0.code)]
    Refused(Box<Problem>),
    /// The answer could not be read: that is a fault of ours.
    #[error("an answer of the API could not be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What a browser sent does not read as the form that it belongs to.
    #[error("a form could not be read")]
    Form,
    /// There is no such thing.
    #[error("there is no such thing")]
    NotFound,
}

impl Trouble {
    /// Whether whoever asked can ask better.
    pub fn is_the_askers(&self) -> bool {
        match self {
            Self::Refused(problem) => matches!(problem.status, 400 | 409 | 412 | 422),
            Self::Form => true,
            Self::Unreadable(_) | Self::NotFound => false,
        }
    }
}

/// A call that may change something.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    path: String,
    body: Option<Bytes>,
    headers: HeaderMap,
}

impl Ask {
    /// A POST.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path.into())
    }

    /// A call by another method.
    pub fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            body: None,
            headers: HeaderMap::new(),
        }
    }

    /// With a JSON body.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "bodies are made where they are sent")]
    pub fn body(self, body: Value) -> Self {
        self.file(
            HeaderValue::from_static("application/json"),
            Bytes::from_owner(body.to_string()),
        )
    }

    /// With a file as its body.
    #[must_use]
    pub fn file(mut self, kind: HeaderValue, bytes: Bytes) -> Self {
        self.headers.insert(CONTENT_TYPE, kind);
        self.body = Some(bytes);
        self
    }

    /// Done once for this key, however often it is sent. A key that cannot stand in a header is left to the API to miss.
    #[must_use]
    pub fn once(mut self, key: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(key) {
            self.headers.insert(IDEMPOTENCY_KEY, value);
        }
        self
    }

    /// Only if the thing is still at this version.
    #[must_use]
    pub fn at_version(mut self, version: u64) -> Self {
        if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
            self.headers.insert(IF_MATCH, value);
        }
        self
    }
}

impl Api {
    /// The API behind this router.
    pub fn new(router: Router) -> Self {
        Self { router }
    }

    /// What stands under a path.
    pub async fn get<T: DeserializeOwned>(&self, who: &SignedIn, path: &str) -> Result<T, Trouble> {
        self.send(who, Ask::new(Method::GET, path.to_owned())).await
    }

    /// What comes of a call.
    pub async fn send<T: DeserializeOwned>(&self, who: &SignedIn, ask: Ask) -> Result<T, Trouble> {
        let response = self.call(who, ask).await?;
        let bytes = read(response.into_body()).await?;
        serde_json::from_slice(&bytes).map_err(|error| Trouble::Unreadable(error.into()))
    }

    /// Makes a call whose answer says nothing but that it was done.
    pub async fn tell(&self, who: &SignedIn, ask: Ask) -> Result<(), Trouble> {
        self.call(who, ask).await.map(|_| ())
    }

    /// An answer that goes on: a stream of events.
    pub async fn stream(&self, who: &SignedIn, path: &str) -> Result<Body, Trouble> {
        let mut ask = Ask::new(Method::GET, path.to_owned());
        ask.headers
            .insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        Ok(self.call(who, ask).await?.into_body())
    }

    /// A file, as it comes: it may be too long to be held.
    pub async fn file(&self, who: &SignedIn, path: &str) -> Result<Response, Trouble> {
        self.call(who, Ask::new(Method::GET, path.to_owned())).await
    }

    /// How the process is, also while it is not well: then the answer is no success, and still a document.
    pub async fn readiness(&self, who: &SignedIn) -> Result<Readiness, Trouble> {
        let response = self.answered(who, Ask::new(Method::GET, "/readyz".to_owned())).await?;
        let bytes = read(response.into_body()).await?;
        serde_json::from_slice(&bytes).map_err(|error| Trouble::Unreadable(error.into()))
    }

    async fn call(&self, who: &SignedIn, ask: Ask) -> Result<Response, Trouble> {
        let response = self.answered(who, ask).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let bytes = read(response.into_body()).await?;
        Err(Trouble::Refused(Box::new(problem(status, &bytes))))
    }

    async fn answered(&self, who: &SignedIn, ask: Ask) -> Result<Response, Trouble> {
        let request = request(who, ask).map_err(|error| Trouble::Unreadable(error.into()))?;
        match self.router.clone().oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }
}

fn request(who: &SignedIn, ask: Ask) -> Result<Request<Body>, http::Error> {
    let mut request = Request::builder().method(ask.method).uri(ask.path);
    if let Some(headers) = request.headers_mut() {
        headers.extend(ask.headers);
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(who.language.tag()));
    }
    let body = ask.body.map_or_else(Body::empty, Body::from);
    let mut request = request.body(body)?;
    who.vouch(&mut request);
    Ok(request)
}

async fn read(body: Body) -> Result<Bytes, Trouble> {
    let collected = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    collected
        .map(http_body_util::Collected::to_bytes)
        .map_err(Trouble::Unreadable)
}

/// What the API says, or what its status says where it did not send a problem.
fn problem(status: StatusCode, bytes: &[u8]) -> Problem {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Problem::of_status(status))
}
