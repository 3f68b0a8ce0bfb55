//! `DELETE /v1/views/{view_id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use registry_domain::tenant::Scope;
use registry_domain::views::ViewAct;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{found, note, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::ViewsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::ViewNotFound, Code::ViewChanged, Code::Overloaded, Code::Stopping],
    };
    operation.document(routes!(remove_view))
}

/// Remove a view
///
/// A shared one is gone for everybody.
#[utoipa::path(
    delete,
    path = "/v1/views/{view_id}",
    tag = "Views",
    params(("view_id" = String, Path, description = "The view's id", example = "viw_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 204, description = "There is no such view any more"))
)]
async fn remove_view(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(view_id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(SCOPE)?;
    let view = found(&state, &caller, parse_id(&view_id)?).await?;
    note(&state, &caller, &context, &view, ViewAct::Removed).await?;
    let reader = state.archive.reader();
    if reader.remove_view(caller.tenant_id(), view.id, view.version).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        // Between these two somebody has changed it, or removed it too.
        found(&state, &caller, view.id).await?;
        Err(Code::ViewChanged.into())
    }
}
