//! `POST /v1/unclaimed-merchants/{id}/adoption`

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use registry_documents::MerchantDocument;
use registry_domain::merchant::{Merchant, Refusal, Registration};
use registry_domain::review::ReadingSource;
use registry_domain::tenant::{Command, Scope, UnclaimedResolution};
use registry_domain::{MemberCode, MerchantCode, MerchantId, Reference, Seq, causes};
use registry_ingest::{RedriveError, RedriveRequest};
use registry_journal::port::{PageSize, QuarantineQuery, QuarantineState, UnclaimedRow, UnclaimedState};
use registry_journal::{Idempotency, Order, Outcome, Submission};
use registry_upstream::{AskError, Asked, Question, Urgency};
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::find;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands::{at_version, current, run_of_tenant};
use crate::fields::Null;
use crate::idempotency;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, FieldFault, Place, Problem};
use crate::routes::merchants::Details;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsWrite;

/// Most callbacks of a pair that one request drives again.
const CALLBACKS_MAX: PageSize = PageSize::clamped(200);

/// How long an adoption waits for upstream to tell of the shop.
const ASK_LIMIT: Duration = Duration::from_secs(5);

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IdempotencyKeyInvalid,
            Code::UnclaimedMerchantNotFound,
            Code::RequestTimeout,
            Code::UnclaimedMerchantDismissed,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(adopt_unclaimed_merchant))
}

/// Adopt an unclaimed merchant
///
/// Registers the pair as a merchant of yours, and drives the callbacks that came for it again, in order, at most 200 for
/// each request: if `callbacks.more` is true, send the same request once more. If none told the review status, Paymint is
/// asked. Adopting what is adopted already
/// registers nothing. The body may be left out; it may say what you know of the shop, as for a registration.
#[utoipa::path(
    post,
    path = "/v1/unclaimed-merchants/{id}/adoption",
    tag = "Unclaimed merchants",
    params(
        ("id" = String, Path, description = "Its id", example = "unc_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the registration happen only once", max_length = 255),
    ),
    request_body(content = Option<AdoptedDetails>, description = "What you know of the shop"),
    responses((status = 200, description = "The merchant that it is now", body = AdoptionDocument))
)]
async fn adopt_unclaimed_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Json<AdoptionDocument>, Problem> {
    caller.require(SCOPE)?;
    let row = find(&state, &caller, &id).await?;
    let registration = registration(&row.reference, &body)?;
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    let adopter = Adopter {
        state: &state,
        caller: &caller,
        context: &context,
    };
    let merchant = adopter.merchant(&row, registration, idempotency).await?;
    let callbacks = adopter.redrive(&row.reference).await?;
    let mut merchant = current(&state, &caller, merchant.id).await?;
    if merchant.review.code.is_none() {
        adopter.ask(&merchant).await;
        merchant = current(&state, &caller, merchant.id).await?;
    }
    Ok(Json(AdoptionDocument {
        object: "adoption",
        merchant: MerchantDocument::shown(&merchant, caller.sight()),
        callbacks,
    }))
}

fn registration(reference: &Reference, body: &JsonBody) -> Result<Registration, Problem> {
    let mut registration = Registration {
        reference: reference.clone(),
        company_name: None,
        branch_name: None,
        business_number: None,
        tags: Vec::new(),
        metadata: BTreeMap::new(),
    };
    if let Some(mut fields) = body.fields_if_any(Null::Absent)? {
        let details = Details::read(&mut fields);
        fields.finish()?;
        registration.company_name = details.company_name;
        registration.branch_name = details.branch_name;
        registration.business_number = details.business_number;
        registration.tags = details.tags.unwrap_or_default();
        registration.metadata = details.metadata.unwrap_or_default();
    }
    Ok(registration)
}

/// Paymint may speak of a pair that looks like another. It can be dismissed, but not registered.
fn check(reference: &Reference) -> Result<(), Problem> {
    let member = MemberCode::parse(reference.member_code.as_str()).err();
    let merchant = MerchantCode::parse(reference.merchant_code.as_str()).err();
    let faults: Vec<_> = [("/member_code", member), ("/merchant_code", merchant)]
        .into_iter()
        .filter_map(|(pointer, error)| {
            Some(FieldFault {
                place: Place::Body(pointer.to_owned()),
                fault: error?.into(),
            })
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(faults))
    }
}

struct Adopter<'a> {
    state: &'a AppState,
    caller: &'a Caller,
    context: &'a RequestContext,
}

