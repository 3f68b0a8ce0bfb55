//! `GET /v1/views/{view_id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::{ViewDocument, asker, found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::ViewNotFound],
    };
    operation.document(routes!(get_view))
}

/// Read a view
///
/// With the `ETag` that whoever changes it sends.
#[utoipa::path(
    get,
    path = "/v1/views/{view_id}",
    tag = "Views",
    params(("view_id" = String, Path, description = "The view's id", example = "viw_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((
        status = 200,
        description = "The view",
        body = ViewDocument,
        headers(("ETag" = String, description = "Its version")),
    ))
)]
async fn get_view(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(view_id): Path<String>,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let view = found(&state, &caller, parse_id(&view_id)?).await?;
    Ok(ViewDocument::new(&view, asker(&caller)).answer(StatusCode::OK))
}
