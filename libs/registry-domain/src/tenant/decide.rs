//! What follows from a command to a tenant.

use chrono::{DateTime, Utc};

use super::alerting;
use super::command::{
    Command, LastManager, ListedPair, Refusal, SilentLinks, UnclaimedClaim, UnclaimedResolution, Upstream,
};
use super::context::{Context, UnclaimedStanding};
use super::event::Event;
use super::keys;
use super::settings::SettingsChange;
use super::state::{MEMBERS_MAX, Tenant, TenantState};
use crate::alerts;
use crate::codes::Reference;
use crate::destinations::{self, DestinationWish};
use crate::ids::{EventId, PersonId};
use crate::merchant::{QuarantineStanding, Receipt};
use crate::people::{Rights, Role};
use crate::text::Label;

/// Decides which facts follow. An `Ok` without events means that the wish is fulfilled already.
pub fn decide(state: Option<&Tenant>, command: Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let mut events = decide_alone(state, command, context)?;
    if let Some(tenant) = state.filter(|tenant| !tenant.alerts.is_empty()) {
        let ended = alerting::ended_by(tenant, &events);
        events.extend(ended.into_iter().map(Event::Alert));
    }
    Ok(events)
}

#[expect(clippy::too_many_lines, reason = "one exhaustive match, one arm for each command")]
fn decide_alone(state: Option<&Tenant>, command: Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let Some(tenant) = state else {
        return create(command, context);
    };
    match command {
        Command::Create(_) => Err(Refusal::SlugTaken { existing: tenant.id }),
        Command::ConfigureUpstream(upstream) => Ok(configure(tenant, upstream)),
        Command::Suspend => Ok(match tenant.state {
            TenantState::Active => vec![Event::TenantSuspended],
            TenantState::Suspended => vec![],
        }),
        Command::Resume => Ok(match tenant.state {
            TenantState::Active => vec![],
            TenantState::Suspended => vec![Event::TenantResumed],
        }),
        Command::IssueKey(issue) => keys::issue(tenant, issue),
        Command::RotateKey(rotation) => keys::rotate(tenant, &rotation),
        Command::RevokeKey(key_id) => keys::revoke(tenant, key_id),
        Command::AddMember {
            person_id,
            rights,
            by_groups,
        } => add_member(tenant, person_id, rights, by_groups),
        Command::ChangeMember {
            person_id,
            rights,
            by_groups,
            last_manager,
        } => change_member(tenant, person_id, rights, by_groups, last_manager),
        Command::RemoveMember {
            person_id,
            last_manager,
        } => remove_member(tenant, person_id, last_manager),
        Command::ReceiveUnclaimed(receipt, claim) => Ok(vec![unclaimed(*receipt, claim)]),
        Command::ReceiveListed(pair) => Ok(listed(pair, context)),
        Command::ResolveUnclaimed { reference, resolution } => resolve(reference, resolution, context.pair),
        Command::DiscardCallback { event_id, reason } => discard(event_id, reason, context.standing),
        Command::ChangeSettings(change) => change_settings(tenant, *change),
        Command::PauseUpstream { code } => Ok(match tenant.upstream_pause {
            // One alert, whatever else upstream says while nobody has done anything about it.
            Some(_) => vec![],
            None => vec![Event::UpstreamPaused { code }],
        }),
        Command::ResumeUpstream => Ok(match tenant.upstream_pause {
            Some(_) => vec![Event::UpstreamResumed],
            None => vec![],
        }),
        Command::RecordBalance { points } => Ok(balance(tenant, points)),
        Command::JudgeCallbacks { silent, now } => Ok(callbacks(tenant, silent, now)),
        Command::RecordAccess(access) => Ok(vec![Event::Access(access)]),
        Command::SetAlertRule { rule, expected } => alerting::set(tenant, rule, expected),
        Command::RemoveAlertRule { subject, expected } => alerting::remove(tenant, subject, expected),
        Command::JudgeHealth {
            condition,
            count,
            alert_id,
            now,
        } => Ok(alerting::judge(tenant, condition, count, alert_id, now)),
        Command::AcknowledgeAlert { alert_id, expected } => {
            alerting::said(alerts::acknowledge(&tenant.alerts, alert_id, expected))
        }
        Command::SnoozeAlert {
            alert_id,
            until,
            expected,
        } => alerting::said(alerts::snooze(&tenant.alerts, alert_id, until, expected)),
        Command::RecordRoleMappings(changes) => Ok(match changes.as_slice() {
            [] => vec![],
            [..] => vec![Event::RoleMappingsReplaced { changes }],
        }),
        Command::RecordView(fact) => Ok(vec![Event::View(fact)]),
        Command::RecordJob(fact) => Ok(vec![Event::Job(fact)]),
        Command::Destination(wish) => carry(tenant, *wish),
    }
}

