//! `GET /v1/people`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{PersonDocument, tenant_of};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::Problem;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[],
    };
    operation.document(routes!(list_people))
}

/// List your people
///
/// All of them, in the order in which they came: there are 500 at most.
#[utoipa::path(
    get,
    path = "/v1/people",
    tag = "People",
    responses((status = 200, description = "Your people", body = PeopleDocument))
)]
async fn list_people(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<PeopleDocument>, Problem> {
    caller.require(SCOPE)?;
    let tenant = tenant_of(&state, &caller).await?;
    let members = state.people.members(&tenant).await?;
    Ok(Json(PeopleDocument {
        data: members
            .iter()
            .map(|member| PersonDocument::new(member, &caller))
            .collect(),
    }))
}

/// Your people.
#[derive(Serialize, ToSchema)]
#[schema(as = People)]
struct PeopleDocument {
    /// In the order in which they came.
    data: Vec<PersonDocument>,
}
