//! When API keys were used last.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{KeyId, TenantId};

use super::ReadError;

/// When API keys were used last, as far as it was noted, by whichever process. Keys are used all the time, so a use is no event.
#[async_trait]
pub trait KeyUses: Send + Sync {
    /// The last use of each of a tenant's keys that was noted, in no order.
    async fn key_uses(&self, tenant: TenantId) -> Result<Vec<(KeyId, DateTime<Utc>)>, ReadError>;

    /// Notes that a key was used. A later note stands, whoever is late. Not a fact: losing it makes a key look idle for longer
    /// than it was.
    async fn save_key_use(&self, tenant: TenantId, key: KeyId, used_at: DateTime<Utc>) -> Result<(), ReadError>;
}
