//! `POST /v1/alerts/{id}/acknowledgement`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use registry_domain::tenant::Scope;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{AlertDocument, Said, parse_id, say};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::conditional;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::AlertsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IfMatchInvalid,
            Code::AlertNotFound,
            Code::RequestTimeout,
            Code::AlertChanged,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IfMatchRequired,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(acknowledge_alert))
}

/// Take note of an alert
///
/// Done once, however often it is said. An alert that becomes worse is open again. The body may be left out.
#[utoipa::path(
    post,
    path = "/v1/alerts/{id}/acknowledgement",
    tag = "Alerts",
    params(
        ("id" = String, Path, description = "The alert's id", example = "alt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("If-Match" = String, Header, description = "The ETag of the alert that you have seen, or `*`", example = "\"9\""),
    ),
    responses((
        status = 200,
        description = "The alert",
        body = AlertDocument,
        headers(("ETag" = String, description = "The alert's version")),
    ))
)]
async fn acknowledge_alert(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let id = parse_id(&id)?;
    if let Some(fields) = body.fields_if_any(Null::Absent)? {
        fields.finish()?;
    }
    let expected = conditional::expected(&headers)?;
    let document = say(&state, &caller, &context, id, expected, Said::Noted).await?;
    Ok(document.answer())
}
