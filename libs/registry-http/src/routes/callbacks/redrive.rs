//! `POST /v1/callbacks/redrives`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, SubsecRound, Utc};
use registry_domain::tenant::Scope;
use registry_domain::{MerchantId, Seq};
use registry_ingest::Selection;
use registry_journal::port::PageSize;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::position::require_reached;
use crate::problem::{Code, Fault, Problem};
use crate::query::{LIMIT_DEFAULT, REDRIVES_MAX};
use crate::routes::quarantine::report::{Again, RedriveReport};
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
    operation.document(routes!(redrive_received_callbacks))
}

/// Drive everything again that was ever received
///
/// Reads the kept bytes of callbacks with today's reader and judges them by today's rules, whatever became of them when
/// they came: for the day on which a new release understands more. It walks through your log in order, at most `limit`
/// callbacks for each request, and tells how many came to what. Of most comes nothing, because they say what is known;
/// what is older than what is believed overrules nothing. `dry_run` writes nothing. With `next` as `cursor` the
/// following request goes on; a request may find none before the end.
#[utoipa::path(
    post,
    path = "/v1/callbacks/redrives",
    tag = "Callbacks",
    request_body(content = ReceivedFilter, description = "Which, and whether in earnest"),
    responses((status = 200, description = "What came of them", body = RedriveReport))
)]
async fn redrive_received_callbacks(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    body: JsonBody,
) -> Result<Json<RedriveReport>, Problem> {
    caller.require(SCOPE)?;
    let filter = ReceivedFilter::read(body.fields(Null::Absent)?)?;
    let tenant_id = caller.tenant_id();
    let list = filter.name();
    let after = state.cursor_key.open_seq(tenant_id, &list, filter.cursor.as_deref());
    let after = after.ok_or(Code::CursorInvalid)?;
    let selection = Selection {
        merchant_id: filter.merchant_id,
        received_from: filter.received_from,
        received_until: filter.received_until,
    };
    let found = state
        .redriver
        .search(tenant_id, &selection, after, filter.limit)
        .await?;
    if found.event_ids.is_empty() {
        require_reached(state.archive.reader(), tenant_id, Seq(after)).await?;
    }
    let next = found.next;
    let again = Again {
        event_ids: found.event_ids,
        dry_run: filter.dry_run,
        next: next.map(|next| state.cursor_key.seal_number(tenant_id, &list, next.into())),
    };
    Ok(Json(again.drive(&state, &caller, &context).await?))
}

/// Which of the callbacks that were ever received.
#[derive(ToSchema)]
struct ReceivedFilter {
    /// Only tell what would come of it.
    #[schema(example = true)]
    dry_run: bool,
    /// Only those that are kept with this merchant.
    #[schema(value_type = Option<String>)]
    merchant_id: Option<MerchantId>,
    /// Only those that came then or later.
    received_from: Option<DateTime<Utc>>,
    /// Only those that came before.
    received_until: Option<DateTime<Utc>>,
    /// At most so many; 50 if left out.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 200, example = 50)]
    limit: PageSize,
    /// `next` of the request before, with the same filter.
    cursor: Option<String>,
}

impl ReceivedFilter {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let dry_run = fields.required_boolean("dry_run");
        let merchant_id = fields.optional("merchant_id", str::parse);
        let received_from = fields.optional("received_from", moment);
        let received_until = fields.optional("received_until", moment);
        let limit = fields.number("limit", 1..=i64::from(REDRIVES_MAX));
        let cursor = fields.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
        fields.finish()?;
        let limit = limit.and_then(|limit| u32::try_from(limit).ok());
        Ok(Self {
            dry_run: dry_run.unwrap_or(true),
            merchant_id,
            received_from,
            received_until,
            limit: PageSize::clamped(limit.unwrap_or(LIMIT_DEFAULT)),
            cursor,
        })
    }

    /// One name for one selection.
    fn name(&self) -> String {
        let merchant = self.merchant_id.map(|id| id.to_string()).unwrap_or_default();
        let moment = |moment: Option<DateTime<Utc>>| moment.map(|moment| moment.to_rfc3339()).unwrap_or_default();
        let (from, until) = (moment(self.received_from), moment(self.received_until));
        format!("received {merchant} {from} {until}")
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, Fault> {
    let moment = DateTime::parse_from_rfc3339(text).map_err(|_| Fault::NotATime)?;
    Ok(moment.to_utc().trunc_subsecs(6))
}
