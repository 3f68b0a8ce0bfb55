//! `PUT /v1/default-view`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::Adjustment;
use registry_domain::ViewId;
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{expect_asker, found};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::ViewsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::RequestTimeout,
            Code::ViewNotFound,
            Code::TooManyViews,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::Overloaded,
        ],
    };
    operation.document(routes!(set_default_view))
}

/// Say with which view you begin
///
/// It is the one of whom you call on behalf of (`Registry-On-Behalf-Of`), and takes the place of the one before. Lists of views show it
/// as `default`.
#[utoipa::path(
    put,
    path = "/v1/default-view",
    tag = "Views",
    request_body(content = DefaultView, description = "Which one"),
    responses((status = 200, description = "The view that you begin with", body = DefaultViewDocument))
)]
async fn set_default_view(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<DefaultViewDocument>, Problem> {
    caller.require(SCOPE)?;
    let mut fields = body.fields(Null::Absent)?;
    let wanted = fields.adjustment("view_id", |fields, name| fields.required(name, str::parse::<ViewId>));
    let id = match wanted {
        Adjustment::Set(id) => Some(id),
        Adjustment::Unset => None,
        Adjustment::Keep => {
            fields.finish()?;
            return Err(Code::Internal.into());
        }
    };
    fields.finish()?;
    let owner = expect_asker(&caller)?;
    if let Some(id) = id {
        found(&state, &caller, id).await?;
    }
    let reader = state.archive.reader();
    if !reader.set_default_view(caller.tenant_id(), owner, id).await? {
        return Err(Code::TooManyViews.into());
    }
    Ok(Json(DefaultViewDocument {
        object: "default_view",
        view_id: id.map(|id| id.to_string()),
    }))
}

/// With which view somebody begins.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct DefaultView {
    /// The view's id; null for none.
    #[schema(required = true, example = "viw_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    view_id: Option<String>,
}

/// With which view somebody begins.
#[derive(Serialize, ToSchema)]
#[schema(as = DefaultViewSet)]
struct DefaultViewDocument {
    /// Always `default_view`.
    #[schema(example = "default_view")]
    object: &'static str,
    /// The view's id; null for none.
    #[schema(required = true, example = "viw_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    view_id: Option<String>,
}