fn carry(tenant: &Tenant, wish: DestinationWish) -> Result<Vec<Event>, Refusal> {
    let facts = destinations::decide(&tenant.destinations, wish)?;
    Ok(facts.into_iter().map(Event::Destination).collect())
}

/// Where there is no tenant yet, one can be created and nothing else.
fn create(command: Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Create(creation) if creation.slug.is_reserved() => Err(Refusal::SlugReserved),
        Command::Create(creation) => match context.slug_taken {
            Some(existing) => Err(Refusal::SlugTaken { existing }),
            None => Ok(vec![Event::TenantCreated {
                slug: creation.slug,
                name: creation.name,
            }]),
        },
        Command::ConfigureUpstream(_)
        | Command::Suspend
        | Command::Resume
        | Command::IssueKey(_)
        | Command::RotateKey(_)
        | Command::RevokeKey(_)
        | Command::AddMember { .. }
        | Command::ChangeMember { .. }
        | Command::RemoveMember { .. }
        | Command::ReceiveUnclaimed(..)
        | Command::ReceiveListed(_)
        | Command::ResolveUnclaimed { .. }
        | Command::DiscardCallback { .. }
        | Command::ChangeSettings(_)
        | Command::PauseUpstream { .. }
        | Command::ResumeUpstream
        | Command::RecordBalance { .. }
        | Command::JudgeCallbacks { .. }
        | Command::RecordAccess(_)
        | Command::SetAlertRule { .. }
        | Command::RemoveAlertRule { .. }
        | Command::JudgeHealth { .. }
        | Command::AcknowledgeAlert { .. }
        | Command::SnoozeAlert { .. }
        | Command::Destination(_)
        | Command::RecordRoleMappings(_)
        | Command::RecordView(_)
        | Command::RecordJob(_) => Err(Refusal::NoSuchTenant),
    }
}

fn change_settings(tenant: &Tenant, change: SettingsChange) -> Result<Vec<Event>, Refusal> {
    let settings = change.applied_to(&tenant.settings)?;
    if settings == tenant.settings {
        return Ok(vec![]);
    }
    // Whoever changes something else is not told of what was stored before this was looked at.
    if settings.read_back != tenant.settings.read_back && settings.read_back.has_one_name() {
        return Err(Refusal::OneFieldName);
    }
    Ok(vec![Event::SettingsChanged { settings }])
}

/// Another address or key is worth another try.
fn configure(tenant: &Tenant, upstream: Upstream) -> Vec<Event> {
    let resumed = tenant.upstream_pause.as_ref().map(|_| Event::UpstreamResumed);
    let mut events = vec![Event::UpstreamConfigured { upstream }];
    events.extend(resumed);
    events
}

/// Told once: not again after it was seen or settled, and not once it is some merchant's.
fn listed(pair: ListedPair, context: &Context) -> Vec<Event> {
    let ListedPair {
        reference,
        mapping_status,
        read_at,
    } = pair;
    if context.pair != UnclaimedStanding::Absent || context.pair_is_registered {
        return vec![];
    }
    vec![Event::UnclaimedMerchantListed {
        reference,
        mapping_status,
        read_at,
    }]
}

fn resolve(
    reference: Reference,
    resolution: UnclaimedResolution,
    standing: UnclaimedStanding,
) -> Result<Vec<Event>, Refusal> {
    match standing {
        UnclaimedStanding::Absent => return Err(Refusal::NoSuchUnclaimed),
        UnclaimedStanding::Settled => return Ok(vec![]),
        UnclaimedStanding::Open => {}
    }
    Ok(vec![match resolution {
        UnclaimedResolution::Adopted(merchant_id) => Event::UnclaimedMerchantAdopted { reference, merchant_id },
        UnclaimedResolution::Dismissed(reason) => Event::UnclaimedMerchantDismissed {
            reference,
            reason: reason.into(),
        },
    }])
}

