//! `PATCH /v1/event-destinations/{id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use registry_domain::Label;
use registry_domain::alerts::Severity;
use registry_domain::destinations::{DestinationChange, DestinationWish};
use registry_domain::tenant::{Command, Scope};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{DestinationDocument, RULES_MAX, distinct, done, found, parse_id, read_rule, target};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::conditional;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IfMatchInvalid,
            Code::EventDestinationNotFound,
            Code::RequestTimeout,
            Code::MailNotConfigured,
            Code::EventDestinationChanged,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IfMatchRequired,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(change_event_destination))
}

/// Change an event destination
///
/// Fields that are left out keep their value; its kind stays. One that is switched on again gets what happens from then on; what
/// was on its way when it was switched off is dropped.
#[utoipa::path(
    patch,
    path = "/v1/event-destinations/{id}",
    tag = "Event destinations",
    params(
        ("id" = String, Path, description = "The event destination's id", example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("If-Match" = String, Header, description = "The ETag of what you have seen, or `*`", example = "\"12\""),
    ),
    request_body(content = DestinationPatch, description = "What shall be different"),
    responses((
        status = 200,
        description = "The event destination after the change",
        body = DestinationDocument,
        headers(("ETag" = String, description = "Its version")),
    ))
)]
async fn change_event_destination(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let id = parse_id(&id)?;
    let expected = conditional::expected(&headers)?;
    let mut fields = body.fields(Null::Refused)?;
    let name = fields.optional("name", Label::parse);
    let address = fields.optional("address", |text| Ok::<_, Fault>(text.to_owned()));
    let subjects = fields.texts("rules", RULES_MAX, read_rule).map(distinct);
    let least = fields.optional("least_severity", |word| {
        Severity::from_word(word).ok_or(Fault::UnknownWord(Severity::WORDS))
    });
    let enabled = fields.boolean("enabled");
    fields.finish()?;
    let made = found(&state, &caller, id).await?;
    let target = address.map(|address| target(&state, made.kind, &address)).transpose()?;
    let change = DestinationChange {
        name,
        target,
        subjects,
        least,
        enabled,
    };
    let wish = DestinationWish::Change { id, change, expected };
    let changed = commands::run_of_tenant(&state, &caller, &context, Command::Destination(Box::new(wish))).await?;
    Ok(done(&state, &changed, id).await?.answer(StatusCode::OK))
}

/// A change of an event destination.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
#[schema(as = EventDestinationPatch)]
struct DestinationPatch {
    /// What you call it.
    #[schema(required = false, min_length = 1, max_length = 200, example = "당직")]
    name: String,
    /// One mail address, or the URL.
    #[schema(
        required = false,
        max_length = 2_048,
        example = "https://hooks.partner.example/registry"
    )]
    address: String,
    /// The rules whose alerts are carried; those of all if the list is empty.
    #[schema(required = false, max_items = 50, example = json!(["in_review"]))]
    rules: Vec<String>,
    /// How bad alerts must be: `warn`, `late` or `critical`.
    #[schema(required = false, example = "late")]
    least_severity: String,
    /// Whether it gets anything.
    #[schema(required = false, example = true)]
    enabled: bool,
}
