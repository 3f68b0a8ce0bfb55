//! `POST /v1/merchants/{id}/notes`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_domain::merchant::{Command, Merchant};
use registry_domain::tenant::Scope;
use registry_domain::{Note, Version};
use registry_journal::port::{PageSize, StreamQuery};
use registry_journal::{Order, StreamId};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::NoteDocument;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::fields::{Fields, Null};
use crate::idempotency::{self, IDEMPOTENCY_REPLAYED};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::routes::merchants::parse_id;
use crate::state::AppState;

const SCOPE: Scope = Scope::NotesWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IdempotencyKeyInvalid,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::MerchantErased,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(add_note))
}

/// Write a note on a merchant
///
/// It is a fact like any other: it stands in the timeline and in the feed as `note.added`, subscribers get it, and nobody
/// can change it afterwards.
#[utoipa::path(
    post,
    path = "/v1/merchants/{id}/notes",
    tag = "Notes",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the note be written only once", max_length = 255),
    ),
    request_body(content = NewNote, description = "The note"),
    responses((
        status = 201,
        description = "The note",
        body = NoteDocument,
        headers(("Idempotency-Replayed" = String, description = "`true` if the note had been written before with this key")),
    ))
)]
async fn add_note(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let merchant_id = parse_id(&id)?;
    let NewNote { text } = NewNote::read(body.fields(Null::Absent)?)?;
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    let order = Order::Merchant {
        merchant_id,
        command: Command::AddNote(text),
        expected: None,
    };
    let done = commands::run(&state, &caller, &context, idempotency, merchant_id, order).await?;
    let note = match done.events.first() {
        Some(event) => NoteDocument::of(event, caller.sight()).ok_or(Code::Internal)?,
        None => note_of(&state, &caller, &done.merchant).await?,
    };
    let mut response = (StatusCode::CREATED, Json(note)).into_response();
    if done.replayed {
        response
            .headers_mut()
            .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The note that made this version of a merchant.
async fn note_of(state: &AppState, caller: &Caller, merchant: &Merchant) -> Result<NoteDocument, Problem> {
    let query = StreamQuery {
        stream: StreamId::Merchant(merchant.id),
        after: merchant.version.previous().unwrap_or(Version::ZERO),
        until_version: Some(merchant.version),
        until_time: None,
        limit: PageSize::clamped(1),
    };
    let events = state.archive.stream(caller.tenant_id(), &query).await?;
    let note = events.first().and_then(|event| NoteDocument::of(event, caller.sight()));
    note.ok_or_else(|| Code::Internal.into())
}

/// A note to be written.
#[derive(ToSchema)]
struct NewNote {
    /// The note, in as many lines as you like.
    #[schema(value_type = String, min_length = 1, max_length = 2_000, example = "대표와 통화함. 서류는 금요일에 보낸다고 함")]
    text: Note,
}

impl NewNote {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let text = fields.required("text", Note::parse);
        fields.finish()?;
        let text = text.ok_or(Code::Internal)?;
        Ok(Self { text })
    }
}

const _: () = assert!(
    registry_domain::text::NOTE_LENGTH_MAX == 2_000,
    "the limit stands in the description of the body"
);
