//! `POST /v1/merchants/{id}/reconciliations`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use registry_documents::{MerchantDocument, PublicEvent, Sight, event_shown};
use registry_domain::merchant::{self, Answer, Reading};
use registry_domain::review::{DeletionMark, MappingStatus, ReadingSource, ReviewCode, Verification};
use registry_domain::tenant::Scope;
use registry_journal::{RecordedEvent, StreamEvent};
use registry_upstream::{Asked, Question, Urgency};
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands::asked_about;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::routes::merchants::parse_id;
use crate::state::AppState;

const SCOPE: Scope = Scope::UpstreamAsk;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::UpstreamNotConfigured,
            Code::UpstreamUnusable,
            Code::ReadBackOff,
            Code::ReadBackUnusable,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::UpstreamRateCapped,
            Code::UpstreamRefused,
            Code::UpstreamUnreachable,
            Code::UpstreamUnavailable,
            Code::UpstreamNoAnswer,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(reconcile_merchant))
}

/// Ask Paymint about a merchant now
///
/// Asks for the shop's mapping status, writes down what is news in the answer, and returns what was found. An open
/// question about a doubtful claim is settled by it. The registry asks by itself too; this is for a person who does not
/// want to wait. A repeat asks again, with any Idempotency-Key: an old answer would be worth less than a new one. The
/// body may be left out.
#[utoipa::path(
    post,
    path = "/v1/merchants/{id}/reconciliations",
    tag = "Merchants",
    params(("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "What was found", body = ReconciliationDocument))
)]
async fn reconcile_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<ReconciliationDocument>, Problem> {
    caller.require(SCOPE)?;
    let (tenant, merchant) = asked_about(&state, &caller, parse_id(&id)?).await?;
    if let Some(fields) = body.fields_if_any(Null::Absent)? {
        fields.finish()?;
    }
    let question = Question {
        tenant,
        merchant,
        source: ReadingSource::ReadBack,
        urgency: Urgency::Person,
        origin: caller.origin(&context),
    };
    let asked = state.inquirer.ask(question).await?;
    Ok(Json(ReconciliationDocument::new(&asked, caller.sight())))
}

/// What came of a question to Paymint about one merchant.
#[derive(Serialize, ToSchema)]
#[schema(as = Reconciliation)]
struct ReconciliationDocument {
    /// Always `reconciliation`.
    #[schema(example = "reconciliation")]
    object: &'static str,
    /// The merchant.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: String,
    /// `unchanged` (nothing follows from the answer), `verified` (it says what was known, and now that is verified),
    /// `changed` (it told of something new), `conflicting` (Paymint contradicts itself), `noted` (something was noted
    /// that verifies nothing), `missing` (it does not know the shop). Others may appear.
    #[schema(example = "changed")]
    outcome: &'static str,
    /// It told of a change that no callback had brought.
    #[schema(example = true)]
    healed: bool,
    /// How an open question about a doubtful claim was settled by it: `confirmed` or `refuted`. Null if none was open.
    #[schema(required = true, example = "refuted")]
    resolution: Option<&'static str>,
    /// What Paymint said.
    answer: AnswerDocument,
    /// What was written down because of it, in order.
    events: Vec<PublicEvent>,
    /// The merchant after it.
    merchant: MerchantDocument,
}

/// What Paymint said about a merchant.
#[derive(Serialize, ToSchema)]
#[schema(as = UpstreamAnswer)]
struct AnswerDocument {
    /// When the question was sent.
    asked_at: DateTime<Utc>,
    /// When the answer arrived.
    read_at: DateTime<Utc>,
    /// Whether Paymint knows the shop. Not knowing it is no deletion.
    found: bool,
    /// The review status by its letter.
    #[schema(required = true, example = "opened")]
    status: Option<&'static str>,
    /// The letter.
    #[schema(required = true, example = "O")]
    code: Option<String>,
    /// 심사 메시지.
    #[schema(required = true)]
    message: Option<String>,
    /// Whether the shop is deleted; null if it does not say or that cannot be read.
    #[schema(required = true, example = false)]
    deleted: Option<bool>,
    /// 하위 사업장 상태.
    #[schema(required = true, example = "COMPLETED")]
    mapping_status: Option<String>,
}

impl ReconciliationDocument {
    fn new(asked: &Asked, sight: Sight) -> Self {
        let mut facts = asked.events.iter().filter_map(fact);
        let healed = facts
            .clone()
            .any(|fact| matches!(fact, merchant::Event::StatusObserved { healed: true, .. }));
        Self {
            object: "reconciliation",
            merchant_id: asked.merchant.id.to_string(),
            outcome: outcome(&asked.reading.answer, &asked.events),
            healed,
            resolution: facts.find_map(resolution),
            answer: AnswerDocument::new(&asked.reading),
            events: asked.events.iter().map(|event| event_shown(event, sight)).collect(),
            merchant: MerchantDocument::shown(&asked.merchant, sight),
        }
    }
}

fn fact(recorded: &RecordedEvent) -> Option<&merchant::Event> {
    match &recorded.event {
        StreamEvent::Merchant(event) => Some(event),
        StreamEvent::Tenant(_) => None,
    }
}

fn resolution(fact: &merchant::Event) -> Option<&'static str> {
    if let merchant::Event::ConfirmationResolved { resolution, .. } = fact {
        Some(resolution.as_str())
    } else {
        None
    }
}

fn verification(fact: &merchant::Event) -> Option<Verification> {
    if let merchant::Event::StatusObserved { verification, .. } = fact {
        Some(*verification)
    } else {
        None
    }
}

/// An answer that settles or marks something is written down as an observation; one that moves the shop has more to
/// tell.
fn outcome(answer: &Answer, events: &[RecordedEvent]) -> &'static str {
    let moved = events.iter().filter_map(fact).any(|fact| {
        matches!(
            fact,
            merchant::Event::ReviewChanged { .. }
                | merchant::Event::BusinessDetailsChanged { .. }
                | merchant::Event::UpstreamUnlinked { .. }
                | merchant::Event::UpstreamRelinked { .. }
        )
    });
    match answer {
        Answer::Missing => "missing",
        Answer::Found { .. } if moved => "changed",
        Answer::Found { .. } => match events.iter().filter_map(fact).find_map(verification) {
            None => "unchanged",
            Some(Verification::Verified) => "verified",
            Some(Verification::Conflicting) => "conflicting",
            Some(Verification::Unverified | Verification::Held) => "noted",
        },
    }
}

impl AnswerDocument {
    fn new(reading: &Reading) -> Self {
        let (observation, mapping_status) = match &reading.answer {
            Answer::Found {
                observation,
                mapping_status,
            } => (Some(observation), mapping_status.as_ref()),
            Answer::Missing => (None, None),
        };
        let code = observation.and_then(|observation| observation.review_code.as_ref());
        let message = observation.and_then(|observation| observation.review_message.as_ref());
        Self {
            asked_at: reading.asked_at,
            read_at: reading.read_at,
            found: observation.is_some(),
            status: code.map(|code| code.status().as_str()),
            code: code.map(ReviewCode::as_str).map(str::to_owned),
            message: message.map(|message| message.as_str().to_owned()),
            deleted: observation.and_then(|observation| match observation.deletion {
                DeletionMark::NotDeleted => Some(false),
                DeletionMark::Deleted => Some(true),
                DeletionMark::Unrecognised(_) | DeletionMark::Unsaid => None,
            }),
            mapping_status: mapping_status.map(MappingStatus::as_str).map(str::to_owned),
        }
    }
}
