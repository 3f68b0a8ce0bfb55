//! How well a tenant's callbacks arrive, from the end of its log.

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_domain::tenant::SilentLinks;
use registry_journal::port::raw::{self, RawHealth};
use registry_journal::port::{HEALTH_WINDOW, ReadError, SILENCE_WINDOW, TenantHealth};

use crate::PostgresJournal;

impl PostgresJournal {
    /// The position behind which the last so many events of a log begin. A log has no gaps.
    async fn window(&self, tenant: TenantId, length: u32) -> Result<i64, ReadError> {
        let statement = sqlx::query!(
            r#"SELECT coalesce(max(seq), 0) AS "head!" FROM events WHERE tenant_id = $1"#,
            tenant.as_uuid()
        );
        let head = self.one("head of the log", tenant, statement).await?;
        Ok(head.map_or(0, |row| (row.head - i64::from(length)).max(0)))
    }

    /// Where the last callback behind a position stands, and when it was written down. One that was driven again names
    /// the one that it was. The log is walked backwards until there is one: the planner, who does not know how few
    /// events these are, would rather fetch all of them and sort.
    async fn last_callback(&self, tenant: TenantId, after: i64) -> Result<Option<(i64, DateTime<Utc>)>, ReadError> {
        let statement = sqlx::query!(
            r#"
            SELECT seq AS "seq!", recorded_at AS "recorded_at!" FROM (
                SELECT seq, type, recorded_at, data FROM events
                WHERE tenant_id = $1 AND seq > $2 ORDER BY seq DESC LIMIT $3
            ) AS recent
            WHERE type IN ('callback.received', 'payment.approved', 'callback.quarantined', 'unclaimed_merchant.seen')
                AND data NOT LIKE '%"redrive_of":%'
            ORDER BY seq DESC LIMIT 1
            "#,
            tenant.as_uuid(),
            after,
            i64::from(SILENCE_WINDOW)
        );
        let row = self.one("last callback", tenant, statement).await?;
        Ok(row.map(|row| (row.seq, row.recorded_at)))
    }

    pub(crate) async fn find_silent_links(&self, tenant: TenantId) -> Result<Option<SilentLinks>, ReadError> {
        let window = self.window(tenant, SILENCE_WINDOW).await?;
        let last = self.last_callback(tenant, window).await?;
        let statement = sqlx::query!(
            r#"
            SELECT count(*) AS "links!", min(recorded_at) AS since FROM events
            WHERE tenant_id = $1 AND seq > $2 AND type = 'link.issued'
            "#,
            tenant.as_uuid(),
            last.map_or(window, |(seq, _)| seq)
        );
        let Some(row) = self.one("silent links", tenant, statement).await? else {
            return Ok(None);
        };
        Ok(raw::silent_links(tenant, row.since, row.links)?)
    }

    pub(crate) async fn find_health(&self, tenant: TenantId) -> Result<TenantHealth, ReadError> {
        let window = self.window(tenant, HEALTH_WINDOW).await?;
        let last = self.last_callback(tenant, window).await?;
        let statement = sqlx::query_as!(
            RawHealth,
            r#"
            SELECT
                count(*) FILTER (WHERE type IN ('review.changed', 'upstream.unlinked', 'upstream.relinked'))
                    AS "changes!",
                count(*) FILTER (WHERE type = 'status.observed' AND data LIKE '%"healed":true%') AS "healed!",
                (SELECT count(*) FROM quarantine WHERE tenant_id = $1 AND state = 'open') AS "quarantined!",
                (SELECT count(*) FROM unclaimed_merchants WHERE tenant_id = $1 AND state = 'open') AS "unclaimed!",
                (SELECT count(*) FROM merchants WHERE tenant_id = $1 AND confirming_since IS NOT NULL) AS "held!"
            FROM events WHERE tenant_id = $1 AND seq > $2
            "#,
            tenant.as_uuid(),
            window
        );
        let Some(counted) = self.one("health of a tenant", tenant, statement).await? else {
            return Ok(TenantHealth::default());
        };
        Ok(counted.into_health(tenant, last.map(|(_, at)| at))?)
    }
}
