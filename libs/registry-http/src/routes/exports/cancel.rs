//! `POST /v1/exports/{id}/cancellation`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use utoipa_axum::routes;

use super::{ExportDocument, SCOPES, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[Code::ExportNotFound, Code::Overloaded],
    };
    operation.document(routes!(cancel_export))
}

/// Cancel an export
///
/// Nothing of it is kept. One that is ready, failed or cancelled already stays as it is.
#[utoipa::path(
    post,
    path = "/v1/exports/{id}/cancellation",
    tag = "Exports",
    params(("id" = String, Path, description = "The export's id", example = "exp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The export", body = ExportDocument))
)]
async fn cancel_export(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ExportDocument>, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let export = state.exports.cancel(caller.tenant_id(), parse_id(&id)?).await?;
    Ok(Json(ExportDocument::new(&state.exports, &export)?))
}
