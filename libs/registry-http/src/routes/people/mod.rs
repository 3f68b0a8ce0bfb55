//! A tenant's people: who they are, what they may do, where they are signed in.

pub mod change;
pub mod end_sessions;
pub mod get;
pub mod invite;
pub mod list;
pub mod remove;
pub mod role_mappings;
pub mod sessions;

use chrono::{DateTime, Utc};
use registry_domain::PersonId;
use registry_domain::people::{Extra, Rights, Role};
use registry_domain::tenant::{Scope, Tenant};
use registry_people::{MemberError, TenantMember};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::fields::Fields;
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

/// One of your people.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
struct PersonDocument {
    /// Always `person`.
    #[schema(example = "person")]
    object: &'static str,
    /// The person's id, which events name as their actor.
    #[schema(example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// The person's name.
    #[schema(example = "김운영")]
    name: String,
    /// The person's address. Null without `people:write` or `audit:read`.
    #[schema(required = true, example = "ops@partner.example")]
    email: Option<String>,
    /// `active`, `invited` (has not signed in yet and cannot without the invitation) or `disabled`. Others may appear.
    #[schema(example = "active")]
    state: &'static str,
    /// `viewer`, `operator`, `manager` or `auditor`.
    #[schema(example = "operator")]
    role: &'static str,
    /// What the person may do beside the role: `exports:create`, `personal:read`.
    granted: Vec<&'static str>,
    /// What of the role the person may not do.
    withheld: Vec<&'static str>,
    /// Every scope that comes of it. Others may appear.
    #[schema(example = json!(["merchants:read", "events:read"]))]
    scopes: Vec<&'static str>,
    /// The person's groups at the `OpenID` provider say so, and are looked at again with each sign-in. A change makes it yours.
    by_groups: bool,
    /// Since when the person belongs to you.
    since: DateTime<Utc>,
    /// When the person last signed in. Null for never, and without `people:write` or `audit:read`.
    #[schema(required = true)]
    signed_in_at: Option<DateTime<Utc>>,
}

impl PersonDocument {
    fn new(of: &TenantMember, caller: &Caller) -> Self {
        let TenantMember { person, member } = of;
        let has_come = person.password_hash.is_some() || person.identity.is_some() || person.signed_in_at.is_some();
        let sees_all = caller.may(Scope::PeopleWrite) || caller.may(Scope::AuditRead);
        Self {
            object: "person",
            id: person.id.to_string(),
            name: person.name.as_str().to_owned(),
            email: sees_all.then(|| person.email.as_str().to_owned()),
            state: match (person.disabled_at, has_come) {
                (Some(_), _) => "disabled",
                (None, true) => "active",
                (None, false) => "invited",
            },
            role: member.rights.role().as_str(),
            granted: member.rights.granted().map(Extra::as_str).collect(),
            withheld: member.rights.withheld().map(Extra::as_str).collect(),
            scopes: member.rights.scopes().into_iter().map(Scope::as_str).collect(),
            by_groups: member.by_groups,
            since: member.since,
            signed_in_at: person.signed_in_at.filter(|_| sees_all),
        }
    }
}

/// The tenant of whoever asks.
async fn tenant_of(state: &AppState, caller: &Caller) -> Result<Tenant, Problem> {
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    tenant.ok_or_else(|| Code::Unauthenticated.into())
}

/// One of the caller's people, by an id in a path. An id that cannot be read is nobody's.
async fn find(state: &AppState, caller: &Caller, id: &str) -> Result<TenantMember, Problem> {
    let id: PersonId = id.parse().map_err(|_| Code::PersonNotFound)?;
    let tenant = tenant_of(state, caller).await?;
    let found = state.people.member(&tenant, id).await?;
    found.ok_or_else(|| Code::PersonNotFound.into())
}

/// What `role`, `granted` and `withheld` say. What is left out is as before, or nothing. None if something is wrong with
/// them, which the fields know.
fn rights(fields: &mut Fields, before: Option<&Rights>) -> Option<Rights> {
    let role = |text: &str| Role::from_word(text).ok_or(Fault::UnknownWord(Role::WORDS));
    let extra = |text: &str| Extra::from_word(text).ok_or(Fault::UnknownWord(Extra::WORDS));
    let role = match before {
        None => fields.required("role", role),
        Some(before) => Some(fields.optional("role", role).unwrap_or(before.role())),
    };
    let kept = |extras: Vec<Extra>| if before.is_some() { extras } else { vec![] };
    let granted = fields.texts("granted", Extra::ALL.len(), extra);
    let granted = granted.unwrap_or_else(|| kept(before.into_iter().flat_map(Rights::granted).collect()));
    let withheld = fields.texts("withheld", Extra::ALL.len(), extra);
    let withheld = withheld.unwrap_or_else(|| kept(before.into_iter().flat_map(Rights::withheld).collect()));
    let rights = Rights::new(role?, granted, withheld);
    if rights.is_err() {
        fields.blame_there("withheld", Fault::Inapplicable);
    }
    rights.ok()
}

/// Nobody gives more than they have. Whoever administers the installation may give everything.
fn expect_own(caller: &Caller, rights: &Rights) -> Result<(), Problem> {
    if caller.is_administrator() || rights.are_within(caller.scopes()) {
        Ok(())
    } else {
        Err(Code::RightsBeyondOwn.into())
    }
}

impl From<MemberError> for Problem {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::Refused(refusal) => refusal.into(),
            MemberError::KnownElsewhere => Code::PersonKnownElsewhere.into(),
            MemberError::Read(error) => error.into(),
            MemberError::Write(error) => error.into(),
        }
    }
}
