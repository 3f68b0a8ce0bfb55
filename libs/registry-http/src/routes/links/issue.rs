//! `POST /v1/merchants/{id}/registration-links`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use registry_domain::merchant::{Link, SecretText};
use registry_domain::tenant::Scope;
use registry_upstream::{LinkAnswer, LinkRequest};
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{LinkDocument, link_of_shop};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::Null;
use crate::idempotency::{self, IDEMPOTENCY_REPLAYED};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem, code_of_outcome};
use crate::routes::merchants::parse_id;
use crate::state::AppState;

const SCOPE: Scope = Scope::LinksWrite;

/// After how many seconds a client whose request is in flight should ask again.
const IN_FLIGHT_SECONDS: u32 = 1;

/// Longest URL to which a shop can be sent afterwards, in bytes.
const REDIRECT_URL_LENGTH_MAX: usize = 500;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IdempotencyKeyRequired,
            Code::IdempotencyKeyInvalid,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::RequestInFlight,
            Code::MerchantArchived,
            Code::UpstreamNotConfigured,
            Code::UpstreamUnusable,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::TooManyCalls,
            Code::CodesTooLongForLink,
            Code::TooManyLinks,
            Code::UpstreamRefused,
            Code::UpstreamUnreachable,
            Code::UpstreamOutcomeUnknown,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(issue_registration_link))
}

/// Issue a registration link
///
/// Asks Paymint for the URL at which the shop fills in its registration. The URL is in this answer and nowhere else, so
/// hand it on or keep it safe; with the same Idempotency-Key it is given again. The outcome of the call is recorded
/// whatever it was, and the same key never calls Paymint twice. The body may be left out.
#[utoipa::path(
    post,
    path = "/v1/merchants/{id}/registration-links",
    tag = "Registration links",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("Idempotency-Key" = String, Header, description = "Makes the call to Paymint happen only once", max_length = 255, example = "store-3-first-link"),
    ),
    request_body(content = Option<NewLink>, description = "What Paymint shall know of it"),
    responses((
        status = 201,
        description = "The link with its URL",
        body = IssuedLink,
        headers(
            ("Location" = String, description = "The path of the link"),
            ("Idempotency-Replayed" = String, description = "`true` if the link had been issued before with this key"),
        ),
    ))
)]
async fn issue_registration_link(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let merchant_id = parse_id(&id)?;
    let link = NewLink::read(&body)?;
    let idempotency = idempotency::read_required(&headers, &context.path, &body.bytes)?;
    let request = LinkRequest {
        tenant_id: caller.tenant_id(),
        merchant_id,
        origin: caller.origin(&context),
        idempotency,
        redirect_url: link.redirect_url,
    };
    match state.links.issue(request).await? {
        LinkAnswer::Issued { link, url, replayed } => {
            let document = IssuedLink {
                link: LinkDocument::new(merchant_id, &link),
                url: url.expose().to_owned(),
                stable_link: link_of_shop(&state, &caller, merchant_id),
            };
            Ok(issued(&link, &document, replayed))
        }
        LinkAnswer::Failed {
            link_id,
            failure,
            replayed,
        } => {
            let mut response = Problem::upstream(code_of_outcome(failure.outcome), link_id, failure).into_response();
            mark_replayed(&mut response, replayed);
            Ok(response)
        }
        LinkAnswer::InFlight => Err(Problem::from(Code::RequestInFlight).retry_after(IN_FLIGHT_SECONDS)),
        LinkAnswer::KeyReused => Err(Code::IdempotencyKeyReused.into()),
        LinkAnswer::Refused(refusal) => Err(refusal.into()),
    }
}

fn issued(link: &Link, document: &IssuedLink, replayed: bool) -> Response {
    let location = HeaderValue::try_from(format!("/v1/registration-links/{}", link.id));
    let location = [(LOCATION, location.expect("an id is a header value"))];
    let mut response = (StatusCode::CREATED, location, Json(document)).into_response();
    mark_replayed(&mut response, replayed);
    response
}

fn mark_replayed(response: &mut Response, replayed: bool) {
    if replayed {
        response
            .headers_mut()
            .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
}

/// What Paymint shall know of a link.
#[derive(Default, ToSchema)]
struct NewLink {
    /// Where the shop shall be sent after its registration: an absolute https URL. If it is left out and you have `return_urls`, the
    /// shop comes back to the registry, which asks Paymint, tells it as `merchant.returned`, and sends the shop on to the first of them.
    #[schema(value_type = Option<String>, max_length = 500, example = "https://partner.example/done")]
    redirect_url: Option<SecretText>,
}

impl NewLink {
    fn read(body: &JsonBody) -> Result<Self, Problem> {
        let Some(mut fields) = body.fields_if_any(Null::Absent)? else {
            return Ok(Self::default());
        };
        let redirect_url = fields.optional("redirect_url", read_redirect_url);
        fields.finish()?;
        Ok(Self { redirect_url })
    }
}

fn read_redirect_url(text: &str) -> Result<SecretText, Fault> {
    if text.len() > REDIRECT_URL_LENGTH_MAX {
        return Err(Fault::TooLong);
    }
    let uri: Uri = text.parse().map_err(|_| Fault::NotAnHttpsUrl)?;
    let host = uri
        .authority()
        .map(axum::http::uri::Authority::host)
        .unwrap_or_default();
    if uri.scheme_str() != Some("https") || host.is_empty() {
        return Err(Fault::NotAnHttpsUrl);
    }
    Ok(SecretText::new(text.to_owned()))
}

/// A registration link with its URL.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedRegistrationLink)]
struct IssuedLink {
    #[serde(flatten)]
    link: LinkDocument,
    /// Where the shop fills in its registration. Whoever has it can do so: treat it as a secret.
    #[schema(example = "https://payssam.example/register/3f9c")]
    url: String,
    /// The link to send to the shop instead: it stays the same, says how far the shop has come, and leads to this URL or to one that
    /// is issued when this one is old.
    #[schema(example = "https://registry.example/l/BAEBlwAAAAB3AAAAAAAAAAAAAA")]
    stable_link: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_sent_to_https_only() {
        assert!(read_redirect_url("https://partner.example/done?id=1").is_ok());
        let bad = [
            "",
            "partner.example",
            "/done",
            "http://partner.example",
            "javascript:alert(1)",
            "https://",
            "https:// a",
        ];
        for text in bad {
            assert_eq!(read_redirect_url(text).err(), Some(Fault::NotAnHttpsUrl), "{text}");
        }
        let long = format!("https://partner.example/{}", "a".repeat(500));
        assert_eq!(read_redirect_url(&long).err(), Some(Fault::TooLong));
    }
}
