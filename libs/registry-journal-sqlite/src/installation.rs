//! The row of the installation.

use async_trait::async_trait;
use registry_journal::keyring::KeyCheck;
use registry_journal::port::raw::RawKey;
use registry_journal::port::{Founding, Inconsistency, KeyEvidence, ReadError};
use sqlx::types::Uuid;

use crate::SqliteJournal;
use crate::ask::Sight;
use crate::error::read;

const QUESTION: &str = "the installation";

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
}
