//! The questions of the port, each one statement.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::{Slug, Tenant};
use registry_domain::{EventId, KeyId, LinkId, MerchantId, Reference, Seq, TenantId, Version};
use registry_journal::port::raw::{self, bigint};
use registry_journal::port::{
    Head, IdempotencyRow, MerchantFilter, MerchantQuery, PageSize, PresentedKey, ProjectedMerchant, PublishCursor,
    ReadError, Reader, StatusCount, StreamQuery,
};
use registry_journal::record::EventRow;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Map;
use sqlx::{Postgres, Row};
use uuid::Uuid;

use crate::ask::Sight;
use crate::error::{is_lost, read};
use crate::rows::{StoredEvent, StoredIdempotency};
use crate::session::{QUESTION_LIMIT, limited};
use crate::{PostgresJournal, list, projected};

#[async_trait]
impl Reader for PostgresJournal {
    async fn merchant(&self, tenant: TenantId, id: MerchantId) -> Result<Option<Merchant>, ReadError> {
        // Most questions are this one: it has a way of one round trip.
        let quick = async |connection: &mut _| merchant_state(tenant, id).fetch_optional(connection).await;
        let state = match limited(QUESTION_LIMIT, self.on_reader(quick)).await {
            Err(error) if is_lost(&error) => self.one("merchant", tenant, merchant_state(tenant, id)).await?,
            answer => answer.map_err(|error| read("merchant", error))?,
        };
        Ok(state.map(|state| raw::merchant(id.as_uuid(), &state)).transpose()?)
    }

    async fn merchant_by_reference(
        &self,
        tenant: TenantId,
        reference: &Reference,
    ) -> Result<Option<Merchant>, ReadError> {
        let statement = sqlx::query!(
            r#"
            SELECT merchant_id, state FROM merchants
            WHERE tenant_id = $1 AND member_code = $2 AND merchant_code = $3
            "#,
            tenant.as_uuid(),
            reference.member_code.as_str(),
            reference.merchant_code.as_str()
        );
        let row = self.one("merchant by reference", tenant, statement).await?;
        Ok(row.map(|row| raw::merchant(row.merchant_id, &row.state)).transpose()?)
    }

    async fn merchants(&self, tenant: TenantId, query: &MerchantQuery) -> Result<Vec<Merchant>, ReadError> {
        let Some(mut statement) = list::merchants(tenant, query) else {
            return Ok(Vec::new());
        };
        let statement = statement
            .build()
            .try_map(|row: PgRow| Ok((row.try_get(0)?, row.try_get(1)?)));
        let found = self.all("merchants", tenant, statement).await?;
        let merchants = found
            .into_iter()
            .map(|(id, state): (Uuid, String)| raw::merchant(id, &state));
        Ok(merchants.collect::<Result<_, _>>()?)
    }

