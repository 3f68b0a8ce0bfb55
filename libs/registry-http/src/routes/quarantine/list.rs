//! `GET /v1/quarantine`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::merchant::QuarantineReason;
use registry_domain::tenant::Scope;
use registry_domain::{MerchantId, Seq};
use registry_journal::port::{PageSize, QuarantineQuery, QuarantineState};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::QuarantinedDocument;
use crate::caller::Caller;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::position::require_reached;
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CursorInvalid, Code::PositionBeyondLog, Code::ValidationFailed],
    };
    operation.document(routes!(list_quarantine))
}

/// List quarantined callbacks
///
/// The oldest first. Those that were settled appear only if `state` asks for them. Counts by reason come from
/// `/v1/stats/quarantine`.
#[utoipa::path(
    get,
    path = "/v1/quarantine",
    tag = "Quarantine",
    params(
        ("reason" = Option<String>, Query, description = "Reasons, separated by commas: `unparseable`, `unknown_shape`, `wrong_type`, `codes_mismatch`, `codes_disguised`, `link_revoked`, `unknown_link`, `unknown_merchant`, `no_such_merchant`, `sender_not_allowed`, `too_large`", example = "codes_mismatch"),
        ("merchant_id" = Option<String>, Query, description = "Only those that came through a URL of this merchant"),
        ("state" = Option<String>, Query, description = "`open`, `redriven`, `discarded` or `all`; `open` if left out"),
        ("limit" = Option<u32>, Query, description = "Most callbacks on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of callbacks", body = QuarantinePage))
)]
async fn list_quarantine(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<QuarantinePage>, Problem> {
    caller.require(SCOPE)?;
    let reasons = query.words("reason", QuarantineReason::WORDS, QuarantineReason::from_word);
    let merchant: Option<MerchantId> = query.optional("merchant_id", str::parse);
    let wanted = query
        .optional("state", read_state)
        .unwrap_or(Some(QuarantineState::Open));
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;

    let tenant_id = caller.tenant_id();
    let list = name_of(&reasons, merchant, wanted);
    let after = state.cursor_key.open_seq(tenant_id, &list, cursor.as_deref());
    let query = QuarantineQuery {
        reasons,
        merchant,
        reference: None,
        state: wanted,
        after: Seq(after.ok_or(Code::CursorInvalid)?),
        limit: PageSize::clamped(limit.get() + 1),
    };
    let reader = state.archive.reader();
    let mut rows = reader.quarantine(tenant_id, &query).await?;
    if rows.is_empty() {
        require_reached(reader, tenant_id, query.after).await?;
    }
    let more = rows.len() > limit.get() as usize;
    rows.truncate(limit.get() as usize);
    let end = rows.last().filter(|_| more);
    let next = end.map(|row| state.cursor_key.seal_number(tenant_id, &list, row.seq.0.into()));
    Ok(Json(QuarantinePage {
        data: rows.iter().map(QuarantinedDocument::new).collect(),
        page: Page { next, prev: None },
    }))
}

/// Those that may be asked for.
pub const STATES: &[&str] = &["open", "redriven", "discarded", "all"];

fn read_state(word: &str) -> Result<Option<QuarantineState>, Fault> {
    if word == "all" {
        return Ok(None);
    }
    QuarantineState::from_word(word)
        .map(Some)
        .ok_or(Fault::UnknownWord(STATES))
}

/// One name for one list.
fn name_of(reasons: &[QuarantineReason], merchant: Option<MerchantId>, wanted: Option<QuarantineState>) -> String {
    let mut reasons: Vec<_> = reasons.iter().map(|reason| reason.as_str()).collect();
    reasons.sort_unstable();
    let merchant = merchant.map(|id| id.to_string()).unwrap_or_default();
    let state = wanted.map_or("all", QuarantineState::as_str);
    format!("quarantine {} {merchant} {state}", reasons.join(","))
}

/// A page of quarantined callbacks.
#[derive(Serialize, ToSchema)]
struct QuarantinePage {
    /// The callbacks, the oldest first.
    data: Vec<QuarantinedDocument>,
    /// Where other pages begin.
    page: Page,
}