fn discard(event_id: EventId, reason: Label, standing: QuarantineStanding) -> Result<Vec<Event>, Refusal> {
    match standing {
        QuarantineStanding::Open(_) => Ok(vec![Event::CallbackDiscarded {
            event_id,
            reason: reason.into(),
        }]),
        QuarantineStanding::Settled => Ok(vec![]),
        QuarantineStanding::Absent => Err(Refusal::NotQuarantined),
    }
}

/// One alert on the way down, one on the way up. Without a threshold nothing is low.
fn balance(tenant: &Tenant, seen: i64) -> Vec<Event> {
    let below = tenant
        .settings
        .low_balance_threshold
        .filter(|threshold| seen < *threshold);
    match (tenant.low_balance, below) {
        (None, Some(threshold)) => vec![Event::BalanceLow { threshold, seen }],
        (Some(low), None) => vec![Event::BalanceRecovered {
            threshold: low.threshold,
            seen,
        }],
        (None, None) | (Some(_), Some(_)) => vec![],
    }
}

/// One alert when the silence lasts too long, one when it is over. New links do not end it: only a callback does, and
/// then none of the links that were silent is silent any more.
fn callbacks(tenant: &Tenant, silent: Option<SilentLinks>, now: DateTime<Utc>) -> Vec<Event> {
    let after = tenant.settings.callbacks_missing_after;
    let overdue = silent.filter(|silent| now - silent.since >= after.as_delta());
    match (tenant.callbacks_missing_since, overdue) {
        (None, Some(SilentLinks { since, links })) => vec![Event::CallbacksMissing { since, links, after }],
        (Some(_), None) => vec![Event::CallbacksSeen],
        (None, None) | (Some(_), Some(_)) => vec![],
    }
}

fn add_member(tenant: &Tenant, person_id: PersonId, rights: Rights, by_groups: bool) -> Result<Vec<Event>, Refusal> {
    if tenant.member(person_id).is_some() {
        return Err(Refusal::MemberExists);
    }
    if tenant.members.len() >= MEMBERS_MAX {
        return Err(Refusal::TooManyMembers);
    }
    Ok(vec![Event::MemberAdded {
        person_id,
        rights,
        by_groups,
    }])
}

fn change_member(
    tenant: &Tenant,
    person_id: PersonId,
    rights: Rights,
    by_groups: bool,
    last_manager: LastManager,
) -> Result<Vec<Event>, Refusal> {
    let member = tenant.member(person_id).ok_or(Refusal::NoSuchMember)?;
    if member.rights == rights && member.by_groups == by_groups {
        return Ok(vec![]);
    }
    if rights.role() != Role::Manager {
        expect_manager(tenant, person_id, last_manager)?;
    }
    Ok(vec![Event::MemberRoleChanged {
        person_id,
        rights,
        by_groups,
    }])
}

fn remove_member(tenant: &Tenant, person_id: PersonId, last_manager: LastManager) -> Result<Vec<Event>, Refusal> {
    tenant.member(person_id).ok_or(Refusal::NoSuchMember)?;
    expect_manager(tenant, person_id, last_manager)?;
    Ok(vec![Event::MemberRemoved { person_id }])
}

/// A manager is left without this one, or need not be.
fn expect_manager(tenant: &Tenant, without: PersonId, last_manager: LastManager) -> Result<(), Refusal> {
    match last_manager {
        LastManager::Stays if tenant.is_last_manager(without) => Err(Refusal::LastManager),
        LastManager::Stays | LastManager::MayGo => Ok(()),
    }
}

fn unclaimed(receipt: Receipt, claim: UnclaimedClaim) -> Event {
    let Receipt {
        link_id: _,
        received_at,
        payload,
        sender_listed,
        decoded_with_loss,
        by_bills_url: _,
    } = receipt;
    match claim {
        UnclaimedClaim::UnknownPair(reference) => Event::UnclaimedMerchantSeen {
            reference,
            received_at,
            payload,
            sender_listed,
            decoded_with_loss,
        },
        UnclaimedClaim::Unusable(reason) => Event::CallbackQuarantined {
            reason,
            received_at,
            payload,
            sender_listed,
            decoded_with_loss,
        },
    }
}
