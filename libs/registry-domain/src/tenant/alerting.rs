//! What follows from commands about alerts, for the tenant itself.

use chrono::{DateTime, Utc};

use super::command::{ExpectedRule, Refusal};
use super::event::Event;
use super::state::Tenant;
use crate::alerts::{self, Alert, AlertEnd, AlertFact, AlertRefusal, AlertRule, HealthCondition, Subject};
use crate::ids::AlertId;

pub(super) fn set(tenant: &Tenant, rule: AlertRule, expected: ExpectedRule) -> Result<Vec<Event>, Refusal> {
    let known = tenant.alert_rule(rule.subject());
    if known.is_some_and(|known| known.rule == rule) {
        return Ok(vec![]);
    }
    match (known, expected) {
        (Some(_), ExpectedRule::Absent) => Err(Refusal::RuleExists),
        (None, ExpectedRule::SetBy(_)) => Err(Refusal::NoSuchRule),
        (Some(known), ExpectedRule::SetBy(version)) if known.version != version => Err(Refusal::RuleChanged),
        (Some(_), ExpectedRule::SetBy(_)) | (None, ExpectedRule::Absent) | (_, ExpectedRule::Any) => {
            Ok(vec![Event::AlertRuleSet { rule }])
        }
    }
}

pub(super) fn remove(tenant: &Tenant, subject: Subject, expected: ExpectedRule) -> Result<Vec<Event>, Refusal> {
    let known = tenant.alert_rule(subject).ok_or(Refusal::NoSuchRule)?;
    match expected {
        ExpectedRule::SetBy(version) if known.version != version => Err(Refusal::RuleChanged),
        ExpectedRule::Absent => Err(Refusal::RuleExists),
        ExpectedRule::SetBy(_) | ExpectedRule::Any => Ok(vec![Event::AlertRuleRemoved { subject }]),
    }
}

pub(super) fn judge(
    tenant: &Tenant,
    condition: HealthCondition,
    count: u64,
    id: AlertId,
    now: DateTime<Utc>,
) -> Vec<Event> {
    let since = tenant.holds_since(condition, count, now);
    let fact = alerts::judge_health(&tenant.alerts, tenant.alert_ground(), condition, since, id, now);
    fact.map(Event::Alert).into_iter().collect()
}

/// What follows from something that was said to an alert.
pub(super) fn said(fact: Result<Option<AlertFact>, AlertRefusal>) -> Result<Vec<Event>, Refusal> {
    Ok(fact?.map(Event::Alert).into_iter().collect())
}

/// The alerts that end because what was wrong is right again, by these facts.
pub(super) fn ended_by(tenant: &Tenant, events: &[Event]) -> Vec<AlertFact> {
    let is_over = |alert: &&Alert| events.iter().any(|event| ends(event) == Some(alert.subject));
    let ended = tenant.alerts.iter().filter(is_over);
    ended
        .map(|alert| alerts::resolved(alert, AlertEnd::Recovered))
        .collect()
}

/// What is right again by a fact.
fn ends(event: &Event) -> Option<Subject> {
    match event {
        Event::CallbacksSeen => Some(Subject::Health(HealthCondition::CallbacksMissing)),
        Event::UpstreamResumed => Some(Subject::Health(HealthCondition::UpstreamPaused)),
        Event::BalanceRecovered { .. } => Some(Subject::Health(HealthCondition::BalanceLow)),
        // A rule that is gone raises nothing, and what it has raised has no ground any more.
        Event::AlertRuleRemoved { subject } => Some(*subject),
        Event::TenantCreated { .. }
        | Event::UpstreamConfigured { .. }
        | Event::TenantSuspended
        | Event::TenantResumed
        | Event::ApiKeyIssued { .. }
        | Event::ApiKeyRotated { .. }
        | Event::ApiKeyRevoked { .. }
        | Event::MemberAdded { .. }
        | Event::MemberRoleChanged { .. }
        | Event::MemberRemoved { .. }
        | Event::UnclaimedMerchantSeen { .. }
        | Event::CallbackQuarantined { .. }
        | Event::CallbackDiscarded { .. }
        | Event::UnclaimedMerchantListed { .. }
        | Event::UnclaimedMerchantAdopted { .. }
        | Event::UnclaimedMerchantDismissed { .. }
        | Event::SettingsChanged { .. }
        | Event::UpstreamPaused { .. }
        | Event::BalanceLow { .. }
        | Event::CallbacksMissing { .. }
        | Event::Access(_)
        | Event::AlertRuleSet { .. }
        | Event::Destination(_)
        | Event::RoleMappingsReplaced { .. }
        | Event::View(_)
        | Event::Job(_)
        | Event::Alert(_) => None,
    }
}
