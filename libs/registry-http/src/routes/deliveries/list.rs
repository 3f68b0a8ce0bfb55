//! `GET /v1/deliveries`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::tenant::Scope;
use registry_domain::{DeliveryId, DestinationId};
use registry_journal::port::{Delivery, DeliveryPosition, DeliveryQuery, DeliveryState, PageSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::DeliveryDocument;
use crate::caller::Caller;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CursorInvalid, Code::ValidationFailed],
    };
    operation.document(routes!(list_deliveries))
}

/// List deliveries
///
/// What is on its way to your event destinations, and for 30 days what became of what was; the newest first.
#[utoipa::path(
    get,
    path = "/v1/deliveries",
    tag = "Event destinations",
    params(
        ("destination_id" = Option<String>, Query, description = "Only those to this event destination"),
        ("state" = Option<String>, Query, description = "`open`, `waiting`, `delivered`, `failed` or `dropped`", example = "failed"),
        ("limit" = Option<u32>, Query, description = "Most deliveries on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of deliveries", body = DeliveryPage))
)]
async fn list_deliveries(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<DeliveryPage>, Problem> {
    caller.require(SCOPE)?;
    let destination: Option<DestinationId> = query.optional("destination_id", str::parse);
    let wanted = query.optional("state", |word| {
        DeliveryState::from_word(word).ok_or(Fault::UnknownWord(DeliveryState::WORDS))
    });
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;

    let list = name_of(destination, wanted);
    let places = Places {
        state: &state,
        caller: &caller,
        list: &list,
    };
    let before = cursor
        .map(|cursor| places.open(&cursor).ok_or(Code::CursorInvalid))
        .transpose()?;
    let wanted = DeliveryQuery {
        destination,
        state: wanted,
        before,
        limit: PageSize::clamped(limit.get() + 1),
    };
    let mut rows = state.archive.reader().deliveries(caller.tenant_id(), &wanted).await?;
    let limit = limit.get() as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|end| places.seal(end));
    Ok(Json(DeliveryPage {
        data: rows.into_iter().map(DeliveryDocument::new).collect(),
        page: Page { next, prev: None },
    }))
}

/// One name for one list.
fn name_of(destination: Option<DestinationId>, state: Option<DeliveryState>) -> String {
    let destination = destination.map(|id| id.to_string()).unwrap_or_default();
    format!(
        "deliveries {destination} {}",
        state.map_or("all", DeliveryState::as_str)
    )
}

/// Cursors of a list.
struct Places<'a> {
    state: &'a AppState,
    caller: &'a Caller,
    list: &'a str,
}

impl Places<'_> {
    fn seal(&self, end: &Delivery) -> String {
        let key = &self.state.cursor_key;
        key.seal_moment(self.caller.tenant_id(), self.list, end.created_at, end.id.as_uuid())
    }

    fn open(&self, cursor: &str) -> Option<DeliveryPosition> {
        let key = &self.state.cursor_key;
        let (created_at, id) = key.open_moment(self.caller.tenant_id(), self.list, cursor)?;
        let id = DeliveryId::from_uuid(id);
        Some(DeliveryPosition { created_at, id })
    }
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
struct DeliveryPage {
    /// The deliveries.
    data: Vec<DeliveryDocument>,
    /// Where other pages begin.
    page: Page,
}
