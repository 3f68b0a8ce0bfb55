//! The public form of a tenant's own events.

use registry_domain::PersonId;
use registry_domain::people::Rights;
use registry_domain::review::ClaimSource;
use registry_domain::tenant::{Access, Event};

use super::data::{
    AccessRefused, AlertRuleRemoved, ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated, Balance, CallbackDiscarded,
    CallbackQuarantined, CallbacksMissing, ExportTaken, MemberRemoved, Membership, MerchantsExported, Nothing, OwnDay,
    PayloadOpened, PersonalRevealed, RoleMappingChange, RoleMappingsReplaced, SessionClosed, SessionRefused,
    TenantCreated, TenantSettingsChanged, UnclaimedMerchantAdopted, UnclaimedMerchantDismissed,
    UnclaimedMerchantListed, UnclaimedMerchantSeen, UpstreamPaused,
};
use super::{EventData, alerts, destinations, jobs, views};

#[expect(clippy::too_many_lines, reason = "one exhaustive match, one arm for each event")]
pub(super) fn data(event: &Event) -> EventData {
    match event {
        Event::TenantCreated { slug, name } => EventData::TenantCreated(TenantCreated {
            slug: slug.as_str().to_owned(),
            name: name.as_str().to_owned(),
        }),
        Event::UpstreamConfigured { upstream: _ } => EventData::TenantUpstreamConfigured(Nothing {}),
        Event::TenantSuspended => EventData::TenantSuspended(Nothing {}),
        Event::TenantResumed => EventData::TenantResumed(Nothing {}),
        Event::ApiKeyIssued {
            key_id,
            name,
            scopes,
            networks,
            secret_hash: _,
            expires_at,
        } => EventData::ApiKeyIssued(ApiKeyIssued {
            key_id: key_id.to_string(),
            name: name.as_str().to_owned(),
            scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            networks: networks.iter().map(ToString::to_string).collect(),
            expires_at: *expires_at,
        }),
        Event::ApiKeyRotated {
            key_id,
            works_until,
            successor,
            secret_hash: _,
            expires_at,
        } => EventData::ApiKeyRotated(ApiKeyRotated {
            key_id: key_id.to_string(),
            works_until: *works_until,
            successor_id: successor.to_string(),
            expires_at: *expires_at,
        }),
        Event::ApiKeyRevoked { key_id } => EventData::ApiKeyRevoked(ApiKeyRevoked {
            key_id: key_id.to_string(),
        }),
        Event::MemberAdded {
            person_id,
            rights,
            by_groups,
        } => EventData::MemberAdded(membership(*person_id, rights, *by_groups)),
        Event::MemberRoleChanged {
            person_id,
            rights,
            by_groups,
        } => EventData::MemberRoleChanged(membership(*person_id, rights, *by_groups)),
        Event::MemberRemoved { person_id } => EventData::MemberRemoved(MemberRemoved {
            person_id: person_id.to_string(),
        }),
        Event::RoleMappingsReplaced { changes } => EventData::RoleMappingsReplaced(RoleMappingsReplaced {
            changes: changes.iter().map(RoleMappingChange::from).collect(),
        }),
        Event::UnclaimedMerchantSeen {
            reference,
            received_at,
            payload: _,
            sender_listed,
            decoded_with_loss,
        } => EventData::UnclaimedMerchantSeen(UnclaimedMerchantSeen {
            member_code: reference.member_code.as_str().to_owned(),
            merchant_code: reference.merchant_code.as_str().to_owned(),
            received_at: *received_at,
            sender_listed: *sender_listed,
            decoded_with_loss: *decoded_with_loss,
        }),
        Event::CallbackQuarantined {
            reason,
            received_at,
            payload: _,
            sender_listed,
            decoded_with_loss,
        } => EventData::CallbackQuarantined(CallbackQuarantined {
            reason: reason.as_str().to_owned(),
            received_at: *received_at,
            sender_listed: *sender_listed,
            decoded_with_loss: *decoded_with_loss,
        }),
        Event::CallbackDiscarded { event_id, reason } => EventData::UnclaimedCallbackDiscarded(CallbackDiscarded {
            event_id: event_id.to_string(),
            reason: reason.as_str().to_owned(),
        }),
        Event::UnclaimedMerchantListed {
            reference,
            mapping_status,
            read_at,
        } => EventData::UnclaimedMerchantListed(UnclaimedMerchantListed {
            member_code: reference.member_code.as_str().to_owned(),
            merchant_code: reference.merchant_code.as_str().to_owned(),
            mapping_status: mapping_status.as_ref().map(|word| word.as_str().to_owned()),
            read_at: *read_at,
        }),
        Event::UnclaimedMerchantAdopted { reference, merchant_id } => {
            EventData::UnclaimedMerchantAdopted(UnclaimedMerchantAdopted {
                member_code: reference.member_code.as_str().to_owned(),
                merchant_code: reference.merchant_code.as_str().to_owned(),
                adopted_as: merchant_id.to_string(),
            })
        }
        Event::UnclaimedMerchantDismissed { reference, reason } => {
            EventData::UnclaimedMerchantDismissed(UnclaimedMerchantDismissed {
                member_code: reference.member_code.as_str().to_owned(),
                merchant_code: reference.merchant_code.as_str().to_owned(),
                reason: reason.as_str().to_owned(),
            })
        }
        Event::SettingsChanged { settings } => EventData::TenantSettingsChanged(TenantSettingsChanged {
            hold_seconds: settings.hold_time.seconds(),
            read_back_enabled: settings.read_back.enabled,
            low_balance_threshold: settings.low_balance_threshold,
            callbacks_missing_days: settings.callbacks_missing_after.days(),
            own_days: OwnDay::all(&settings.calendar),
            return_urls: settings.return_urls.iter().map(|url| url.as_str().to_owned()).collect(),
        }),
        Event::UpstreamPaused { code } => EventData::UpstreamPaused(UpstreamPaused { code: code.clone() }),
        Event::UpstreamResumed => EventData::UpstreamResumed(Nothing {}),
        Event::BalanceLow { threshold, seen } => EventData::BalanceLow(balance(*threshold, *seen)),
        Event::BalanceRecovered { threshold, seen } => EventData::BalanceRecovered(balance(*threshold, *seen)),
        Event::CallbacksMissing { since, links, after } => EventData::CallbacksMissing(CallbacksMissing {
            since: *since,
            links: *links,
            after_days: after.days(),
        }),
        Event::CallbacksSeen => EventData::CallbacksSeen(Nothing {}),
        Event::Access(access) => self::access(access),
        Event::AlertRuleSet { rule } => EventData::AlertRuleSet(rule.into()),
        Event::AlertRuleRemoved { subject } => EventData::AlertRuleRemoved(AlertRuleRemoved {
            rule: subject.as_str().to_owned(),
        }),
        Event::Alert(fact) => alerts::data(fact),
        Event::Destination(fact) => destinations::data(fact),
        Event::View(fact) => views::data(fact),
        Event::Job(fact) => jobs::data(fact),
    }
}

