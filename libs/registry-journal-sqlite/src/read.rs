//! The questions of the port, each one statement.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::{Slug, Tenant};
use registry_domain::{EventId, KeyId, LinkId, MerchantId, Reference, Seq, TenantId, Version};
use registry_journal::port::{
    FacetCount, Head, IdempotencyRow, ListedMerchant, ListedTenant, ListedThen, MerchantFilter, MerchantQuery,
    PageSize, PresentedKey, ProjectedMerchant, PublishCursor, ReadError, Reader, ShareCounts, StreamQuery,
};
use registry_journal::record::EventRow;
use registry_journal_rows::{
    RawKey, RawMerchant, RawMerchantId, RawPendingLink, RawPublishCursor, RawTenant, RawTenantHead, bigint,
};
use sqlx::types::Uuid;
use tokio::sync::mpsc::Sender;

use crate::ask::Sight;
use crate::rows::micros;
use crate::statement::{hex, to_json};
use crate::{SqliteJournal, rows};

#[async_trait]
impl Reader for SqliteJournal {
    async fn merchant(&self, tenant: TenantId, id: MerchantId) -> Result<Option<Merchant>, ReadError> {
        let statement = sqlx::query_as!(
            RawMerchant,
            r#"
            SELECT merchant_id AS "merchant_id: Uuid", state FROM merchants WHERE tenant_id = ?1 AND merchant_id = ?2
            "#,
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("merchant", tenant, statement).await
    }

    async fn merchant_by_reference(
        &self,
        tenant: TenantId,
        reference: &Reference,
    ) -> Result<Option<Merchant>, ReadError> {
        let statement = sqlx::query_as!(
            RawMerchant,
            r#"
            SELECT merchant_id AS "merchant_id: Uuid", state FROM merchants
            WHERE tenant_id = ?1 AND member_code = ?2 AND merchant_code = ?3
            "#,
            tenant.as_uuid(),
            reference.member_code.as_str(),
            reference.merchant_code.as_str()
        );
        self.one("merchant by reference", tenant, statement).await
    }

    async fn whole_list(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        most: u64,
        to: Sender<ListedMerchant>,
    ) -> Result<(), ReadError> {
        self.hand_over(tenant, query, most, to).await
    }

    async fn whole_list_as_of(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        at: DateTime<Utc>,
        most: u64,
        to: Sender<ListedThen>,
    ) -> Result<(), ReadError> {
        self.hand_over_as_of(tenant, query, at, most, to).await
    }

    async fn merchants(&self, tenant: TenantId, query: &MerchantQuery) -> Result<Vec<ListedMerchant>, ReadError> {
        self.page(tenant, query).await
    }

    async fn merchants_as_of(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        at: DateTime<Utc>,
    ) -> Result<Vec<ListedThen>, ReadError> {
        self.page_as_of(tenant, query, at).await
    }

    async fn facet_counts(&self, tenant: TenantId, filter: &MerchantFilter) -> Result<Vec<FacetCount>, ReadError> {
        self.counts(tenant, filter).await
    }

    async fn facet_counts_as_of(
        &self,
        tenant: TenantId,
        filter: &MerchantFilter,
        at: DateTime<Utc>,
    ) -> Result<Vec<FacetCount>, ReadError> {
        self.counts_as_of(tenant, filter, at).await
    }

    async fn without_facets(
        &self,
        tenant: TenantId,
        after: Option<MerchantId>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        let statement = sqlx::query_as!(
            RawMerchantId,
            r#"
            SELECT merchant_id AS "merchant_id: Uuid" FROM merchants
            WHERE tenant_id = ?1 AND facets_version <> version AND merchant_id > ?2 ORDER BY merchant_id LIMIT ?3
            "#,
            tenant.as_uuid(),
            after.map_or(Uuid::nil(), |id| id.as_uuid()),
            limit.get()
        );
        self.all("merchants without facets", tenant, statement).await
    }

    async fn merchant_of_link(&self, tenant: TenantId, link: LinkId) -> Result<Option<MerchantId>, ReadError> {
        let statement = sqlx::query_as!(
            RawMerchantId,
            r#"
            SELECT merchant_id AS "merchant_id: Uuid" FROM merchant_links WHERE tenant_id = ?1 AND link_id = ?2
            "#,
            tenant.as_uuid(),
            link.as_uuid()
        );
        self.one("merchant of link", tenant, statement).await
    }

    async fn stale_link_requests(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<(MerchantId, LinkId)>, ReadError> {
        let statement = sqlx::query_as!(
            RawPendingLink,
            r#"
            SELECT merchant_id AS "merchant_id: Uuid", pending_link_id AS "link_id!: Uuid" FROM merchants
            WHERE tenant_id = ?1 AND pending_since < ?2 ORDER BY pending_since LIMIT ?3
            "#,
            tenant.as_uuid(),
            micros(before),
            limit.get()
        );
        self.all("stale link requests", tenant, statement).await
    }

    async fn merchant_ids(
        &self,
        tenant: TenantId,
        after: Option<MerchantId>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        // No id of ours is the smallest possible.
        let statement = sqlx::query_file_as!(
            RawMerchantId,
            "src/ids.sql",
            tenant.as_uuid(),
            after.map_or(Uuid::nil(), |id| id.as_uuid()),
            limit.get()
        );
        self.all("merchant ids", tenant, statement).await
    }

    async fn projected(
        &self,
        tenant: TenantId,
        ids: &[MerchantId],
    ) -> Result<HashMap<MerchantId, ProjectedMerchant>, ReadError> {
        let statement = sqlx::query_file_as!(
            rows::Projection,
            "src/projected.sql",
            tenant.as_uuid(),
            to_json(ids.iter().map(|id| hex(id.as_uuid())))
        );
        let found = self.all("projected merchants", tenant, statement).await?;
        Ok(found.into_iter().collect())
    }

    async fn idempotency_keys(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: PageSize,
    ) -> Result<Vec<IdempotencyRow>, ReadError> {
        // Every key has at least one character.
        let statement = sqlx::query_as!(
            rows::Idempotency,
            r#"
            SELECT tenant_id AS "tenant_id: Uuid", key, fingerprint, merchant_id AS "merchant_id: Uuid",
                link_id AS "link_id: Uuid", version, created_at, expires_at
            FROM idempotency_keys WHERE tenant_id = ?1 AND key > ?2 ORDER BY key LIMIT ?3
            "#,
            tenant.as_uuid(),
            after.unwrap_or_default(),
            limit.get()
        );
        self.all("idempotency keys", tenant, statement).await
    }

    async fn head(&self, tenant: TenantId) -> Result<Head, ReadError> {
        let statement = sqlx::query_as!(
            rows::Head,
            r#"
            SELECT tenant_id AS "tenant_id: Uuid", seq, hash, recorded_at FROM events
            WHERE tenant_id = ?1 ORDER BY seq DESC LIMIT 1
            "#,
            tenant.as_uuid()
        );
        let head = self.one("head of the log", tenant, statement).await?;
        Ok(head.unwrap_or(Head::EMPTY))
    }

    async fn events_after(&self, tenant: TenantId, after: Seq, limit: PageSize) -> Result<Vec<EventRow>, ReadError> {
        let statement = events!(
            "WHERE tenant_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
            tenant.as_uuid(),
            bigint(after.0),
            limit.get()
        );
        self.all("events", tenant, statement).await
    }

    async fn stream(&self, tenant: TenantId, query: &StreamQuery) -> Result<Vec<EventRow>, ReadError> {
        let statement = events!(
            "WHERE tenant_id = ?1 AND stream_id = ?2 AND version > ?3 AND version <= ?4 AND recorded_at <= ?5 ORDER BY version LIMIT ?6",
            tenant.as_uuid(),
            query.stream.as_uuid(),
            bigint(query.after.0),
            query.until_version.map_or(i64::MAX, |version| bigint(version.0)),
            query.until_time.map_or(i64::MAX, micros),
            query.limit.get()
        );
        self.all("stream", tenant, statement).await
    }

    async fn beginnings(&self, tenant: TenantId, streams: &[(Uuid, Version)]) -> Result<Vec<EventRow>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Event,
            r#"
            SELECT e.tenant_id AS "tenant_id!: Uuid", e.seq AS "seq!", e.event_id AS "event_id!",
                e.stream_kind AS "stream_kind!: Vec<u8>", e.stream_id AS "stream_id!", e.version AS "version!",
                e.type AS "event_type!: Vec<u8>", e.recorded_at AS "recorded_at!", e.actor AS "actor!: Vec<u8>",
                e.correlation_id AS "correlation_id!", e.causation_id AS "causation_id?",
                e.idempotency_key AS "idempotency_key?: Vec<u8>", e.data AS "data!: Vec<u8>", e.sealed AS "sealed!",
                e.hash AS "hash!"
            FROM jsonb_each(?2) AS wanted
            CROSS JOIN events AS e ON e.tenant_id = ?1 AND e.stream_id = unhex(wanted.value ->> 0)
                AND e.version <= wanted.value ->> 1
            "#,
            tenant.as_uuid(),
            to_json(streams.iter().map(|(id, end)| (hex(*id), end.0)))
        );
        self.all("beginnings of streams", tenant, statement).await
    }

