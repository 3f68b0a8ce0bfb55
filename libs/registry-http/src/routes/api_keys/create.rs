//! `POST /v1/api-keys`

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SubsecRound, Utc};
use ipnet::IpNet;
use registry_domain::tenant::{Command, KEY_NETWORKS_MAX, KeyIssue, Scope};
use registry_domain::{KeyId, Label};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{KeyDocument, NewKeyDocument, id_of, made, require_all, require_within};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::credentials::mint;
use crate::fields::{Fields, Null};
use crate::idempotency::{self, IDEMPOTENCY_REPLAYED};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::KeysWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IdempotencyKeyInvalid,
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
    operation.document(routes!(create_api_key))
}

/// Issue an API key
///
/// Its secret is in this answer and nowhere else. Nobody can give a key more scopes than they have themselves, and a key that
/// is bound to networks or to a time makes only keys that are bound no wider. Sent again with the same Idempotency-Key, the
/// request is answered with the key that it made, without the secret: revoke that key if the secret was lost.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "Account",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes one key only", max_length = 255)),
    request_body(content = KeyRequest, description = "What the key is for"),
    responses((
        status = 201,
        description = "The API key",
        body = NewKeyDocument,
        headers(
            ("Location" = String, description = "The path of the key"),
            ("Idempotency-Replayed" = String, description = "`true` if the key had been made before with this Idempotency-Key"),
        ),
    ))
)]
async fn create_api_key(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let now = state.ambient.now();
    let wanted = KeyRequest::read(body.fields(Null::Absent)?, now)?;
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    require_all(&caller, &wanted.scopes)?;
    let latest_end = caller.key().and_then(|key| key.expires_at);
    require_within(&caller, &wanted.networks, wanted.expires_at, latest_end)?;
    let key_id = idempotency.map_or_else(
        || KeyId::from_uuid(state.ambient.ids.uuid()),
        |idempotency| id_of(caller.tenant_id(), &context.path, &idempotency.key),
    );
    let (secret, secret_hash) = mint(key_id, state.ambient.ids.secret());
    let issue = KeyIssue {
        key_id,
        name: wanted.name,
        scopes: wanted.scopes,
        networks: wanted.networks,
        secret_hash,
        expires_at: wanted.expires_at,
        now,
    };
    let done = commands::run_of_tenant(&state, &caller, &context, Command::IssueKey(issue)).await?;
    let key = made(&state, &caller, &done, key_id).await?;
    Ok(answer(key, done.is_news.then_some(secret)))
}

/// A key that was made, or one that had been made before.
pub(super) fn answer(key: KeyDocument, secret: Option<String>) -> Response {
    let location = HeaderValue::try_from(format!("/v1/api-keys/{}", key.id));
    let replayed = secret.is_none();
    let mut response = (StatusCode::CREATED, Json(NewKeyDocument { key, secret })).into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, location.expect("an id is a header value"));
    if replayed {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// An API key to be issued.
#[derive(ToSchema)]
#[schema(as = ApiKeyRequest)]
struct KeyRequest {
    /// What you call it.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "portal backend")]
    name: Label,
    /// What it may do. There is no default: name what it needs.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 50, example = json!(["merchants:read", "events:read"]))]
    scopes: Vec<Scope>,
    /// From which networks it may be used, as addresses or in CIDR notation; from anywhere if there is none.
    #[schema(value_type = Vec<String>, required = false, max_items = 20, example = json!(["198.51.100.0/24"]))]
    networks: Vec<IpNet>,
    /// From when on it shall no longer work; never if left out.
    expires_at: Option<DateTime<Utc>>,
}

/// More words than there are scopes are a mistake.
const SCOPES_MAX: usize = 50;

impl KeyRequest {
    fn read(mut fields: Fields, now: DateTime<Utc>) -> Result<Self, Problem> {
        let name = fields.required("name", Label::parse);
        let scopes = fields.required_texts("scopes", SCOPES_MAX, |word| {
            Scope::from_word(word).ok_or(Fault::UnknownScope)
        });
        let networks = fields.texts("networks", KEY_NETWORKS_MAX, read_network);
        let expires_at = fields.optional("expires_at", |text| read_end(text, now));
        fields.finish()?;
        let (Some(name), Some(scopes)) = (name, scopes) else {
            return Err(Code::Internal.into());
        };
        Ok(Self {
            name,
            scopes,
            networks: networks.unwrap_or_default(),
            expires_at,
        })
    }
}

/// One address is a network too.
fn read_network(text: &str) -> Result<IpNet, Fault> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network
        .map(|network: IpNet| network.trunc())
        .map_err(|_| Fault::NotANetwork)
}

/// An end that has passed would make a key that never works.
pub(super) fn read_end(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    let end = DateTime::parse_from_rfc3339(text).map_err(|_| Fault::NotATime)?;
    let end = end.to_utc().trunc_subsecs(6);
    if end > now { Ok(end) } else { Err(Fault::NotInTheFuture) }
}
