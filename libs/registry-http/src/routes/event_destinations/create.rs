//! `POST /v1/event-destinations`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_deliveries::SigningSecret;
use registry_domain::alerts::{Severity, Subject};
use registry_domain::destinations::{DestinationKind, DestinationWish, Wants};
use registry_domain::tenant::{Command, Scope};
use registry_domain::{DestinationId, Label};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{NewDestinationDocument, RULES_MAX, distinct, done, id_of, read_rule, target};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::fields::{Fields, Null};
use crate::idempotency::{self, IDEMPOTENCY_REPLAYED};
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
            Code::IdempotencyKeyInvalid,
            Code::RequestTimeout,
            Code::TooManyEventDestinations,
            Code::MailNotConfigured,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(create_event_destination))
}

/// Make an event destination
///
/// A mail address or a channel gets a digest: one for each rule and 15 minutes, in working hours, with numbers and a link, and no
/// shop's name. A webhook gets each event about alerts (`alert.raised`, `alert.acknowledged`, `alert.snoozed`, `alert.resolved`) as the
/// feed shows it, signed as the Standard Webhooks say: `webhook-id`, `webhook-timestamp`, `webhook-signature`. Whatever is not
/// answered with a status of 2xx within 15 seconds is tried again for three days, in pauses that grow; so an event may come more than
/// once, with the same `webhook-id`, and in another order. The signing secret is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/v1/event-destinations",
    tag = "Event destinations",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes one event destination only", max_length = 255)),
    request_body(content = DestinationRequest, description = "To whom or what your alerts shall be carried"),
    responses((
        status = 201,
        description = "The event destination",
        body = NewDestinationDocument,
        headers(
            ("Location" = String, description = "The path of the event destination"),
            ("ETag" = String, description = "Its version"),
            ("Idempotency-Replayed" = String, description = "`true` if it had been made before with this Idempotency-Key"),
        ),
    ))
)]
async fn create_event_destination(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let wanted = DestinationRequest::read(body.fields(Null::Absent)?)?;
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    let target = target(&state, wanted.kind, &wanted.address)?;
    let id = idempotency.map_or_else(
        || DestinationId::from_uuid(state.ambient.ids.uuid()),
        |idempotency| id_of(caller.tenant_id(), &context.path, &idempotency.key),
    );
    let secret = SigningSecret::text_of(state.ambient.ids.secret());
    let wish = DestinationWish::Create {
        id,
        name: wanted.name,
        target,
        wants: Wants {
            subjects: wanted.rules,
            least: wanted.least_severity,
        },
        secret: secret.clone(),
    };
    let made = commands::run_of_tenant(&state, &caller, &context, Command::Destination(Box::new(wish))).await?;
    let is_shown = made.is_news && wanted.kind.is_signed();
    let document = NewDestinationDocument {
        destination: done(&state, &made, id).await?,
        secret: is_shown.then(|| secret.expose().to_owned()),
    };
    let location = HeaderValue::try_from(format!("/v1/event-destinations/{id}"));
    let tag = document.destination.etag();
    let mut response = (StatusCode::CREATED, Json(document)).into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, location.expect("an id is a header value"));
    headers.insert(ETAG, tag);
    if !made.is_news {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// An event destination to be.
#[derive(ToSchema)]
#[schema(as = EventDestinationRequest)]
struct DestinationRequest {
    /// What you call it.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "당직")]
    name: Label,
    /// `mail`; `slack`: a channel that takes messages of Slack's form; `chat`: a channel that takes plain JSON with a `text`;
    /// `webhook`: a program that takes signed messages.
    #[schema(value_type = String, example = "webhook")]
    kind: DestinationKind,
    /// One mail address, or the URL: https at port 443 or 8443, to a public address.
    #[schema(max_length = 2_048, example = "https://hooks.partner.example/registry")]
    address: String,
    /// The rules whose alerts are carried; those of all if it is left out.
    #[schema(value_type = Vec<String>, required = false, max_items = 50, example = json!(["in_review"]))]
    rules: Vec<Subject>,
    /// How bad alerts must be: `warn`, `late` or `critical`; `warn` if left out.
    #[schema(value_type = String, required = false, example = "late")]
    least_severity: Severity,
}

impl DestinationRequest {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let name = fields.required("name", Label::parse);
        let kind = fields.required("kind", |word| {
            DestinationKind::from_word(word).ok_or(Fault::UnknownWord(DestinationKind::WORDS))
        });
        let address = fields.required("address", |text| Ok::<_, Fault>(text.to_owned()));
        let rules = fields.texts("rules", RULES_MAX, read_rule);
        let least = fields.optional("least_severity", |word| {
            Severity::from_word(word).ok_or(Fault::UnknownWord(Severity::WORDS))
        });
        fields.finish()?;
        let (Some(name), Some(kind), Some(address)) = (name, kind, address) else {
            return Err(Code::Internal.into());
        };
        Ok(Self {
            name,
            kind,
            address,
            rules: distinct(rules.unwrap_or_default()),
            least_severity: least.unwrap_or(Severity::Warn),
        })
    }
}
