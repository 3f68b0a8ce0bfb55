//! `GET /v1/exports`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::ExportId;
use registry_journal::port::{Export, ExportPosition, PageSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{ExportDocument, SCOPES};
use crate::caller::Caller;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

/// The list, in what is signed of a cursor.
const LIST: &str = "exports";

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[Code::CursorInvalid, Code::ValidationFailed],
    };
    operation.document(routes!(list_exports))
}

/// List exports
///
/// Those that were wanted last first, as long as they are kept: for 72 hours from their end, unless this installation says otherwise.
#[utoipa::path(
    get,
    path = "/v1/exports",
    tag = "Exports",
    params(
        ("limit" = Option<u32>, Query, description = "Most exports on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before"),
    ),
    responses((status = 200, description = "A page of exports", body = ExportPage))
)]
async fn list_exports(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<ExportPage>, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;
    let before = cursor
        .map(|cursor| open(&state, &caller, &cursor).ok_or(Code::CursorInvalid))
        .transpose()?;
    let more = PageSize::clamped(limit.get() + 1);
    let mut exports = state.exports.list(caller.tenant_id(), before, more).await?;
    let limit = limit.get() as usize;
    let has_more = exports.len() > limit;
    exports.truncate(limit);
    let next = exports
        .last()
        .filter(|_| has_more)
        .map(|end| seal(&state, &caller, end));
    let data = exports.iter().map(|export| ExportDocument::new(&state.exports, export));
    Ok(Json(ExportPage {
        data: data.collect::<Result<_, _>>()?,
        page: Page { next, prev: None },
    }))
}

fn seal(state: &AppState, caller: &Caller, end: &Export) -> String {
    let id = end.id.as_uuid();
    state
        .cursor_key
        .seal_moment(caller.tenant_id(), LIST, end.created_at, id)
}

fn open(state: &AppState, caller: &Caller, cursor: &str) -> Option<ExportPosition> {
    let (created_at, id) = state.cursor_key.open_moment(caller.tenant_id(), LIST, cursor)?;
    let id = ExportId::from_uuid(id);
    Some(ExportPosition { created_at, id })
}

/// A page of exports.
#[derive(Serialize, ToSchema)]
struct ExportPage {
    /// The exports.
    data: Vec<ExportDocument>,
    /// Where other pages begin.
    page: Page,
}
