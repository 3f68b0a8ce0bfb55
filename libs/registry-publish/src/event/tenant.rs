//! The public form of a tenant's own events.

use registry_domain::review::ClaimSource;
use registry_domain::tenant::Event;

use super::EventData;
use super::data::{ApiKeyIssued, ApiKeyRevoked, CallbackQuarantined, Nothing, TenantCreated, UnclaimedMerchantSeen};

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
            secret_hash: _,
            expires_at,
        } => EventData::ApiKeyIssued(ApiKeyIssued {
            key_id: key_id.to_string(),
            name: name.as_str().to_owned(),
            scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            expires_at: *expires_at,
        }),
        Event::ApiKeyRevoked { key_id } => EventData::ApiKeyRevoked(ApiKeyRevoked {
            key_id: key_id.to_string(),
        }),
        Event::UnclaimedMerchantSeen {
            reference,
            received_at,
            payload: _,
            sender_listed,
        } => EventData::UnclaimedMerchantSeen(UnclaimedMerchantSeen {
            member_code: reference.member_code.as_str().to_owned(),
            merchant_code: reference.merchant_code.as_str().to_owned(),
            received_at: *received_at,
            sender_listed: *sender_listed,
        }),
        Event::CallbackQuarantined {
            reason,
            received_at,
            payload: _,
            sender_listed,
        } => EventData::CallbackQuarantined(CallbackQuarantined {
            reason: reason.as_str().to_owned(),
            received_at: *received_at,
            sender_listed: *sender_listed,
        }),
    }
}

pub(super) fn source(event: &Event) -> Option<ClaimSource> {
    match event {
        Event::UnclaimedMerchantSeen { .. } | Event::CallbackQuarantined { .. } => Some(ClaimSource::Callback),
        Event::TenantCreated { .. }
        | Event::UpstreamConfigured { .. }
        | Event::TenantSuspended
        | Event::TenantResumed
        | Event::ApiKeyIssued { .. }
        | Event::ApiKeyRevoked { .. } => None,
    }
}
