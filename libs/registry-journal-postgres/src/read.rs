//! The questions of the port, each one statement.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::{Slug, Tenant};
use registry_domain::{EventId, KeyId, LinkId, MerchantId, Reference, Seq, TenantId, Version};
use registry_journal::port::{
    Head, IdempotencyRow, MerchantFilter, MerchantQuery, PageSize, PresentedKey, ProjectedMerchant, PublishCursor,
    ReadError, Reader, StatusCount, StreamQuery,
};
use registry_journal::record::EventRow;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::{is_lost, read};
use crate::rows::{self, StoredEventRow, StoredIdempotencyRow, bigint};
use crate::{PostgresJournal, list, projected};

/// The rows of the log that fit a condition.
macro_rules! events {
    ($condition:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            StoredEventRow,
            r#"
            SELECT tenant_id, seq, event_id, stream_kind, stream_id, version, type AS event_type, recorded_at, actor,
                correlation_id, causation_id, idempotency_key, data, sealed, hash
            FROM events
            "# + $condition,
            $($value),+
        )
    };
}

#[async_trait]
impl Reader for PostgresJournal {
    async fn merchant(&self, tenant: TenantId, id: MerchantId) -> Result<Option<Merchant>, ReadError> {
        // Most questions are this one: it has a way of one round trip.
        let quick = self.on_reader(async |connection| merchant_state(connection, tenant, id).await);
        let state = match quick.await {
            Err(error) if is_lost(&error) => {
                let again = async |connection: &mut PgConnection| merchant_state(connection, tenant, id).await;
                self.ask("merchant", tenant, again).await?
            }
            answer => answer.map_err(|error| read("merchant", error))?,
        };
        Ok(state.map(|state| rows::merchant(id.as_uuid(), &state)).transpose()?)
    }

    async fn merchant_by_reference(
        &self,
        tenant: TenantId,
        reference: &Reference,
    ) -> Result<Option<Merchant>, ReadError> {
        let row = self.ask("merchant by reference", tenant, async |connection| {
            sqlx::query!(
                r#"
                SELECT merchant_id, state FROM merchants
                WHERE tenant_id = $1 AND member_code = $2 AND merchant_code = $3
                "#,
                tenant.as_uuid(),
                reference.member_code.as_str(),
                reference.merchant_code.as_str()
            )
            .fetch_optional(connection)
            .await
        });
        let merchant = row.await?.map(|row| rows::merchant(row.merchant_id, &row.state));
        Ok(merchant.transpose()?)
    }

    async fn merchants(&self, tenant: TenantId, query: &MerchantQuery) -> Result<Vec<Merchant>, ReadError> {
        let found = self.ask("merchants", tenant, async |connection| {
            let mut statement = list::merchants(tenant, query);
            statement.build_query_as::<(Uuid, String)>().fetch_all(connection).await
        });
        let merchants = found.await?.into_iter().map(|(id, state)| rows::merchant(id, &state));
        Ok(merchants.collect::<Result<_, _>>()?)
    }

    async fn status_counts(&self, tenant: TenantId, filter: &MerchantFilter) -> Result<Vec<StatusCount>, ReadError> {
        let counted = self.ask("status counts", tenant, async |connection| {
            let mut statement = list::status_counts(tenant, filter);
            statement.build_query_as().fetch_all(connection).await
        });
        Ok(rows::status_counts(tenant, counted.await?)?)
    }

    async fn status_counts_as_of(&self, tenant: TenantId, at: DateTime<Utc>) -> Result<Vec<StatusCount>, ReadError> {
        let counted = self.ask("status counts", tenant, async |connection| {
            sqlx::query!(
                r#"
                SELECT status, stage, count(*) AS "count!" FROM merchant_history
                WHERE tenant_id = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
                GROUP BY status, stage
                "#,
                tenant.as_uuid(),
                at
            )
            .fetch_all(connection)
            .await
        });
        let counted = counted.await?.into_iter().map(|row| (row.status, row.stage, row.count));
        Ok(rows::status_counts(tenant, counted.collect())?)
    }

