//! `PATCH /v1/people/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::tenant::{LastManager, Scope};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{PersonDocument, expect_own, find, rights};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::PeopleWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::RightsBeyondOwn,
            Code::PersonNotFound,
            Code::RequestTimeout,
            Code::LastManager,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(change_person))
}

/// Change what a person may do
///
/// What is left out stays as it is. The change holds from the person's next request on, and ends their sessions: they sign in
/// again, unless they belong to others too: then it is only here that less or more is open to them. Nobody gives or takes more than they
/// have, and your last manager stays one.
#[utoipa::path(
    patch,
    path = "/v1/people/{id}",
    tag = "People",
    params(("id" = String, Path, description = "The person's id", example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    request_body(content = PersonPatch, description = "What shall be different"),
    responses((status = 200, description = "The person after the change", body = PersonDocument))
)]
async fn change_person(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<PersonDocument>, Problem> {
    caller.require(SCOPE)?;
    let found = find(&state, &caller, &id).await?;
    let mut fields = body.fields(Null::Refused)?;
    let rights = rights(&mut fields, Some(&found.member.rights));
    fields.finish()?;
    // What is wrong with them is among the faults.
    let rights = rights.ok_or(Code::Internal)?;
    expect_own(&caller, &found.member.rights)?;
    expect_own(&caller, &rights)?;
    let (tenant, person, origin) = (caller.tenant_id(), found.person.id, caller.origin(&context));
    let changed = state
        .people
        .change_member(tenant, origin, person, rights, LastManager::Stays);
    changed.await?;
    let found = find(&state, &caller, &id).await?;
    Ok(Json(PersonDocument::new(&found, &caller)))
}

/// A change of what a person may do.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct PersonPatch {
    /// `viewer`, `operator`, `manager` or `auditor`.
    #[schema(required = false, example = "operator")]
    role: String,
    /// All that the person may do beside the role: `exports:create`, `personal:read`.
    #[schema(required = false)]
    granted: Vec<String>,
    /// All that the person may not do of the role.
    #[schema(required = false)]
    withheld: Vec<String>,
}
