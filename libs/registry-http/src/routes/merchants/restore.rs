//! `POST /v1/merchants/{id}/restoration`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use registry_documents::MerchantDocument;
use registry_domain::merchant::Command;
use registry_domain::tenant::Scope;
use registry_journal::Order;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{document, parse_id};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::fields::Null;
use crate::idempotency::{self, IDEMPOTENCY_REPLAYED};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IdempotencyKeyInvalid,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(restore_merchant))
}

/// Restore an archived merchant
///
/// Restoring a merchant that is not archived changes nothing. The body may be left out.
#[utoipa::path(
    post,
    path = "/v1/merchants/{id}/restoration",
    tag = "Merchants",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the restoration happen only once", max_length = 255),
    ),
    responses((
        status = 200,
        description = "The merchant, restored",
        body = MerchantDocument,
        headers(
            ("ETag" = String, description = "The merchant's version and form"),
            ("Idempotency-Replayed" = String, description = "`true` if the restoration had been done before with this key"),
        ),
    ))
)]
async fn restore_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let merchant_id = parse_id(&id)?;
    if let Some(fields) = body.fields_if_any(Null::Absent)? {
        fields.finish()?;
    }
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    let order = Order::Merchant {
        merchant_id,
        command: Command::Restore,
        expected: None,
    };
    let done = commands::run(&state, &caller, &context, idempotency, merchant_id, order).await?;
    let mut response = document(StatusCode::OK, &done.merchant, caller.sight());
    if done.replayed {
        response
            .headers_mut()
            .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