    async fn status_counts(&self, tenant: TenantId, filter: &MerchantFilter) -> Result<Vec<StatusCount>, ReadError> {
        let Some(mut statement) = list::status_counts(tenant, filter) else {
            return Ok(Vec::new());
        };
        let statement = statement.build();
        let statement = statement.try_map(|row: PgRow| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
        let counted = self.all("status counts", tenant, statement).await?;
        Ok(raw::status_counts(tenant, counted)?)
    }

    async fn status_counts_as_of(&self, tenant: TenantId, at: DateTime<Utc>) -> Result<Vec<StatusCount>, ReadError> {
        let statement = sqlx::query!(
            r#"
            SELECT status, stage, count(*) AS "count!" FROM (
                SELECT DISTINCT ON (merchant_id) status, stage FROM merchant_history
                WHERE tenant_id = $1 AND valid_from <= $2 ORDER BY merchant_id DESC, version DESC
            ) AS stretch
            GROUP BY status, stage
            "#,
            tenant.as_uuid(),
            at
        );
        let counted = self.all("status counts", tenant, statement).await?.into_iter();
        let counted = counted.map(|row| (row.status, row.stage, row.count));
        Ok(raw::status_counts(tenant, counted)?)
    }

    async fn merchant_of_link(&self, tenant: TenantId, link: LinkId) -> Result<Option<MerchantId>, ReadError> {
        let statement = sqlx::query!(
            "SELECT merchant_id FROM merchant_links WHERE tenant_id = $1 AND link_id = $2",
            tenant.as_uuid(),
            link.as_uuid()
        );
        let id = self.one("merchant of link", tenant, statement).await?;
        Ok(id.map(|row| MerchantId::from_uuid(row.merchant_id)))
    }

    async fn stale_link_requests(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<(MerchantId, LinkId)>, ReadError> {
        let statement = sqlx::query!(
            r#"
            SELECT merchant_id, pending_link_id AS "link_id!" FROM merchants
            WHERE tenant_id = $1 AND pending_since < $2 ORDER BY pending_since LIMIT $3
            "#,
            tenant.as_uuid(),
            before,
            i64::from(limit.get())
        );
        let found = self.all("stale link requests", tenant, statement).await?.into_iter();
        let pairs = found.map(|row| (MerchantId::from_uuid(row.merchant_id), LinkId::from_uuid(row.link_id)));
        Ok(pairs.collect())
    }

    async fn merchant_ids(
        &self,
        tenant: TenantId,
        after: Option<MerchantId>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        // No id of ours is the smallest possible.
        let statement = sqlx::query!(
            "SELECT merchant_id FROM merchants WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3",
            tenant.as_uuid(),
            after.map_or(Uuid::nil(), |id| id.as_uuid()),
            i64::from(limit.get())
        );
        let ids = self.all("merchant ids", tenant, statement).await?;
        Ok(ids
            .into_iter()
            .map(|row| MerchantId::from_uuid(row.merchant_id))
            .collect())
    }

    async fn projected(
        &self,
        tenant: TenantId,
        ids: &[MerchantId],
    ) -> Result<HashMap<MerchantId, ProjectedMerchant>, ReadError> {
        let found = self
            .all("projected merchants", tenant, projected::of(tenant, ids))
            .await?;
        let projected = found.into_iter().map(|row| row.into_projected(tenant));
        Ok(projected.collect::<Result<_, _>>()?)
    }

    async fn idempotency_keys(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: PageSize,
    ) -> Result<Vec<IdempotencyRow>, ReadError> {
        // Every key has at least one character.
        let statement = sqlx::query_as!(
            StoredIdempotency,
            r#"
            SELECT tenant_id, key, fingerprint, merchant_id, link_id, version, created_at, expires_at
            FROM idempotency_keys WHERE tenant_id = $1 AND key > $2 ORDER BY key LIMIT $3
            "#,
            tenant.as_uuid(),
            after.unwrap_or_default(),
            i64::from(limit.get())
        );
        let found = self.all("idempotency keys", tenant, statement).await?;
        let rows = found.into_iter().map(StoredIdempotency::into_row);
        Ok(rows.collect::<Result<_, _>>()?)
    }

    async fn head(&self, tenant: TenantId) -> Result<Head, ReadError> {
        let statement = sqlx::query!(
            "SELECT seq, hash, recorded_at FROM events WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1",
            tenant.as_uuid()
        );
        match self.one("head of the log", tenant, statement).await? {
            None => Ok(Head::EMPTY),
            Some(row) => Ok(raw::head(tenant, row.seq, row.hash, row.recorded_at)?),
        }
    }

    async fn events_after(&self, tenant: TenantId, after: Seq, limit: PageSize) -> Result<Vec<EventRow>, ReadError> {
        let statement = events!(
            "WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            tenant.as_uuid(),
            bigint(after.0),
            i64::from(limit.get())
        );
        event_rows(self.all("events", tenant, statement).await?)
    }

    async fn stream(&self, tenant: TenantId, query: &StreamQuery) -> Result<Vec<EventRow>, ReadError> {
        let statement = events!(
            "WHERE tenant_id = $1 AND stream_id = $2 AND version > $3 AND version <= $4 AND recorded_at <= $5
             ORDER BY version LIMIT $6",
            tenant.as_uuid(),
            query.stream.as_uuid(),
            bigint(query.after.0),
            query.until_version.map_or(i64::MAX, |version| bigint(version.0)),
            query.until_time.unwrap_or(DateTime::<Utc>::MAX_UTC),
            i64::from(query.limit.get())
        );
        event_rows(self.all("stream", tenant, statement).await?)
    }

    async fn events_by_stream(
        &self,
        tenant: TenantId,
        after: Option<(Uuid, Version)>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        let (stream, version) = after.unwrap_or((Uuid::nil(), Version::ZERO));
        let statement = events!(
            "WHERE tenant_id = $1 AND (stream_id, version) > ($2, $3) ORDER BY stream_id, version LIMIT $4",
            tenant.as_uuid(),
            stream,
            bigint(version.0),
            i64::from(limit.get())
        );
        event_rows(self.all("events by stream", tenant, statement).await?)
    }

    async fn event(&self, tenant: TenantId, id: EventId) -> Result<Option<EventRow>, ReadError> {
        let statement = events!("WHERE tenant_id = $1 AND event_id = $2", tenant.as_uuid(), id.as_uuid());
        let found = self.one("event", tenant, statement).await?;
        Ok(found.map(StoredEvent::into_row).transpose()?)
    }

    async fn wrapped_keys(&self, tenant: TenantId, owners: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>, ReadError> {
        let statement = sqlx::query!(
            "SELECT owner, wrapped FROM data_keys WHERE tenant_id = $1 AND owner = ANY ($2)",
            tenant.as_uuid(),
            owners
        );
        let found = self.all("data keys", tenant, statement).await?;
        Ok(found.into_iter().map(|row| (row.owner, row.wrapped)).collect())
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, ReadError> {
        let statement = sqlx::query!("SELECT state FROM tenants WHERE tenant_id = $1", tenant.as_uuid());
        let row = self.one("tenant", tenant, statement).await?;
        Ok(row.map(|row| raw::tenant(tenant.as_uuid(), &row.state)).transpose()?)
    }

    async fn publish_cursor(&self, tenant: TenantId) -> Result<PublishCursor, ReadError> {
        let statement = sqlx::query!(
            "SELECT seq, published_seq, stream_seq FROM publish_cursors WHERE tenant_id = $1",
            tenant.as_uuid()
        );
        match self.one("publish cursor", tenant, statement).await? {
            None => Ok(PublishCursor::START),
            Some(row) => Ok(raw::publish_cursor(tenant, row.seq, row.published_seq, row.stream_seq)?),
        }
    }

    async fn save_publish_cursor(&self, tenant: TenantId, cursor: PublishCursor) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            INSERT INTO publish_cursors (tenant_id, seq, published_seq, stream_seq) VALUES ($1, $2, $3, $4)
            ON CONFLICT (tenant_id) DO UPDATE SET
                seq = excluded.seq, published_seq = excluded.published_seq, stream_seq = excluded.stream_seq
            "#,
            tenant.as_uuid(),
            bigint(cursor.seq.0),
            bigint(cursor.published_seq.0),
            bigint(cursor.stream_seq)
        );
        self.note("publish cursor", tenant, statement).await
    }

    async fn tenant_by_slug(&self, slug: &Slug) -> Result<Option<Tenant>, ReadError> {
        let statement = sqlx::query!("SELECT tenant_id, state FROM tenants WHERE slug = $1", slug.as_str());
        let row = self.one("tenant by slug", Sight::Directory, statement).await?;
        Ok(row.map(|row| raw::tenant(row.tenant_id, &row.state)).transpose()?)
    }

    async fn tenants(&self, after: Option<TenantId>, limit: PageSize) -> Result<Vec<(Tenant, Seq)>, ReadError> {
        let statement = sqlx::query!(
            r#"
            SELECT t.tenant_id, t.state,
                (SELECT coalesce(max(seq), 0) FROM events WHERE tenant_id = t.tenant_id) AS "head!"
            FROM tenants AS t WHERE t.tenant_id > $1 ORDER BY t.tenant_id LIMIT $2
            "#,
            after.map_or(Uuid::nil(), |id| id.as_uuid()),
            i64::from(limit.get())
        );
        let found = self.all("tenants", Sight::Directory, statement).await?.into_iter();
        let pairs = found.map(|row| raw::tenant_with_head(row.tenant_id, &row.state, row.head));
        Ok(pairs.collect::<Result<_, _>>()?)
    }

    async fn presented_key(&self, key: KeyId) -> Result<Option<PresentedKey>, ReadError> {
        let statement = sqlx::query!(
            r#"
            SELECT t.tenant_id, t.state FROM api_keys AS k
            JOIN tenants AS t ON t.tenant_id = k.tenant_id
            WHERE k.key_id = $1
            "#,
            key.as_uuid()
        );
        let Some(row) = self.one("API key", Sight::Directory, statement).await? else {
            return Ok(None);
        };
        let tenant = raw::tenant(row.tenant_id, &row.state)?;
        let found = tenant.keys.iter().find(|candidate| candidate.id == key).cloned();
        Ok(found.map(|key| PresentedKey {
            tenant_id: tenant.id,
            tenant_slug: tenant.slug,
            tenant_state: tenant.state,
            key,
        }))
    }

    async fn ping(&self) -> Result<(), ReadError> {
        let statement = sqlx::query!(r#"SELECT 1 AS "one!""#);
        self.one("storage", Sight::Directory, statement).await.map(drop)
    }
}

/// A statement that is a transaction of its own and says in it whose it is. The row of the wall comes first, because the
/// merchant is looked up by it; the ORDER BY names the index, as it does in what a batch loads.
fn merchant_state(
    tenant: TenantId,
    id: MerchantId,
) -> Map<'static, Postgres, impl FnMut(PgRow) -> Result<String, sqlx::Error> + Send, PgArguments> {
    sqlx::query!(
        r#"
        SELECT m.state AS "state!" FROM (SELECT set_config('registry.tenant', $1, true)::uuid) AS wall (tenant)
        CROSS JOIN LATERAL (
            SELECT merchant_id, state FROM merchants
            WHERE tenant_id = wall.tenant AND merchant_id >= $2 ORDER BY merchant_id LIMIT 1
        ) AS m
        WHERE m.merchant_id = $2
        "#,
        tenant.as_uuid().to_string(),
        id.as_uuid()
    )
    .map(|row| row.state)
}

pub(crate) fn event_rows(found: Vec<StoredEvent>) -> Result<Vec<EventRow>, ReadError> {
    let rows = found.into_iter().map(StoredEvent::into_row);
    Ok(rows.collect::<Result<_, _>>()?)
}