impl Adopter<'_> {
    async fn merchant(
        &self,
        row: &UnclaimedRow,
        registration: Registration,
        idempotency: Option<Idempotency>,
    ) -> Result<Merchant, Problem> {
        match (row.state, row.merchant_id) {
            (UnclaimedState::Adopted, Some(id)) => return current(self.state, self.caller, id).await,
            (UnclaimedState::Dismissed, _) => return Err(Code::UnclaimedMerchantDismissed.into()),
            (UnclaimedState::Open, _) | (UnclaimedState::Adopted, None) => check(&row.reference)?,
        }
        let submission = Submission {
            tenant_id: self.caller.tenant_id(),
            origin: self.caller.origin(self.context),
            idempotency,
            order: Order::Register {
                merchant_id: MerchantId::from_uuid(self.state.ambient.ids.uuid()),
                registration: Box::new(registration),
            },
        };
        match self.state.writer.submit(submission).await? {
            Outcome::Written(written) => {
                let merchant = written.merchant.ok_or(Code::Internal)?;
                Ok(*merchant)
            }
            Outcome::Replayed(replay) => at_version(self.state, self.caller, replay.merchant_id, replay.version).await,
            // It was registered after Paymint first spoke of it, in another request.
            Outcome::Refused(Refusal::ReferenceTaken { existing }) => self.resolve(row, existing).await,
            Outcome::KeyReused => Err(Code::IdempotencyKeyReused.into()),
            Outcome::Refused(refusal) => Err(refusal.into()),
            Outcome::TenantRefused(refusal) => Err(refusal.into()),
        }
    }

    async fn resolve(&self, row: &UnclaimedRow, existing: MerchantId) -> Result<Merchant, Problem> {
        let command = Command::ResolveUnclaimed {
            reference: row.reference.clone(),
            resolution: UnclaimedResolution::Adopted(existing),
        };
        run_of_tenant(self.state, self.caller, self.context, command).await?;
        current(self.state, self.caller, existing).await
    }

    /// Of a shop that only the list knows no callback has told the review status. Upstream may not be there to tell it
    /// now; the shop is adopted all the same, and asked about again once the list names it the next time.
    async fn ask(&self, merchant: &Merchant) {
        match tokio::time::timeout(ASK_LIMIT, self.ask_now(merchant.id)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::debug!(error = %causes(&error), "an adopted shop could not be asked about");
            }
            Err(_elapsed) => tracing::debug!("upstream did not tell of an adopted shop in time"),
        }
    }

    async fn ask_now(&self, merchant_id: MerchantId) -> Result<Asked, AskError> {
        let reader = self.state.archive.reader();
        let found = reader.asked_about(self.caller.tenant_id(), merchant_id).await?;
        let (tenant, merchant) = found.ok_or(AskError::NoSuchMerchant)?;
        let question = Question {
            tenant,
            merchant,
            source: ReadingSource::ReadBack,
            urgency: Urgency::Person,
            origin: self.caller.origin(self.context),
        };
        self.state.inquirer.ask(question).await
    }

    async fn redrive(&self, reference: &Reference) -> Result<AdoptedCallbacks, Problem> {
        let tenant_id = self.caller.tenant_id();
        let query = QuarantineQuery {
            reasons: Vec::new(),
            merchant: None,
            reference: Some(reference.clone()),
            state: Some(QuarantineState::Open),
            after: Seq::ZERO,
            limit: CALLBACKS_MAX,
        };
        let rows = self.state.archive.reader().quarantine(tenant_id, &query).await?;
        let origin = self.caller.origin(self.context);
        for row in &rows {
            let request = RedriveRequest {
                tenant_id,
                event_id: row.event_id,
                bound_to: None,
            };
            match self.state.redriver.redrive(&request, origin.clone(), None).await {
                Ok(_) | Err(RedriveError::Erased) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(AdoptedCallbacks {
            redriven: rows.len(),
            more: rows.len() == CALLBACKS_MAX.get() as usize,
        })
    }
}

/// What you know of a shop that is adopted.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct AdoptedDetails {
    /// 사업자등록번호, with or without hyphens. Its check digit is verified.
    #[schema(example = "117-81-78260")]
    business_number: Option<String>,
    /// 사업장명.
    #[schema(min_length = 1, max_length = 200, example = "가나다 학원")]
    company_name: Option<String>,
    /// 지점명.
    #[schema(min_length = 1, max_length = 200, example = "강남점")]
    branch_name: Option<String>,
    /// Your tags, each of 1 to 200 characters.
    #[schema(required = false, max_items = 20, example = json!(["seoul"]))]
    tags: Vec<String>,
    /// Your own data: at most 50 entries, keys of 1 to 40 characters, values of 1 to 200.
    #[schema(required = false, example = json!({"contract": "2026-014"}))]
    metadata: HashMap<String, String>,
}

/// An unclaimed merchant that is yours now.
#[derive(Serialize, ToSchema)]
#[schema(as = Adoption)]
struct AdoptionDocument {
    /// Always `adoption`.
    #[schema(example = "adoption")]
    object: &'static str,
    /// The merchant, after its callbacks were driven again.
    merchant: MerchantDocument,
    /// The callbacks that had come for it.
    callbacks: AdoptedCallbacks,
}

/// The callbacks of an adopted merchant.
#[derive(Serialize, ToSchema)]
struct AdoptedCallbacks {
    /// How many were driven again.
    #[schema(example = 2)]
    redriven: usize,
    /// Others wait: send the same request once more.
    #[schema(example = false)]
    more: bool,
}
