//! The facts of a tenant's own stream.

use chrono::{DateTime, Utc};

use super::command::Upstream;
use super::state::{Scope, SecretHash, Slug};
use crate::codes::Reference;
use crate::ids::KeyId;
use crate::merchant::{QuarantineReason, RawPayload};
use crate::text::Label;

/// A fact in a tenant's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The tenant came to be.
    TenantCreated {
        /// Its short name.
        slug: Slug,
        /// Its name.
        name: Label,
    },
    /// It was said how its calls reach Paymint.
    UpstreamConfigured {
        /// How.
        upstream: Upstream,
    },
    /// Its API keys are refused from now on.
    TenantSuspended,
    /// Its API keys work again.
    TenantResumed,
    /// An API key was issued.
    ApiKeyIssued {
        /// The key.
        key_id: KeyId,
        /// What its owner calls it.
        name: Label,
        /// What it may do.
        scopes: Vec<Scope>,
        /// Hash of its secret.
        secret_hash: SecretHash,
        /// From when on it no longer works by itself.
        expires_at: Option<DateTime<Utc>>,
    },
    /// An API key was revoked.
    ApiKeyRevoked {
        /// The key.
        key_id: KeyId,
    },
    /// A callback came for a pair of codes that the tenant never registered.
    UnclaimedMerchantSeen {
        /// The pair.
        reference: Reference,
        /// When the last byte arrived.
        received_at: DateTime<Utc>,
        /// The body of the callback.
        payload: RawPayload,
        /// Whether the sender's address is one of Paymint's; none when that was not checked.
        sender_listed: Option<bool>,
    },
    /// A callback came through the tenant-level URL and could not be used.
    CallbackQuarantined {
        /// Why.
        reason: QuarantineReason,
        /// When the last byte arrived.
        received_at: DateTime<Utc>,
        /// The body of the callback.
        payload: RawPayload,
        /// Whether the sender's address is one of Paymint's; none when that was not checked.
        sender_listed: Option<bool>,
    },
}
