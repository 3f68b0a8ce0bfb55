//! Alerts about merchants, and who is late.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::alerts::Subject;
use registry_domain::merchant::Merchant;
use registry_domain::{AlertId, TenantId};
use registry_journal::port::{AlertCount, AlertQuery, AlertRow, Alerts, LateMerchant, LateQuery, ReadError, Writes};
use registry_journal_rows::{RawAlertCount, RawMerchant, alert_rank};
use sqlx::types::Uuid;

use crate::rows::micros;
use crate::statement::{Statement, hex, to_json};
use crate::{SqliteJournal, rows};

/// What a batch writes of alerts.
pub(crate) fn written(writes: &Writes) -> Vec<Statement> {
    let ended = writes.alerts.iter().filter(|row| row.alert.is_none());
    let key = |row: &AlertRow| (hex(row.tenant_id.as_uuid()), hex(row.merchant_id.as_uuid()));
    let ended: Vec<_> = ended.map(key).collect();
    let open = writes.alerts.iter().filter_map(|row| {
        let (tenant, merchant) = key(row);
        row.alert.map(|alert| {
            (
                tenant,
                merchant,
                hex(alert.id.as_uuid()),
                alert.subject.as_str(),
                alert_rank(alert.severity),
                micros(alert.due_at),
                alert.acknowledged_at.map(micros),
                alert.snoozed_until.map(micros),
            )
        })
    });
    let open: Vec<_> = open.collect();
    let mut statements = Vec::new();
    if !ended.is_empty() {
        statements.push(sqlx::query!(
            r#"
            DELETE FROM merchant_alerts WHERE (tenant_id, merchant_id) IN (
                SELECT unhex(value ->> 0), unhex(value ->> 1) FROM jsonb_each(?1)
            )
            "#,
            to_json(ended.into_iter())
        ));
    }
    if !open.is_empty() {
        statements.push(sqlx::query!(
            r#"
            INSERT OR REPLACE INTO merchant_alerts (
                tenant_id, merchant_id, alert_id, rule, rank, due_at, acknowledged_at, snoozed_until
            )
            SELECT unhex(value ->> 0), unhex(value ->> 1), unhex(value ->> 2), value ->> 3, value ->> 4, value ->> 5,
                value ->> 6, value ->> 7
            FROM jsonb_each(?1)
            "#,
            to_json(open.into_iter())
        ));
    }
    statements
}

#[async_trait]
impl Alerts for SqliteJournal {
    async fn late_merchants(&self, tenant: TenantId, query: &LateQuery) -> Result<Vec<LateMerchant>, ReadError> {
        let statement = sqlx::query_as!(
            rows::LateMerchant,
            r#"
            SELECT m.stage_since, m.merchant_id AS "merchant_id: Uuid" FROM merchants AS m
            WHERE m.tenant_id = ?1 AND m.stage = ?2 AND m.stage_since <= ?3
                AND (m.stage_since, m.merchant_id) > (?4, ?5)
                -- One look for each: as a list, the alerts would be read whole.
                AND (
                    SELECT true FROM merchant_alerts AS a
                    WHERE a.tenant_id = ?1 AND a.merchant_id = m.merchant_id
                        AND (a.rank <= ?6 OR a.snoozed_until > ?7) LIMIT 1
                ) IS NULL
            ORDER BY m.stage_since, m.merchant_id LIMIT ?8
            "#,
            tenant.as_uuid(),
            query.stage.as_str(),
            micros(query.since_until),
            query.after.map_or(0, |after| micros(after.stage_since)),
            query.after.map_or(Uuid::nil(), |after| after.merchant_id.as_uuid()),
            alert_rank(query.severity),
            micros(query.now),
            query.limit.get()
        );
        self.all("late merchants", tenant, statement).await
    }

    async fn alerted_merchants(&self, tenant: TenantId, query: &AlertQuery) -> Result<Vec<Merchant>, ReadError> {
        let after = query.after;
        let statement = sqlx::query_as!(
            RawMerchant,
            r#"
            SELECT m.merchant_id AS "merchant_id: Uuid", m.state FROM merchant_alerts AS a
            JOIN merchants AS m ON m.tenant_id = ?1 AND m.merchant_id = a.merchant_id
            WHERE a.tenant_id = ?1
                AND (a.rank, a.due_at, a.merchant_id) > (?2, ?3, ?4)
                AND (?5 = '[]' OR CASE
                        WHEN a.snoozed_until > ?6 THEN 'snoozed'
                        WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged'
                        ELSE 'open'
                    END IN (SELECT value FROM json_each(?5)))
                AND (?7 = '[]' OR a.rank IN (SELECT value FROM json_each(?7)))
                AND (?8 IS NULL OR a.rule = ?8)
            ORDER BY a.rank, a.due_at, a.merchant_id LIMIT ?9
            "#,
            tenant.as_uuid(),
            after.map_or(-1, |after| alert_rank(after.severity)),
            after.map_or(0, |after| micros(after.due_at)),
            after.map_or(Uuid::nil(), |after| after.merchant_id.as_uuid()),
            to_json(query.standings.iter().map(|it| it.as_str())),
            micros(query.now),
            to_json(query.severities.iter().copied().map(alert_rank)),
            query.subject.map(Subject::as_str),
            query.limit.get()
        );
        self.all("alerts", tenant, statement).await
    }

    async fn merchant_of_alert(&self, tenant: TenantId, alert: AlertId) -> Result<Option<Merchant>, ReadError> {
        let statement = sqlx::query_as!(
            RawMerchant,
            r#"
            SELECT m.merchant_id AS "merchant_id: Uuid", m.state FROM merchant_alerts AS a
            JOIN merchants AS m ON m.tenant_id = ?1 AND m.merchant_id = a.merchant_id
            WHERE a.tenant_id = ?1 AND a.alert_id = ?2
            "#,
            tenant.as_uuid(),
            alert.as_uuid()
        );
        self.one("alert", tenant, statement).await
    }

    async fn alert_counts(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<AlertCount>, ReadError> {
        let statement = sqlx::query_as!(
            RawAlertCount,
            r#"
            SELECT ?1 AS "tenant_id!: Uuid", rank AS "rank!: i64", CASE
                    WHEN snoozed_until > ?2 THEN 'snoozed'
                    WHEN acknowledged_at IS NOT NULL THEN 'acknowledged'
                    ELSE 'open'
                END AS "standing!: String", count(*) AS "count!: i64"
            FROM merchant_alerts WHERE tenant_id = ?1 GROUP BY 2, 3
            "#,
            tenant.as_uuid(),
            micros(now)
        );
        self.all("alert counts", tenant, statement).await
    }
}
