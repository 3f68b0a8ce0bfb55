//! `GET /v1/unclaimed-merchants`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::UnclaimedId;
use registry_domain::tenant::Scope;
use registry_journal::port::{PageSize, UnclaimedQuery, UnclaimedState};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use super::UnclaimedDocument;
use crate::caller::Caller;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CursorInvalid, Code::ValidationFailed],
    };
    operation.document(routes!(list_unclaimed_merchants))
}

/// List unclaimed merchants
///
/// Pairs of codes of which Paymint spoke, in callbacks or in its list, although you had not registered them. The ones
/// that were first seen longest ago come first. Those that were adopted or dismissed appear only if `state` asks.
#[utoipa::path(
    get,
    path = "/v1/unclaimed-merchants",
    tag = "Unclaimed merchants",
    params(
        ("state" = Option<String>, Query, description = "`open`, `adopted`, `dismissed` or `all`; `open` if left out"),
        ("limit" = Option<u32>, Query, description = "Most of them on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before, with the same filter"),
    ),
    responses((status = 200, description = "A page of unclaimed merchants", body = UnclaimedPage))
)]
async fn list_unclaimed_merchants(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<UnclaimedPage>, Problem> {
    caller.require(SCOPE)?;
    let wanted = query
        .optional("state", read_state)
        .unwrap_or(Some(UnclaimedState::Open));
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;

    let tenant_id = caller.tenant_id();
    let list = format!("unclaimed {}", wanted.map_or("all", UnclaimedState::as_str));
    let open = |cursor: String| {
        let number = state.cursor_key.open_number(tenant_id, &list, &cursor);
        number.ok_or(Code::CursorInvalid)
    };
    let after = cursor.map(open).transpose()?;
    let query = UnclaimedQuery {
        state: wanted,
        after: after.map(|number| UnclaimedId::from_uuid(Uuid::from_u128(number))),
        limit: PageSize::clamped(limit.get() + 1),
    };
    let mut rows = state.archive.reader().unclaimed_merchants(tenant_id, &query).await?;
    let more = rows.len() > limit.get() as usize;
    rows.truncate(limit.get() as usize);
    let end = rows.last().filter(|_| more);
    let next = end.map(|row| {
        let number = row.id.as_uuid().as_u128();
        state.cursor_key.seal_number(tenant_id, &list, number)
    });
    Ok(Json(UnclaimedPage {
        data: rows.iter().map(UnclaimedDocument::new).collect(),
        page: Page { next, prev: None },
    }))
}

/// Those that may be asked for.
pub const STATES: &[&str] = &["open", "adopted", "dismissed", "all"];

fn read_state(word: &str) -> Result<Option<UnclaimedState>, Fault> {
    if word == "all" {
        return Ok(None);
    }
    UnclaimedState::from_word(word)
        .map(Some)
        .ok_or(Fault::UnknownWord(STATES))
}

/// A page of unclaimed merchants.
#[derive(Serialize, ToSchema)]
#[schema(as = UnclaimedMerchantPage)]
struct UnclaimedPage {
    /// The unclaimed merchants.
    data: Vec<UnclaimedDocument>,
    /// Where other pages begin.
    page: Page,
}
