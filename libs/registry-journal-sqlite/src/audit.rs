//! Who did what.

use async_trait::async_trait;
use registry_domain::{Seq, TenantId};
use registry_journal::EventRow;
use registry_journal::port::{AuditEntry, AuditQuery, AuditTrail, ReadError, Writes};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Uuid;

use crate::rows::micros;
use crate::statement::{Statement, hex, to_json};
use crate::{SqliteJournal, list, rows};

/// Removes what is to be looked through anew.
pub(crate) fn cleared(writes: &Writes) -> Option<Statement> {
    let key = |(tenant, seq): &(TenantId, Seq)| (hex(tenant.as_uuid()), seq.0);
    let cleared = &writes.cleared_audit;
    (!cleared.is_empty()).then(|| {
        sqlx::query!(
            r#"
            DELETE FROM audit_entries WHERE (tenant_id, seq) IN (
                SELECT unhex(value ->> 0), value ->> 1 FROM jsonb_each(?1)
            )
            "#,
            to_json(cleared.iter().map(key))
        )
    })
}

pub(crate) fn written(writes: &Writes) -> Option<Statement> {
    let row = |row: &AuditEntry| {
        (
            hex(row.tenant_id.as_uuid()),
            row.seq.0,
            micros(row.recorded_at),
            row.actor.clone(),
            row.channel.as_str(),
            row.action.clone(),
            row.merchant_id.map(|id| hex(id.as_uuid())),
            row.outcome.as_str(),
        )
    };
    let entries = &writes.audit;
    (!entries.is_empty()).then(|| {
        sqlx::query!(
            r#"
            INSERT INTO audit_entries (tenant_id, seq, recorded_at, actor, channel, action, merchant_id, outcome)
            SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                unhex(value ->> 6), value ->> 7
            FROM jsonb_each(?1)
            "#,
            to_json(entries.iter().map(row))
        )
    })
}

#[async_trait]
impl AuditTrail for SqliteJournal {
    async fn audit(&self, tenant: TenantId, query: &AuditQuery) -> Result<Vec<AuditEntry>, ReadError> {
        let mut statement = list::audit(tenant, query);
        let row = |row: SqliteRow| {
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
            SELECT tenant_id AS "tenant_id: Uuid", seq, recorded_at, actor, channel, action,
                merchant_id AS "merchant_id: Uuid", outcome
            FROM audit_entries WHERE tenant_id = ?1 AND seq IN (SELECT value FROM json_each(?2))
            "#,
            tenant.as_uuid(),
            numbers(places)
        );
        self.all("audit entries", tenant, statement).await
    }

    async fn events_at(&self, tenant: TenantId, places: &[Seq]) -> Result<Vec<EventRow>, ReadError> {
        let statement = events!(
            "WHERE tenant_id = ?1 AND seq IN (SELECT value FROM json_each(?2))",
            tenant.as_uuid(),
            numbers(places),
        );
        self.all("events", tenant, statement).await
    }
}

fn numbers(places: &[Seq]) -> String {
    to_json(places.iter().map(|place| place.0))
}
