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
use serde_json::json;
use sqlx::types::Uuid;

use crate::error::read;
use crate::rows::{StoredEventRow, StoredIdempotency, micros};
use crate::{SqliteJournal, directory, list, projected};

#[async_trait]
impl Reader for SqliteJournal {
    async fn merchant(&self, tenant: TenantId, id: MerchantId) -> Result<Option<Merchant>, ReadError> {
        let (tenant, id) = (tenant.as_uuid(), id.as_uuid());
        let row = sqlx::query!(
            "SELECT state FROM merchants WHERE tenant_id = ?1 AND merchant_id = ?2",
            tenant,
            id
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(read("merchant"))?;
        Ok(row.map(|row| raw::merchant(id, &row.state)).transpose()?)
    }

    async fn merchant_by_reference(
        &self,
        tenant: TenantId,
        reference: &Reference,
    ) -> Result<Option<Merchant>, ReadError> {
        let tenant = tenant.as_uuid();
        let (member, merchant) = (reference.member_code.as_str(), reference.merchant_code.as_str());
        let row = sqlx::query!(
            r#"
            SELECT merchant_id AS "merchant_id: Uuid", state FROM merchants
            WHERE tenant_id = ?1 AND member_code = ?2 AND merchant_code = ?3
            "#,
            tenant,
            member,
            merchant
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(read("merchant by reference"))?;
        Ok(row.map(|row| raw::merchant(row.merchant_id, &row.state)).transpose()?)
    }

    async fn merchants(&self, tenant: TenantId, query: &MerchantQuery) -> Result<Vec<Merchant>, ReadError> {
        list::merchants(&self.readers, tenant, query).await
    }

    async fn status_counts(&self, tenant: TenantId, filter: &MerchantFilter) -> Result<Vec<StatusCount>, ReadError> {
        list::status_counts(&self.readers, tenant, filter).await
    }

    async fn status_counts_as_of(&self, tenant: TenantId, at: DateTime<Utc>) -> Result<Vec<StatusCount>, ReadError> {
        let (tenant_uuid, at) = (tenant.as_uuid(), micros(at));
        let counted = sqlx::query!(
            r#"
            SELECT status AS "status!", stage AS "stage!", count(*) AS "count!: i64" FROM (
                -- The other columns are those of the row that has the largest version.
                SELECT status, stage, max(version) FROM merchant_history
                WHERE tenant_id = ?1 AND valid_from <= ?2 GROUP BY merchant_id
            )
            GROUP BY status, stage
            "#,
            tenant_uuid,
            at
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("status counts"))?;
        let counted = counted.into_iter().map(|row| (row.status, row.stage, row.count));
        Ok(raw::status_counts(tenant, counted)?)
    }

    async fn merchant_of_link(&self, tenant: TenantId, link: LinkId) -> Result<Option<MerchantId>, ReadError> {
        let (tenant, link) = (tenant.as_uuid(), link.as_uuid());
        let row = sqlx::query!(
            r#"
            SELECT merchant_id AS "merchant_id: Uuid" FROM merchant_links WHERE tenant_id = ?1 AND link_id = ?2
            "#,
            tenant,
            link
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(read("merchant of link"))?;
        Ok(row.map(|row| MerchantId::from_uuid(row.merchant_id)))
    }

    async fn stale_link_requests(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<(MerchantId, LinkId)>, ReadError> {
        let (tenant, before, limit) = (tenant.as_uuid(), micros(before), limit.get());
        let found = sqlx::query!(
            r#"
            SELECT merchant_id AS "merchant_id: Uuid", pending_link_id AS "link_id!: Uuid" FROM merchants
            WHERE tenant_id = ?1 AND pending_since < ?2 ORDER BY pending_since LIMIT ?3
            "#,
            tenant,
            before,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("stale link requests"))?;
        let pair = |merchant, link| (MerchantId::from_uuid(merchant), LinkId::from_uuid(link));
        Ok(found
            .into_iter()
            .map(|row| pair(row.merchant_id, row.link_id))
            .collect())
    }

    async fn merchant_ids(
        &self,
        tenant: TenantId,
        after: Option<MerchantId>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        let after = after.map_or_else(Vec::new, |id| id.as_uuid().as_bytes().to_vec());
        let (tenant, limit) = (tenant.as_uuid(), limit.get());
        let found = sqlx::query_scalar!(
            r#"
            SELECT merchant_id AS "merchant_id: Uuid" FROM merchants
            WHERE tenant_id = ?1 AND merchant_id > ?2 ORDER BY merchant_id LIMIT ?3
            "#,
            tenant,
            after,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("merchant ids"))?;
        Ok(found.into_iter().map(MerchantId::from_uuid).collect())
    }

    async fn projected(
        &self,
        tenant: TenantId,
        ids: &[MerchantId],
    ) -> Result<HashMap<MerchantId, ProjectedMerchant>, ReadError> {
        projected::projected(&self.readers, tenant, ids).await
    }

    async fn idempotency_keys(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: PageSize,
    ) -> Result<Vec<IdempotencyRow>, ReadError> {
        // Every key has at least one character.
        let (tenant, after, limit) = (tenant.as_uuid(), after.unwrap_or_default(), limit.get());
        let found = sqlx::query_as!(
            StoredIdempotency,
            r#"
            SELECT tenant_id AS "tenant_id: Uuid", key, fingerprint, merchant_id AS "merchant_id: Uuid",
                link_id AS "link_id: Uuid", version, created_at, expires_at
            FROM idempotency_keys WHERE tenant_id = ?1 AND key > ?2 ORDER BY key LIMIT ?3
            "#,
            tenant,
            after,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("idempotency keys"))?;
        let rows = found.into_iter().map(StoredIdempotency::into_row);
        Ok(rows.collect::<Result<_, _>>()?)
    }

    async fn head(&self, tenant: TenantId) -> Result<Head, ReadError> {
        let id = tenant.as_uuid();
        let row = sqlx::query!(
            "SELECT seq, hash, recorded_at FROM events WHERE tenant_id = ?1 ORDER BY seq DESC LIMIT 1",
            id
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(read("head of the log"))?;
        match row {
            None => Ok(Head::EMPTY),
            Some(row) => Ok(raw::head(tenant, row.seq, row.hash, row.recorded_at)?),
        }
    }

    async fn events_after(&self, tenant: TenantId, after: Seq, limit: PageSize) -> Result<Vec<EventRow>, ReadError> {
        let (tenant, limit) = (tenant.as_uuid(), limit.get());
        let after = bigint(after.0);
        let found = events!(
            "WHERE tenant_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
            tenant,
            after,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("events"))?;
        event_rows(found)
    }

    async fn stream(&self, tenant: TenantId, query: &StreamQuery) -> Result<Vec<EventRow>, ReadError> {
        let (tenant, stream, limit) = (tenant.as_uuid(), query.stream.as_uuid(), query.limit.get());
        let after = bigint(query.after.0);
        let until_version = query.until_version.map_or(i64::MAX, |version| bigint(version.0));
        let until_time = query.until_time.map_or(i64::MAX, micros);
        let found = events!(
            "WHERE tenant_id = ?1 AND stream_id = ?2 AND version > ?3 AND version <= ?4 AND recorded_at <= ?5 ORDER BY version LIMIT ?6",
            tenant,
            stream,
            after,
            until_version,
            until_time,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("stream"))?;
        event_rows(found)
    }

    async fn events_by_stream(
        &self,
        tenant: TenantId,
        after: Option<(Uuid, Version)>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        let (stream, version) = after.unwrap_or((Uuid::nil(), Version::ZERO));
        let (tenant, limit) = (tenant.as_uuid(), limit.get());
        let version = bigint(version.0);
        let found = events!(
            "WHERE tenant_id = ?1 AND (stream_id, version) > (?2, ?3) ORDER BY stream_id, version LIMIT ?4",
            tenant,
            stream,
            version,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("events by stream"))?;
        event_rows(found)
    }

    async fn event(&self, tenant: TenantId, id: EventId) -> Result<Option<EventRow>, ReadError> {
        let (tenant, id) = (tenant.as_uuid(), id.as_uuid());
        let found = events!("WHERE tenant_id = ?1 AND event_id = ?2", tenant, id)
            .fetch_optional(&self.readers)
            .await
            .map_err(read("event"))?;
        Ok(found.map(StoredEventRow::into_row).transpose()?)
    }

    async fn wrapped_keys(&self, tenant: TenantId, owners: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>, ReadError> {
        let tenant = tenant.as_uuid();
        let owners = json!(
            owners
                .iter()
                .map(|owner| owner.simple().to_string())
                .collect::<Vec<_>>()
        )
        .to_string();
        let found = sqlx::query!(
            r#"
            SELECT k.owner AS "owner!: Uuid", k.wrapped AS "wrapped!"
            FROM jsonb_each(?2) AS wanted
            CROSS JOIN data_keys AS k ON k.tenant_id = ?1 AND k.owner = unhex(wanted.value)
            "#,
            tenant,
            owners
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("data keys"))?;
        Ok(found.into_iter().map(|row| (row.owner, row.wrapped)).collect())
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, ReadError> {
        let id = tenant.as_uuid();
        let row = sqlx::query!("SELECT state FROM tenants WHERE tenant_id = ?1", id)
            .fetch_optional(&self.readers)
            .await
            .map_err(read("tenant"))?;
        Ok(row.map(|row| raw::tenant(id, &row.state)).transpose()?)
    }

    async fn publish_cursor(&self, tenant: TenantId) -> Result<PublishCursor, ReadError> {
        let id = tenant.as_uuid();
        let row = sqlx::query!(
            "SELECT seq, published_seq, stream_seq FROM publish_cursors WHERE tenant_id = ?1",
            id
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(read("publish cursor"))?;
        match row {
            None => Ok(PublishCursor::START),
            Some(row) => Ok(raw::publish_cursor(tenant, row.seq, row.published_seq, row.stream_seq)?),
        }
    }

    async fn save_publish_cursor(&self, tenant: TenantId, cursor: PublishCursor) -> Result<(), ReadError> {
        let (tenant, seq) = (tenant.as_uuid(), bigint(cursor.seq.0));
        let (published_seq, stream_seq) = (bigint(cursor.published_seq.0), bigint(cursor.stream_seq));
        sqlx::query!(
            r#"
            INSERT INTO publish_cursors (tenant_id, seq, published_seq, stream_seq) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (tenant_id) DO UPDATE SET
                seq = excluded.seq, published_seq = excluded.published_seq, stream_seq = excluded.stream_seq
            "#,
            tenant,
            seq,
            published_seq,
            stream_seq
        )
        .execute(&self.writer)
        .await
        .map_err(read("publish cursor"))?;
        Ok(())
    }

    async fn tenant_by_slug(&self, slug: &Slug) -> Result<Option<Tenant>, ReadError> {
        directory::tenant_by_slug(&self.readers, slug).await
    }

    async fn tenants(&self, after: Option<TenantId>, limit: PageSize) -> Result<Vec<(Tenant, Seq)>, ReadError> {
        directory::tenants(&self.readers, after, limit).await
    }

    async fn presented_key(&self, key: KeyId) -> Result<Option<PresentedKey>, ReadError> {
        directory::presented_key(&self.readers, key).await
    }

    async fn ping(&self) -> Result<(), ReadError> {
        sqlx::query!(r#"SELECT 1 AS "one!: i64""#)
            .fetch_one(&self.readers)
            .await
            .map_err(read("storage"))?;
        Ok(())
    }
}

pub(crate) fn event_rows(found: Vec<StoredEventRow>) -> Result<Vec<EventRow>, ReadError> {
    let rows = found.into_iter().map(StoredEventRow::into_row);
    Ok(rows.collect::<Result<_, _>>()?)
}
