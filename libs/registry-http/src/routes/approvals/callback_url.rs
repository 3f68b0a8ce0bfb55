//! `POST /v1/merchants/{id}/approval-callback-urls`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use registry_domain::tenant::Scope;
use registry_urls::CallbackToken;
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands::current;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::routes::merchants::parse_id;
use crate::state::AppState;

const SCOPE: Scope = Scope::LinksWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
        ],
    };
    operation.document(routes!(create_approval_callback_url))
}

/// Get the callback URL for a merchant's bills
///
/// The `callbackUrl` that your billing system passes to Paymint's `/bill`, so that payment approvals of this merchant
/// arrive here. It stays good as long as the merchant lives, and asking again gives a URL that is as good: nothing is
/// written down, so a repeat needs no Idempotency-Key. Every reading is in the audit log. The body may be left out.
#[utoipa::path(
    post,
    path = "/v1/merchants/{id}/approval-callback-urls",
    tag = "Billing",
    params(("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 201, description = "The URL", body = ApprovalCallbackUrl))
)]
async fn create_approval_callback_url(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<(StatusCode, Json<ApprovalCallbackUrl>), Problem> {
    caller.require(SCOPE)?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    if let Some(fields) = body.fields_if_any(Null::Absent)? {
        fields.finish()?;
    }
    let token = CallbackToken::Merchant {
        tenant_id: caller.tenant_id(),
        merchant_id: merchant.id,
    };
    tracing::info!(
        target: "audit",
        tenant_id = %caller.tenant_id(),
        actor = %caller.actor(),
        key_id = caller.key().map(|key| tracing::field::display(key.id)),
        merchant_id = %merchant.id,
        request_id = %context.correlation_id,
        "the callback URL for a merchant's bills was given out"
    );
    let document = ApprovalCallbackUrl {
        object: "approval_callback_url",
        merchant_id: merchant.id.to_string(),
        url: state.callback_urls.url(token).expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(document)))
}

/// Where Paymint shall send a merchant's payment approvals.
#[derive(Serialize, ToSchema)]
struct ApprovalCallbackUrl {
    /// Always `approval_callback_url`.
    #[schema(example = "approval_callback_url")]
    object: &'static str,
    /// The merchant that it is for.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: String,
    /// The URL, of at most 255 characters. Whoever has it can send claims: treat it as a secret.
    #[schema(example = "https://registry.example/cb/v1/AwE…", max_length = 255)]
    url: String,
}
