//! Who did what.

use async_trait::async_trait;
use registry_domain::{Seq, TenantId};
use registry_journal::EventRow;
use registry_journal::port::{AuditEntry, AuditQuery, AuditTrail, ReadError, Writes};
use registry_journal_rows::bigint;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::statement::{Statement, column};
use crate::{PostgresJournal, list, rows};

/// Removes what is to be looked through anew.
pub(crate) fn cleared(writes: &Writes) -> Option<Statement> {
    let cleared = &writes.cleared_audit;
    (!cleared.is_empty()).then(|| {
        sqlx::query!(
            r#"
            DELETE FROM audit_entries AS a USING unnest($1::uuid[], $2::bigint[]) AS w (tenant_id, seq)
            WHERE a.tenant_id = w.tenant_id AND a.seq = w.seq
            "#,
            &column(cleared, |(tenant, _)| tenant.as_uuid()),
            &column(cleared, |(_, seq)| bigint(seq.0))
        )
    })
}

pub(crate) fn written(writes: &Writes) -> Option<Statement> {
    let entries = &writes.audit;
    (!entries.is_empty()).then(|| {
        sqlx::query!(
            r#"
            INSERT INTO audit_entries (tenant_id, seq, recorded_at, actor, channel, action, merchant_id, outcome)
            SELECT * FROM unnest(
                $1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[]
            )
            "#,
            &column(entries, |row| row.tenant_id.as_uuid()),
            &column(entries, |row| bigint(row.seq.0)),
            &column(entries, |row| row.recorded_at),
            &column(entries, |row| row.actor.as_str()) as &[&str],
            &column(entries, |row| row.channel.as_str()) as &[&str],
            &column(entries, |row| row.action.as_str()) as &[&str],
            &column(entries, |row| row.merchant_id.map(|id| id.as_uuid())) as &[Option<Uuid>],
            &column(entries, |row| row.outcome.as_str()) as &[&str]
        )
    })
}

#[async_trait]
impl AuditTrail for PostgresJournal {
    async fn audit(&self, tenant: TenantId, query: &AuditQuery) -> Result<Vec<AuditEntry>, ReadError> {
        let mut statement = list::audit(tenant, query);
        let row = |row: PgRow| {
            Ok(rows::AuditEntry {
                tenant_id: tenant.as_uuid(),
                seq: row.try_get(0)?,
                recorded_at: row.try_get(1)?,
                actor: row.try_get(2)?,
                channel: row.try_get(3)?,
                action: row.try_get(4)?,
                merchant_id: row.try_get(5)?,
                outcome: row.try_get(6)?,
            })
        };
        self.all("audit entries", tenant, statement.build().try_map(row)).await
    }

    async fn audit_at(&self, tenant: TenantId, places: &[Seq]) -> Result<Vec<AuditEntry>, ReadError> {
        let statement = sqlx::query_as!(
            rows::AuditEntry,
            r#"
            SELECT tenant_id, seq, recorded_at, actor, channel, action, merchant_id, outcome
            FROM audit_entries WHERE tenant_id = $1 AND seq = ANY ($2)
            "#,
            tenant.as_uuid(),
            &numbers(places)
        );
        self.all("audit entries", tenant, statement).await
    }

    async fn events_at(&self, tenant: TenantId, places: &[Seq]) -> Result<Vec<EventRow>, ReadError> {
        let statement = events!(
            "WHERE tenant_id = $1 AND seq = ANY ($2)",
            tenant.as_uuid(),
            &numbers(places),
        );
        self.all("events", tenant, statement).await
    }
}

fn numbers(places: &[Seq]) -> Vec<i64> {
    column(places, |place| bigint(place.0))
}
