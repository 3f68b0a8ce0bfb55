//! Files from which shops are to be registered, and what their rows say.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{ImportId, JobId, TenantId};
use registry_journal::port::{ImportFile, Imports, ReadError, RowSource};
use registry_journal::record::actor_to_text;
use registry_journal_rows::RawRowSource;
use sqlx::types::Uuid;

use crate::rows::micros;
use crate::statement::{hex_bytes, to_json};
use crate::{SqliteJournal, rows};

#[async_trait]
impl Imports for SqliteJournal {
    async fn add_import_file(&self, tenant: TenantId, file: &ImportFile, most: u32) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO import_files (tenant_id, import_id, created_at, sealed, actor)
            SELECT ?1, ?2, ?3, ?4, ?6 WHERE (SELECT count(*) FROM import_files AS o WHERE o.tenant_id = ?1) < ?5
            ON CONFLICT DO NOTHING
            RETURNING 1 AS "one!: i64"
            "#,
            tenant.as_uuid(),
            file.id.as_uuid(),
            micros(file.created_at),
            &file.sealed,
            i64::from(most),
            file.actor.as_ref().map(actor_to_text)
        );
        self.changed("file that is kept", statement).await
    }

    async fn import_file(&self, tenant: TenantId, id: ImportId) -> Result<Option<ImportFile>, ReadError> {
        let statement = sqlx::query_as!(
            rows::ImportFile,
            r#"
            SELECT import_id AS "import_id!: Uuid", created_at, actor, sealed FROM import_files
            WHERE tenant_id = ?1 AND import_id = ?2
            "#,
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("file", tenant, statement).await
    }

    async fn forget_import_files(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            "DELETE FROM import_files WHERE tenant_id = ?1 AND created_at < ?2",
            tenant.as_uuid(),
            micros(before)
        );
        self.note("old files", statement).await
    }

    async fn add_row_sources(&self, tenant: TenantId, job: JobId, sources: &[RowSource]) -> Result<(), ReadError> {
        let sources = sources.iter().map(|source| (source.number, hex_bytes(&source.sealed)));
        let statement = sqlx::query!(
            r#"
            INSERT INTO job_sources (tenant_id, job_id, number, sealed)
            SELECT j.tenant_id, j.job_id, p.value ->> 0, unhex(p.value ->> 1)
            FROM jobs AS j CROSS JOIN json_each(?3) AS p
            WHERE j.tenant_id = ?1 AND j.job_id = ?2 AND j.state = 'making'
            ON CONFLICT DO NOTHING
            "#,
            tenant.as_uuid(),
            job.as_uuid(),
            to_json(sources)
        );
        self.note("what rows say", statement).await
    }

    async fn row_sources(&self, tenant: TenantId, job: JobId, numbers: &[u32]) -> Result<Vec<RowSource>, ReadError> {
        let statement = sqlx::query_as!(
            RawRowSource,
            r#"
            SELECT number, sealed FROM job_sources
            WHERE tenant_id = ?1 AND job_id = ?2 AND number IN (SELECT value FROM json_each(?3))
            ORDER BY number
            "#,
            tenant.as_uuid(),
            job.as_uuid(),
            to_json(numbers.iter())
        );
        self.all("what rows say", tenant, statement).await
    }
}
