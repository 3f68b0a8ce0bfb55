//! `POST /v1/quarantine/{event_id}/redrives`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use registry_documents::{EventData, merchant_fact};
use registry_domain::EventId;
use registry_domain::merchant::QuarantineReason;
use registry_domain::tenant::Scope;
use registry_ingest::{Effect, RedriveRequest, Redriven};
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::Null;
use crate::idempotency;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::QuarantineWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IdempotencyKeyInvalid,
            Code::CallbackNotFound,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::PayloadErased,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(redrive_callback))
}

/// Drive a callback again
///
/// Reads the bytes that were kept with today's reader and judges them by today's rules, as of when they came: what was
/// believed since is not overruled. Something new is appended, or nothing; no event is changed. It works for every
/// callback, also for one that was used when it came, such as one with a letter that was unknown then. One that was
/// settled before stays settled. With `dry_run` nothing is written. The body may be left out.
#[utoipa::path(
    post,
    path = "/v1/quarantine/{event_id}/redrives",
    tag = "Quarantine",
    params(
        ("event_id" = String, Path, description = "The id of the event that recorded the callback", example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the redrive happen only once", max_length = 255),
    ),
    request_body(content = Option<RedriveWish>, description = "How"),
    responses((status = 200, description = "What came of it", body = RedriveDocument))
)]
async fn redrive_callback(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(event_id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Json<RedriveDocument>, Problem> {
    caller.require(SCOPE)?;
    let event_id: EventId = event_id.parse().map_err(|_| Problem::from(Code::CallbackNotFound))?;
    let wish = RedriveWish::read(&body)?;
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    let request = RedriveRequest {
        tenant_id: caller.tenant_id(),
        event_id,
        bound_to: None,
    };
    let redriven = if wish.dry_run {
        let mut rehearsed = state.redriver.rehearse(std::slice::from_ref(&request)).await;
        rehearsed.pop().ok_or(Code::Internal)??
    } else {
        let origin = caller.origin(&context);
        state.redriver.redrive(&request, origin, idempotency).await?
    };
    Ok(Json(RedriveDocument::new(event_id, wish.dry_run, &redriven)))
}

/// How a callback is driven again.
#[derive(ToSchema)]
struct RedriveWish {
    /// Only tell what would come of it.
    #[schema(required = false, default = false, example = true)]
    dry_run: bool,
}

impl RedriveWish {
    fn read(body: &JsonBody) -> Result<Self, Problem> {
        let Some(mut fields) = body.fields_if_any(Null::Absent)? else {
            return Ok(Self { dry_run: false });
        };
        let dry_run = fields.boolean("dry_run").unwrap_or(false);
        fields.finish()?;
        Ok(Self { dry_run })
    }
}

/// What came, or would come, of driving a callback again.
#[derive(Serialize, ToSchema)]
#[schema(as = Redrive)]
pub struct RedriveDocument {
    /// Always `redrive`.
    #[schema(example = "redrive")]
    object: &'static str,
    /// The event that recorded the callback.
    #[schema(example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    event_id: String,
    /// Nothing was written.
    #[schema(example = false)]
    dry_run: bool,
    /// `applied`, `duplicate`, `held`, `outdated` (something that is believed was said after it had come),
    /// `quarantined` (for another reason than before), `payment_approved`, or `nothing`: it stays as it was. Others may
    /// appear.
    #[schema(example = "applied")]
    outcome: &'static str,
    /// Why it is quarantined, if it still is.
    #[schema(required = true)]
    reason: Option<&'static str>,
    /// The merchant that it is for.
    #[schema(required = true)]
    merchant_id: Option<String>,
    /// The facts that follow, in order: each a type and what that type tells.
    facts: Vec<EventData>,
    /// The events that they became. Empty in a dry run.
    event_ids: Vec<String>,
    /// The merchant's review status after it.
    #[schema(example = "documents_required")]
    status: Option<&'static str>,
    /// The merchant's stage after it.
    #[schema(example = "documents_required")]
    stage: Option<&'static str>,
}

impl RedriveDocument {
    /// The document of what came of it.
    pub fn new(event_id: EventId, dry_run: bool, redriven: &Redriven) -> Self {
        let merchant = redriven.merchant.as_deref();
        let reason = match redriven.effect {
            Effect::Judged(verdict) => verdict.reason(),
            Effect::Approval | Effect::Nothing => None,
        };
        Self {
            object: "redrive",
            event_id: event_id.to_string(),
            dry_run,
            outcome: redriven.effect.as_str(),
            reason: reason.map(QuarantineReason::as_str),
            merchant_id: merchant.map(|merchant| merchant.id.to_string()),
            facts: redriven.facts.iter().map(merchant_fact).collect(),
            event_ids: redriven.event_ids.iter().map(ToString::to_string).collect(),
            status: merchant.map(|merchant| merchant.review.status().as_str()),
            stage: merchant.map(|merchant| merchant.stage().as_str()),
        }
    }
}
