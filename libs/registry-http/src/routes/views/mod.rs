//! `/v1/views`: questions to the list of merchants that people keep, of their own or shared in the tenant.

pub mod begin;
pub mod change;
pub mod create;
pub mod get;
pub mod list;
pub mod query;
pub mod remove;

use axum::Json;
use axum::http::header::ETAG;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use registry_domain::ViewId;
use registry_domain::tenant::Command;
use registry_domain::views::{Column, VIEWS_OF_ONE_MAX, VIEWS_SHARED_MAX, ViewAct, ViewFact};
use registry_journal::port::View;
use registry_web::RequestContext;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

use crate::caller::Caller;
use crate::commands;
use crate::errand::ON_BEHALF_OF;
use crate::problem::{Code, Fault, FieldFault, Place, Problem};
use crate::state::AppState;

/// A view of the list of merchants.
#[derive(Serialize, ToSchema)]
#[schema(as = View)]
struct ViewDocument {
    /// Always `view`.
    #[schema(example = "view")]
    object: &'static str,
    /// Its id.
    #[schema(example = "viw_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// What it is called.
    #[schema(example = "서류보완 4일+")]
    name: String,
    /// Whether everybody of yours sees it.
    #[schema(example = true)]
    shared: bool,
    /// Whether you made it.
    #[schema(example = true)]
    own: bool,
    /// Whether it is the one that you begin with.
    #[schema(example = false)]
    default: bool,
    /// The query of `GET /v1/merchants`, in one spelling. Days that are told from today stay so.
    #[schema(example = "age_min=4&sort=stage_since&stage=documents_required")]
    query: String,
    /// What is shown of each merchant, in this order; what usually is, if there is none.
    #[schema(example = json!(["name", "code", "business_days", "message"]))]
    columns: Vec<&'static str>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
    /// Counts up with each change of it; the `ETag` says the same.
    #[schema(example = 1)]
    version: u64,
}

impl ViewDocument {
    fn new(view: &View, asker: Option<Uuid>) -> Self {
        Self {
            object: "view",
            id: view.id.to_string(),
            name: view.name.as_str().to_owned(),
            shared: view.is_shared,
            own: asker.is_some() && view.owner == asker,
            default: view.is_default,
            query: view.query.clone(),
            columns: view.columns.iter().map(|column| column.as_str()).collect(),
            created_at: view.created_at,
            updated_at: view.updated_at,
            version: view.version.0,
        }
    }

    fn answer(self, status: StatusCode) -> Response {
        (status, [(ETAG, self.etag())], Json(self)).into_response()
    }

    fn etag(&self) -> HeaderValue {
        HeaderValue::try_from(format!("\"{}\"", self.version)).expect("digits in quotation marks are a header value")
    }
}

/// Whose own views a caller sees: a person's, or those of whom a program calls on behalf of.
fn asker(caller: &Caller) -> Option<Uuid> {
    if let Some(person) = caller.person() {
        return Some(person.person_id.as_uuid());
    }
    let name = caller.on_behalf_of()?;
    Some(uuid_of(&["view owner", &caller.tenant_id().to_string(), name.as_str()]))
}

/// The same where there must be one.
fn expect_asker(caller: &Caller) -> Result<Uuid, Problem> {
    asker(caller).ok_or_else(|| {
        Problem::validation(vec![FieldFault {
            place: Place::Header(ON_BEHALF_OF),
            fault: Fault::Required,
        }])
    })
}

/// An id that follows from texts without line breaks. It is no one that was drawn: those are of another version.
fn uuid_of(parts: &[&str]) -> Uuid {
    let digest = Sha256::digest(parts.join("\n"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

fn parse_id(text: &str) -> Result<ViewId, Problem> {
    text.parse().map_err(|_| Code::ViewNotFound.into())
}

/// A view that the caller can see.
async fn found(state: &AppState, caller: &Caller, id: ViewId) -> Result<View, Problem> {
    let reader = state.archive.reader();
    let view = reader.view(caller.tenant_id(), asker(caller), id).await?;
    view.ok_or_else(|| Code::ViewNotFound.into())
}

/// Refuses a view for whose name or for which at all there is no place among those that its maker sees.
async fn expect_room(state: &AppState, caller: &Caller, wanted: &View) -> Result<(), Problem> {
    let views = state.archive.reader().views(caller.tenant_id(), asker(caller)).await?;
    let beside: Vec<_> = views
        .iter()
        .filter(|view| view.id != wanted.id && view.is_shared == wanted.is_shared)
        .collect();
    if beside.iter().any(|view| view.name.key() == wanted.name.key()) {
        return Err(Code::ViewNameTaken.into());
    }
    let most = if wanted.is_shared {
        VIEWS_SHARED_MAX
    } else {
        VIEWS_OF_ONE_MAX
    };
    if u32::try_from(beside.len()).is_ok_and(|count| count < most) {
        Ok(())
    } else {
        Err(Code::TooManyViews.into())
    }
}

/// Writes down what is about to be done to a view. The log says it first: nothing is done that it does not tell of.
async fn note(
    state: &AppState,
    caller: &Caller,
    context: &RequestContext,
    view: &View,
    act: ViewAct,
) -> Result<(), Problem> {
    let fact = ViewFact {
        id: view.id,
        act,
        shared_as: view.is_shared.then(|| view.name.clone()),
    };
    commands::run_of_tenant(state, caller, context, Command::RecordView(fact)).await?;
    Ok(())
}

fn read_column(word: &str) -> Result<Column, Fault> {
    Column::from_word(word).ok_or(Fault::UnknownWord(Column::WORDS))
}

/// Each once, in the order in which they were named.
fn distinct(columns: Vec<Column>) -> Vec<Column> {
    let mut distinct = Vec::with_capacity(columns.len());
    for column in columns {
        if !distinct.contains(&column) {
            distinct.push(column);
        }
    }
    distinct
}
