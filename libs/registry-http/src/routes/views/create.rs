//! `POST /v1/views`

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use registry_domain::tenant::Scope;
use registry_domain::views::{Column, ViewAct, ViewName};
use registry_domain::{Version, ViewId};
use registry_journal::port::View;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{ViewDocument, asker, distinct, expect_asker, expect_room, note, query, read_column, uuid_of};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::idempotency::{self, IDEMPOTENCY_REPLAYED};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::ViewsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IdempotencyKeyInvalid,
            Code::RequestTimeout,
            Code::ViewNameTaken,
            Code::TooManyViews,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(create_view))
}

/// Keep a view
///
/// One that is not shared belongs to whom you call on behalf of (`Registry-On-Behalf-Of`), and nobody else sees it. You can keep 50 for
/// each of them, and share 100.
#[utoipa::path(
    post,
    path = "/v1/views",
    tag = "Views",
    params(("Idempotency-Key" = Option<String>, Header, description = "Keeps one view only", max_length = 255)),
    request_body(content = ViewRequest, description = "What shall be kept"),
    responses((
        status = 201,
        description = "The view",
        body = ViewDocument,
        headers(
            ("Location" = String, description = "The path of the view"),
            ("ETag" = String, description = "Its version"),
            ("Idempotency-Replayed" = String, description = "`true` if it had been made before with this Idempotency-Key"),
        ),
    ))
)]
async fn create_view(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let wanted = ViewRequest::read(body.fields(Null::Absent)?)?;
    let now = state.ambient.now();
    let query = query::read(&wanted.query, caller.sight(), now)?;
    let owner = if wanted.shared {
        asker(&caller)
    } else {
        Some(expect_asker(&caller)?)
    };
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    let tenant = caller.tenant_id();
    let id = idempotency.map_or_else(
        || state.ambient.ids.uuid(),
        |asked| uuid_of(&["view", &tenant.to_string(), &context.path, asked.key.as_str()]),
    );
    let view = View {
        id: ViewId::from_uuid(id),
        owner,
        is_shared: wanted.shared,
        name: wanted.name,
        query,
        columns: wanted.columns,
        version: Version(1),
        created_at: now,
        updated_at: now,
        is_default: false,
    };
    if let Some(kept) = state.archive.reader().view(tenant, owner, view.id).await? {
        return replayed(&view, &kept);
    }
    expect_room(&state, &caller, &view).await?;
    note(&state, &caller, &context, &view, ViewAct::Created).await?;
    if !state.archive.reader().add_view(tenant, &view).await? {
        // Somebody was faster, or the tenant has more than anybody sees.
        expect_room(&state, &caller, &view).await?;
        return Err(Code::TooManyViews.into());
    }
    Ok(made(&view, owner))
}

/// What was made before under the same key. It may have changed since; as it was made, it was what is wanted now.
fn replayed(wanted: &View, kept: &View) -> Result<Response, Problem> {
    let is_the_same = (&wanted.name, &wanted.query, &wanted.columns, wanted.is_shared)
        == (&kept.name, &kept.query, &kept.columns, kept.is_shared);
    if kept.version == wanted.version && !is_the_same {
        return Err(Code::IdempotencyKeyReused.into());
    }
    let mut response = made(kept, wanted.owner);
    response
        .headers_mut()
        .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn made(view: &View, asker: Option<uuid::Uuid>) -> Response {
    let location = HeaderValue::try_from(format!("/v1/views/{}", view.id));
    let mut response = ViewDocument::new(view, asker).answer(StatusCode::CREATED);
    response
        .headers_mut()
        .insert(LOCATION, location.expect("an id is a header value"));
    response
}

/// A view to be.
#[derive(ToSchema)]
struct ViewRequest {
    /// What it is called: a name stands once among your own views and once among the shared ones, in whatever case it is written.
    #[schema(value_type = String, min_length = 1, max_length = 60, example = "서류보완 4일+")]
    name: ViewName,
    /// A query of `GET /v1/merchants`: filters, search, `sort` and `limit`, and neither `as_of` nor `cursor`. Days that are told from
    /// today (`-7bd`) stay so.
    #[schema(max_length = 2_000, example = "stage=documents_required&age_min=4&sort=stage_since")]
    query: String,
    /// What is shown of each merchant, in this order; what usually is, if it is left out or empty: `name`, `code`, `business_number`,
    /// `stage`, `review_code`, `business_days`, `longer_than_percent`, `next_actor`, `message`, `observed_at`, `link`, `tags`, `created_at`.
    #[schema(value_type = Vec<String>, required = false, max_items = 13, example = json!(["name", "code", "business_days", "message"]))]
    columns: Vec<Column>,
    /// Whether everybody of yours sees it; false if it is left out.
    #[schema(required = false, example = true)]
    shared: bool,
}

impl ViewRequest {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let name = fields.required("name", ViewName::parse);
        let query = fields.required("query", |text| Ok::<_, Fault>(text.to_owned()));
        let columns = fields.texts("columns", Column::ALL.len(), read_column);
        let shared = fields.boolean("shared");
        fields.finish()?;
        let (Some(name), Some(query)) = (name, query) else {
            return Err(Code::Internal.into());
        };
        Ok(Self {
            name,
            query,
            columns: distinct(columns.unwrap_or_default()),
            shared: shared.unwrap_or(false),
        })
    }
}
