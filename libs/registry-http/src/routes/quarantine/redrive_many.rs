//! `POST /v1/quarantine/redrives`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::merchant::QuarantineReason;
use registry_domain::tenant::Scope;
use registry_domain::{MerchantId, Seq};
use registry_journal::port::{PageSize, QuarantineQuery, QuarantineState};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::report::{Again, RedriveReport};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::position::require_reached;
use crate::problem::{Code, Fault, Problem};
use crate::query::{LIMIT_DEFAULT, REDRIVES_MAX};
use crate::state::AppState;

const SCOPE: Scope = Scope::QuarantineWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::CursorInvalid,
            Code::PositionBeyondLog,
            Code::RequestTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(redrive_callbacks))
}

/// Drive callbacks again by filter
///
/// Takes open ones out of the quarantine in the order in which they came, at most `limit` for each request, and tells
/// how many came to what, with a sample of those of which something came. `dry_run` writes nothing. With `next` as
/// `cursor` the following request goes on. A repeat finds what was settled gone and does nothing twice, so no
/// Idempotency-Key is needed.
#[utoipa::path(
    post,
    path = "/v1/quarantine/redrives",
    tag = "Quarantine",
    request_body(content = RedriveFilter, description = "Which, and whether in earnest"),
    responses((status = 200, description = "What came of them", body = RedriveReport))
)]
async fn redrive_callbacks(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    body: JsonBody,
) -> Result<Json<RedriveReport>, Problem> {
    caller.require(SCOPE)?;
    let filter = RedriveFilter::read(body.fields(Null::Absent)?)?;
    let tenant_id = caller.tenant_id();
    let list = filter.name();
    let after = state.cursor_key.open_seq(tenant_id, &list, filter.cursor.as_deref());
    let after = after.ok_or(Code::CursorInvalid)?;
    let query = QuarantineQuery {
        reasons: filter.reasons,
        merchant: filter.merchant_id,
        reference: None,
        state: Some(QuarantineState::Open),
        after: Seq(after),
        limit: filter.limit,
    };
    let reader = state.archive.reader();
    let rows = reader.quarantine(tenant_id, &query).await?;
    if rows.is_empty() {
        require_reached(reader, tenant_id, query.after).await?;
    }
    let is_full = rows.len() == filter.limit.get() as usize;
    let end = rows.last().filter(|_| is_full);
    let next = end.map(|row| state.cursor_key.seal_number(tenant_id, &list, row.seq.0.into()));
    let event_ids = rows.iter().map(|row| row.event_id).collect();
    let again = Again {
        event_ids,
        dry_run: filter.dry_run,
        next,
    };
    Ok(Json(again.drive(&state, &caller, &context).await?))
}

/// Which callbacks are driven again.
#[derive(ToSchema)]
struct RedriveFilter {
    /// Only tell what would come of it.
    #[schema(example = true)]
    dry_run: bool,
    /// Only those with one of these reasons; all if left out.
    #[schema(value_type = Vec<String>, required = false, example = json!(["codes_mismatch"]))]
    reasons: Vec<QuarantineReason>,
    /// Only those that came through a URL of this merchant.
    #[schema(value_type = Option<String>)]
    merchant_id: Option<MerchantId>,
    /// At most so many; 50 if left out.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 200, example = 50)]
    limit: PageSize,
    /// `next` of the request before, with the same filter.
    cursor: Option<String>,
}

impl RedriveFilter {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let dry_run = fields.required_boolean("dry_run");
        let read_reason =
            |word: &str| QuarantineReason::from_word(word).ok_or(Fault::UnknownWord(QuarantineReason::WORDS));
        let reasons = fields.texts("reasons", QuarantineReason::ALL.len(), read_reason);
        let merchant_id = fields.optional("merchant_id", str::parse);
        let limit = fields.number("limit", 1..=i64::from(REDRIVES_MAX));
        let cursor = fields.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
        fields.finish()?;
        let limit = limit.and_then(|limit| u32::try_from(limit).ok());
        Ok(Self {
            dry_run: dry_run.unwrap_or(true),
            reasons: reasons.unwrap_or_default(),
            merchant_id,
            limit: PageSize::clamped(limit.unwrap_or(LIMIT_DEFAULT)),
            cursor,
        })
    }

    /// One name for one selection.
    fn name(&self) -> String {
        let mut reasons: Vec<_> = self.reasons.iter().map(|reason| reason.as_str()).collect();
        reasons.sort_unstable();
        let merchant = self.merchant_id.map(|id| id.to_string()).unwrap_or_default();
        format!("redrives {} {merchant}", reasons.join(","))
    }
}
