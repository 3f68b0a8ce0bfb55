//! What follows from a command to a tenant.

use super::command::{Command, KeyIssue, Refusal, UnclaimedClaim};
use super::event::Event;
use super::state::{KEYS_MAX, Tenant, TenantState};
use crate::merchant::Receipt;

/// Decides which facts follow. An `Ok` without events means that the wish is fulfilled already.
pub fn decide(state: Option<&Tenant>, command: Command) -> Result<Vec<Event>, Refusal> {
    let Some(tenant) = state else {
        return match command {
            Command::Create(creation) => match creation.slug_taken {
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
            | Command::RevokeKey(_)
            | Command::ReceiveUnclaimed(..) => Err(Refusal::NoSuchTenant),
        };
    };
    match command {
        Command::Create(_) => Err(Refusal::SlugTaken { existing: tenant.id }),
        Command::ConfigureUpstream(upstream) => Ok(vec![Event::UpstreamConfigured { upstream }]),
        Command::Suspend => Ok(match tenant.state {
            TenantState::Active => vec![Event::TenantSuspended],
            TenantState::Suspended => vec![],
        }),
        Command::Resume => Ok(match tenant.state {
            TenantState::Active => vec![],
            TenantState::Suspended => vec![Event::TenantResumed],
        }),
        Command::IssueKey(issue) => issue_key(tenant, issue),
        Command::RevokeKey(key_id) => match tenant.keys.iter().find(|key| key.id == key_id) {
            None => Err(Refusal::NoSuchKey),
            Some(key) if key.revoked_at.is_some() => Ok(vec![]),
            Some(_) => Ok(vec![Event::ApiKeyRevoked { key_id }]),
        },
        Command::ReceiveUnclaimed(receipt, claim) => Ok(vec![unclaimed(*receipt, claim)]),
    }
}

fn issue_key(tenant: &Tenant, issue: KeyIssue) -> Result<Vec<Event>, Refusal> {
    let alive = tenant.keys.iter().filter(|key| key.revoked_at.is_none()).count();
    if alive >= KEYS_MAX {
        return Err(Refusal::TooManyKeys);
    }
    let KeyIssue {
        key_id,
        name,
        scopes,
        secret_hash,
        expires_at,
    } = issue;
    Ok(vec![Event::ApiKeyIssued {
        key_id,
        name,
        scopes,
        secret_hash,
        expires_at,
    }])
}

fn unclaimed(receipt: Receipt, claim: UnclaimedClaim) -> Event {
    let Receipt {
        link_id: _,
        received_at,
        payload,
        sender_listed,
    } = receipt;
    match claim {
        UnclaimedClaim::UnknownPair(reference) => Event::UnclaimedMerchantSeen {
            reference,
            received_at,
            payload,
            sender_listed,
        },
        UnclaimedClaim::Unusable(reason) => Event::CallbackQuarantined {
            reason,
            received_at,
            payload,
            sender_listed,
        },
    }
}
