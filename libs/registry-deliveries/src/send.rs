//! Sending one message: what comes of it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::DeliveryId;
use registry_domain::destinations::DestinationKind;
use registry_journal::port::{ANSWER_BODY_MAX, Answer};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use rustls_platform_verifier::BuilderVerifierExt;
use serde_json::Value;

use crate::digest::Digest;
use crate::guard::{Guard, Lookup, NoAddress, Reach, SystemLookup};
use crate::mail::Mail;
use crate::route::Route;
use crate::sign::signatures;

/// How long it may take to reach a receiver.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long it may take in all.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// Connections to a receiver that are kept open while idle.
const IDLE_CONNECTIONS: usize = 2;

/// What is sent.
pub(crate) enum Letter {
    /// A document, and its id: the same however often it is sent.
    Document(String, Vec<u8>),
    /// A digest.
    Digest(Digest),
    /// Nothing: somebody tries the destination out.
    Test,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) verdict: Verdict,
    pub(crate) answer: Answer,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has it.
    Arrived,
    /// It is to be tried again, perhaps not before some time.
    Failed(Option<TimeDelta>),
    /// The receiver wants nothing any more.
    Gone,
}

impl Sent {
    fn failed(word: &str) -> Self {
        Self {
            verdict: Verdict::Failed(None),
            answer: Answer {
                failure: Some(word.to_owned()),
                ..Answer::default()
            },
        }
    }
}

/// Sends messages. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sender {
    guard: Guard,
    public: Client,
    named: Client,
    mail: Option<Mail>,
}

impl Sender {
    /// Within these bounds, with mail if there is a server for it.
    pub(crate) fn new(guard: Guard, mail: Option<Mail>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
        Ok(Self {
            public: client(&guard, Reach::Public, &lookup)?,
            named: client(&guard, Reach::Named, &lookup)?,
            guard,
            mail,
        })
    }

    /// Sends a letter to a destination.
    pub(crate) async fn send(
        &self,
        kind: DestinationKind,
        route: &Route,
        id: DeliveryId,
        letter: &Letter,
        now: DateTime<Utc>,
    ) -> Sent {
        match kind {
            DestinationKind::Mail => self.send_mail(route, id, letter).await,
            DestinationKind::Slack | DestinationKind::Chat => {
                self.post(route, HeaderMap::new(), said(kind, id, letter)).await
            }
            DestinationKind::Webhook => self.send_signed(route, id, letter, now).await,
        }
    }

    async fn send_mail(&self, route: &Route, id: DeliveryId, letter: &Letter) -> Sent {
        let Some(mail) = &self.mail else {
            return Sent::failed("mail_not_configured");
        };
        let (title, text) = match letter {
            Letter::Digest(digest) => (digest.title(), digest.text()),
            Letter::Test => (TEST_TITLE.to_owned(), TEST_TEXT.to_owned()),
            Letter::Document(..) => return Sent::failed("bad_message"),
        };
        match mail.send(&route.address, &id.to_string(), &title, text).await {
            Ok(()) => Sent {
                verdict: Verdict::Arrived,
                answer: Answer::default(),
            },
            Err(word) => Sent::failed(word),
        }
    }

    async fn send_signed(&self, route: &Route, id: DeliveryId, letter: &Letter, now: DateTime<Utc>) -> Sent {
        let (id, body) = match letter {
            Letter::Document(id, body) => (id.clone(), body.clone()),
            Letter::Digest(_) | Letter::Test => (id.to_string(), said(DestinationKind::Webhook, id, letter)),
        };
        let secrets = route.secrets(now);
        if secrets.is_empty() {
            return Sent::failed("no_secret");
        }
        let seconds = now.timestamp();
        let signed = signatures(&secrets, &id, seconds, &body);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signed),
        ] {
            let value = HeaderValue::try_from(value).expect("ids, digits and base64 are header values");
            headers.insert(HeaderName::from_static(name), value);
        }
        self.post(route, headers, body).await
    }

    async fn post(&self, route: &Route, headers: HeaderMap, body: Vec<u8>) -> Sent {
        // What was set may be older than what the operator says now.
        let Ok((url, reach)) = self.guard.target(route.address.expose()) else {
            return Sent::failed("url_not_allowed");
        };
        let client = match reach {
            Reach::Public => &self.public,
            Reach::Named => &self.named,
        };
        let request = client
            .post(url)
            .headers(headers)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        match request.send().await {
            Ok(response) => judged(response).await,
            Err(error) => Sent::failed(word_for(&error)),
        }
    }
}

const TEST_TITLE: &str = "알림 수신 시험";

const TEST_TEXT: &str = "알림 수신처가 올바르게 설정되었는지 확인하는 시험 메시지입니다.\nThis is a test of an event destination: it works.";

/// The body for a receiver that takes no document.
fn said(kind: DestinationKind, id: DeliveryId, letter: &Letter) -> Vec<u8> {
    let test = || serde_json::json!({ "id": id.to_string(), "type": "event_destination.test", "text": TEST_TEXT });
    let value: Value = match (letter, kind) {
        (Letter::Digest(digest), DestinationKind::Slack) => digest.slack(),
        (Letter::Digest(digest), DestinationKind::Chat | DestinationKind::Webhook | DestinationKind::Mail) => {
            digest.chat(&id.to_string())
        }
        (Letter::Test, DestinationKind::Slack) => serde_json::json!({ "text": TEST_TEXT }),
        (Letter::Test | Letter::Document(..), _) => test(),
    };
    value.to_string().into_bytes()
}

fn client(guard: &Guard, reach: Reach, lookup: &Arc<dyn Lookup>) -> Result<Client, Box<dyn Error + Send + Sync>> {
    // The provider is named here, so that the process needs no global one.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let tls = tls.with_platform_verifier()?.with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("submerchant-registry/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(guard.resolver(reach, Arc::clone(lookup))))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_LIMIT)
        .timeout(TIME_LIMIT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .build()?;
    Ok(client)
}

async fn judged(response: Response) -> Sent {
    let status = response.status();
    let after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let after = after
        .and_then(|seconds| seconds.parse().ok())
        .and_then(TimeDelta::try_seconds);
    let verdict = if status.is_success() {
        Verdict::Arrived
    } else if status == StatusCode::GONE {
        Verdict::Gone
    } else {
        Verdict::Failed(after.filter(|after| *after > TimeDelta::zero()))
    };
    Sent {
        verdict,
        answer: Answer {
            status: Some(status.as_u16()),
            failure: (!status.is_success()).then(|| "refused".to_owned()),
            body: beginning(response).await,
        },
    }
}

/// What an answer begins with. The rest is not read, and neither is what comes too slowly.
async fn beginning(mut response: Response) -> Option<String> {
    let mut body = Vec::new();
    while body.len() < ANSWER_BODY_MAX
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BODY_MAX - body.len())]);
    }
    // Neither engine takes a zero byte in a text.
    let text = String::from_utf8_lossy(&body).replace('\0', "");
    (!text.is_empty()).then_some(text)
}

/// A word for why nothing came back. The error itself may hold the URL.
fn word_for(error: &reqwest::Error) -> &'static str {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<NoAddress>().is_some() {
            return "address_not_allowed";
        }
        cause = error.source();
    }
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connection_failed"
    } else {
        "no_answer"
    }
}
