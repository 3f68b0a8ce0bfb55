//! Alerts about merchants, and who is late.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::alerts::{Standing, Subject};
use registry_domain::merchant::Merchant;
use registry_domain::{AlertId, MerchantId, TenantId};
use registry_journal::port::{AlertCount, AlertQuery, AlertRow, Alerts, LateMerchant, LateQuery, ReadError, Writes};
use registry_journal_rows::{RawAlertCount, RawMerchant, RawMerchantId, alert_rank};
use uuid::Uuid;

use crate::statement::{Statement, column};
use crate::{PostgresJournal, rows};

/// What a batch writes of alerts.
pub(crate) fn written(writes: &Writes) -> Vec<Statement> {
    let (open, ended): (Vec<&AlertRow>, Vec<&AlertRow>) = writes.alerts.iter().partition(|row| row.alert.is_some());
    let open: Vec<_> = open
        .iter()
        .filter_map(|row| row.alert.map(|alert| (*row, alert)))
        .collect();
    let mut statements = Vec::new();
    if !ended.is_empty() {
        statements.push(sqlx::query!(
            r#"
            DELETE FROM merchant_alerts AS a USING unnest($1::uuid[], $2::uuid[]) AS w (tenant_id, merchant_id)
            WHERE a.tenant_id = w.tenant_id AND a.merchant_id = w.merchant_id
            "#,
            &column(&ended, |row| row.tenant_id.as_uuid()),
            &column(&ended, |row| row.merchant_id.as_uuid())
        ));
    }
    if !open.is_empty() {
        statements.push(sqlx::query!(
            r#"
            INSERT INTO merchant_alerts (
                tenant_id, merchant_id, alert_id, rule, rank, due_at, acknowledged_at, snoozed_until
            )
            SELECT * FROM unnest(
                $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::smallint[], $6::timestamptz[], $7::timestamptz[],
                $8::timestamptz[]
            )
            ON CONFLICT (tenant_id, merchant_id) DO UPDATE SET
                alert_id = excluded.alert_id,
                rule = excluded.rule,
                rank = excluded.rank,
                due_at = excluded.due_at,
                acknowledged_at = excluded.acknowledged_at,
                snoozed_until = excluded.snoozed_until
            "#,
            &column(&open, |(row, _)| row.tenant_id.as_uuid()),
            &column(&open, |(row, _)| row.merchant_id.as_uuid()),
            &column(&open, |(_, alert)| alert.id.as_uuid()),
            &column(&open, |(_, alert)| alert.subject.as_str()) as &[&str],
            &column(&open, |(_, alert)| alert_rank(alert.severity)),
            &column(&open, |(_, alert)| alert.due_at),
            &column(&open, |(_, alert)| alert.acknowledged_at) as &[Option<DateTime<Utc>>],
            &column(&open, |(_, alert)| alert.snoozed_until) as &[Option<DateTime<Utc>>]
        ));
    }
    statements
}

#[async_trait]
impl Alerts for PostgresJournal {
    async fn late_merchants(&self, tenant: TenantId, query: &LateQuery) -> Result<Vec<LateMerchant>, ReadError> {
        let statement = sqlx::query_as!(
            rows::LateMerchant,
            r#"
            SELECT m.stage_since, m.merchant_id FROM merchants AS m
            WHERE m.tenant_id = $1 AND m.stage = $2 AND m.stage_since <= $3
                AND (m.stage_since, m.merchant_id) > ($4, $5)
                -- One look for each: as a list, the alerts would be read whole.
                AND (
                    SELECT true FROM merchant_alerts AS a
                    WHERE a.tenant_id = $1 AND a.merchant_id = m.merchant_id
                        AND (a.rank <= $6 OR a.snoozed_until > $7) LIMIT 1
                ) IS NULL
            ORDER BY m.stage_since, m.merchant_id LIMIT $8
            "#,
            tenant.as_uuid(),
            query.stage.as_str(),
            query.since_until,
            query.after.map_or(DateTime::UNIX_EPOCH, |after| after.stage_since),
            query.after.map_or(Uuid::nil(), |after| after.merchant_id.as_uuid()),
            alert_rank(query.severity),
            query.now,
            i64::from(query.limit.get())
        );
        self.all("late merchants", tenant, statement).await
    }

    async fn alerted_merchants(&self, tenant: TenantId, query: &AlertQuery) -> Result<Vec<Merchant>, ReadError> {
        let after = query.after;
        let statement = sqlx::query_as!(
            RawMerchantId,
            r#"
            SELECT merchant_id FROM merchant_alerts
            WHERE tenant_id = $1
                AND (rank, due_at, merchant_id) > ($2, $3, $4)
                AND ($5::text[] = '{}' OR CASE
                        WHEN snoozed_until > $6 THEN 'snoozed'
                        WHEN acknowledged_at IS NOT NULL THEN 'acknowledged'
                        ELSE 'open'
                    END = ANY ($5))
                AND ($7::smallint[] = '{}' OR rank = ANY ($7))
                AND ($8::text IS NULL OR rule = $8)
            ORDER BY rank, due_at, merchant_id LIMIT $9
            "#,
            tenant.as_uuid(),
            after.map_or(-1, |after| alert_rank(after.severity)),
            after.map_or(DateTime::UNIX_EPOCH, |after| after.due_at),
            after.map_or(Uuid::nil(), |after| after.merchant_id.as_uuid()),
            &query
                .standings
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect::<Vec<_>>(),
            query.now,
            &query.severities.iter().copied().map(alert_rank).collect::<Vec<_>>(),
            query.subject.map(Subject::as_str),
            i64::from(query.limit.get())
        );
        let page = self.all("alerts", tenant, statement).await?;
        // By their ids: joined, either the page or the merchants would be sorted.
        let statement = sqlx::query_as!(
            RawMerchant,
            "SELECT merchant_id, state FROM merchants WHERE tenant_id = $1 AND merchant_id = ANY ($2)",
            tenant.as_uuid(),
            &column(&page, MerchantId::as_uuid)
        );
        let mut merchants = self.all("merchants with alerts", tenant, statement).await?;
        merchants.sort_by_key(|merchant| {
            let alert = merchant.alerts.first();
            (
                alert.map(|alert| (alert_rank(alert.severity), alert.due_at)),
                merchant.id,
            )
        });
        Ok(merchants)
    }

    async fn merchant_of_alert(&self, tenant: TenantId, alert: AlertId) -> Result<Option<Merchant>, ReadError> {
        let statement = sqlx::query_as!(
            RawMerchant,
            r#"
            SELECT m.merchant_id, m.state FROM merchant_alerts AS a
            JOIN merchants AS m ON m.tenant_id = $1 AND m.merchant_id = a.merchant_id
            WHERE a.tenant_id = $1 AND a.alert_id = $2
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
            SELECT $1::uuid AS "tenant_id!", rank::bigint AS "rank!", CASE
                    WHEN snoozed_until > $2 THEN $3
                    WHEN acknowledged_at IS NOT NULL THEN $4
                    ELSE $5
                END AS "standing!", count(*) AS "count!"
            FROM merchant_alerts WHERE tenant_id = $1 GROUP BY 2, 3
            "#,
            tenant.as_uuid(),
            now,
            Standing::Snoozed.as_str(),
            Standing::Acknowledged.as_str(),
            Standing::Open.as_str()
        );
        self.all("alert counts", tenant, statement).await
    }
}
