//! What all calls have in common: the count, the faults, the key, the parameters.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{Html, IntoResponse, Response};
use futures::stream;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use url::Url;

use super::envelope::{self, Refusal};
use crate::faults::{CallName, FaultAnswer};
use crate::upstream::Upstream;

/// How long a hanging call hangs at most. Every sensible client has given up by then.
const HANG_MAX: Duration = Duration::from_mins(2);

/// The codes of all calls but `/auth/mapping` (release notes of v2.0.1).
const CODE_MAX_CHARACTERS: usize = 60;

/// What one call does once its key is known.
pub(super) type Handler = fn(&Arc<Upstream>, usize, &Parameters) -> Result<Value, Refusal>;

/// One call on its way.
pub(super) struct Call {
    pub(super) name: CallName,
    pub(super) handler: Handler,
    pub(super) upstream: Arc<Upstream>,
    pub(super) body: Bytes,
}

/// What came of a call that was understood.
enum Done {
    Answered(Value),
    /// The partner as a whole is refused with this code.
    PartnerRefused(String),
}

impl Call {
    pub(super) async fn answer(self) -> Response {
        let mishap = self.upstream.begin_call(self.name);
        if !mishap.wait.is_zero() && !self.wait(mishap.wait).await {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let Some(wrong) = mishap.answer else {
            return self.carry_out();
        };
        if mishap.carried_out {
            // The point of this fault is that the caller does not learn what came of the call.
            let _ = self.carry_out();
        }
        match wrong {
            FaultAnswer::Code(code) => envelope::any_code(&code),
            FaultAnswer::Status(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, Html(format!("<html><body><h1>{status}</h1></body></html>"))).into_response()
            }
            FaultAnswer::Html => Html("<html><body><h1>서비스 점검 중입니다</h1></body></html>").into_response(),
            FaultAnswer::Empty => StatusCode::OK.into_response(),
            FaultAnswer::Cut => cut(),
            FaultAnswer::Hang => {
                self.wait(HANG_MAX).await;
                StatusCode::GATEWAY_TIMEOUT.into_response()
            }
        }
    }

    fn carry_out(&self) -> Response {
        match self.try_carry_out() {
            Ok(Done::Answered(data)) => envelope::success(&data),
            Ok(Done::PartnerRefused(code)) => envelope::any_code(&code),
            Err(refusal) => refusal.into_response(),
        }
    }

    fn try_carry_out(&self) -> Result<Done, Refusal> {
        let body: Map<String, Value> = serde_json::from_slice(&self.body).map_err(|_| Refusal::Parameter("body"))?;
        let key = body.get("apiKey").and_then(Value::as_str).filter(|key| !key.is_empty());
        let partner = self
            .upstream
            .partner(key.ok_or(Refusal::KeyMissing)?)
            .ok_or(Refusal::KeyUnknown)?;
        let refused_with = self
            .upstream
            .with_world(|world| world.partner(partner).and_then(|partner| partner.refused_with.clone()));
        if let Some(code) = refused_with {
            return Ok(Done::PartnerRefused(code));
        }
        (self.handler)(&self.upstream, partner, &Parameters(body)).map(Done::Answered)
    }

    /// Returns whether the time is over and the sandbox still runs.
    async fn wait(&self, time: Duration) -> bool {
        self.upstream
            .stop
            .run_until_cancelled(tokio::time::sleep(time))
            .await
            .is_some()
    }
}

/// An answer that breaks off in the middle of its body.
fn cut() -> Response {
    let beginning = Ok::<_, std::io::Error>(Bytes::from_static(b"{\"code\":\"00"));
    let end = Err(std::io::Error::other("cut on purpose"));
    let body = Body::from_stream(stream::iter([beginning, end]));
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// The parameters of a call. Null is absent.
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    /// A code of the partner's, not empty and not too long.
    pub(super) fn code(&self, name: &'static str, max_characters: usize) -> Result<String, Refusal> {
        let code = self
            .text(name)?
            .filter(|code| !code.is_empty() && code.chars().count() <= max_characters);
        code.map(str::to_owned).ok_or(Refusal::Parameter(name))
    }

    /// Both codes under the names that all calls but `/auth/mapping` use.
    pub(super) fn pair(&self) -> Result<(String, String), Refusal> {
        Ok((
            self.code("member", CODE_MAX_CHARACTERS)?,
            self.code("merchant", CODE_MAX_CHARACTERS)?,
        ))
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(Refusal::Parameter(name)),
        }
    }

    /// An `http` or `https` address of at most so many bytes.
    pub(super) fn web_address(&self, name: &'static str, max_bytes: usize) -> Result<Option<Url>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        url.filter(|_| text.len() <= max_bytes)
            .map(Some)
            .ok_or(Refusal::Parameter(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }
}
