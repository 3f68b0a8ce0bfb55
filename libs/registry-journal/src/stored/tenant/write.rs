//! Facts to stored shapes.

use registry_domain::people::Rights;
use registry_domain::tenant::Event;
use registry_domain::{FreeText, MerchantId, PersonId, Reference};

use super::access;
use super::shapes::{
    CallbacksMissing, Created, KeyIssued, KeyRotated, Nothing, OfBalance, OfCode, OfEvent, OfKey, OfMember, OfPerson,
    Quarantined, SettingsChanged, UnclaimedListed, UnclaimedSeen, UnclaimedSettled, UpstreamConfigured,
};
use crate::stored::alerts::{self, OfRule, StoredRule};
use crate::stored::destinations;
use crate::stored::personal::{Personal, encode_payload};
use crate::stored::scopes::{StoredRights, StoredScopes};
use crate::stored::{Stored, jobs, mappings, to_json, views};

#[expect(clippy::too_many_lines, reason = "one exhaustive match, one arm for each event")]
pub(crate) fn from_domain(event: &Event) -> Stored {
    let (event_type, data, personal) = match event {
        Event::TenantCreated { slug, name } => {
            let data = Created {
                slug: slug.as_str().to_owned(),
                name: name.as_str().to_owned(),
            };
            ("tenant.created", to_json(&data), None)
        }
        Event::UpstreamConfigured { upstream } => {
            let data = UpstreamConfigured {
                base_url: upstream.base_url.clone(),
            };
            let personal = Personal {
                api_key: Some(upstream.api_key.expose().to_owned()),
                ..Personal::default()
            };
            ("tenant.upstream_configured", to_json(&data), Some(personal))
        }
        Event::TenantSuspended => ("tenant.suspended", to_json(&Nothing {}), None),
        Event::TenantResumed => ("tenant.resumed", to_json(&Nothing {}), None),
        Event::ApiKeyIssued {
            key_id,
            name,
            scopes,
            networks,
            secret_hash,
            expires_at,
        } => {
            let data = KeyIssued {
                key_id: key_id.as_uuid(),
                name: name.as_str().to_owned(),
                rights: StoredScopes::of(scopes),
                networks: networks.clone(),
                secret_hash: hex::encode(secret_hash.0),
                expires_at: *expires_at,
            };
            ("api_key.issued", to_json(&data), None)
        }
        Event::ApiKeyRotated {
            key_id,
            works_until,
            successor,
            secret_hash,
            expires_at,
        } => {
            let data = KeyRotated {
                key_id: key_id.as_uuid(),
                works_until: *works_until,
                successor: successor.as_uuid(),
                secret_hash: hex::encode(secret_hash.0),
                expires_at: *expires_at,
            };
            ("api_key.rotated", to_json(&data), None)
        }
        Event::ApiKeyRevoked { key_id } => (
            "api_key.revoked",
            to_json(&OfKey {
                key_id: key_id.as_uuid(),
            }),
            None,
        ),
        Event::MemberAdded {
            person_id,
            rights,
            by_groups,
        } => (
            "member.added",
            to_json(&of_member(*person_id, rights, *by_groups)),
            None,
        ),
        Event::MemberRoleChanged {
            person_id,
            rights,
            by_groups,
        } => (
            "member.role_changed",
            to_json(&of_member(*person_id, rights, *by_groups)),
            None,
        ),
        Event::MemberRemoved { person_id } => {
            let data = OfPerson {
                person_id: person_id.as_uuid(),
            };
            ("member.removed", to_json(&data), None)
        }
        Event::UnclaimedMerchantSeen {
            reference,
            received_at,
            payload,
            sender_listed,
            decoded_with_loss,
        } => {
            let data = UnclaimedSeen {
                member_code: reference.member_code.as_str().to_owned(),
                merchant_code: reference.merchant_code.as_str().to_owned(),
                received_at: *received_at,
                sender_listed: *sender_listed,
                decoded_with_loss: *decoded_with_loss,
            };
            let personal = Personal {
                payload: Some(encode_payload(payload)),
                ..Personal::default()
            };
            ("unclaimed_merchant.seen", to_json(&data), Some(personal))
        }
        Event::CallbackQuarantined {
            reason,
            received_at,
            payload,
            sender_listed,
            decoded_with_loss,
        } => {
            let data = Quarantined {
                reason: reason.as_str().to_owned(),
                received_at: *received_at,
                sender_listed: *sender_listed,
                decoded_with_loss: *decoded_with_loss,
            };
            let personal = Personal {
                payload: Some(encode_payload(payload)),
                ..Personal::default()
            };
            ("callback.quarantined", to_json(&data), Some(personal))
        }
        Event::CallbackDiscarded { event_id, reason } => {
            let data = OfEvent {
                event_id: event_id.as_uuid(),
            };
            ("unclaimed_callback.discarded", to_json(&data), Some(note(reason)))
        }
        Event::UnclaimedMerchantListed {
            reference,
            mapping_status,
            read_at,
        } => {
            let data = UnclaimedListed {
                member_code: reference.member_code.as_str().to_owned(),
                merchant_code: reference.merchant_code.as_str().to_owned(),
                mapping_status: mapping_status.as_ref().map(|word| word.as_str().to_owned()),
                read_at: *read_at,
            };
            ("unclaimed_merchant.listed", to_json(&data), None)
        }
        Event::UnclaimedMerchantAdopted { reference, merchant_id } => {
            let data = settled(reference, Some(*merchant_id));
            ("unclaimed_merchant.adopted", to_json(&data), None)
        }
        Event::UnclaimedMerchantDismissed { reference, reason } => {
            let data = settled(reference, None);
            ("unclaimed_merchant.dismissed", to_json(&data), Some(note(reason)))
        }
        Event::SettingsChanged { settings } => {
            let data = SettingsChanged {
                settings: settings.into(),
            };
            ("tenant.settings_changed", to_json(&data), None)
        }
        Event::UpstreamPaused { code } => ("upstream.paused", to_json(&OfCode { code: code.clone() }), None),
        Event::UpstreamResumed => ("upstream.resumed", to_json(&Nothing {}), None),
        Event::BalanceLow { threshold, seen } => ("balance.low", to_json(&balance(*threshold, *seen)), None),
        Event::BalanceRecovered { threshold, seen } => {
            ("balance.recovered", to_json(&balance(*threshold, *seen)), None)
        }
        Event::CallbacksMissing { since, links, after } => {
            let data = CallbacksMissing {
                since: *since,
                links: *links,
                after_days: after.days(),
            };
            ("callbacks.missing", to_json(&data), None)
        }
        Event::CallbacksSeen => ("callbacks.seen", to_json(&Nothing {}), None),
        Event::Access(access) => access::from_domain(access),
        Event::AlertRuleSet { rule } => ("alert_rule.set", to_json(&StoredRule::from(rule)), None),
        Event::AlertRuleRemoved { subject } => {
            let rule = subject.as_str().to_owned();
            ("alert_rule.removed", to_json(&OfRule { rule }), None)
        }
        Event::Alert(fact) => {
            let (event_type, data) = alerts::from_fact(&alerts::OF_TENANT, fact);
            (event_type, data, None)
        }
        Event::Destination(fact) => destinations::from_fact(fact),
        Event::RoleMappingsReplaced { changes } => {
            let (event_type, data) = mappings::from_changes(changes);
            (event_type, data, None)
        }
        Event::View(fact) => {
            let (event_type, data) = views::from_fact(fact);
            (event_type, data, None)
        }
        Event::Job(fact) => jobs::from_fact(fact),
    };
    Stored {
        event_type,
        data,
        personal,
    }
}

fn of_member(person_id: PersonId, rights: &Rights, by_groups: bool) -> OfMember {
    OfMember {
        person_id: person_id.as_uuid(),
        rights: StoredRights::of(rights),
        by_groups,
    }
}

/// What somebody wrote.
fn note(text: &FreeText) -> Personal {
    Personal {
        text: Some(text.as_str().to_owned()),
        ..Personal::default()
    }
}

fn settled(reference: &Reference, merchant_id: Option<MerchantId>) -> UnclaimedSettled {
    UnclaimedSettled {
        member_code: reference.member_code.as_str().to_owned(),
        merchant_code: reference.merchant_code.as_str().to_owned(),
        merchant_id: merchant_id.map(|id| id.as_uuid()),
    }
}

fn balance(threshold: i64, seen: i64) -> OfBalance {
    OfBalance { threshold, seen }
}
