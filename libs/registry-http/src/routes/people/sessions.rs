//! `GET /v1/people/{id}/sessions`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use registry_domain::tenant::Scope;
use registry_journal::port::Session;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::find;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::PeopleWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::PersonNotFound],
    };
    operation.document(routes!(list_sessions))
}

/// List a person's sessions
///
/// The browsers in which the person is signed in, newest first. Everybody may see their own.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/sessions",
    tag = "People",
    params(("id" = String, Path, description = "The person's id", example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The person's sessions", body = SessionsDocument))
)]
async fn list_sessions(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SessionsDocument>, Problem> {
    caller.require_or_own(SCOPE, &id)?;
    let found = find(&state, &caller, &id).await?;
    let sessions = state.people.sessions(found.person.id).await?;
    Ok(Json(SessionsDocument {
        data: sessions.iter().map(SessionDocument::new).collect(),
    }))
}

/// A person's sessions.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
struct SessionsDocument {
    /// Newest first, 20 at most.
    data: Vec<SessionDocument>,
}

/// A browser in which somebody is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionDocument {
    /// Always `session`.
    #[schema(example = "session")]
    object: &'static str,
    /// Names the session, and opens nothing.
    #[schema(example = "ses_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// How the person signed in: `password`, `oidc`, `link`. Others may appear.
    #[schema(example = "oidc")]
    method: &'static str,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it was last used, to a minute or so.
    seen_at: DateTime<Utc>,
    /// When it ends unless it is used.
    idle_until: DateTime<Utc>,
    /// When it ends however much it is used.
    absolute_until: DateTime<Utc>,
    /// What the browser says of itself.
    #[schema(required = true)]
    user_agent: Option<String>,
}

impl SessionDocument {
    fn new(session: &Session) -> Self {
        Self {
            object: "session",
            id: session.id.to_string(),
            method: session.method.as_str(),
            created_at: session.created_at,
            seen_at: session.seen_at,
            idle_until: session.idle_until,
            absolute_until: session.absolute_until,
            user_agent: session.user_agent.clone(),
        }
    }
}
