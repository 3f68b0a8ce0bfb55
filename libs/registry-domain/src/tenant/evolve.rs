//! How a fact changes what is known about a tenant.

use super::event::Event;
use super::keys;
use super::settings::Settings;
use super::state::{LowBalance, Slug, Tenant, TenantState, UpstreamEndpoint, UpstreamPause};
use crate::alerts::{AlertRule, SetAlertRule};
use crate::ids::{Stamp, TenantId, Version};
use crate::people::Member;
use crate::text::Label;

/// Folds one fact into the state. `None` stays `None` until the tenant is created.
pub fn evolve(id: TenantId, state: Option<Tenant>, event: &Event, stamp: Stamp) -> Option<Tenant> {
    let mut tenant = match (state, event) {
        (None, Event::TenantCreated { slug, name }) => return Some(created(id, slug, name, stamp)),
        (None, _) => return None,
        (Some(tenant), _) => tenant,
    };
    tenant.version = stamp.version;
    tenant.seq = stamp.seq;
    apply(&mut tenant, event, stamp);
    Some(tenant)
}

#[expect(clippy::too_many_lines, reason = "one exhaustive match, one arm for each event")]
fn apply(tenant: &mut Tenant, event: &Event, stamp: Stamp) {
    match event {
        Event::UpstreamConfigured { upstream } => {
            tenant.upstream = Some(UpstreamEndpoint {
                base_url: upstream.base_url.clone(),
                configured_in: stamp.version,
            });
        }
        Event::TenantSuspended => tenant.state = TenantState::Suspended,
        Event::TenantResumed => tenant.state = TenantState::Active,
        Event::ApiKeyIssued { .. } | Event::ApiKeyRotated { .. } | Event::ApiKeyRevoked { .. } => {
            keys::evolve(&mut tenant.keys, event, stamp);
        }
        Event::MemberAdded {
            person_id,
            rights,
            by_groups,
        } => tenant.members.push(Member {
            person_id: *person_id,
            rights: rights.clone(),
            by_groups: *by_groups,
            since: stamp.recorded_at,
        }),
        Event::MemberRoleChanged {
            person_id,
            rights,
            by_groups,
        } => {
            let member = tenant.members.iter_mut().find(|member| member.person_id == *person_id);
            if let Some(member) = member {
                member.rights.clone_from(rights);
                member.by_groups = *by_groups;
            }
        }
        Event::MemberRemoved { person_id } => tenant.members.retain(|member| member.person_id != *person_id),
        Event::SettingsChanged { settings } => change_settings(tenant, settings, stamp),
        Event::UpstreamPaused { code } => {
            tenant.upstream_pause = Some(UpstreamPause {
                code: code.clone(),
                since: stamp.recorded_at,
            });
        }
        Event::UpstreamResumed => tenant.upstream_pause = None,
        Event::BalanceLow { threshold, seen } => {
            tenant.low_balance = Some(LowBalance {
                threshold: *threshold,
                seen: *seen,
                since: stamp.recorded_at,
            });
        }
        Event::BalanceRecovered { .. } => tenant.low_balance = None,
        Event::CallbacksMissing { since, .. } => tenant.callbacks_missing_since = Some(*since),
        Event::CallbacksSeen => tenant.callbacks_missing_since = None,
        Event::AlertRuleSet { rule } => set_rule(tenant, *rule, stamp),
        Event::AlertRuleRemoved { subject } => {
            tenant.alert_rules.retain(|set| set.rule.subject() != *subject);
            tenant.alerting_from = stamp.version;
        }
        Event::Alert(fact) => fact.apply_to(&mut tenant.alerts, stamp),
        Event::Destination(fact) => fact.apply_to(&mut tenant.destinations, stamp),
        // A second creation cannot be written. The others are facts for the timeline and for lists of their own.
        Event::TenantCreated { .. }
        | Event::UnclaimedMerchantSeen { .. }
        | Event::UnclaimedMerchantListed { .. }
        | Event::UnclaimedMerchantAdopted { .. }
        | Event::UnclaimedMerchantDismissed { .. }
        | Event::CallbackQuarantined { .. }
        | Event::CallbackDiscarded { .. }
        | Event::Access(_)
        | Event::RoleMappingsReplaced { .. }
        | Event::View(_)
        | Event::Job(_) => {}
    }
}

fn change_settings(tenant: &mut Tenant, settings: &Settings, stamp: Stamp) {
    if tenant.settings.calendar != settings.calendar {
        tenant.alerting_from = stamp.version;
    }
    tenant.settings.clone_from(settings);
    tenant.settings_from = stamp.version;
}

fn set_rule(tenant: &mut Tenant, rule: AlertRule, stamp: Stamp) {
    let set = SetAlertRule {
        rule,
        version: stamp.version,
    };
    let mut rules = tenant.alert_rules.iter_mut();
    match rules.find(|known| known.rule.subject() == rule.subject()) {
        Some(known) => *known = set,
        None => tenant.alert_rules.push(set),
    }
    tenant.alerting_from = stamp.version;
}

fn created(id: TenantId, slug: &Slug, name: &Label, stamp: Stamp) -> Tenant {
    Tenant {
        id,
        version: stamp.version,
        seq: stamp.seq,
        slug: slug.clone(),
        name: name.clone(),
        state: TenantState::Active,
        upstream: None,
        settings: Settings::default(),
        settings_from: Version::ZERO,
        upstream_pause: None,
        low_balance: None,
        callbacks_missing_since: None,
        keys: Vec::new(),
        members: Vec::new(),
        alert_rules: Vec::new(),
        alerts: Vec::new(),
        alerting_from: Version::ZERO,
        destinations: Vec::new(),
        created_at: stamp.recorded_at,
    }
}
