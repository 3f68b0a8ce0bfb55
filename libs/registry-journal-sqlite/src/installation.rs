//! What belongs to the installation as a whole.

use std::collections::BTreeMap;

use async_trait::async_trait;
use registry_domain::TenantId;
use registry_journal::keyring::KeyCheck;
use registry_journal::port::{Founding, Inconsistency, KeyEvidence, ReadError};
use registry_journal_rows::RawKey;
use sqlx::types::Uuid;

use crate::SqliteJournal;
use crate::ask::Sight;
use crate::error::read;

const QUESTION: &str = "the installation";
const CALLBACK_KEYS: &str = "the callback keys";

#[async_trait]
impl Founding for SqliteJournal {
    async fn key_evidence(&self) -> Result<KeyEvidence, ReadError> {
        let check = sqlx::query_scalar!("SELECT key_check FROM installation WHERE id = 1");
        let check = check.fetch_optional(&self.writer).await.map_err(read(QUESTION))?;
        let wrapped = sqlx::query_as!(
            RawKey,
            r#"SELECT owner AS "owner!: Uuid", wrapped FROM data_keys WHERE tenant_id > x'' ORDER BY tenant_id, owner LIMIT 1"#
        );
        let check = check.as_deref().map(KeyCheck::try_from).transpose();
        Ok(KeyEvidence {
            check: check.map_err(|error| Inconsistency::of("installation", 1, error))?,
            wrapped: self.one("data keys", Sight::Directory, wrapped).await?,
        })
    }

    async fn write_key_check(&self, check: KeyCheck) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            "INSERT INTO installation (id, key_check) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING",
            check.as_bytes()
        );
        self.note(QUESTION, statement).await
    }

    async fn callback_key_checks(&self) -> Result<BTreeMap<u8, KeyCheck>, ReadError> {
        let rows = sqlx::query!(r#"SELECT number AS "number: u8", key_check FROM callback_keys ORDER BY number"#);
        let rows = rows.fetch_all(&self.writer).await.map_err(read(CALLBACK_KEYS))?;
        let keys = rows.into_iter().map(|row| {
            let check = KeyCheck::try_from(row.key_check.as_slice());
            let check = check.map_err(|error| Inconsistency::of("callback_keys", row.number, error))?;
            Ok((row.number, check))
        });
        keys.collect()
    }

    async fn write_callback_key_check(&self, number: u8, check: KeyCheck) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            "INSERT INTO callback_keys (number, key_check) VALUES (?1, ?2) ON CONFLICT (number) DO NOTHING",
            number,
            check.as_bytes()
        );
        self.note(CALLBACK_KEYS, statement).await
    }

    async fn next_log(&self, after: Option<TenantId>) -> Result<Option<TenantId>, ReadError> {
        let after = after.map_or(Uuid::nil(), |id| id.as_uuid());
        let next = sqlx::query_scalar!(
            r#"SELECT tenant_id AS "tenant_id: Uuid" FROM events WHERE tenant_id > ?1 ORDER BY tenant_id, seq LIMIT 1"#,
            after
        );
        let next = next.fetch_optional(&self.writer).await.map_err(read("the logs"))?;
        Ok(next.map(TenantId::from_uuid))
    }
}
