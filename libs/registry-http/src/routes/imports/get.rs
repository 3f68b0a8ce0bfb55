//! `GET /v1/imports/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use utoipa_axum::routes;

use super::{ImportDocument, SCOPES, opened, parse_id, read_wish};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::state::AppState;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[
            Code::ImportNotFound,
            Code::ValidationFailed,
            Code::FileRefused,
            Code::TooManyOwnFiles,
            Code::Overloaded,
        ],
    };
    operation.document(routes!(get_import))
}

/// Read a file of merchants anew
///
/// The same as when it was handed over, or read in another way. It is kept as it came, whatever you choose here: say it again when you
/// make a plan of it. One that somebody else handed over is for those who may see personal data.
#[utoipa::path(
    get,
    path = "/v1/imports/{id}",
    tag = "Jobs",
    params(
        ("id" = String, Path, description = "The file's id", example = "imp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("encoding" = Option<String>, Query, description = "`utf8`, `utf16le`, `utf16be` or `cp949`; told by its bytes if left out", example = "cp949"),
        ("separator" = Option<String>, Query, description = "`comma`, `semicolon` or `tab`; told by its first lines if left out", example = "comma"),
    ),
    responses((status = 200, description = "The file as it was read", body = ImportDocument))
)]
async fn get_import(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
    mut query: Parameters,
) -> Result<Json<ImportDocument>, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let wish = read_wish(&mut query);
    query.finish()?;
    let id = parse_id(&id)?;
    let kept = opened(&state, &caller, id).await?;
    let read = state.imports.read(caller.tenant_id(), &kept.file.bytes, wish);
    let (table, _place) = read.await?;
    let document = ImportDocument::new(id, &kept.file, kept.created_at, &table, caller.sight());
    Ok(Json(document))
}
