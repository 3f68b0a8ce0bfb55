//! `POST /v1/api-keys/{id}/rotations`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::KeyId;
use registry_domain::tenant::{Command, KeyRotation, Scope};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::create::{answer, read_end};
use super::{NewKeyDocument, id_of, made, require_all, require_within};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::credentials::mint;
use crate::fields::{Fields, Null};
use crate::idempotency;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::KeysWrite;

/// For how long both keys work if nobody says otherwise: a day, in seconds.
const OVERLAP_SECONDS: i64 = 24 * 60 * 60;

/// The longest that both keys may work: a week, in seconds.
const OVERLAP_SECONDS_MAX: i64 = 7 * 24 * 60 * 60;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IdempotencyKeyInvalid,
            Code::ApiKeyNotFound,
            Code::ApiKeyEnded,
            Code::RequestTimeout,
            Code::TooManyApiKeys,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(rotate_api_key))
}

/// Rotate an API key
///
/// Issues a key with the same name, scopes and networks, and lets the old one work beside it for the overlap. One that had a
/// lifetime has a successor with as long a one, unless `expires_at` says otherwise. Nobody can rotate a key that may do more
/// than they may themselves.
#[utoipa::path(
    post,
    path = "/v1/api-keys/{id}/rotations",
    tag = "Account",
    params(
        ("id" = String, Path, description = "The key's id", example = "key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes one key only", max_length = 255),
    ),
    request_body(content = Option<RotationRequest>, description = "For how long both shall work"),
    responses((
        status = 201,
        description = "The new API key",
        body = NewKeyDocument,
        headers(
            ("Location" = String, description = "The path of the new key"),
            ("Idempotency-Replayed" = String, description = "`true` if the key had been made before with this Idempotency-Key"),
        ),
    ))
)]
async fn rotate_api_key(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let now = state.ambient.now();
    let wanted = match body.fields_if_any(Null::Absent)? {
        Some(fields) => RotationRequest::read(fields, now)?,
        None => RotationRequest::default(),
    };
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    let key_id: KeyId = id.parse().map_err(|_| Code::ApiKeyNotFound)?;
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    let keys = tenant.ok_or(Code::Unauthenticated)?.keys;
    let old = keys.iter().find(|key| key.id == key_id).ok_or(Code::ApiKeyNotFound)?;
    require_all(&caller, &old.scopes)?;
    // A key that is rotated on time goes on for as long again.
    let own_life = caller
        .key()
        .and_then(|key| Some(now + (key.expires_at? - key.issued_at)));
    let end = wanted
        .expires_at
        .or_else(|| Some(now + (old.expires_at? - old.issued_at)));
    require_within(&caller, &old.networks, end, own_life)?;
    let successor = idempotency.map_or_else(
        || KeyId::from_uuid(state.ambient.ids.uuid()),
        |idempotency| id_of(caller.tenant_id(), &context.path, &idempotency.key),
    );
    let (secret, secret_hash) = mint(successor, state.ambient.ids.secret());
    let rotation = KeyRotation {
        key_id,
        successor,
        secret_hash,
        overlap: TimeDelta::seconds(wanted.overlap_seconds),
        expires_at: wanted.expires_at,
        now,
    };
    let done = commands::run_of_tenant(&state, &caller, &context, Command::RotateKey(rotation)).await?;
    state.authenticator.forget(key_id);
    let key = made(&state, &caller, &done, successor).await?;
    Ok(answer(key, done.is_news.then_some(secret)))
}

/// How an API key shall be rotated.
#[derive(ToSchema)]
#[schema(as = ApiKeyRotationRequest)]
struct RotationRequest {
    /// For how many seconds the old key works beside the new one; a day if left out.
    #[schema(required = false, minimum = 0, maximum = 604_800, example = 86_400)]
    overlap_seconds: i64,
    /// From when on the new key shall no longer work.
    expires_at: Option<DateTime<Utc>>,
}

impl Default for RotationRequest {
    fn default() -> Self {
        Self {
            overlap_seconds: OVERLAP_SECONDS,
            expires_at: None,
        }
    }
}

impl RotationRequest {
    fn read(mut fields: Fields, now: DateTime<Utc>) -> Result<Self, Problem> {
        let overlap = fields.number("overlap_seconds", 0..=OVERLAP_SECONDS_MAX);
        let expires_at = fields.optional("expires_at", |text| read_end(text, now));
        fields.finish()?;
        Ok(Self {
            overlap_seconds: overlap.unwrap_or(OVERLAP_SECONDS),
            expires_at,
        })
    }
}
