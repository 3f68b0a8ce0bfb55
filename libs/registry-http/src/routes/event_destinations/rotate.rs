//! `POST /v1/event-destinations/{id}/secret-rotations`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use registry_deliveries::SigningSecret;
use registry_domain::destinations::DestinationWish;
use registry_domain::tenant::{Command, Scope};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{NewDestinationDocument, done, parse_id};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// For how long messages are signed twice if nobody says otherwise: a day, in seconds.
const OVERLAP_SECONDS: i64 = 24 * 60 * 60;

/// The longest that they may be: a week, in seconds.
const OVERLAP_SECONDS_MAX: i64 = 7 * 24 * 60 * 60;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::EventDestinationNotFound,
            Code::EventDestinationNotSigned,
            Code::RequestTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(rotate_event_destination_secret))
}

/// Rotate a signing secret
///
/// From now on messages are signed with a new secret, and for the overlap with the old one too: `webhook-signature` holds both, and
/// whoever knows either can verify it. A secret that was replaced before ends at once. Each request makes a new secret: one whose
/// answer was lost is sent again.
#[utoipa::path(
    post,
    path = "/v1/event-destinations/{id}/secret-rotations",
    tag = "Event destinations",
    params(("id" = String, Path, description = "The event destination's id", example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    request_body(content = Option<SecretRotation>, description = "For how long both shall work"),
    responses((
        status = 201,
        description = "The event destination, with its new secret",
        body = NewDestinationDocument,
        headers(("ETag" = String, description = "Its version")),
    ))
)]
async fn rotate_event_destination_secret(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let id = parse_id(&id)?;
    let mut overlap = OVERLAP_SECONDS;
    if let Some(mut fields) = body.fields_if_any(Null::Absent)? {
        overlap = fields
            .number("overlap_seconds", 0..=OVERLAP_SECONDS_MAX)
            .unwrap_or(overlap);
        fields.finish()?;
    }
    let secret = SigningSecret::text_of(state.ambient.ids.secret());
    let wish = DestinationWish::RotateSecret {
        id,
        secret: secret.clone(),
        overlap: TimeDelta::seconds(overlap),
        now: state.ambient.now(),
    };
    let rotated = commands::run_of_tenant(&state, &caller, &context, Command::Destination(Box::new(wish))).await?;
    let document = NewDestinationDocument {
        destination: done(&state, &rotated, id).await?,
        secret: Some(secret.expose().to_owned()),
    };
    let tag = document.destination.etag();
    Ok((StatusCode::CREATED, [(ETAG, tag)], Json(document)).into_response())
}

/// How a secret shall be rotated.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
#[schema(as = EventDestinationSecretRotation)]
struct SecretRotation {
    /// For how many seconds the old secret works beside the new one; a day if left out.
    #[schema(required = false, minimum = 0, maximum = 604_800, example = 86_400)]
    overlap_seconds: i64,
}
