//! `GET` and `PUT /v1/role-mappings`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::people::Role;
use registry_domain::tenant::Scope;
use registry_people::{GROUP_LENGTH_MAX, MAPPINGS_MAX, RoleMapping};
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::expect_own;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::PeopleWrite;

/// The operation with its documentation.
pub fn get_route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[],
    };
    operation.document(routes!(get_role_mappings))
}

/// The operation with its documentation.
pub fn put_route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::RightsBeyondOwn,
            Code::RequestTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(put_role_mappings))
}

/// Read your role mappings
///
/// Which groups of the `OpenID` provider are which roles here.
#[utoipa::path(
    get,
    path = "/v1/role-mappings",
    tag = "People",
    responses((status = 200, description = "Your role mappings", body = RoleMappingsDocument))
)]
async fn get_role_mappings(
    State(state): State<Arc<AppState>>,
    caller: Caller,
) -> Result<Json<RoleMappingsDocument>, Problem> {
    caller.require(SCOPE)?;
    let mappings = state.people.role_mappings(caller.tenant_id()).await?;
    Ok(Json(RoleMappingsDocument::new(&mappings)))
}

/// Replace your role mappings
///
/// These take the place of all that there were. They are looked at whenever somebody signs in through the `OpenID` provider: a
/// person whose groups are among them becomes one of your people, and of several roles has the one that may do most (manager,
/// operator, auditor, viewer). One who has left all of these groups leaves you, unless somebody of yours gave them their rights.
/// Nobody gives more than they have. What changes is `role_mappings.replaced` in your audit log.
#[utoipa::path(
    put,
    path = "/v1/role-mappings",
    tag = "People",
    request_body(content = RoleMappings, description = "All of them"),
    responses((status = 200, description = "Your role mappings after the change", body = RoleMappingsDocument))
)]
async fn put_role_mappings(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    body: JsonBody,
) -> Result<Json<RoleMappingsDocument>, Problem> {
    caller.require(SCOPE)?;
    let wanted = read(body.fields(Null::Absent)?)?;
    let before = state.people.role_mappings(caller.tenant_id()).await?;
    for (group, role) in &wanted {
        let was_so = before.iter().any(|old| old.group == *group && old.role == *role);
        if !was_so {
            expect_own(&caller, &(*role).into())?;
        }
    }
    let (tenant, origin) = (caller.tenant_id(), caller.origin(&context));
    state.people.replace_role_mappings(tenant, origin, wanted).await?;
    let mappings = state.people.role_mappings(caller.tenant_id()).await?;
    Ok(Json(RoleMappingsDocument::new(&mappings)))
}

/// Role mappings to be.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct RoleMappings {
    /// Each group with its role: 200 at most.
    #[schema(example = json!({ "registry-operators": "operator" }))]
    groups: BTreeMap<String, String>,
}

fn read(mut fields: Fields) -> Result<BTreeMap<String, Role>, Problem> {
    let group = |text: &str| {
        let length = text.chars().count();
        match length {
            0 => Err(Fault::Blank),
            _ if length > GROUP_LENGTH_MAX => Err(Fault::TooLong),
            _ if text.chars().any(char::is_control) => Err(Fault::BadCharacter),
            _ => Ok(()),
        }
    };
    let role = |text: &str| Role::from_word(text).ok_or(Fault::UnknownWord(Role::WORDS));
    let groups = fields.text_map("groups", MAPPINGS_MAX, group, role);
    if groups.is_none() {
        fields.blame_there("groups", Fault::Required);
    }
    fields.finish()?;
    groups.ok_or_else(|| Code::Internal.into())
}

/// Which groups are which roles.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleMappingList)]
struct RoleMappingsDocument {
    /// Always `role_mappings`.
    #[schema(example = "role_mappings")]
    object: &'static str,
    /// Each group with its role.
    #[schema(example = json!({ "registry-operators": "operator" }))]
    groups: BTreeMap<String, &'static str>,
}

impl RoleMappingsDocument {
    fn new(mappings: &[RoleMapping]) -> Self {
        let groups = mappings
            .iter()
            .map(|mapping| (mapping.group.clone(), mapping.role.as_str()));
        Self {
            object: "role_mappings",
            groups: groups.collect(),
        }
    }
}
