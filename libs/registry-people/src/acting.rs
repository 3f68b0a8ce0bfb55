//! How code of this process says to the API who acts.

use registry_domain::tenant::{Scope, TenantState};
use registry_domain::{Channel, PersonId, TenantId};

use crate::sessions::SignedIn;

/// Somebody who is known without an API key. Stands in the extensions of a request, where only code of this process can put it.
#[derive(Debug, Clone)]
pub enum Principal {
    /// A person who is signed in.
    Person(ActingPerson),
}

/// A person who acts for a tenant.
#[derive(Debug, Clone)]
pub struct ActingPerson {
    /// Who.
    pub person_id: PersonId,
    /// For which tenant.
    pub tenant_id: TenantId,
    /// Whether that tenant may work.
    pub tenant_state: TenantState,
    /// What they may do for it.
    pub scopes: Vec<Scope>,
    /// Whether they administer the installation.
    pub is_administrator: bool,
    /// Through what they act.
    pub channel: Channel,
}

impl SignedIn {
    /// The person as one who acts for a tenant in the console; none if they do not belong to it.
    pub fn in_console(&self, slug: &str) -> Option<Principal> {
        let membership = self.membership(slug)?;
        Some(Principal::Person(ActingPerson {
            person_id: self.person.id,
            tenant_id: membership.tenant_id,
            tenant_state: membership.state,
            scopes: membership.scopes.clone(),
            is_administrator: self.person.is_administrator,
            channel: Channel::Console,
        }))
    }
}
