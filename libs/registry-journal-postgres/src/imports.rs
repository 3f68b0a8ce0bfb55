//! Files from which shops are to be registered, and what their rows say.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{ImportId, JobId, TenantId};
use registry_journal::port::{ImportFile, Imports, ReadError, RowSource};
use registry_journal::record::actor_to_text;
use registry_journal_rows::RawRowSource;

use crate::statement::column;
use crate::{PostgresJournal, rows};

#[async_trait]
impl Imports for PostgresJournal {
    async fn add_import_file(&self, tenant: TenantId, file: &ImportFile, most: u32) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO import_files (tenant_id, import_id, created_at, sealed, actor)
            SELECT $1::uuid, $2::uuid, $3::timestamptz, $4::bytea, $6::text
            WHERE (SELECT count(*) FROM import_files AS o WHERE o.tenant_id = $1) < $5
            ON CONFLICT DO NOTHING
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            file.id.as_uuid(),
            file.created_at,
            &file.sealed,
            i64::from(most),
            file.actor.as_ref().map(actor_to_text)
        );
        self.changed_of("file that is kept", tenant, statement).await
    }

    async fn import_file(&self, tenant: TenantId, id: ImportId) -> Result<Option<ImportFile>, ReadError> {
        let statement = sqlx::query_as!(
            rows::ImportFile,
            "SELECT import_id, created_at, actor, sealed FROM import_files WHERE tenant_id = $1 AND import_id = $2",
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("file", tenant, statement).await
    }

    async fn forget_import_files(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            "DELETE FROM import_files WHERE tenant_id = $1 AND created_at < $2",
            tenant.as_uuid(),
            before
        );
        self.note("old files", tenant, statement).await
    }

    async fn add_row_sources(&self, tenant: TenantId, job: JobId, sources: &[RowSource]) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            INSERT INTO job_sources (tenant_id, job_id, number, sealed)
            SELECT j.tenant_id, j.job_id, p.number, p.sealed
            FROM jobs AS j CROSS JOIN unnest($3::bigint[], $4::bytea[]) AS p (number, sealed)
            WHERE j.tenant_id = $1 AND j.job_id = $2 AND j.state = 'making'
            ON CONFLICT DO NOTHING
            "#,
            tenant.as_uuid(),
            job.as_uuid(),
            &column(sources, |source| i64::from(source.number)),
            &column(sources, |source| source.sealed.as_slice()) as &[&[u8]]
        );
        self.note("what rows say", tenant, statement).await
    }

    async fn row_sources(&self, tenant: TenantId, job: JobId, numbers: &[u32]) -> Result<Vec<RowSource>, ReadError> {
        let statement = sqlx::query_as!(
            RawRowSource,
            r#"
            SELECT number, sealed FROM job_sources WHERE tenant_id = $1 AND job_id = $2 AND number = ANY($3::bigint[])
            ORDER BY number
            "#,
            tenant.as_uuid(),
            job.as_uuid(),
            &column(numbers, |number| i64::from(*number))
        );
        self.all("what rows say", tenant, statement).await
    }
}