    async fn events_by_stream(
        &self,
        tenant: TenantId,
        after: Option<(Uuid, Version)>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        let (stream, version) = after.unwrap_or((Uuid::nil(), Version::ZERO));
        let statement = events!(
            "WHERE tenant_id = ?1 AND (stream_id, version) > (?2, ?3) ORDER BY stream_id, version LIMIT ?4",
            tenant.as_uuid(),
            stream,
            bigint(version.0),
            limit.get()
        );
        self.all("events by stream", tenant, statement).await
    }

    async fn first_event(&self, tenant: TenantId, id: EventId) -> Result<Option<EventRow>, ReadError> {
        let statement = events!(
            "WHERE tenant_id = ?1 AND event_id = ?2 AND causation_id IS NULL",
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("event", tenant, statement).await
    }

    async fn wrapped_keys(&self, tenant: TenantId, owners: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>, ReadError> {
        let statement = sqlx::query_as!(
            RawKey,
            r#"
            SELECT k.owner AS "owner!: Uuid", k.wrapped AS "wrapped!"
            FROM jsonb_each(?2) AS wanted
            CROSS JOIN data_keys AS k ON k.tenant_id = ?1 AND k.owner = unhex(wanted.value)
            "#,
            tenant.as_uuid(),
            to_json(owners.iter().map(|owner| hex(*owner)))
        );
        let found = self.all("data keys", tenant, statement).await?;
        Ok(found.into_iter().collect())
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, ReadError> {
        let statement = sqlx::query_as!(
            RawTenant,
            r#"SELECT tenant_id AS "tenant_id: Uuid", state FROM tenants WHERE tenant_id = ?1"#,
            tenant.as_uuid()
        );
        self.one("tenant", tenant, statement).await
    }

    async fn publish_cursor(&self, tenant: TenantId) -> Result<PublishCursor, ReadError> {
        let statement = sqlx::query_as!(
            RawPublishCursor,
            r#"
            SELECT tenant_id AS "tenant_id: Uuid", seq, published_seq, stream_seq FROM publish_cursors
            WHERE tenant_id = ?1
            "#,
            tenant.as_uuid()
        );
        let cursor = self.one("publish cursor", tenant, statement).await?;
        Ok(cursor.unwrap_or(PublishCursor::START))
    }

    async fn save_publish_cursor(&self, tenant: TenantId, cursor: PublishCursor) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            INSERT INTO publish_cursors (tenant_id, seq, published_seq, stream_seq) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (tenant_id) DO UPDATE SET
                seq = excluded.seq, published_seq = excluded.published_seq, stream_seq = excluded.stream_seq
            "#,
            tenant.as_uuid(),
            bigint(cursor.seq.0),
            bigint(cursor.published_seq.0),
            bigint(cursor.stream_seq)
        );
        self.note("publish cursor", statement).await
    }

    async fn tenant_by_slug(&self, slug: &Slug) -> Result<Option<Tenant>, ReadError> {
        let statement = sqlx::query_as!(
            RawTenant,
            r#"SELECT tenant_id AS "tenant_id: Uuid", state FROM tenants WHERE slug = ?1"#,
            slug.as_str()
        );
        self.one("tenant by slug", Sight::Directory, statement).await
    }

    async fn tenants(&self, after: Option<TenantId>, limit: PageSize) -> Result<Vec<ListedTenant>, ReadError> {
        let statement = sqlx::query_as!(
            RawTenantHead,
            r#"
            SELECT t.tenant_id AS "tenant_id: Uuid", t.state,
                (SELECT coalesce(max(seq), 0) FROM events WHERE tenant_id = t.tenant_id) AS "head!: i64"
            FROM tenants AS t WHERE t.tenant_id > ?1 ORDER BY t.tenant_id LIMIT ?2
            "#,
            after.map_or(Uuid::nil(), |id| id.as_uuid()),
            limit.get()
        );
        self.all("tenants", Sight::Directory, statement).await
    }

    async fn presented_key(&self, key: KeyId) -> Result<Option<PresentedKey>, ReadError> {
        let statement = sqlx::query_as!(
            RawTenant,
            r#"
            SELECT t.tenant_id AS "tenant_id: Uuid", t.state FROM api_keys AS k
            JOIN tenants AS t ON t.tenant_id = k.tenant_id
            WHERE k.key_id = ?1
            "#,
            key.as_uuid()
        );
        let tenant = self.one("API key", Sight::Directory, statement).await?;
        Ok(tenant.and_then(|tenant| PresentedKey::of(tenant, key)))
    }

    async fn ping(&self) -> Result<(), ReadError> {
        let statement = sqlx::query!(r#"SELECT 1 AS "one!: i64""#).map(|row| row.one);
        self.one("storage", Sight::Directory, statement).await.map(drop)
    }
    fn share_counts(&self) -> ShareCounts {
        self.readers.shares.counts()
    }
}
