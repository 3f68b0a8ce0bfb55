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
use sqlx::types::Uuid;

use crate::ask::Sight;
use crate::rows::micros;
use crate::{SqliteJournal, rows};

/// Pieces that are forgotten in one statement.
const FORGOTTEN_AT_ONCE: u32 = 8;

#[async_trait]
impl Exports for SqliteJournal {
    async fn add_export(&self, tenant: TenantId, export: &Export, most: u32) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO exports (tenant_id, export_id, state, wish, actor, correlation_id, reason, created_at, attempts, expected,
                written, bytes)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, 0, 0
            WHERE (SELECT count(*) FROM exports AS o WHERE o.tenant_id = ?1) < ?10
            ON CONFLICT DO NOTHING
            RETURNING 1 AS "one!: i64"
            "#,
            tenant.as_uuid(),
            export.id.as_uuid(),
            export.state.as_str(),
            export.wish,
            actor_to_text(&export.actor),
            export.correlation_id.as_uuid(),
            export.reason.as_str(),
            micros(export.created_at),
            bigint(export.expected),
            i64::from(most)
        );
        self.changed("export that is wanted", statement).await
    }

    async fn export(&self, tenant: TenantId, id: ExportId) -> Result<Option<Export>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Export,
            r#"
            SELECT export_id AS "export_id!: Uuid", state, wish, actor, correlation_id AS "correlation_id!: Uuid", reason, created_at, begun_at, ended_at, attempts, expected,
                written, bytes, fault, fault_row
            FROM exports WHERE tenant_id = ?1 AND export_id = ?2
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
            SELECT export_id AS "export_id!: Uuid", state, wish, actor, correlation_id AS "correlation_id!: Uuid", reason, created_at, begun_at, ended_at, attempts, expected,
                written, bytes, fault, fault_row
            FROM exports WHERE tenant_id = ?1 AND (created_at, export_id) < (?2, ?3)
            ORDER BY created_at DESC, export_id DESC LIMIT ?4
            "#,
            tenant.as_uuid(),
            before.map_or(i64::MAX, |before| micros(before.created_at)),
            before.map_or(Uuid::max(), |before| before.id.as_uuid()),
            limit.get()
        );
        self.all("exports", tenant, statement).await
    }

    async fn due_exports(&self, limit: PageSize) -> Result<Vec<DueExport>, ReadError> {
        let statement = sqlx::query_as!(
            rows::DueExport,
            r#"
            SELECT tenant_id AS "tenant_id!: Uuid", export_id AS "export_id!: Uuid", created_at AS "created_at!: i64" FROM (
                SELECT tenant_id, export_id, created_at,
                    row_number() OVER (PARTITION BY tenant_id ORDER BY created_at) AS place
                FROM exports WHERE state IN ('queued', 'running')
            )
            WHERE place = 1 ORDER BY tenant_id, created_at LIMIT ?1
            "#,
            limit.get()
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
            UPDATE exports SET state = 'running', begun_at = ?3, attempts = attempts + 1, written = 0, bytes = 0
            WHERE tenant_id = ?1 AND export_id = ?2 AND state IN ('queued', 'running')
            RETURNING export_id AS "export_id!: Uuid", state AS "state!", wish AS "wish!", actor AS "actor!",
                correlation_id AS "correlation_id!: Uuid", reason AS "reason!", created_at, begun_at, ended_at, attempts, expected,
                written, bytes, fault, fault_row
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            micros(now)
        );
        let begun = self.change("export that is begun", statement).await?.pop();
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
            INSERT INTO export_pieces (tenant_id, export_id, attempt, number, sealed)
            SELECT e.tenant_id, e.export_id, e.attempts, ?4, ?5 FROM exports AS e
            WHERE e.tenant_id = ?1 AND e.export_id = ?2 AND e.attempts = ?3 AND e.state = 'running'
            RETURNING 1 AS "one!: i64"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            bigint(attempt),
            piece.number,
            &piece.sealed
        );
        if !self.changed("piece of an export", statement).await? {
            return Ok(false);
        }
        let statement = sqlx::query!(
            "UPDATE exports SET written = ?4, bytes = ?5 WHERE tenant_id = ?1 AND export_id = ?2 AND attempts = ?3",
            tenant.as_uuid(),
            id.as_uuid(),
            bigint(attempt),
            bigint(written.rows),
            bigint(written.bytes)
        );
        self.note("how far an export is", statement).await?;
        Ok(true)
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
            UPDATE exports SET state = ?4, written = ?5, bytes = ?6, fault = ?7, fault_row = ?8, ended_at = ?9
            WHERE tenant_id = ?1 AND export_id = ?2 AND attempts = COALESCE(?3, attempts) AND state IN ('queued', 'running')
            RETURNING 1 AS "one!: i64"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            attempt.map(bigint),
            end.state.as_str(),
            bigint(end.written.rows),
            bigint(end.written.bytes),
            end.fault.map(|(fault, _): (ExportFault, _)| fault.as_str()),
            end.fault.and_then(|(_, row)| row).map(bigint),
            micros(end.at)
        );
        let has_ended = self.changed("export that ends", statement).await?;
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
            WHERE e.tenant_id = ?1 AND e.export_id = ?2 AND e.state = 'ready' AND p.number = ?3
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            number
        );
        self.one("piece of an export", tenant, statement).await
    }

    async fn forget_exports(&self, tenant: TenantId, ended_before: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = sqlx::query_as!(
            rows::DueExport,
            r#"
            SELECT tenant_id AS "tenant_id!: Uuid", export_id AS "export_id!: Uuid", created_at FROM exports
            WHERE tenant_id = ?1 AND ended_at IS NOT NULL AND ended_at < ?2 ORDER BY created_at, export_id LIMIT 4
            "#,
            tenant.as_uuid(),
            micros(ended_before)
        );
        for old in self.all("old exports", tenant, statement).await? {
            self.forget_pieces(tenant, old.id, None).await?;
            let statement = sqlx::query!(
                "DELETE FROM exports WHERE tenant_id = ?1 AND export_id = ?2",
                tenant.as_uuid(),
                old.id.as_uuid()
            );
            self.note("old export", statement).await?;
        }
        Ok(())
    }
}

impl SqliteJournal {
    /// Forgets the pieces of all attempts, or of those before one. A few at a time: others write meanwhile.
    async fn forget_pieces(&self, tenant: TenantId, id: ExportId, before: Option<u64>) -> Result<(), ReadError> {
        loop {
            let statement = changes!(
                r#"
            DELETE FROM export_pieces WHERE tenant_id = ?1 AND export_id = ?2 AND (attempt, number) IN (
                SELECT attempt, number FROM export_pieces
                WHERE tenant_id = ?1 AND export_id = ?2 AND attempt < ?3 ORDER BY attempt, number LIMIT ?4
            )
            RETURNING 1 AS "one!: i64"
                "#,
                tenant.as_uuid(),
                id.as_uuid(),
                before.map_or(i64::MAX, bigint),
                FORGOTTEN_AT_ONCE
            );
            let forgotten: Vec<i64> = self.change("pieces of an export", statement).await?;
            if forgotten.len() < FORGOTTEN_AT_ONCE as usize {
                return Ok(());
            }
        }
    }
}
