//! Carries callbacks out: one after the other for each mapping, at most 64 at once in all.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use rustls_platform_verifier::BuilderVerifierExt;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use crate::clock;
use crate::upstream::Upstream;
use crate::world::{Delivery, FailureReason, MappingId, Outgoing};

/// The deliveries that are under way at once.
const CONCURRENT_MAX: usize = 64;

/// How long a receiver has for its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes. The expected one has about 50.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// Why no sender could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SenderError {
    #[error("TLS could not be prepared")]
    Tls(#[source] rustls::Error),
    #[error("the HTTP client could not be built")]
    Build(#[source] reqwest::Error),
}

/// Sends callbacks to where the partners want them.
#[derive(Debug)]
pub(crate) struct Sender {
    http: reqwest::Client,
    permits: Semaphore,
}

impl Sender {
    pub(crate) fn new() -> Result<Self, SenderError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls().map_err(SenderError::Tls)?)
            .user_agent(concat!("paymint-sandbox/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(SenderError::Build)?;
        Ok(Self {
            http,
            permits: Semaphore::new(CONCURRENT_MAX),
        })
    }

    /// Sends what waits in one outbox, in order, until it is empty.
    pub(crate) async fn empty_outbox(&self, upstream: &Arc<Upstream>, mapping: MappingId) {
        while let Some((url, outgoing)) = upstream.with_world(|world| world.next_outgoing(mapping)) {
            let Ok(permit) = self.permits.acquire().await else {
                return;
            };
            let sent_at = clock::now();
            let delivery = self.deliver(url, &outgoing).await;
            drop(permit);
            tracing::debug!(%mapping, number = outgoing.number, ?delivery, "callback sent");
            upstream.with_world(|world| world.record(mapping, outgoing.into_record(sent_at, delivery)));
        }
        upstream.tell_progress();
    }

    async fn deliver(&self, url: Url, outgoing: &Outgoing) -> Delivery {
        let start = Instant::now();
        let answer = self.post(url, outgoing).await;
        let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok((http_status, accepted)) => Delivery::Answered {
                http_status,
                accepted,
                milliseconds,
            },
            Err(error) => Delivery::Failed {
                reason: reason(&error),
                milliseconds,
            },
        }
    }

    /// The HTTP status, and whether the answer is the expected one (official callback page: 200 with code 0000).
    async fn post(&self, url: Url, outgoing: &Outgoing) -> Result<(u16, bool), reqwest::Error> {
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .body(outgoing.body.clone());
        let mut response = request.send().await?;
        let http_status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Ok((http_status, false));
            }
            body.extend_from_slice(&chunk);
        }
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let accepted = http_status == 200 && answer.get("code").and_then(Value::as_str) == Some("0000");
        Ok((http_status, accepted))
    }
}

fn reason(error: &reqwest::Error) -> FailureReason {
    if error.is_connect() {
        return FailureReason::NoConnection;
    }
    if error.is_timeout() {
        FailureReason::Timeout
    } else {
        FailureReason::ConnectionBroken
    }
}

/// The provider is named here, so that the process needs no global one. A machine without root certificates can still
/// be called back by plain http.
fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let verified = match builder.clone().with_platform_verifier() {
        Ok(verified) => verified,
        Err(error) => {
            tracing::warn!(%error, "callbacks cannot be sent to https addresses");
            builder.with_root_certificates(rustls::RootCertStore::empty())
        }
    };
    Ok(verified.with_no_client_auth())
}
