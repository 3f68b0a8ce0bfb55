//! What waits for somebody: questions to upstream, quarantine, pairs that nobody has claimed; and how well callbacks
//! arrive.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::tenant::SilentLinks;
use registry_domain::{EventId, MerchantId, TenantId, UnclaimedId, Version};
use registry_journal::port::raw::{self, bigint};
use registry_journal::port::{
    DueQuestion, PageSize, Postponement, QuarantineCount, QuarantineQuery, QuarantineRow, QuarantineState,
    QuestionCounts, ReadError, TenantHealth, UnclaimedQuery, UnclaimedRow, UnclaimedState, Worklist,
};
use registry_journal::record::EventRow;
use serde_json::json;
use sqlx::types::Uuid;

use crate::error::read;
use crate::read::event_rows;
use crate::rows::{StoredEventRow, StoredQuarantine, StoredUnclaimed, micros};
use crate::write::hex;
use crate::{SqliteJournal, health};

/// The rows of `quarantine` that fit a condition.
macro_rules! quarantine {
    ($($condition:literal)+, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            StoredQuarantine,
            r#"
            SELECT tenant_id AS "tenant_id: Uuid", event_id AS "event_id: Uuid", seq, stream_kind,
                stream_id AS "stream_id: Uuid", version, reason, member_code, merchant_code, received_at, state,
                settled_by AS "settled_by: Uuid"
            FROM quarantine
            "# $(+ $condition)+,
            $($value),+
        )
    };
}

/// A page of them, by a way in that leads to an index. What else is asked for is compared row by row.
macro_rules! quarantine_page {
    ($way_in:literal, $($value:expr),+ $(,)?) => {
        quarantine!(
            "WHERE tenant_id = ?1 AND seq > ?2 AND "
            $way_in
            " AND (?4 = '[]' OR reason IN (SELECT value FROM json_each(?4))) AND (?5 IS NULL OR state = ?5)
            ORDER BY seq LIMIT ?3",
            $($value),+
        )
    };
}

/// The rows of `unclaimed_merchants` that fit a condition.
macro_rules! unclaimed {
    ($condition:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            StoredUnclaimed,
            r#"
            SELECT tenant_id AS "tenant_id: Uuid", member_code, merchant_code, id AS "id: Uuid", first_seen_at,
                last_seen_at, callbacks, listed AS "listed: bool", mapping_status, state,
                merchant_id AS "merchant_id: Uuid", settled_by AS "settled_by: Uuid"
            FROM unclaimed_merchants
            "# + $condition,
            $($value),+
        )
    };
}

