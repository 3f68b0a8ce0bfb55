//! `GET /v1/merchants/{id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use registry_documents::MerchantDocument;
use registry_domain::merchant::Merchant;
use registry_domain::tenant::Scope;
use registry_domain::{MerchantId, Version};
use registry_journal::archive::Until;
use utoipa_axum::routes;

use super::{document_unless_known, parse_id};
use crate::caller::Caller;
use crate::commands::{at_version, current};
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
            Code::ValidationFailed,
        ],
    };
    operation.document(routes!(get_merchant))
}

/// Read a merchant
///
/// Now, or as the registry knew it at a moment (`as_of`) or version (`as_of_version`). Moments are those at which things
/// were written down here, since Paymint's callbacks carry none. What is past does not change, except that erasure
/// empties the personal fields.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}",
    tag = "Merchants",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("as_of" = Option<DateTime<Utc>>, Query, description = "As it was known at this moment, not later than now"),
        ("as_of_version" = Option<u64>, Query, description = "As it was at this version; not together with `as_of`", minimum = 1),
        ("If-None-Match" = Option<String>, Header, description = "ETags that you have"),
    ),
    responses(
        (
            status = 200,
            description = "The merchant",
            body = MerchantDocument,
            headers(("ETag" = String, description = "The merchant's version and form")),
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
    query.finish()?;
    let id = parse_id(&id)?;
    let merchant = match (as_of, as_of_version) {
        (Some(moment), _) => at_moment(&state, &caller, id, moment, now).await?,
        (None, Some(version)) => at_version(&state, &caller, id, version).await?,
        (None, None) => current(&state, &caller, id).await?,
    };
    Ok(document_unless_known(&headers, &merchant, caller.sight()))
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
    if let Some(merchant) = state
        .archive
        .merchant_at(caller.tenant_id(), id, Until::Time(moment))
        .await?
    {
        return Ok(merchant);
    }
    current(state, caller, id).await?;
    Err(Code::NotYetRegistered.into())
}
