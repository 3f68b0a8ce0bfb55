//! What belongs to the installation as a whole. Only the writer's role sees it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use registry_domain::TenantId;
use registry_journal::keyring::KeyCheck;
use registry_journal::port::{Cause, Founding, Inconsistency, KeyEvidence, ReadError};
use registry_journal_rows::{RawKey, RawRow};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::PostgresJournal;
use crate::error::read;
use crate::session::{QUESTION_LIMIT, Underway, limited};

const QUESTION: &str = "the installation";

#[async_trait]
impl Founding for PostgresJournal {
    async fn key_evidence(&self) -> Result<KeyEvidence, ReadError> {
        let asking = self.on_writer(async |connection| {
            let check = sqlx::query_scalar!("SELECT key_check FROM installation WHERE id = 1::smallint")
                .fetch_optional(&mut *connection)
                .await?;
            let wrapped = sqlx::query_as!(
                RawKey,
                "SELECT owner, wrapped FROM data_keys ORDER BY tenant_id, owner LIMIT 1::bigint"
            );
            Ok((check, wrapped.fetch_optional(connection).await?))
        });
        let (check, wrapped) = asking.await?;
        let check = check.as_deref().map(KeyCheck::try_from).transpose();
        Ok(KeyEvidence {
            check: check.map_err(|error| Inconsistency::of("installation", 1, error))?,
            wrapped: wrapped.map(RawKey::into_row).transpose()?,
        })
    }

    async fn write_key_check(&self, check: KeyCheck) -> Result<(), ReadError> {
        let writing = self.on_writer(async |connection| {
            let statement = sqlx::query!(
                "INSERT INTO installation (id, key_check) VALUES (1::smallint, $1) ON CONFLICT (id) DO NOTHING",
                check.as_bytes()
            );
            statement.execute(connection).await
        });
        writing.await.map(drop)
    }

    async fn callback_key_checks(&self) -> Result<BTreeMap<u8, KeyCheck>, ReadError> {
        let asking = self.on_writer(async |connection| {
            sqlx::query!("SELECT number, key_check FROM callback_keys ORDER BY number")
                .fetch_all(connection)
                .await
        });
        let keys = asking.await?.into_iter().map(|row| {
            let flaw = |error: Cause| Inconsistency::of("callback_keys", row.number, error);
            let number = u8::try_from(row.number).map_err(|error| flaw(error.into()))?;
            let check = KeyCheck::try_from(row.key_check.as_slice()).map_err(|error| flaw(error.into()))?;
            Ok((number, check))
        });
        keys.collect()
    }

    async fn write_callback_key_check(&self, number: u8, check: KeyCheck) -> Result<(), ReadError> {
        let writing = self.on_writer(async |connection| {
            let statement = sqlx::query!(
                "INSERT INTO callback_keys (number, key_check) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING",
                i16::from(number),
                check.as_bytes()
            );
            statement.execute(connection).await
        });
        writing.await.map(drop)
    }

    async fn next_log(&self, after: Option<TenantId>) -> Result<Option<TenantId>, ReadError> {
        let after = after.map_or(Uuid::nil(), |id| id.as_uuid());
        let asking = self.on_writer(async |connection| {
            sqlx::query_scalar!(
                "SELECT tenant_id FROM events WHERE tenant_id > $1 ORDER BY tenant_id, seq LIMIT 1::bigint",
                after
            )
            .fetch_optional(connection)
            .await
        });
        Ok(asking.await?.map(TenantId::from_uuid))
    }
}

impl PostgresJournal {
    async fn on_writer<Answer>(
        &self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<Answer, sqlx::Error>,
    ) -> Result<Answer, ReadError> {
        let asking = async {
            let mut underway = Underway::new(self.writers.acquire().await?);
            let answer = ask(underway.connection()).await?;
            drop(underway.ended());
            Ok(answer)
        };
        limited(QUESTION_LIMIT, asking)
            .await
            .map_err(|error| read(QUESTION, error))
    }
}
