//! Calls to the OpenID provider: bounded in time and size, and never led elsewhere.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::redirect;
use rustls_platform_verifier::BuilderVerifierExt;

/// How long a connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// How long a call may take.
const CALL_LIMIT: Duration = Duration::from_secs(8);

/// Longest answer. Sets of keys have some kilobytes.
const ANSWER_BYTES_MAX: usize = 512 * 1_024;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// No client can be made.
    #[error("a client for the OpenID provider cannot be made")]
    Tls(#[from] rustls::Error),
    /// No whole answer came.
    #[error("the OpenID provider could not be asked")]
    Http(#[from] reqwest::Error),
    /// What came is too long.
    #[error("the OpenID provider's answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// What came is no HTTP.
    #[error("the OpenID provider's answer cannot be read")]
    Unreadable(#[from] http::Error),
}

/// Calls the provider.
pub(super) struct Wire(reqwest::Client);

impl Wire {
    /// A provider without TLS, as on the own machine, needs no root certificates.
    pub(super) fn new(with_tls: bool) -> Result<Self, WireError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = if with_tls {
            tls.with_platform_verifier()?
        } else {
            tls.with_root_certificates(rustls::RootCertStore::empty())
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.with_no_client_auth())
            .user_agent(concat!("submerchant-registry/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_LIMIT)
            .timeout(CALL_LIMIT)
            // A secret goes where the provider's own document says, and nowhere that an answer points to.
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self(client))
    }
}

async fn call(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, WireError> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut built = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        built = built.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(WireError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(built.body(body)?)
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(call(self.0.clone(), request))
    }
}
