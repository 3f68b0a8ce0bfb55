//! `GET /v1/merchants/{id}/notes`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::Seq;
use registry_domain::tenant::Scope;
use registry_journal::port::{AuditFilter, AuditQuery, PageSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::NoteDocument;
use crate::caller::Caller;
use crate::commands::current;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::routes::merchants::parse_id;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The type of the event that records a note.
const NOTE_ADDED: &str = "note.added";

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CursorInvalid, Code::MerchantNotFound, Code::ValidationFailed],
    };
    operation.document(routes!(list_notes))
}

/// List the notes on a merchant
///
/// The newest first.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}/notes",
    tag = "Notes",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("limit" = Option<u32>, Query, description = "Most notes on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before"),
    ),
    responses((status = 200, description = "A page of notes", body = NotePage))
)]
async fn list_notes(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
    mut query: Parameters,
) -> Result<Json<NotePage>, Problem> {
    caller.require(SCOPE)?;
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;
    let tenant_id = caller.tenant_id();
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    let list = format!("notes {}", merchant.id);
    let before = state.cursor_key.open_before(tenant_id, &list, cursor.as_deref())?;
    let query = AuditQuery {
        filter: AuditFilter {
            merchant_id: Some(merchant.id),
            actions: vec![NOTE_ADDED.to_owned()],
            ..AuditFilter::default()
        },
        before,
        limit: PageSize::clamped(limit.get() + 1),
    };
    let mut found = state.archive.audit(tenant_id, &query).await?;
    let more = found.len() > limit.get() as usize;
    found.truncate(limit.get() as usize);
    let end = found.last().filter(|_| more);
    let seal = |seq: Seq| state.cursor_key.seal_number(tenant_id, &list, seq.0.into());
    let next = end.map(|(entry, _)| seal(entry.seq));
    Ok(Json(NotePage {
        data: found
            .iter()
            .filter_map(|(_, event)| NoteDocument::of(event, caller.sight()))
            .collect(),
        page: Page { next, prev: None },
    }))
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
struct NotePage {
    /// The notes, the newest first.
    data: Vec<NoteDocument>,
    /// Where other pages begin.
    page: Page,
}
