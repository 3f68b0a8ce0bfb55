//! What all calls have in common: the count, the faults, the key, the parameters.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{Html, IntoResponse, Response};
use futures::stream;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::envelope::{self, Refusal};
use super::parameters::Parameters;
use super::race;
use crate::faults::{CallName, FaultAnswer};
use crate::upstream::Upstream;

/// How long a hanging call hangs at most. Every sensible client has given up by then.
const HANG_MAX: Duration = Duration::from_mins(2);

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
        if let Some(beforehand) = mishap.beforehand {
            race::before(&self.upstream, &self.body, beforehand);
        }
        let Some(wrong) = mishap.answer else {
            return self.carry_out_amid(mishap.approval_first).await;
        };
        if mishap.carried_out {
            // The point of this fault is that the caller does not learn what came of the call.
            let _ = self.carry_out_amid(mishap.approval_first).await;
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

    /// Does the work, and waits for the approval that it led to, if that is to come first.
    async fn carry_out_amid(&self, is_approval_first: bool) -> Response {
        let done = self.carry_out();
        if is_approval_first {
            race::approval_first(&self.upstream, &self.body).await;
        }
        done
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
        let (refused_with, rules) = self.upstream.with_world(|world| {
            let refused_with = world.partner(partner).and_then(|partner| partner.refused_with.clone());
            (refused_with, world.rules().clone())
        });
        if let Some(code) = refused_with {
            return Ok(Done::PartnerRefused(code));
        }
        (self.handler)(&self.upstream, partner, &Parameters::new(body, rules)).map(Done::Answered)
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
