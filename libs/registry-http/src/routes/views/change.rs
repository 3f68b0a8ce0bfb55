//! `PATCH /v1/views/{view_id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use registry_domain::tenant::Scope;
use registry_domain::views::{Column, ViewAct, ViewName};
use registry_journal::port::View;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{ViewDocument, asker, distinct, expect_room, found, note, parse_id, query, read_column};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::conditional;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, FieldFault, Place, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::ViewsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IfMatchInvalid,
            Code::ViewNotFound,
            Code::RequestTimeout,
            Code::ViewNameTaken,
            Code::TooManyViews,
            Code::ViewChanged,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IfMatchRequired,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(change_view))
}

/// Change a view
///
/// Fields that are left out keep their value. A shared view can be changed by everybody who may keep views; only whoever made it can
/// take it back for themselves.
#[utoipa::path(
    patch,
    path = "/v1/views/{view_id}",
    tag = "Views",
    params(
        ("view_id" = String, Path, description = "The view's id", example = "viw_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("If-Match" = String, Header, description = "The ETag of what you have seen, or `*`", example = "\"1\""),
    ),
    request_body(content = ViewPatch, description = "What shall be different"),
    responses((
        status = 200,
        description = "The view after the change",
        body = ViewDocument,
        headers(("ETag" = String, description = "Its version")),
    ))
)]
async fn change_view(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(view_id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let id = parse_id(&view_id)?;
    let expected = conditional::expected(&headers)?;
    let wanted = Wanted::read(&body)?;
    let kept = found(&state, &caller, id).await?;
    if expected.is_some_and(|version| version != kept.version) {
        return Err(Code::ViewChanged.into());
    }
    let asker = asker(&caller);
    let now = state.ambient.now();
    let query = wanted.query.as_deref();
    let query = query.map(|text| query::read(text, caller.sight(), now)).transpose()?;
    let is_shared = wanted.shared.unwrap_or(kept.is_shared);
    if kept.is_shared && !is_shared && (asker.is_none() || kept.owner != asker) {
        return Err(not_yours());
    }
    let changed = View {
        name: wanted.name.unwrap_or_else(|| kept.name.clone()),
        query: query.unwrap_or_else(|| kept.query.clone()),
        columns: wanted.columns.unwrap_or_else(|| kept.columns.clone()),
        is_shared,
        ..kept.clone()
    };
    if changed == kept {
        return Ok(ViewDocument::new(&kept, asker).answer(StatusCode::OK));
    }
    let changed = View {
        version: kept.version.next(),
        updated_at: now,
        ..changed
    };
    expect_room(&state, &caller, &changed).await?;
    note(&state, &caller, &context, &changed, act(&kept, &changed)).await?;
    if !state.archive.reader().change_view(caller.tenant_id(), &changed).await? {
        // Somebody was faster: with this view, or with the place that it was to have.
        expect_room(&state, &caller, &changed).await?;
        return Err(Code::ViewChanged.into());
    }
    Ok(ViewDocument::new(&changed, asker).answer(StatusCode::OK))
}

/// What others notice first.
const fn act(before: &View, after: &View) -> ViewAct {
    match (before.is_shared, after.is_shared) {
        (false, true) => ViewAct::Shared,
        (true, false) => ViewAct::Unshared,
        (true, true) | (false, false) => ViewAct::Changed,
    }
}

fn not_yours() -> Problem {
    Problem::validation(vec![FieldFault {
        place: Place::Body("/shared".to_owned()),
        fault: Fault::NotYours,
    }])
}

/// What shall be different.
struct Wanted {
    name: Option<ViewName>,
    query: Option<String>,
    columns: Option<Vec<Column>>,
    shared: Option<bool>,
}

impl Wanted {
    fn read(body: &JsonBody) -> Result<Self, Problem> {
        let mut fields = body.fields(Null::Refused)?;
        let wanted = Self {
            name: fields.optional("name", ViewName::parse),
            query: fields.optional("query", |text| Ok::<_, Fault>(text.to_owned())),
            columns: fields.texts("columns", Column::ALL.len(), read_column).map(distinct),
            shared: fields.boolean("shared"),
        };
        fields.finish()?;
        Ok(wanted)
    }
}

/// A change of a view.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct ViewPatch {
    /// What it is called.
    #[schema(required = false, min_length = 1, max_length = 60, example = "서류보완 4일+")]
    name: String,
    /// A query of `GET /v1/merchants`, without `as_of` and `cursor`.
    #[schema(
        required = false,
        max_length = 2_000,
        example = "stage=documents_required&age_min=4&sort=stage_since"
    )]
    query: String,
    /// What is shown of each merchant, in this order; what usually is, if it is empty.
    #[schema(required = false, max_items = 13, example = json!(["name", "code", "business_days", "message"]))]
    columns: Vec<String>,
    /// Whether everybody of yours sees it.
    #[schema(required = false, example = true)]
    shared: bool,
}
