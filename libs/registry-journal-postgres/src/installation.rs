//! The row of the installation. Only the writer's role sees it.

use async_trait::async_trait;
use registry_journal::keyring::KeyCheck;
use registry_journal::port::raw::{RawKey, RawRow};
use registry_journal::port::{Founding, Inconsistency, KeyEvidence, ReadError};
use sqlx::PgConnection;

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
