//! What a person's groups at the OpenID provider make of them here, looked at anew with each sign-in.
//!
//! A membership that came of groups follows them; one that somebody of the tenant gave stays as it was given.

use std::collections::BTreeMap;

use registry_domain::people::Role;
use registry_domain::tenant::{Command, LastManager, Refusal, Tenant};
use registry_domain::{PersonId, TenantId};
use registry_journal::port::RoleMapping;

use crate::error::{MemberError, SignInError};
use crate::facts::Ending;
use crate::people::People;
use crate::sessions::Browser;

/// The role that one person has of several groups is the first of these.
const BY_WEIGHT: [Role; 4] = [Role::Manager, Role::Operator, Role::Auditor, Role::Viewer];

/// The role in each tenant that has one for some of these mappings.
pub(crate) fn wanted(mappings: &[RoleMapping]) -> BTreeMap<TenantId, Role> {
    let mut wanted = BTreeMap::new();
    for role in BY_WEIGHT {
        for mapping in mappings.iter().filter(|mapping| mapping.role == role) {
            wanted.entry(mapping.tenant_id).or_insert(role);
        }
    }
    wanted
}

/// What has to be done so that memberships are what the groups say.
pub(crate) fn changes(
    person_id: PersonId,
    tenants: &[Tenant],
    wanted: &BTreeMap<TenantId, Role>,
) -> Vec<(TenantId, Command)> {
    let mut changes = Vec::new();
    for (tenant_id, role) in wanted {
        let tenant = tenants.iter().find(|tenant| tenant.id == *tenant_id);
        let member = tenant.and_then(|tenant| tenant.member(person_id));
        let rights = (*role).into();
        match member {
            None => changes.push((
                *tenant_id,
                Command::AddMember {
                    person_id,
                    rights,
                    by_groups: true,
                },
            )),
            Some(member) if member.by_groups && member.rights != rights => changes.push((
                *tenant_id,
                Command::ChangeMember {
                    person_id,
                    rights,
                    by_groups: true,
                    last_manager: LastManager::MayGo,
                },
            )),
            Some(_) => {}
        }
    }
    for tenant in tenants.iter().filter(|tenant| !wanted.contains_key(&tenant.id)) {
        if tenant.member(person_id).is_some_and(|member| member.by_groups) {
            let last_manager = LastManager::MayGo;
            changes.push((
                tenant.id,
                Command::RemoveMember {
                    person_id,
                    last_manager,
                },
            ));
        }
    }
    changes
}

impl People {
    /// Does what has to be done. Sessions that were begun with other rights end.
    pub(crate) async fn follow_groups(
        &self,
        person_id: PersonId,
        changes: Vec<(TenantId, Command)>,
        browser: &Browser,
    ) -> Result<(), SignInError> {
        let mut ends = false;
        for (tenant_id, command) in changes {
            ends |= !matches!(command, Command::AddMember { .. });
            match self.submit(tenant_id, self.own_origin(), command).await {
                // A second sign-in at the same moment was first. Only invitations ask whether others know somebody.
                Ok(_)
                | Err(
                    MemberError::Refused(Refusal::MemberExists | Refusal::NoSuchMember) | MemberError::KnownElsewhere,
                ) => {}
                Err(MemberError::Refused(refusal)) => {
                    tracing::warn!(tenant = %tenant_id, person = %person_id, %refusal, "groups could not be followed");
                }
                Err(MemberError::Read(error)) => return Err(error.into()),
                Err(MemberError::Write(error)) => return Err(error.into()),
            }
        }
        if ends {
            let by = Ending::by_themselves(self.origin_of(person_id, browser));
            self.end_sessions(&by, person_id).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use registry_domain::people::{Member, Rights};
    use registry_domain::tenant::{Settings, Slug, TenantState};
    use registry_domain::{Label, Seq, Version};

    use super::*;

    fn id(number: u128) -> TenantId {
        format!("ten_{number:032x}").parse().unwrap()
    }

    fn kim() -> PersonId {
        format!("psn_{:032x}", 7).parse().unwrap()
    }

    fn tenant(number: u128, rights: Rights, by_groups: bool) -> Tenant {
        Tenant {
            id: id(number),
            version: Version(1),
            seq: Seq(1),
            slug: Slug::parse(&format!("tenant-{number}")).unwrap(),
            name: Label::parse("Acme").unwrap(),
            state: TenantState::Active,
            upstream: None,
            settings: Settings::default(),
            settings_from: Version::ZERO,
            upstream_pause: None,
            low_balance: None,
            callbacks_missing_since: None,
            keys: vec![],
            alert_rules: Vec::new(),
            alerts: Vec::new(),
            alerting_from: Version::ZERO,
            destinations: Vec::new(),
            members: vec![Member {
                person_id: kim(),
                rights,
                by_groups,
                since: DateTime::<Utc>::UNIX_EPOCH,
            }],
            created_at: DateTime::<Utc>::UNIX_EPOCH,
        }
    }

    fn mapping(number: u128, role: Role) -> RoleMapping {
        RoleMapping {
            tenant_id: id(number),
            group: "g".to_owned(),
            role,
        }
    }

    #[test]
    fn of_several_groups_the_weightiest_role_counts() {
        let mappings = [
            mapping(1, Role::Viewer),
            mapping(1, Role::Operator),
            mapping(1, Role::Auditor),
            mapping(2, Role::Viewer),
        ];
        let wanted = wanted(&mappings);
        assert_eq!(
            wanted.into_iter().collect::<Vec<_>>(),
            [(id(1), Role::Operator), (id(2), Role::Viewer)]
        );
    }

    #[test]
    fn memberships_follow_groups_unless_somebody_gave_them() {
        let tenants = [
            tenant(1, Role::Manager.into(), true),
            tenant(2, Role::Viewer.into(), true),
            tenant(3, Role::Manager.into(), false),
            tenant(4, Role::Manager.into(), false),
            tenant(5, Role::Viewer.into(), true),
        ];
        let wanted = [
            (id(2), Role::Operator),
            (id(3), Role::Viewer),
            (id(5), Role::Viewer),
            (id(6), Role::Auditor),
        ];
        let changes = changes(kim(), &tenants, &wanted.into_iter().collect());
        let told: Vec<_> = changes
            .iter()
            .map(|(tenant, command)| {
                if let Command::AddMember { rights, by_groups, .. } = command {
                    (*tenant, "add", Some(rights.role()), *by_groups)
                } else if let Command::ChangeMember { rights, by_groups, .. } = command {
                    (*tenant, "change", Some(rights.role()), *by_groups)
                } else {
                    assert!(matches!(command, Command::RemoveMember { .. }), "{command:?}");
                    (*tenant, "remove", None, true)
                }
            })
            .collect();
        assert_eq!(
            told,
            [
                (id(2), "change", Some(Role::Operator), true),
                (id(6), "add", Some(Role::Auditor), true),
                (id(1), "remove", None, true),
            ]
        );
    }
}
