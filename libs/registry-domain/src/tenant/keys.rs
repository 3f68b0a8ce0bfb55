//! API keys: which facts follow from a wish about one, and how they change what is known.

use chrono::{DateTime, Utc};

use super::command::{KeyIssue, KeyRotation, Refusal};
use super::event::Event;
use super::state::{ApiKey, KEYS_MAX, Scope, Tenant};
use crate::ids::{KeyId, Stamp};

/// A wish that comes again, under the id that it had the first time, is fulfilled already.
pub fn issue(tenant: &Tenant, issue: KeyIssue) -> Result<Vec<Event>, Refusal> {
    let KeyIssue {
        key_id,
        name,
        scopes,
        networks,
        secret_hash,
        expires_at,
        now,
    } = issue;
    let scopes = Scope::in_order(scopes);
    if let Some(key) = tenant.keys.iter().find(|key| key.id == key_id) {
        let same = key.name == name && key.scopes == scopes && key.networks == networks && key.expires_at == expires_at;
        return if same { Ok(vec![]) } else { Err(Refusal::KeyIdTaken) };
    }
    room_for_a_key(tenant, now)?;
    Ok(vec![Event::ApiKeyIssued {
        key_id,
        name,
        scopes,
        networks,
        secret_hash,
        expires_at,
    }])
}

pub fn rotate(tenant: &Tenant, rotation: &KeyRotation) -> Result<Vec<Event>, Refusal> {
    let &KeyRotation {
        key_id,
        successor,
        secret_hash,
        overlap,
        expires_at,
        now,
    } = rotation;
    let old = tenant.keys.iter().find(|key| key.id == key_id);
    let old = old.ok_or(Refusal::NoSuchKey)?;
    if tenant.keys.iter().any(|key| key.id == successor) {
        let same = old.successor == Some(successor);
        return if same { Ok(vec![]) } else { Err(Refusal::KeyIdTaken) };
    }
    if !old.is_usable(now) {
        return Err(Refusal::KeyEnded);
    }
    room_for_a_key(tenant, now)?;
    let works_until = now + overlap;
    let as_long = old.expires_at.map(|ends| now + (ends - old.issued_at));
    Ok(vec![Event::ApiKeyRotated {
        key_id,
        works_until: old.expires_at.map_or(works_until, |ends| ends.min(works_until)),
        successor,
        secret_hash,
        expires_at: expires_at.or(as_long),
    }])
}

fn room_for_a_key(tenant: &Tenant, now: DateTime<Utc>) -> Result<(), Refusal> {
    let usable = tenant.keys.iter().filter(|key| key.is_usable(now)).count();
    if usable >= KEYS_MAX {
        return Err(Refusal::TooManyKeys);
    }
    Ok(())
}

/// Revoking twice is one fact.
pub fn revoke(tenant: &Tenant, key_id: KeyId) -> Result<Vec<Event>, Refusal> {
    match tenant.keys.iter().find(|key| key.id == key_id) {
        None => Err(Refusal::NoSuchKey),
        Some(key) if key.revoked_at.is_some() => Ok(vec![]),
        Some(_) => Ok(vec![Event::ApiKeyRevoked { key_id }]),
    }
}

/// How a fact changes the keys. One about something else changes nothing.
pub fn evolve(keys: &mut Vec<ApiKey>, event: &Event, stamp: Stamp) {
    if let Event::ApiKeyIssued {
        key_id,
        name,
        scopes,
        networks,
        secret_hash,
        expires_at,
    } = event
    {
        keys.push(ApiKey {
            id: *key_id,
            name: name.clone(),
            scopes: scopes.clone(),
            networks: networks.clone(),
            secret_hash: *secret_hash,
            issued_at: stamp.recorded_at,
            expires_at: *expires_at,
            revoked_at: None,
            successor: None,
        });
    } else if let Event::ApiKeyRotated {
        key_id,
        works_until,
        successor,
        secret_hash,
        expires_at,
    } = event
        && let Some(old) = keys.iter_mut().find(|key| key.id == *key_id)
    {
        let new = ApiKey {
            id: *successor,
            secret_hash: *secret_hash,
            issued_at: stamp.recorded_at,
            expires_at: *expires_at,
            successor: None,
            ..old.clone()
        };
        old.expires_at = Some(*works_until);
        old.successor = Some(*successor);
        keys.push(new);
    } else if let Event::ApiKeyRevoked { key_id } = event
        && let Some(key) = keys.iter_mut().find(|key| key.id == *key_id)
    {
        key.revoked_at = Some(stamp.recorded_at);
    }
    forget(keys, stamp.recorded_at);
}

/// Of the keys that have ended only the latest are remembered: whoever makes and revokes keys all day must not make the state
/// of the tenant grow.
fn forget(keys: &mut Vec<ApiKey>, now: DateTime<Utc>) {
    let has_ended = |key: &ApiKey| !key.is_usable(now);
    let ended = keys.iter().filter(|key| has_ended(key)).count();
    let mut too_many = ended.saturating_sub(KEYS_MAX);
    keys.retain(|key| {
        let goes = too_many > 0 && has_ended(key);
        too_many -= usize::from(goes);
        !goes
    });
}