    async fn merchant_of_link(&self, tenant: TenantId, link: LinkId) -> Result<Option<MerchantId>, ReadError> {
        let id = self.ask("merchant of link", tenant, async |connection| {
            sqlx::query_scalar!(
                "SELECT merchant_id FROM merchant_links WHERE tenant_id = $1 AND link_id = $2",
                tenant.as_uuid(),
                link.as_uuid()
            )
            .fetch_optional(connection)
            .await
        });
        Ok(id.await?.map(MerchantId::from_uuid))
    }

    async fn stale_link_requests(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<(MerchantId, LinkId)>, ReadError> {
        let found = self.ask("stale link requests", tenant, async |connection| {
            sqlx::query!(
                r#"
                SELECT merchant_id, pending_link_id AS "link_id!" FROM merchants
                WHERE tenant_id = $1 AND pending_since < $2 ORDER BY pending_since LIMIT $3
                "#,
                tenant.as_uuid(),
                before,
                i64::from(limit.get())
            )
            .fetch_all(connection)
            .await
        });
        let pairs = found.await?.into_iter();
        let pairs = pairs.map(|row| (MerchantId::from_uuid(row.merchant_id), LinkId::from_uuid(row.link_id)));
        Ok(pairs.collect())
    }

    async fn merchant_ids(
        &self,
        tenant: TenantId,
        after: Option<MerchantId>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        // No id of ours is the smallest possible.
        let after = after.map_or(Uuid::nil(), |id| id.as_uuid());
        let ids = self.ask("merchant ids", tenant, async |connection| {
            sqlx::query_scalar!(
                r#"
                SELECT merchant_id FROM merchants
                WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3
                "#,
                tenant.as_uuid(),
                after,
                i64::from(limit.get())
            )
            .fetch_all(connection)
            .await
        });
        Ok(ids.await?.into_iter().map(MerchantId::from_uuid).collect())
    }

    async fn projected(
        &self,
        tenant: TenantId,
        ids: &[MerchantId],
    ) -> Result<HashMap<MerchantId, ProjectedMerchant>, ReadError> {
        let found = self.ask("projected merchants", tenant, async |connection| {
            projected::find(connection, tenant, ids).await
        });
        Ok(found.await?.into_projected(tenant)?)
    }

    async fn idempotency_keys(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: PageSize,
    ) -> Result<Vec<IdempotencyRow>, ReadError> {
        let found = self.ask("idempotency keys", tenant, async |connection| {
            // Every key has at least one character.
            sqlx::query_as!(
                StoredIdempotencyRow,
                r#"
                SELECT tenant_id, key, fingerprint, merchant_id, link_id, version, created_at, expires_at
                FROM idempotency_keys WHERE tenant_id = $1 AND key > $2 ORDER BY key LIMIT $3
                "#,
                tenant.as_uuid(),
                after.unwrap_or_default(),
                i64::from(limit.get())
            )
            .fetch_all(connection)
            .await
        });
        let rows = found.await?.into_iter().map(StoredIdempotencyRow::into_row);
        Ok(rows.collect::<Result<_, _>>()?)
    }

    async fn head(&self, tenant: TenantId) -> Result<Head, ReadError> {
        let row = self.ask("head of the log", tenant, async |connection| {
            sqlx::query!(
                "SELECT seq, hash, recorded_at FROM events WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1",
                tenant.as_uuid()
            )
            .fetch_optional(connection)
            .await
        });
        match row.await? {
            None => Ok(Head::EMPTY),
            Some(row) => Ok(rows::head(tenant, row.seq, row.hash, row.recorded_at)?),
        }
    }

    async fn events_after(&self, tenant: TenantId, after: Seq, limit: PageSize) -> Result<Vec<EventRow>, ReadError> {
        let found = self.ask("events", tenant, async |connection| {
            events!(
                "WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                tenant.as_uuid(),
                bigint(after.0),
                i64::from(limit.get())
            )
            .fetch_all(connection)
            .await
        });
        event_rows(found.await?)
    }

    async fn stream(&self, tenant: TenantId, query: &StreamQuery) -> Result<Vec<EventRow>, ReadError> {
        let found = self.ask("stream", tenant, async |connection| {
            events!(
                "WHERE tenant_id = $1 AND stream_id = $2 AND version > $3 AND version <= $4 AND recorded_at <= $5
                 ORDER BY version LIMIT $6",
                tenant.as_uuid(),
                query.stream.as_uuid(),
                bigint(query.after.0),
                query.until_version.map_or(i64::MAX, |version| bigint(version.0)),
                query.until_time.unwrap_or(END_OF_TIME),
                i64::from(query.limit.get())
            )
            .fetch_all(connection)
            .await
        });
        event_rows(found.await?)
    }

    async fn events_by_stream(
        &self,
        tenant: TenantId,
        after: Option<(Uuid, Version)>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        let (stream, version) = after.unwrap_or((Uuid::nil(), Version::ZERO));
        let found = self.ask("events by stream", tenant, async |connection| {
            events!(
                "WHERE tenant_id = $1 AND (stream_id, version) > ($2, $3) ORDER BY stream_id, version LIMIT $4",
                tenant.as_uuid(),
                stream,
                bigint(version.0),
                i64::from(limit.get())
            )
            .fetch_all(connection)
            .await
        });
        event_rows(found.await?)
    }

    async fn event(&self, tenant: TenantId, id: EventId) -> Result<Option<EventRow>, ReadError> {
        let found = self.ask("event", tenant, async |connection| {
            events!("WHERE tenant_id = $1 AND event_id = $2", tenant.as_uuid(), id.as_uuid())
                .fetch_optional(connection)
                .await
        });
        Ok(found.await?.map(StoredEventRow::into_row).transpose()?)
    }

    async fn wrapped_keys(&self, tenant: TenantId, owners: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>, ReadError> {
        let found = self.ask("data keys", tenant, async |connection| {
            sqlx::query!(
                r#"
                SELECT k.owner AS "owner!", k.wrapped AS "wrapped!" FROM unnest($2::uuid[]) AS wanted (owner)
                CROSS JOIN LATERAL (
                    SELECT owner, wrapped FROM data_keys WHERE tenant_id = $1 AND owner = wanted.owner LIMIT 1
                ) AS k
                "#,
                tenant.as_uuid(),
                owners
            )
            .fetch_all(connection)
            .await
        });
        Ok(found.await?.into_iter().map(|row| (row.owner, row.wrapped)).collect())
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, ReadError> {
        let id = tenant.as_uuid();
        let state = self.ask("tenant", tenant, async |connection| {
            sqlx::query_scalar!("SELECT state FROM tenants WHERE tenant_id = $1", id)
                .fetch_optional(connection)
                .await
        });
        Ok(state.await?.map(|state| rows::tenant(id, &state)).transpose()?)
    }

    async fn publish_cursor(&self, tenant: TenantId) -> Result<PublishCursor, ReadError> {
        let row = self.ask("publish cursor", tenant, async |connection| {
            sqlx::query!(
                "SELECT seq, published_seq, stream_seq FROM publish_cursors WHERE tenant_id = $1",
                tenant.as_uuid()
            )
            .fetch_optional(connection)
            .await
        });
        match row.await? {
            None => Ok(PublishCursor::START),
            Some(row) => Ok(rows::publish_cursor(
                tenant,
                row.seq,
                row.published_seq,
                row.stream_seq,
            )?),
        }
    }

    async fn save_publish_cursor(&self, tenant: TenantId, cursor: PublishCursor) -> Result<(), ReadError> {
        let note = self.note("publish cursor", tenant, async |connection| {
            sqlx::query!(
                r#"
                INSERT INTO publish_cursors (tenant_id, seq, published_seq, stream_seq) VALUES ($1, $2, $3, $4)
                ON CONFLICT (tenant_id) DO UPDATE SET
                    seq = excluded.seq, published_seq = excluded.published_seq, stream_seq = excluded.stream_seq
                "#,
                tenant.as_uuid(),
                bigint(cursor.seq.0),
                bigint(cursor.published_seq.0),
                bigint(cursor.stream_seq)
            )
            .execute(connection)
            .await
            .map(drop)
        });
        note.await
    }

    async fn tenant_by_slug(&self, slug: &Slug) -> Result<Option<Tenant>, ReadError> {
        let row = self.ask_directory("tenant by slug", async |connection| {
            sqlx::query!("SELECT tenant_id, state FROM tenants WHERE slug = $1", slug.as_str())
                .fetch_optional(connection)
                .await
        });
        let tenant = row.await?.map(|row| rows::tenant(row.tenant_id, &row.state));
        Ok(tenant.transpose()?)
    }

    async fn tenants(&self, after: Option<TenantId>, limit: PageSize) -> Result<Vec<(Tenant, Seq)>, ReadError> {
        let after = after.map_or(Uuid::nil(), |id| id.as_uuid());
        let found = self.ask_directory("tenants", async |connection| {
            sqlx::query!(
                r#"
                SELECT t.tenant_id, t.state,
                    (SELECT coalesce(max(seq), 0) FROM events WHERE tenant_id = t.tenant_id) AS "head!"
                FROM tenants AS t WHERE t.tenant_id > $1 ORDER BY t.tenant_id LIMIT $2
                "#,
                after,
                i64::from(limit.get())
            )
            .fetch_all(connection)
            .await
        });
        let pairs = found.await?.into_iter();
        let pairs = pairs.map(|row| rows::tenant_with_head(row.tenant_id, &row.state, row.head));
        Ok(pairs.collect::<Result<_, _>>()?)
    }

    async fn presented_key(&self, key: KeyId) -> Result<Option<PresentedKey>, ReadError> {
        let row = self.ask_directory("API key", async |connection| {
            sqlx::query!(
                r#"
                SELECT t.tenant_id, t.state FROM api_keys AS k
                JOIN tenants AS t ON t.tenant_id = k.tenant_id
                WHERE k.key_id = $1
                "#,
                key.as_uuid()
            )
            .fetch_optional(connection)
            .await
        });
        let Some(row) = row.await? else { return Ok(None) };
        let tenant = rows::tenant(row.tenant_id, &row.state)?;
        let found = tenant.keys.iter().find(|candidate| candidate.id == key).cloned();
        Ok(found.map(|key| PresentedKey {
            tenant_id: tenant.id,
            tenant_slug: tenant.slug,
            tenant_state: tenant.state,
            key,
        }))
    }

    async fn ping(&self) -> Result<(), ReadError> {
        let one = self.ask_directory("storage", async |connection| {
            sqlx::query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(connection).await
        });
        one.await.map(drop)
    }
}

/// The statement is a transaction of its own and says in it whose it is: the row of the wall comes first, because the
/// merchant is looked up by it.
async fn merchant_state(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: MerchantId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        SELECT m.state AS "state!" FROM (SELECT set_config('registry.tenant', $1, true)::uuid) AS wall (tenant)
        CROSS JOIN LATERAL (
            SELECT state FROM merchants WHERE tenant_id = wall.tenant AND merchant_id = $2 LIMIT 1
        ) AS m
        "#,
        tenant.as_uuid().to_string(),
        id.as_uuid()
    )
    .fetch_optional(connection)
    .await
}

/// The last moment that a timestamp of ours can be compared with, far behind every event.
const END_OF_TIME: DateTime<Utc> = DateTime::<Utc>::MAX_UTC;

fn event_rows(found: Vec<StoredEventRow>) -> Result<Vec<EventRow>, ReadError> {
    let rows = found.into_iter().map(StoredEventRow::into_row);
    Ok(rows.collect::<Result<_, _>>()?)
}
