//! `DELETE /v1/people/{id}/sessions`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use registry_domain::SessionId;
use registry_domain::tenant::Scope;
use registry_people::Ending;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::find;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::PeopleWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::PersonNotFound,
            Code::SessionNotFound,
            Code::SessionsOfOthers,
            Code::ValidationFailed,
        ],
    };
    operation.document(routes!(end_sessions))
}

/// End a person's sessions
///
/// One of them, or all: in those browsers the next request asks to sign in. Everybody may end their own. Those of a person who belongs
/// to others too, or who administers the installation, are not yours to end: remove the person, and from the next request on nothing of
/// yours is open in them.
#[utoipa::path(
    delete,
    path = "/v1/people/{id}/sessions",
    tag = "People",
    params(
        ("id" = String, Path, description = "The person's id", example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("session" = Option<String>, Query, description = "Only this session; all of them if it is left out", example = "ses_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
    ),
    responses((status = 204, description = "They have ended"))
)]
async fn end_sessions(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<StatusCode, Problem> {
    caller.require_or_own(SCOPE, &id)?;
    let session = parameters.optional("session", |text| text.parse::<SessionId>().map_err(|_| Fault::NotAnId));
    parameters.finish()?;
    let found = find(&state, &caller, &id).await?;
    let is_own = caller
        .person()
        .is_some_and(|person| person.person_id == found.person.id);
    // What is wrong there is theirs to settle, or the operator's.
    let is_theirs = is_own || caller.is_administrator();
    if !is_theirs
        && !state
            .people
            .is_of_this_tenant_alone(caller.tenant_id(), &found.person)
            .await?
    {
        return Err(Code::SessionsOfOthers.into());
    }
    let by = Ending::by_tenant(caller.tenant_id(), caller.origin(&context));
    match session {
        None => {
            state.people.end_sessions(&by, found.person.id).await?;
        }
        Some(session) => {
            if !state.people.end_session(&by, found.person.id, session).await? {
                return Err(Code::SessionNotFound.into());
            }
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
