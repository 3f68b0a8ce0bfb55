//! `GET /v1/merchants/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use registry_documents::{MerchantDocument, Sight, WaitDocument, WaitingMerchant};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::Scope;
use registry_domain::{MerchantId, Version};
use registry_journal::archive::Until;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{document_unless_known, parse_id};
use crate::caller::Caller;
use crate::commands::{at_version, current, in_past};
use crate::conditional::{etag_with, names};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::{PRESENT, Parameters};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::MerchantNotFound,
            Code::NotYetRegistered,
            Code::VersionNotFound,
            Code::PastTooLong,
            Code::ValidationFailed,
        ],
    };
    operation.document(routes!(get_merchant))
}

/// Read a merchant
///
/// Now, or as the registry knew it at a moment (`as_of`) or version (`as_of_version`). Moments are those at which things
/// were written down here, since Paymint's callbacks carry none. What is past does not change, except that erasure
/// empties the personal fields. With `include=wait` it also says how long the merchant has stood in its stage and how that compares with
/// your own waits, as lists do: what is usual for you is read once in a while and not with every merchant, so it is told only where it is
/// asked for, and the tag changes with it from day to day.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}",
    tag = "Merchants",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("as_of" = Option<DateTime<Utc>>, Query, description = "As it was known at this moment, not later than now"),
        ("as_of_version" = Option<u64>, Query, description = "As it was at this version; not together with `as_of`", minimum = 1),
        ("include" = Option<String>, Query, description = "What else to tell: `wait`; not together with `as_of_version`, which says of no day", example = "wait"),
        ("If-None-Match" = Option<String>, Header, description = "ETags that you have"),
    ),
    responses(
        (
            status = 200,
            description = "The merchant",
            body = MerchantAnswer,
            headers(("ETag" = String, description = "The merchant's version and form, and its wait if that was asked for")),
        ),
        (status = 304, description = "You have this version"),
    )
)]
async fn get_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut query: Parameters,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let now = state.ambient.now();
    let as_of = query.past_moment("as_of", now);
    let as_of_version = query.position("as_of_version", 1).map(Version);
    if as_of.is_some() && as_of_version.is_some() {
        query.blame("as_of_version", Fault::NotCombinable);
    }
    let is_waiting_wanted = !query
        .words("include", &["wait"], |word| (word == "wait").then_some(()))
        .is_empty();
    if is_waiting_wanted && as_of_version.is_some() {
        query.blame("include", Fault::NotCombinable);
    }
    query.finish()?;
    let id = parse_id(&id)?;
    let merchant = match (as_of, as_of_version) {
        (Some(moment), _) => at_moment(&state, &caller, id, moment, now).await?,
        (None, Some(version)) => at_version(&state, &caller, id, version).await?,
        (None, None) => current(&state, &caller, id).await?,
    };
    if !is_waiting_wanted {
        return Ok(document_unless_known(&headers, &merchant, caller.sight()));
    }
    let reader = state.archive.reader();
    let waits = state.usual.at(reader, caller.tenant_id(), as_of.unwrap_or(now)).await?;
    Ok(with_wait(&headers, &merchant, caller.sight(), waits.of(&merchant)))
}

fn with_wait(headers: &HeaderMap, merchant: &Merchant, sight: Sight, wait: Option<WaitDocument>) -> Response {
    let tag = etag_with(merchant.version, sight, wait.as_ref());
    let caching = (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if names(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag), caching]).into_response();
    }
    let answer = WaitingMerchant {
        merchant: MerchantDocument::shown(merchant, sight),
        wait,
    };
    ([(ETAG, tag), caching], Json(answer)).into_response()
}

/// A merchant, with how its wait compares if that was asked for.
#[derive(Serialize, ToSchema)]
struct MerchantAnswer {
    /// The merchant.
    #[serde(flatten)]
    merchant: MerchantDocument,
    /// How long it has stood in its stage; null for one that is open or archived, and absent if it was not asked for.
    #[schema(required = false)]
    wait: Option<WaitDocument>,
}

async fn at_moment(
    state: &AppState,
    caller: &Caller,
    id: MerchantId,
    moment: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Merchant, Problem> {
    if moment >= now - PRESENT {
        let merchant = current(state, caller, id).await?;
        // What the log stamps with the future has happened all the same.
        if moment >= now || merchant.updated_at > now {
            return Ok(merchant);
        }
    }
    if let Some(merchant) = in_past(state, caller, id, Until::Time(moment)).await? {
        return Ok(merchant);
    }
    current(state, caller, id).await?;
    Err(Code::NotYetRegistered.into())
}
