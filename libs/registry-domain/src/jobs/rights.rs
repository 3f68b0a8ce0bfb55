//! Whether a job may go on.

use chrono::{DateTime, Utc};

use super::Action;
use crate::actor::Actor;
use crate::tenant::{Scope, Tenant, TenantState};

/// Whether somebody who has confirmed a job may still do what it does: a job ends with the rights of whoever runs it.
pub fn may_still(tenant: &Tenant, actor: &Actor, action: &Action, now: DateTime<Utc>) -> bool {
    let scopes = match actor {
        Actor::ApiKey(id) => {
            let mut keys = tenant.keys.iter();
            let key = keys.find(|key| key.id == *id && key.is_usable(now));
            key.map(|key| key.scopes.clone())
        }
        Actor::Person { id, .. } => tenant.member(*id).map(|member| member.rights.scopes()),
        Actor::Operator => Some(Scope::ALL.to_vec()),
        Actor::Upstream | Actor::System | Actor::Shop => None,
    };
    let mut needed = [Scope::JobsWrite].iter().chain(action.scopes());
    tenant.state == TenantState::Active && scopes.is_some_and(|scopes| needed.all(|scope| scopes.contains(scope)))
}
