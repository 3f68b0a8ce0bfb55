//! What a tenant can be asked to do, and what can be reported to it.

use chrono::{DateTime, Utc};

use super::state::{Scope, SecretHash, Slug};
use crate::codes::Reference;
use crate::ids::{KeyId, TenantId};
use crate::merchant::{QuarantineReason, Receipt, SecretText};
use crate::text::Label;

/// How a tenant's calls reach Paymint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Base URL of the Partner API, handed over by Paymint per environment. There is no default.
    pub base_url: String,
    /// Path of the mapping-status call below the base URL, where it is known.
    pub mapping_status_path: Option<String>,
    /// The partner's `apiKey`.
    pub api_key: SecretText,
}

/// What a new tenant begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: Label,
    /// Another tenant has this slug.
    pub slug_taken: Option<TenantId>,
}

/// An API key to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyIssue {
    /// Its id.
    pub key_id: KeyId,
    /// What its owner calls it.
    pub name: Label,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Hash of its secret.
    pub secret_hash: SecretHash,
    /// From when on it shall no longer work.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A callback that came through a tenant-level URL and belongs to no merchant of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnclaimedClaim {
    /// It names a pair that was never registered.
    UnknownPair(Reference),
    /// It names no pair, or cannot be read.
    Unusable(QuarantineReason),
}

/// Everything a tenant can be asked or told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Create it.
    Create(Creation),
    /// Say how its calls reach Paymint.
    ConfigureUpstream(Upstream),
    /// Refuse its API keys.
    Suspend,
    /// Accept its API keys again.
    Resume,
    /// Issue an API key.
    IssueKey(KeyIssue),
    /// Revoke an API key.
    RevokeKey(KeyId),
    /// A callback came in that belongs to no merchant.
    ReceiveUnclaimed(Box<Receipt>, UnclaimedClaim),
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such tenant.
    #[error("no such tenant")]
    NoSuchTenant,
    /// The slug is taken.
    #[error("a tenant with this slug exists")]
    SlugTaken {
        /// By this one.
        existing: TenantId,
    },
    /// The tenant has as many keys as one may have.
    #[error("the tenant has too many API keys")]
    TooManyKeys,
    /// The tenant has no such key.
    #[error("no such API key")]
    NoSuchKey,
}
