//! Lists that are taken out as files.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::exports::ExportFault;
use registry_domain::{ExportId, TenantId};
use registry_journal::port::{
    DueExport, Export, ExportEnd, ExportPiece, ExportPosition, Exports, PageSize, ReadError, Written,
};
use registry_journal::record::actor_to_text;
use registry_journal_rows::{RawExportPiece, bigint};
use uuid::Uuid;

use crate::ask::Sight;
use crate::jobs::latest;
use crate::{PostgresJournal, rows};

/// Pieces that are forgotten in one statement.
const FORGOTTEN_AT_ONCE: u32 = 8;

#[async_trait]
impl Exports for PostgresJournal {
    async fn add_export(&self, tenant: TenantId, export: &Export, most: u32) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO exports (tenant_id, export_id, state, wish, actor, correlation_id, reason, created_at, attempts, expected,
                written, bytes)
            SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::uuid, $7::text, $8::timestamptz, 0, $9::bigint, 0, 0
            WHERE (SELECT count(*) FROM exports AS o WHERE o.tenant_id = $1) < $10
            ON CONFLICT DO NOTHING
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            export.id.as_uuid(),
            export.state.as_str(),
            export.wish,
            actor_to_text(&export.actor),
            export.correlation_id.as_uuid(),
            export.reason.as_str(),
            export.created_at,
            bigint(export.expected),
            i64::from(most)
        );
        self.changed_of("export that is wanted", tenant, statement).await
    }

    async fn export(&self, tenant: TenantId, id: ExportId) -> Result<Option<Export>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Export,
            r#"
            SELECT export_id, state, wish, actor, correlation_id, reason, created_at, begun_at, ended_at, attempts, expected,
                written, bytes, fault, fault_row
            FROM exports WHERE tenant_id = $1 AND export_id = $2
            "#,
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("export", tenant, statement).await
    }

    async fn exports(
        &self,
        tenant: TenantId,
        before: Option<ExportPosition>,
        limit: PageSize,
    ) -> Result<Vec<Export>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Export,
            r#"
            SELECT export_id, state, wish, actor, correlation_id, reason, created_at, begun_at, ended_at, attempts, expected,
                written, bytes, fault, fault_row
            FROM exports WHERE tenant_id = $1 AND (created_at, export_id) < ($2, $3)
            ORDER BY created_at DESC, export_id DESC LIMIT $4
            "#,
            tenant.as_uuid(),
            before.map_or_else(latest, |before| before.created_at),
            before.map_or(Uuid::max(), |before| before.id.as_uuid()),
            i64::from(limit.get())
        );
        self.all("exports", tenant, statement).await
    }

    async fn due_exports(&self, limit: PageSize) -> Result<Vec<DueExport>, ReadError> {
        let statement = sqlx::query_as!(
            rows::DueExport,
            r#"
            SELECT DISTINCT ON (tenant_id) tenant_id, export_id, created_at FROM exports
            WHERE state IN ('queued', 'running') ORDER BY tenant_id, created_at LIMIT $1
            "#,
            i64::from(limit.get())
        );
        self.all("due exports", Sight::Directory, statement).await
    }

    async fn begin_export(
        &self,
        tenant: TenantId,
        id: ExportId,
        now: DateTime<Utc>,
    ) -> Result<Option<Export>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Export,
            r#"
            UPDATE exports SET state = 'running', begun_at = $3, attempts = attempts + 1, written = 0, bytes = 0
            WHERE tenant_id = $1 AND export_id = $2 AND state IN ('queued', 'running')
            RETURNING export_id, state, wish, actor, correlation_id, reason, created_at, begun_at, ended_at, attempts, expected,
                written, bytes, fault, fault_row
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            now
        );
        let begun = self.change_of("export that is begun", tenant, statement).await?.pop();
        if let Some(begun) = &begun {
            self.forget_pieces(tenant, id, Some(begun.attempts)).await?;
        }
        Ok(begun)
    }

    async fn add_export_piece(
        &self,
        tenant: TenantId,
        id: ExportId,
        attempt: u64,
        piece: &ExportPiece,
        written: Written,
    ) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            WITH of AS (
                UPDATE exports SET written = $6, bytes = $7
                WHERE tenant_id = $1 AND export_id = $2 AND attempts = $3 AND state = 'running'
                RETURNING tenant_id, export_id, attempts
            )
            INSERT INTO export_pieces (tenant_id, export_id, attempt, number, sealed)
            SELECT of.tenant_id, of.export_id, of.attempts, $4::bigint, $5::bytea FROM of
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            bigint(attempt),
            i64::from(piece.number),
            &piece.sealed,
            bigint(written.rows),
            bigint(written.bytes)
        );
        self.changed_of("piece of an export", tenant, statement).await
    }

    async fn end_export(
        &self,
        tenant: TenantId,
        id: ExportId,
        attempt: Option<u64>,
        end: ExportEnd,
    ) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            UPDATE exports SET state = $4, written = $5, bytes = $6, fault = $7, fault_row = $8, ended_at = $9
            WHERE tenant_id = $1 AND export_id = $2 AND attempts = COALESCE($3, attempts) AND state IN ('queued', 'running')
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            attempt.map(bigint),
            end.state.as_str(),
            bigint(end.written.rows),
            bigint(end.written.bytes),
            end.fault.map(|(fault, _): (ExportFault, _)| fault.as_str()),
            end.fault.and_then(|(_, row)| row).map(bigint),
            end.at
        );
        let has_ended = self.changed_of("export that ends", tenant, statement).await?;
        if has_ended && !end.state.can_be_taken() {
            self.forget_pieces(tenant, id, None).await?;
        }
        Ok(has_ended)
    }

    async fn export_piece(
        &self,
        tenant: TenantId,
        id: ExportId,
        number: u32,
    ) -> Result<Option<ExportPiece>, ReadError> {
        let statement = sqlx::query_as!(
            RawExportPiece,
            r#"
            SELECT p.number, p.sealed FROM exports AS e
            JOIN export_pieces AS p ON p.tenant_id = e.tenant_id AND p.export_id = e.export_id AND p.attempt = e.attempts
            WHERE e.tenant_id = $1 AND e.export_id = $2 AND e.state = 'ready' AND p.number = $3
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            i64::from(number)
        );
        self.one("piece of an export", tenant, statement).await
    }

    async fn forget_exports(&self, tenant: TenantId, ended_before: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = sqlx::query_as!(
            rows::DueExport,
            r#"
            SELECT tenant_id, export_id, created_at FROM exports
            WHERE tenant_id = $1 AND ended_at IS NOT NULL AND ended_at < $2 ORDER BY created_at, export_id LIMIT 4
            "#,
            tenant.as_uuid(),
            ended_before
        );
        for old in self.all("old exports", tenant, statement).await? {
            self.forget_pieces(tenant, old.id, None).await?;
            let statement = changes!(
                r#"DELETE FROM exports WHERE tenant_id = $1 AND export_id = $2 RETURNING 1::bigint AS "one!""#,
                tenant.as_uuid(),
                old.id.as_uuid()
            );
            self.changed_of("old export", tenant, statement).await?;
        }
        Ok(())
    }
}

impl PostgresJournal {
    /// Forgets the pieces of all attempts, or of those before one. A few at a time: others write meanwhile.
    async fn forget_pieces(&self, tenant: TenantId, id: ExportId, before: Option<u64>) -> Result<(), ReadError> {
        loop {
            let statement = changes!(
                r#"
            DELETE FROM export_pieces WHERE tenant_id = $1 AND export_id = $2 AND (attempt, number) IN (
                SELECT attempt, number FROM export_pieces
                WHERE tenant_id = $1 AND export_id = $2 AND attempt < $3 ORDER BY attempt, number LIMIT $4
            )
            RETURNING 1::bigint AS "one!"
                "#,
                tenant.as_uuid(),
                id.as_uuid(),
                before.map_or(i64::MAX, bigint),
                i64::from(FORGOTTEN_AT_ONCE)
            );
            let forgotten: Vec<i64> = self.change_of("pieces of an export", tenant, statement).await?;
            if forgotten.len() < FORGOTTEN_AT_ONCE as usize {
                return Ok(());
            }
        }
    }
}
