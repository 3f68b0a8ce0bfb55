//! The stored shapes of a tenant's events.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{QuarantineReason, SecretText};
use registry_domain::tenant::{Event, Scope, SecretHash, Slug, Upstream};
use registry_domain::{KeyId, Label, MemberCode, MerchantCode, Reference};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::personal::{Personal, encode_payload};
use super::{Stored, StoredError, read, to_json, word};

#[derive(Serialize, Deserialize)]
struct Created {
    slug: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct UpstreamConfigured {
    base_url: String,
    mapping_status_path: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
struct KeyIssued {
    key_id: Uuid,
    name: String,
    scopes: Vec<String>,
    secret_hash: String,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
struct OfKey {
    key_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct UnclaimedSeen {
    member_code: String,
    merchant_code: String,
    received_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender_listed: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct Quarantined {
    reason: String,
    received_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender_listed: Option<bool>,
}

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
                mapping_status_path: upstream.mapping_status_path.clone(),
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
            secret_hash,
            expires_at,
        } => {
            let data = KeyIssued {
                key_id: key_id.as_uuid(),
                name: name.as_str().to_owned(),
                scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
                secret_hash: hex::encode(secret_hash.0),
                expires_at: *expires_at,
            };
            ("api_key.issued", to_json(&data), None)
        }
        Event::ApiKeyRevoked { key_id } => (
            "api_key.revoked",
            to_json(&OfKey {
                key_id: key_id.as_uuid(),
            }),
            None,
        ),
        Event::UnclaimedMerchantSeen {
            reference,
            received_at,
            payload,
            sender_listed,
        } => {
            let data = UnclaimedSeen {
                member_code: reference.member_code.as_str().to_owned(),
                merchant_code: reference.merchant_code.as_str().to_owned(),
                received_at: *received_at,
                sender_listed: *sender_listed,
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
        } => {
            let data = Quarantined {
                reason: reason.as_str().to_owned(),
                received_at: *received_at,
                sender_listed: *sender_listed,
            };
            let personal = Personal {
                payload: Some(encode_payload(payload)),
                ..Personal::default()
            };
            ("callback.quarantined", to_json(&data), Some(personal))
        }
    };
    Stored {
        event_type,
        data,
        personal,
    }
}

/// The fact of a tenant's type; none if the type is no tenant's.
pub(super) fn into_domain(event_type: &str, data: &str, personal: Personal) -> Result<Option<Event>, StoredError> {
    let event = match event_type {
        "tenant.created" => {
            let data: Created = read(event_type, data)?;
            Event::TenantCreated {
                slug: word("slug", Slug::parse(&data.slug).ok())?,
                name: word("name", Label::parse(&data.name).ok())?,
            }
        }
        "tenant.upstream_configured" => {
            let data: UpstreamConfigured = read(event_type, data)?;
            Event::UpstreamConfigured {
                upstream: Upstream {
                    base_url: data.base_url,
                    mapping_status_path: data.mapping_status_path,
                    api_key: SecretText::new(personal.api_key.unwrap_or_default()),
                },
            }
        }
        "tenant.suspended" => Event::TenantSuspended,
        "tenant.resumed" => Event::TenantResumed,
        "api_key.issued" => key_issued(&read(event_type, data)?)?,
        "api_key.revoked" => Event::ApiKeyRevoked {
            key_id: KeyId::from_uuid(read::<OfKey>(event_type, data)?.key_id),
        },
        "unclaimed_merchant.seen" => {
            let data: UnclaimedSeen = read(event_type, data)?;
            Event::UnclaimedMerchantSeen {
                reference: Reference {
                    member_code: word("member_code", MemberCode::parse(&data.member_code).ok())?,
                    merchant_code: word("merchant_code", MerchantCode::parse(&data.merchant_code).ok())?,
                },
                received_at: data.received_at,
                payload: personal.raw()?,
                sender_listed: data.sender_listed,
            }
        }
        "callback.quarantined" => {
            let data: Quarantined = read(event_type, data)?;
            Event::CallbackQuarantined {
                reason: word("reason", QuarantineReason::from_word(&data.reason))?,
                received_at: data.received_at,
                payload: personal.raw()?,
                sender_listed: data.sender_listed,
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(event))
}

fn key_issued(data: &KeyIssued) -> Result<Event, StoredError> {
    Ok(Event::ApiKeyIssued {
        key_id: KeyId::from_uuid(data.key_id),
        name: word("name", Label::parse(&data.name).ok())?,
        scopes: scopes(&data.scopes)?,
        secret_hash: secret_hash(&data.secret_hash)?,
        expires_at: data.expires_at,
    })
}

pub(super) fn scopes(words: &[String]) -> Result<Vec<Scope>, StoredError> {
    words
        .iter()
        .map(|scope| word("scopes", Scope::from_word(scope)))
        .collect()
}

pub(super) fn secret_hash(text: &str) -> Result<SecretHash, StoredError> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| StoredError::Value { field: "secret_hash" })?;
    Ok(SecretHash(hash))
}
