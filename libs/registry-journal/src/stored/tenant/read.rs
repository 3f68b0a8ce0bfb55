//! Stored shapes back to facts.

use registry_domain::merchant::{QuarantineReason, SecretText};
use registry_domain::review::MappingStatus;
use registry_domain::tenant::{Event, SecretHash, Slug, Upstream};
use registry_domain::{EventId, FreeText, KeyId, Label, MemberCode, MerchantCode, MerchantId, PersonId, Reference};

use super::access;
use super::shapes::{
    CallbacksMissing, Created, KeyIssued, KeyRotated, OfBalance, OfCode, OfEvent, OfKey, OfMember, OfPerson,
    Quarantined, SettingsChanged, UnclaimedListed, UnclaimedSeen, UnclaimedSettled, UpstreamConfigured,
};
use crate::stored::alerts::{self, OfRule, StoredRule};
use crate::stored::destinations;
use crate::stored::personal::Personal;
use crate::stored::settings::days;
use crate::stored::{StoredError, jobs, mappings, read, views, word};

/// The fact of a tenant's type; none if the type is no tenant's.
pub(in crate::stored) fn into_domain(
    event_type: &str,
    data: &str,
    personal: Personal,
) -> Result<Option<Event>, StoredError> {
    let event = match event_type {
        "tenant.created" => {
            let data: Created = read(event_type, data)?;
            Event::TenantCreated {
                slug: word("slug", Slug::parse(&data.slug).ok())?,
                name: word("name", Label::recorded(&data.name).ok())?,
            }
        }
        "tenant.upstream_configured" => {
            let data: UpstreamConfigured = read(event_type, data)?;
            Event::UpstreamConfigured {
                upstream: Upstream {
                    base_url: data.base_url,
                    api_key: SecretText::new(personal.api_key.unwrap_or_default()),
                },
            }
        }
        "tenant.suspended" => Event::TenantSuspended,
        "tenant.resumed" => Event::TenantResumed,
        "api_key.issued" => key_issued(&read(event_type, data)?)?,
        "api_key.rotated" => key_rotated(&read(event_type, data)?)?,
        "api_key.revoked" => Event::ApiKeyRevoked {
            key_id: KeyId::from_uuid(read::<OfKey>(event_type, data)?.key_id),
        },
        "unclaimed_merchant.seen" => unclaimed_seen(&read(event_type, data)?, &personal)?,
        "callback.quarantined" => quarantined(&read(event_type, data)?, &personal)?,
        "unclaimed_callback.discarded" => Event::CallbackDiscarded {
            event_id: EventId::from_uuid(read::<OfEvent>(event_type, data)?.event_id),
            reason: note(&personal),
        },
        "unclaimed_merchant.listed" => {
            let data: UnclaimedListed = read(event_type, data)?;
            Event::UnclaimedMerchantListed {
                reference: reference(&data.member_code, &data.merchant_code)?,
                mapping_status: data.mapping_status.as_deref().and_then(MappingStatus::from_untrusted),
                read_at: data.read_at,
            }
        }
        "unclaimed_merchant.adopted" => {
            let data: UnclaimedSettled = read(event_type, data)?;
            Event::UnclaimedMerchantAdopted {
                reference: reference(&data.member_code, &data.merchant_code)?,
                merchant_id: word("merchant_id", data.merchant_id.map(MerchantId::from_uuid))?,
            }
        }
        "unclaimed_merchant.dismissed" => {
            let data: UnclaimedSettled = read(event_type, data)?;
            Event::UnclaimedMerchantDismissed {
                reference: reference(&data.member_code, &data.merchant_code)?,
                reason: note(&personal),
            }
        }
        _ => match destinations::into_fact(event_type, data, &personal)? {
            Some(fact) => Event::Destination(fact),
            None => match views::into_fact(event_type, data)? {
                Some(fact) => Event::View(fact),
                None => match jobs::into_fact(event_type, data, &personal)? {
                    Some(fact) => Event::Job(fact),
                    None => return people(event_type, data, &personal),
                },
            },
        },
    };
    Ok(Some(event))
}

fn unclaimed_seen(data: &UnclaimedSeen, personal: &Personal) -> Result<Event, StoredError> {
    Ok(Event::UnclaimedMerchantSeen {
        reference: reference(&data.member_code, &data.merchant_code)?,
        received_at: data.received_at,
        payload: personal.raw()?,
        sender_listed: data.sender_listed,
        decoded_with_loss: data.decoded_with_loss,
    })
}

