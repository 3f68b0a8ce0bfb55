//! `DELETE /v1/people/{id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use registry_domain::tenant::{LastManager, Scope};
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::{expect_own, find};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::PeopleWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::RightsBeyondOwn,
            Code::PersonNotFound,
            Code::LastManager,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(remove_person))
}

/// Remove a person
///
/// The person no longer belongs to you, from their next request on; their sessions end, unless they belong to others too. What they did
/// stays theirs. Nobody removes somebody who has more rights than they have, and your last manager cannot be removed.
#[utoipa::path(
    delete,
    path = "/v1/people/{id}",
    tag = "People",
    params(("id" = String, Path, description = "The person's id", example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 204, description = "The person no longer belongs to you"))
)]
async fn remove_person(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(SCOPE)?;
    let found = find(&state, &caller, &id).await?;
    expect_own(&caller, &found.member.rights)?;
    let (tenant, origin) = (caller.tenant_id(), caller.origin(&context));
    let removed = state
        .people
        .remove_member(tenant, origin, found.person.id, LastManager::Stays);
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}
