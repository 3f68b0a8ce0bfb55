//! When API keys were used last.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{KeyId, TenantId};
use registry_journal::port::{KeyUses, ReadError};
use sqlx::types::Uuid;

use crate::rows::micros;
use crate::{SqliteJournal, rows};

#[async_trait]
impl KeyUses for SqliteJournal {
    async fn key_uses(&self, tenant: TenantId) -> Result<Vec<(KeyId, DateTime<Utc>)>, ReadError> {
        let statement = sqlx::query_as!(
            rows::KeyUse,
            r#"SELECT key_id AS "key_id: Uuid", used_at FROM key_uses WHERE tenant_id = ?1"#,
            tenant.as_uuid()
        );
        self.all("uses of keys", tenant, statement).await
    }

    async fn save_key_use(&self, tenant: TenantId, key: KeyId, used_at: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            INSERT INTO key_uses AS noted (tenant_id, key_id, used_at) VALUES (?1, ?2, ?3)
            ON CONFLICT (tenant_id, key_id) DO UPDATE SET used_at = max(noted.used_at, excluded.used_at)
            "#,
            tenant.as_uuid(),
            key.as_uuid(),
            micros(used_at)
        );
        self.note("use of a key", statement).await
    }
}
