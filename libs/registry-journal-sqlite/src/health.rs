//! How well a tenant's callbacks arrive, from the end of its log.

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_domain::tenant::SilentLinks;
use registry_journal::port::raw::{self, RawHealth, RawTime};
use registry_journal::port::{HEALTH_WINDOW, Inconsistency, ReadError, SILENCE_WINDOW, TenantHealth};
use sqlx::SqlitePool;

use crate::error::read;

/// The position behind which the last so many events of a log begin. A log has no gaps.
async fn window(pool: &SqlitePool, tenant: TenantId, length: u32) -> Result<i64, ReadError> {
    let id = tenant.as_uuid();
    let head = sqlx::query_scalar!(
        r#"SELECT coalesce(max(seq), 0) AS "head!: i64" FROM events WHERE tenant_id = ?1"#,
        id
    )
    .fetch_one(pool)
    .await
    .map_err(read("head of the log"))?;
    Ok((head - i64::from(length)).max(0))
}

/// Where the last callback behind a position stands, and when it was written down. One that was driven again names the
/// one that it was.
async fn last_callback(
    pool: &SqlitePool,
    tenant: TenantId,
    after: i64,
) -> Result<Option<(i64, DateTime<Utc>)>, ReadError> {
    let id = tenant.as_uuid();
    let row = sqlx::query!(
        r#"
        SELECT seq, recorded_at FROM events
        WHERE tenant_id = ?1 AND seq > ?2
            AND type IN ('callback.received', 'payment.approved', 'callback.quarantined', 'unclaimed_merchant.seen')
            AND data NOT LIKE '%"redrive_of":%'
        ORDER BY seq DESC LIMIT 1
        "#,
        id,
        after
    )
    .fetch_optional(pool)
    .await
    .map_err(read("last callback"))?;
    let Some(row) = row else { return Ok(None) };
    let at = row.recorded_at.read("recorded_at");
    let at = at.map_err(|error| Inconsistency::of("events", tenant, error))?;
    Ok(Some((row.seq, at)))
}

pub(crate) async fn silent_links(pool: &SqlitePool, tenant: TenantId) -> Result<Option<SilentLinks>, ReadError> {
    let window = window(pool, tenant, SILENCE_WINDOW).await?;
    let last = last_callback(pool, tenant, window).await?;
    let (id, after) = (tenant.as_uuid(), last.map_or(window, |(seq, _)| seq));
    let row = sqlx::query!(
        r#"
        SELECT count(*) AS "links!: i64", min(recorded_at) AS "since?: i64" FROM events
        WHERE tenant_id = ?1 AND seq > ?2 AND type = 'link.issued'
        "#,
        id,
        after
    )
    .fetch_one(pool)
    .await
    .map_err(read("silent links"))?;
    Ok(raw::silent_links(tenant, row.since, row.links)?)
}

pub(crate) async fn tenant_health(pool: &SqlitePool, tenant: TenantId) -> Result<TenantHealth, ReadError> {
    let window = window(pool, tenant, HEALTH_WINDOW).await?;
    let last = last_callback(pool, tenant, window).await?;
    let id = tenant.as_uuid();
    let counted = sqlx::query_as!(
        RawHealth,
        r#"
        SELECT
            count(*) FILTER (WHERE type IN ('review.changed', 'upstream.unlinked', 'upstream.relinked'))
                AS "changes!: i64",
            count(*) FILTER (WHERE type = 'status.observed' AND data LIKE '%"healed":true%') AS "healed!: i64",
            (SELECT count(*) FROM quarantine INDEXED BY quarantine_open WHERE tenant_id = ?1 AND state = 'open')
                AS "quarantined!: i64",
            (
                SELECT count(*) FROM unclaimed_merchants INDEXED BY unclaimed_merchants_open
                WHERE tenant_id = ?1 AND state = 'open'
            ) AS "unclaimed!: i64",
            (SELECT count(*) FROM merchants WHERE tenant_id = ?1 AND confirming_since IS NOT NULL) AS "held!: i64"
        FROM events WHERE tenant_id = ?1 AND seq > ?2
        "#,
        id,
        window
    )
    .fetch_one(pool)
    .await
    .map_err(read("health of a tenant"))?;
    Ok(counted.into_health(tenant, last.map(|(_, at)| at))?)
}