#[async_trait]
impl Worklist for SqliteJournal {
    async fn due_questions(
        &self,
        tenant: TenantId,
        until: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<DueQuestion>, ReadError> {
        let (tenant, until, first) = (tenant.as_uuid(), micros(until), limit.get());
        let doubtful = sqlx::query!(
            r#"
            SELECT merchant_id AS "merchant_id: Uuid", ask_at AS "ask_at!", confirming_since, updated_at
            FROM merchants INDEXED BY merchants_by_confirmation
            WHERE tenant_id = ?1 AND confirming_since IS NOT NULL AND ask_at <= ?2 ORDER BY confirming_since LIMIT ?3
            "#,
            tenant,
            until,
            first
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("due questions"))?;
        let mut due = doubtful
            .into_iter()
            .map(|row| raw::due_question(row.merchant_id, row.ask_at, row.confirming_since, row.updated_at))
            .collect::<Result<Vec<_>, _>>()?;
        let left = first.saturating_sub(u32::try_from(due.len()).unwrap_or(u32::MAX));
        let others = sqlx::query!(
            r#"
            SELECT merchant_id AS "merchant_id: Uuid", ask_at AS "ask_at!", updated_at FROM merchants
            WHERE tenant_id = ?1 AND ask_at <= ?2 AND confirming_since IS NULL ORDER BY ask_at LIMIT ?3
            "#,
            tenant,
            until,
            left
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("due questions"))?;
        for row in others {
            due.push(raw::due_question(
                row.merchant_id,
                row.ask_at,
                None::<i64>,
                row.updated_at,
            )?);
        }
        Ok(due)
    }

    async fn postpone_questions(&self, tenant: TenantId, questions: &[Postponement]) -> Result<(), ReadError> {
        let row = |it: &Postponement| json!([hex(it.merchant_id.as_uuid()), micros(it.was), micros(it.next)]);
        let rows = json!(questions.iter().map(row).collect::<Vec<_>>()).to_string();
        let tenant = tenant.as_uuid();
        // Materialized, or the list would be read anew for every merchant of the tenant.
        sqlx::query!(
            r#"
            WITH wanted AS MATERIALIZED (
                SELECT unhex(value ->> 0) AS merchant_id, value ->> 1 AS was, value ->> 2 AS next FROM jsonb_each(?2)
            )
            UPDATE merchants AS m SET ask_at = w.next FROM wanted AS w
            WHERE m.tenant_id = ?1 AND m.merchant_id = w.merchant_id AND m.ask_at = w.was
            "#,
            tenant,
            rows
        )
        .execute(&self.writer)
        .await
        .map_err(read("questions"))?;
        Ok(())
    }

    async fn open_confirmations(
        &self,
        tenant: TenantId,
        requested_until: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        let (tenant, until, limit) = (tenant.as_uuid(), micros(requested_until), limit.get());
        let found = sqlx::query_scalar!(
            r#"
            SELECT merchant_id AS "merchant_id: Uuid" FROM merchants
            WHERE tenant_id = ?1 AND confirming_since <= ?2 ORDER BY confirming_since LIMIT ?3
            "#,
            tenant,
            until,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("open confirmations"))?;
        Ok(found.into_iter().map(MerchantId::from_uuid).collect())
    }

    async fn question_counts(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<QuestionCounts, ReadError> {
        let (id, now) = (tenant.as_uuid(), micros(now));
        let row = sqlx::query!(
            r#"
            SELECT count(*) AS "due!: i64", min(ask_at) AS "oldest?: i64", (
                SELECT count(*) FROM merchants WHERE tenant_id = ?1 AND confirming_since IS NOT NULL
            ) AS "held!: i64"
            FROM merchants WHERE tenant_id = ?1 AND ask_at <= ?2
            "#,
            id,
            now
        )
        .fetch_one(&self.readers)
        .await
        .map_err(read("question counts"))?;
        Ok(raw::question_counts(tenant, row.due, row.oldest, row.held)?)
    }

    async fn quarantine(&self, tenant: TenantId, query: &QuarantineQuery) -> Result<Vec<QuarantineRow>, ReadError> {
        let (tenant, after, limit) = (tenant.as_uuid(), bigint(query.after.0), query.limit.get());
        let reasons = json!(query.reasons.iter().map(|it| it.as_str()).collect::<Vec<_>>()).to_string();
        let state = query.state.map(QuarantineState::as_str);
        let found = match (&query.merchant, &query.reference, query.state) {
            // What names an unknown pair stands in the tenant's stream, never in a merchant's.
            (Some(_), Some(_), _) => return Ok(Vec::new()),
            (Some(merchant), None, _) => {
                let merchant = merchant.as_uuid();
                quarantine_page!("stream_id = ?6", tenant, after, limit, reasons, state, merchant)
                    .fetch_all(&self.readers)
                    .await
            }
            (None, Some(pair), _) => {
                let (member, shop) = (pair.member_code.as_str(), pair.merchant_code.as_str());
                let way_in = quarantine_page!(
                    "member_code = ?6 AND merchant_code = ?7",
                    tenant,
                    after,
                    limit,
                    reasons,
                    state,
                    member,
                    shop
                );
                way_in.fetch_all(&self.readers).await
            }
            (None, None, Some(QuarantineState::Open)) => {
                quarantine_page!("state = 'open'", tenant, after, limit, reasons, state)
                    .fetch_all(&self.readers)
                    .await
            }
            (None, None, Some(QuarantineState::Redriven | QuarantineState::Discarded) | None) => {
                quarantine_page!("true", tenant, after, limit, reasons, state)
                    .fetch_all(&self.readers)
                    .await
            }
        };
        let rows = found.map_err(read("quarantine"))?.into_iter();
        Ok(rows.map(StoredQuarantine::into_row).collect::<Result<_, _>>()?)
    }

    async fn quarantine_counts(&self, tenant: TenantId) -> Result<Vec<QuarantineCount>, ReadError> {
        let id = tenant.as_uuid();
        let counted = sqlx::query!(
            r#"
            SELECT reason AS "reason!", count(*) AS "count!: i64", min(received_at) AS "oldest!: i64"
            FROM quarantine INDEXED BY quarantine_open
            WHERE tenant_id = ?1 AND state = 'open' GROUP BY reason
            "#,
            id
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("quarantine counts"))?;
        let counts = counted
            .into_iter()
            .map(|row| raw::quarantine_count(tenant, &row.reason, row.count, row.oldest));
        Ok(counts.collect::<Result<_, _>>()?)
    }

    async fn quarantined(&self, tenant: TenantId, event_id: EventId) -> Result<Option<QuarantineRow>, ReadError> {
        let (tenant, event_id) = (tenant.as_uuid(), event_id.as_uuid());
        let found = quarantine!("WHERE tenant_id = ?1 AND event_id = ?2", tenant, event_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(read("callback in quarantine"))?;
        Ok(found.map(StoredQuarantine::into_row).transpose()?)
    }

    async fn unclaimed_merchants(
        &self,
        tenant: TenantId,
        query: &UnclaimedQuery,
    ) -> Result<Vec<UnclaimedRow>, ReadError> {
        let after = query.after.map_or_else(Vec::new, |id| id.as_uuid().as_bytes().to_vec());
        let (tenant, limit) = (tenant.as_uuid(), query.limit.get());
        let state = query.state.map(UnclaimedState::as_str);
        let found = if query.state == Some(UnclaimedState::Open) {
            let way_in = unclaimed!(
                "WHERE tenant_id = ?1 AND id > ?2 AND state = 'open' ORDER BY id LIMIT ?3",
                tenant,
                after,
                limit
            );
            way_in.fetch_all(&self.readers).await
        } else {
            let way_in = unclaimed!(
                "WHERE tenant_id = ?1 AND id > ?2 AND (?4 IS NULL OR state = ?4) ORDER BY id LIMIT ?3",
                tenant,
                after,
                limit,
                state
            );
            way_in.fetch_all(&self.readers).await
        };
        let rows = found.map_err(read("unclaimed merchants"))?.into_iter();
        Ok(rows.map(StoredUnclaimed::into_row).collect::<Result<_, _>>()?)
    }

    async fn unclaimed_merchant(&self, tenant: TenantId, id: UnclaimedId) -> Result<Option<UnclaimedRow>, ReadError> {
        let (tenant, id) = (tenant.as_uuid(), id.as_uuid());
        let found = unclaimed!("WHERE tenant_id = ?1 AND id = ?2", tenant, id)
            .fetch_optional(&self.readers)
            .await
            .map_err(read("unclaimed merchant"))?;
        Ok(found.map(StoredUnclaimed::into_row).transpose()?)
    }

    async fn approvals(
        &self,
        tenant: TenantId,
        merchant: MerchantId,
        before: Option<Version>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        let (tenant, merchant, limit) = (tenant.as_uuid(), merchant.as_uuid(), limit.get());
        let before = before.map_or(i64::MAX, |version| bigint(version.0));
        let found = events!(
            "WHERE tenant_id = ?1 AND stream_id = ?2 AND version IN (
                SELECT version FROM approvals
                WHERE tenant_id = ?1 AND merchant_id = ?2 AND version < ?3 ORDER BY version DESC LIMIT ?4
            )",
            tenant,
            merchant,
            before,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(read("payment approvals"))?;
        let mut rows = event_rows(found)?;
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.version));
        Ok(rows)
    }

    async fn silent_links(&self, tenant: TenantId) -> Result<Option<SilentLinks>, ReadError> {
        health::silent_links(&self.readers, tenant).await
    }

    async fn tenant_health(&self, tenant: TenantId) -> Result<TenantHealth, ReadError> {
        health::tenant_health(&self.readers, tenant).await
    }
}
