//! What a person may do for a tenant: a role, which is a named set of scopes, and what is granted or withheld beside it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::ids::PersonId;
use crate::tenant::Scope;
use crate::words::words;

/// What somebody is for a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Does the daily work.
    Operator,
    /// Decides who may do what, and with which settings.
    Manager,
    /// Looks at who did what.
    Auditor,
}

words!(Role {
    Viewer => "viewer",
    Operator => "operator",
    Manager => "manager",
    Auditor => "auditor",
});

impl Role {
    /// What the role may do, in order.
    pub fn scopes(self) -> Vec<Scope> {
        let own: &[Scope] = match self {
            Self::Viewer => &[Scope::MerchantsRead, Scope::EventsRead],
            Self::Operator => &[
                Scope::MerchantsWrite,
                Scope::LinksWrite,
                Scope::QuarantineWrite,
                Scope::UpstreamAsk,
                Scope::NotesWrite,
                Scope::AlertsWrite,
                Scope::ViewsWrite,
                Scope::JobsWrite,
            ],
            Self::Manager => &[
                Scope::ExportsCreate,
                Scope::PersonalRead,
                Scope::PayloadsRead,
                Scope::SettingsWrite,
                Scope::KeysWrite,
                Scope::PeopleWrite,
            ],
            Self::Auditor => &[Scope::AuditRead, Scope::PersonalRead],
        };
        let below = match self {
            Self::Viewer => vec![],
            Self::Operator | Self::Auditor => Self::Viewer.scopes(),
            Self::Manager => Self::Operator.scopes(),
        };
        Scope::in_order(below.into_iter().chain(own.iter().copied()).collect())
    }
}

/// What can be granted to or withheld from somebody singly, whatever the role says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extra {
    /// Take lists out as files.
    ExportsCreate,
    /// See business numbers in full.
    PersonalRead,
}

words!(Extra {
    ExportsCreate => "exports:create",
    PersonalRead => "personal:read",
});

impl Extra {
    /// The scope that it is.
    pub const fn scope(self) -> Scope {
        match self {
            Self::ExportsCreate => Scope::ExportsCreate,
            Self::PersonalRead => Scope::PersonalRead,
        }
    }
}

/// Why rights contradict themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} is both granted and withheld", .0.as_str())]
pub struct RightsError(pub Extra);

/// What somebody may do for a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    role: Role,
    granted: BTreeSet<Extra>,
    withheld: BTreeSet<Extra>,
}

impl Rights {
    /// A role, with what is granted and withheld beside it.
    pub fn new(
        role: Role,
        granted: impl IntoIterator<Item = Extra>,
        withheld: impl IntoIterator<Item = Extra>,
    ) -> Result<Self, RightsError> {
        let (granted, withheld) = (
            granted.into_iter().collect::<BTreeSet<_>>(),
            withheld.into_iter().collect(),
        );
        match granted.intersection(&withheld).next() {
            Some(both) => Err(RightsError(*both)),
            None => Ok(Self {
                role,
                granted,
                withheld,
            }),
        }
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What is granted beside it.
    pub fn granted(&self) -> impl Iterator<Item = Extra> {
        self.granted.iter().copied()
    }

    /// What is withheld of it.
    pub fn withheld(&self) -> impl Iterator<Item = Extra> {
        self.withheld.iter().copied()
    }

    /// Every scope that comes of it, in order.
    pub fn scopes(&self) -> Vec<Scope> {
        let granted = self.granted().map(Extra::scope);
        let mut scopes: Vec<_> = self.role.scopes().into_iter().chain(granted).collect();
        scopes.retain(|scope| !self.withheld().any(|extra| extra.scope() == *scope));
        Scope::in_order(scopes)
    }

    /// Whether they hold nothing that these scopes do not: whoever has only those may give them.
    pub fn are_within(&self, scopes: &[Scope]) -> bool {
        self.scopes().iter().all(|scope| scopes.contains(scope))
    }
}

/// Nothing beside the role.
impl From<Role> for Rights {
    fn from(role: Role) -> Self {
        Self {
            role,
            granted: BTreeSet::new(),
            withheld: BTreeSet::new(),
        }
    }
}

/// A person among those of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person_id: PersonId,
    /// What they may do.
    pub rights: Rights,
    /// Their groups at the OpenID provider say so, and may say otherwise at the next sign-in. What somebody of the tenant
    /// has said stays.
    pub by_groups: bool,
    /// Since when they belong to the tenant.
    pub since: DateTime<Utc>,
}