fn access(access: &Access) -> EventData {
    match access {
        Access::NumberRevealed { merchant_id } => EventData::PersonalRevealed(PersonalRevealed {
            merchant_id: merchant_id.to_string(),
        }),
        Access::PayloadOpened { event_id, merchant_id } => EventData::PayloadOpened(PayloadOpened {
            event_id: event_id.to_string(),
            merchant_id: merchant_id.map(|id| id.to_string()),
        }),
        Access::MerchantsExported {
            format,
            rows,
            filters,
            with_numbers,
            export_id,
            reason,
        } => EventData::MerchantsExported(MerchantsExported {
            format: format.as_str().to_owned(),
            rows: *rows,
            filters: filters.clone(),
            with_numbers: *with_numbers,
            export_id: export_id.to_string(),
            reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
        }),
        Access::ExportTaken { export_id, from } => EventData::ExportTaken(ExportTaken {
            export_id: export_id.to_string(),
            from: *from,
        }),
        Access::Refused {
            operation,
            scope,
            count,
        } => EventData::AccessRefused(AccessRefused {
            operation: operation.clone(),
            required_scope: scope.as_str().to_owned(),
            count: *count,
        }),
        Access::SignedIn => EventData::SessionOpened(Nothing {}),
        Access::SignInRefused { count } => EventData::SessionRefused(SessionRefused { count: *count }),
        Access::SignedOut { person_id } => EventData::SessionClosed(SessionClosed {
            person_id: person_id.map(|id| id.to_string()),
        }),
    }
}

fn membership(person_id: PersonId, rights: &Rights, by_groups: bool) -> Membership {
    Membership {
        person_id: person_id.to_string(),
        role: rights.role().as_str().to_owned(),
        granted: rights.granted().map(|extra| extra.as_str().to_owned()).collect(),
        withheld: rights.withheld().map(|extra| extra.as_str().to_owned()).collect(),
        by_groups,
    }
}

fn balance(threshold: i64, seen: i64) -> Balance {
    Balance { threshold, seen }
}

pub(super) fn source(event: &Event) -> Option<ClaimSource> {
    match event {
        Event::UnclaimedMerchantSeen { .. } | Event::CallbackQuarantined { .. } => Some(ClaimSource::Callback),
        Event::UnclaimedMerchantListed { .. } => Some(ClaimSource::List),
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
        | Event::RoleMappingsReplaced { .. }
        | Event::CallbackDiscarded { .. }
        | Event::UnclaimedMerchantAdopted { .. }
        | Event::UnclaimedMerchantDismissed { .. }
        | Event::SettingsChanged { .. }
        | Event::UpstreamPaused { .. }
        | Event::UpstreamResumed
        | Event::BalanceLow { .. }
        | Event::BalanceRecovered { .. }
        | Event::CallbacksMissing { .. }
        | Event::CallbacksSeen
        | Event::Access(_)
        | Event::AlertRuleSet { .. }
        | Event::AlertRuleRemoved { .. }
        | Event::Alert(_)
        | Event::Destination(_)
        | Event::View(_)
        | Event::Job(_) => None,
    }
}
