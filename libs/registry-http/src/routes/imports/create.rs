//! `POST /v1/imports`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_domain::Label;
use registry_imports::FILE_BYTES_MAX;
use registry_jobs::HandedOver;
use utoipa_axum::routes;

use super::{ImportDocument, SCOPES, read_wish};
use crate::body::FileBody;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::state::AppState;

/// What a file is called whose name nobody said.
const NAMELESS: &str = "file";

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[
            Code::RequestTimeout,
            Code::TooManyImports,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::FileRefused,
            Code::TooManyOwnFiles,
            Code::Overloaded,
        ],
    };
    operation.document(routes!(create_import))
}

/// Hand over a file of merchants
///
/// CSV (UTF-8, UTF-16 or CP949; commas, semicolons or tabs) or a workbook (.xlsx, its first sheet), as the body itself: at most 5 MiB and
/// 20,000 rows. The answer says how it was read, and what each column was taken for; `GET` it with another `encoding` or `separator` if
/// that is wrong. Nothing is registered: make a plan of it (`POST /v1/plans` with the action `import`). The file is kept sealed for 24
/// hours.
#[utoipa::path(
    post,
    path = "/v1/imports",
    tag = "Jobs",
    params(
        ("name" = Option<String>, Query, description = "What the file is called", max_length = 200, example = "shops.csv"),
        ("encoding" = Option<String>, Query, description = "`utf8`, `utf16le`, `utf16be` or `cp949`; told by its bytes if left out", example = "cp949"),
        ("separator" = Option<String>, Query, description = "`comma`, `semicolon` or `tab`; told by its first lines if left out", example = "comma"),
    ),
    request_body(
        content(
            (Vec<u8> = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (Vec<u8> = "application/octet-stream"),
        ),
        description = "The file",
    ),
    responses((
        status = 201,
        description = "The file as it was read",
        body = ImportDocument,
        headers(("Location" = String, description = "The path of the file")),
    ))
)]
async fn create_import(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
    body: FileBody,
) -> Result<Response, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let name = query.optional("name", Label::parse);
    let wish = read_wish(&mut query);
    query.finish()?;
    // It takes memory until it is read.
    let (bytes, _place) = body.into_parts()?;
    let file = HandedOver {
        name: name.map_or(NAMELESS.to_owned(), |name| name.as_str().to_owned()),
        bytes,
    };
    // First it is read: what cannot be is not kept.
    let (table, _rows_place) = state.imports.read(caller.tenant_id(), &file.bytes, wish).await?;
    let kept = state.jobs.keep_file(caller.tenant_id(), &file, caller.actor());
    let kept = kept.await?;
    let document = ImportDocument::new(kept.id, &file, kept.created_at, &table, caller.sight());
    let location = HeaderValue::try_from(format!("/v1/imports/{}", document.id));
    let mut response = (StatusCode::CREATED, Json(document)).into_response();
    response
        .headers_mut()
        .insert(LOCATION, location.expect("an id is a header value"));
    Ok(response)
}

const _: () = assert!(
    FILE_BYTES_MAX == 5 * 1024 * 1024 && registry_imports::ROWS_MAX == 20_000,
    "the limits stand in the description and in the problems"
);
