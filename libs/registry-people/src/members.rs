//! What a tenant says of its people.

use std::collections::BTreeMap;

use registry_domain::people::{EmailAddress, Member, Rights, Role, mapping_changes};
use registry_domain::tenant::{Command, LastManager, Refusal, Tenant};
use registry_domain::{Label, PersonId, TenantId};
use registry_journal::port::{Person, RoleMapping};
use registry_journal::{Origin, ReadError};

use crate::accounts::NewPerson;
use crate::error::MemberError;
use crate::facts::Ending;
use crate::links::OneTimeLink;
use crate::people::People;

/// Most groups that a tenant gives roles to.
pub const MAPPINGS_MAX: usize = 200;

/// Most characters of a group's name.
pub const GROUP_LENGTH_MAX: usize = 256;

/// Somebody to be taken in.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Their address.
    pub email: EmailAddress,
    /// Their name, for a person who is not known yet.
    pub name: Label,
    /// What they may do.
    pub rights: Rights,
}

/// Somebody who was taken in.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Who.
    pub person: Person,
    /// The link to hand over. None for somebody who can sign in already.
    pub link: Option<OneTimeLink>,
}

/// A person with what they may do for a tenant.
#[derive(Debug, Clone)]
pub struct TenantMember {
    /// Who.
    pub person: Person,
    /// What they may do.
    pub member: Member,
}

impl People {
    /// The people of a tenant, in the order in which they came. One whose person is unknown, as after a move of the log alone,
    /// is left out.
    pub async fn members(&self, tenant: &Tenant) -> Result<Vec<TenantMember>, ReadError> {
        let ids: Vec<_> = tenant.members.iter().map(|member| member.person_id).collect();
        let mut persons = self.store().persons(&ids).await?;
        let found = tenant.members.iter().filter_map(|member| {
            let place = persons.iter().position(|person| person.id == member.person_id)?;
            Some(TenantMember {
                person: persons.swap_remove(place),
                member: member.clone(),
            })
        });
        Ok(found.collect())
    }

    /// One of a tenant's people.
    pub async fn member(&self, tenant: &Tenant, id: PersonId) -> Result<Option<TenantMember>, ReadError> {
        let Some(member) = tenant.member(id) else {
            return Ok(None);
        };
        let person = self.store().person(id).await?;
        let member = member.clone();
        Ok(person.map(|person| TenantMember { person, member }))
    }

    /// Takes somebody in, and makes a link for them to hand over. Asked again with the same rights it makes another link in the
    /// place of the first; with others it is refused, for rights are changed and not invited.
    ///
    /// Whoever was first to invite an address may have taken the account for their own, so an account that others know is added
    /// only if the `OpenID` provider vouches for it; otherwise an operator of the installation does that.
    pub async fn invite(
        &self,
        tenant: &Tenant,
        origin: Origin,
        invitation: Invitation,
    ) -> Result<Invited, MemberError> {
        let Invitation { email, name, rights } = invitation;
        let new = NewPerson {
            email,
            name,
            is_administrator: false,
        };
        let (person, is_new) = self.known_or_new(new).await?;
        let member = tenant.member(person.id);
        if !is_new && member.is_none() && person.identity.is_none() {
            let is_theirs = has_come(&person) || person.is_administrator;
            if is_theirs || self.belongs_elsewhere(tenant.id, &person).await? {
                return Err(MemberError::KnownElsewhere);
            }
        }
        match member {
            Some(member) if has_come(&person) || member.rights != rights => {
                return Err(MemberError::Refused(Refusal::MemberExists));
            }
            Some(_) => {}
            None => {
                let add = Command::AddMember {
                    person_id: person.id,
                    rights,
                    by_groups: false,
                };
                self.submit(tenant.id, origin, add).await?;
            }
        }
        let link = self.invitation_of(tenant.id, &person).await?;
        Ok(Invited { person, link })
    }

    /// Takes somebody in whom an operator of the installation names.
    pub async fn add_member(
        &self,
        tenant: TenantId,
        origin: Origin,
        person_id: PersonId,
        rights: Rights,
    ) -> Result<(), MemberError> {
        let command = Command::AddMember {
            person_id,
            rights,
            by_groups: false,
        };
        self.submit(tenant, origin, command).await.map(drop)
    }