fn quarantined(data: &Quarantined, personal: &Personal) -> Result<Event, StoredError> {
    Ok(Event::CallbackQuarantined {
        reason: word("reason", QuarantineReason::from_word(&data.reason))?,
        received_at: data.received_at,
        payload: personal.raw()?,
        sender_listed: data.sender_listed,
        decoded_with_loss: data.decoded_with_loss,
    })
}

/// The facts about who belongs to the tenant.
fn people(event_type: &str, data: &str, personal: &Personal) -> Result<Option<Event>, StoredError> {
    let event = match event_type {
        "member.added" => {
            let data: OfMember = read(event_type, data)?;
            Event::MemberAdded {
                person_id: PersonId::from_uuid(data.person_id),
                rights: data.rights.read()?,
                by_groups: data.by_groups,
            }
        }
        "member.role_changed" => {
            let data: OfMember = read(event_type, data)?;
            Event::MemberRoleChanged {
                person_id: PersonId::from_uuid(data.person_id),
                rights: data.rights.read()?,
                by_groups: data.by_groups,
            }
        }
        "member.removed" => Event::MemberRemoved {
            person_id: PersonId::from_uuid(read::<OfPerson>(event_type, data)?.person_id),
        },
        _ => {
            return match mappings::into_event(event_type, data)? {
                Some(event) => Ok(Some(event)),
                None => health(event_type, data, personal),
            };
        }
    };
    Ok(Some(event))
}

/// The facts that tell how the tenant fares.
fn health(event_type: &str, data: &str, personal: &Personal) -> Result<Option<Event>, StoredError> {
    let event = match event_type {
        "tenant.settings_changed" => Event::SettingsChanged {
            settings: read::<SettingsChanged>(event_type, data)?.settings.into_domain()?,
        },
        "upstream.paused" => Event::UpstreamPaused {
            code: read::<OfCode>(event_type, data)?.code,
        },
        "upstream.resumed" => Event::UpstreamResumed,
        "balance.low" => {
            let OfBalance { threshold, seen } = read(event_type, data)?;
            Event::BalanceLow { threshold, seen }
        }
        "balance.recovered" => {
            let OfBalance { threshold, seen } = read(event_type, data)?;
            Event::BalanceRecovered { threshold, seen }
        }
        "callbacks.missing" => {
            let data: CallbacksMissing = read(event_type, data)?;
            Event::CallbacksMissing {
                since: data.since,
                links: data.links,
                after: days(data.after_days)?,
            }
        }
        "callbacks.seen" => Event::CallbacksSeen,
        "alert_rule.set" => Event::AlertRuleSet {
            rule: read::<StoredRule>(event_type, data)?.into_domain()?,
        },
        "alert_rule.removed" => Event::AlertRuleRemoved {
            subject: read::<OfRule>(event_type, data)?.subject()?,
        },
        _ => match alerts::into_fact(&alerts::OF_TENANT, event_type, data)? {
            Some(fact) => Event::Alert(fact),
            None => return Ok(access::into_domain(event_type, data, Some(personal))?.map(Event::Access)),
        },
    };
    Ok(Some(event))
}

fn reference(member_code: &str, merchant_code: &str) -> Result<Reference, StoredError> {
    Ok(Reference {
        member_code: word("member_code", MemberCode::recorded(member_code).ok())?,
        merchant_code: word("merchant_code", MerchantCode::recorded(merchant_code).ok())?,
    })
}

fn note(personal: &Personal) -> FreeText {
    FreeText::from_untrusted(personal.text.as_deref().unwrap_or_default())
}

fn key_issued(data: &KeyIssued) -> Result<Event, StoredError> {
    Ok(Event::ApiKeyIssued {
        key_id: KeyId::from_uuid(data.key_id),
        name: word("name", Label::recorded(&data.name).ok())?,
        scopes: data.rights.read()?,
        networks: data.networks.clone(),
        secret_hash: secret_hash(&data.secret_hash)?,
        expires_at: data.expires_at,
    })
}

fn key_rotated(data: &KeyRotated) -> Result<Event, StoredError> {
    Ok(Event::ApiKeyRotated {
        key_id: KeyId::from_uuid(data.key_id),
        works_until: data.works_until,
        successor: KeyId::from_uuid(data.successor),
        secret_hash: secret_hash(&data.secret_hash)?,
        expires_at: data.expires_at,
    })
}

pub(in crate::stored) fn secret_hash(text: &str) -> Result<SecretHash, StoredError> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| StoredError::Value { field: "secret_hash" })?;
    Ok(SecretHash(hash))
}