    /// Says anew what somebody may do. They sign in again: a session that was begun with other rights ends. One with which they work
    /// for another tenant too is not ours to end: there their rights are read anew with each request. Whether that changed anything.
    pub async fn change_member(
        &self,
        tenant: TenantId,
        origin: Origin,
        person_id: PersonId,
        rights: Rights,
        last_manager: LastManager,
    ) -> Result<bool, MemberError> {
        let command = Command::ChangeMember {
            person_id,
            rights,
            by_groups: false,
            last_manager,
        };
        let changed = self.submit(tenant, origin.clone(), command).await?;
        if changed {
            self.end_sessions_of_ours(tenant, origin, person_id).await?;
        }
        Ok(changed)
    }

    /// Takes somebody out. Their sessions end, unless they work for another tenant too.
    pub async fn remove_member(
        &self,
        tenant: TenantId,
        origin: Origin,
        person_id: PersonId,
        last_manager: LastManager,
    ) -> Result<(), MemberError> {
        let command = Command::RemoveMember {
            person_id,
            last_manager,
        };
        self.submit(tenant, origin.clone(), command).await?;
        self.end_sessions_of_ours(tenant, origin, person_id).await
    }

    async fn end_sessions_of_ours(&self, tenant: TenantId, origin: Origin, id: PersonId) -> Result<(), MemberError> {
        let person = self.store().person(id).await?;
        let is_ours = match person {
            Some(person) => self.is_of_this_tenant_alone(tenant, &person).await?,
            None => true,
        };
        if is_ours {
            self.end_sessions(&Ending::by_tenant(tenant, origin), id).await?;
        }
        Ok(())
    }

    /// Whether nobody but this tenant has anything to do with somebody.
    pub async fn is_of_this_tenant_alone(&self, tenant: TenantId, person: &Person) -> Result<bool, ReadError> {
        Ok(!person.is_administrator && !self.belongs_elsewhere(tenant, person).await?)
    }

    /// Which groups of the OpenID provider are which roles of a tenant, by group.
    pub async fn role_mappings(&self, tenant: TenantId) -> Result<Vec<RoleMapping>, ReadError> {
        self.store().role_mappings(tenant).await
    }

    /// Puts other role mappings in the place of a tenant's. They count from everybody's next sign-in on. The log says it first: no role
    /// is given of which it does not tell.
    pub async fn replace_role_mappings(
        &self,
        tenant: TenantId,
        origin: Origin,
        mappings: BTreeMap<String, Role>,
    ) -> Result<(), MemberError> {
        let before = self.store().role_mappings(tenant).await?;
        let before = before.into_iter().map(|mapping| (mapping.group, mapping.role));
        let changes = mapping_changes(&before.collect(), &mappings);
        if changes.is_empty() {
            return Ok(());
        }
        self.submit(tenant, origin, Command::RecordRoleMappings(changes))
            .await?;
        let rows = mappings.into_iter().map(|(group, role)| RoleMapping {
            tenant_id: tenant,
            group,
            role,
        });
        let rows: Vec<_> = rows.collect();
        Ok(self.store().replace_role_mappings(tenant, &rows).await?)
    }

    /// A link for somebody who was invited and has not come yet, if nobody but this tenant has anything to do with them: whoever
    /// has the link becomes them.
    async fn invitation_of(&self, tenant: TenantId, person: &Person) -> Result<Option<OneTimeLink>, ReadError> {
        let is_free = !has_come(person) && !person.is_administrator && self.inner.config.local_accounts;
        if !is_free || self.belongs_elsewhere(tenant, person).await? {
            return Ok(None);
        }
        self.invitation(person.id).await.map(Some)
    }

    async fn belongs_elsewhere(&self, tenant: TenantId, person: &Person) -> Result<bool, ReadError> {
        let tenants = self.store().tenants_of(person.id).await?;
        Ok(tenants.iter().any(|other| other.id != tenant))
    }
}

/// Whether somebody has ever been able to sign in.
fn has_come(person: &Person) -> bool {
    person.password_hash.is_some() || person.identity.is_some() || person.signed_in_at.is_some()
}
