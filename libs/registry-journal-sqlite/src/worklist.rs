//! What waits for somebody: questions to upstream, quarantine, pairs that nobody has claimed; and how well callbacks
//! arrive.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::{SilentLinks, Tenant};
use registry_domain::{EventId, MerchantId, TenantId, UnclaimedId, Version};
use registry_journal::port::{
    DueQuestion, HEALTH_WINDOW, PageSize, Postponement, QuarantineCount, QuarantineQuery, QuarantineRow,
    QuarantineState, QuestionCounts, ReadError, SILENCE_WINDOW, TenantHealth, UnclaimedQuery, UnclaimedRow,
    UnclaimedState, Worklist,
};
use registry_journal::record::EventRow;
use registry_journal_rows::{RawAskedAbout, RawMerchantId, bigint};
use sqlx::types::Uuid;

use crate::rows::micros;
use crate::statement::{hex, to_json};
use crate::{SqliteJournal, rows};

/// The rows of `quarantine` that fit a condition.
macro_rules! quarantine {
    ($($condition:literal)+, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            rows::Quarantine,
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
            rows::Unclaimed,
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
        let doubtful = sqlx::query_as!(
            rows::DueQuestion,
            r#"
            SELECT merchant_id AS "merchant_id: Uuid", version, ask_at AS "ask_at!", confirming_since, updated_at
            FROM merchants INDEXED BY merchants_by_confirmation
            WHERE tenant_id = ?1 AND confirming_since IS NOT NULL AND ask_at <= ?2 ORDER BY confirming_since LIMIT ?3
            "#,
            tenant.as_uuid(),
            micros(until),
            limit.get()
        );
        let mut due = self.all("due questions", tenant, doubtful).await?;
        let left = (limit.get() as usize).saturating_sub(due.len());
        if left > 0 {
            let others = sqlx::query_as!(
                rows::DueQuestion,
                r#"
                SELECT merchant_id AS "merchant_id: Uuid", version, ask_at AS "ask_at!", confirming_since, updated_at
                FROM merchants WHERE tenant_id = ?1 AND ask_at <= ?2 AND confirming_since IS NULL
                ORDER BY ask_at LIMIT ?3
                "#,
                tenant.as_uuid(),
                micros(until),
                bigint(left as u64)
            );
            due.extend(self.all("due questions", tenant, others).await?);
        }
        Ok(due)
    }

    async fn asked_about(&self, tenant: TenantId, id: MerchantId) -> Result<Option<(Tenant, Merchant)>, ReadError> {
        let statement = sqlx::query_as!(
            RawAskedAbout,
            r#"
            SELECT t.tenant_id AS "tenant_id: Uuid", t.state AS tenant_state, m.merchant_id AS "merchant_id: Uuid",
                m.state AS merchant_state
            FROM tenants AS t JOIN merchants AS m ON m.tenant_id = t.tenant_id
            WHERE t.tenant_id = ?1 AND m.merchant_id = ?2
            "#,
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("merchant with its tenant", tenant, statement).await
    }

    async fn postpone_questions(&self, tenant: TenantId, questions: &[Postponement]) -> Result<(), ReadError> {
        let row = |it: &Postponement| {
            let (was, next) = (micros(it.was), micros(it.next));
            (hex(it.merchant_id.as_uuid()), was, next, it.version.0)
        };
        // Materialized, or the list would be read anew for every merchant of the tenant.
        let statement = sqlx::query!(
            r#"
            WITH wanted AS MATERIALIZED (
                SELECT unhex(value ->> 0) AS merchant_id, value ->> 1 AS was, value ->> 2 AS next, value ->> 3 AS version
                FROM jsonb_each(?2)
            )
            UPDATE merchants AS m SET ask_at = w.next FROM wanted AS w
            WHERE m.tenant_id = ?1 AND m.merchant_id = w.merchant_id AND m.ask_at = w.was AND m.version = w.version
            "#,
            tenant.as_uuid(),
            to_json(questions.iter().map(row))
        );
        self.note("questions", statement).await
    }

    async fn open_confirmations(
        &self,
        tenant: TenantId,
        requested_until: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        let statement = sqlx::query_as!(
            RawMerchantId,
            r#"
            SELECT merchant_id AS "merchant_id: Uuid" FROM merchants
            WHERE tenant_id = ?1 AND confirming_since <= ?2 ORDER BY confirming_since LIMIT ?3
            "#,
            tenant.as_uuid(),
            micros(requested_until),
            limit.get()
        );
        self.all("open confirmations", tenant, statement).await
    }

    async fn question_counts(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<QuestionCounts, ReadError> {
        let statement = sqlx::query_as!(
            rows::QuestionCounts,
            r#"
            SELECT ?1 AS "tenant_id!: Uuid", count(*) AS "due!: i64", min(ask_at) AS "oldest_due_at?: i64", (
                SELECT count(*) FROM merchants WHERE tenant_id = ?1 AND confirming_since IS NOT NULL
            ) AS "open_confirmations!: i64"
            FROM merchants WHERE tenant_id = ?1 AND ask_at <= ?2
            "#,
            tenant.as_uuid(),
            micros(now)
        );
        let counts = self.one("question counts", tenant, statement).await?;
        Ok(counts.unwrap_or_default())
    }

    async fn quarantine(&self, tenant: TenantId, query: &QuarantineQuery) -> Result<Vec<QuarantineRow>, ReadError> {
        let (id, after, limit) = (tenant.as_uuid(), bigint(query.after.0), query.limit.get());
        let reasons = to_json(query.reasons.iter().map(|it| it.as_str()));
        let state = query.state.map(QuarantineState::as_str);
        match (&query.merchant, &query.reference, query.state) {
            // What names an unknown pair stands in the tenant's stream, never in a merchant's.
            (Some(_), Some(_), _) => Ok(Vec::new()),
            (Some(merchant), None, _) => {
                let merchant = merchant.as_uuid();
                let way_in = quarantine_page!("stream_id = ?6", id, after, limit, reasons, state, merchant);
                self.all("quarantine", tenant, way_in).await
            }
            (None, Some(pair), _) => {
                let (member, shop) = (pair.member_code.as_str(), pair.merchant_code.as_str());
                let way_in = quarantine_page!(
                    "member_code = ?6 AND merchant_code = ?7",
                    id,
                    after,
                    limit,
                    reasons,
                    state,
                    member,
                    shop
                );
                self.all("quarantine", tenant, way_in).await
            }
            (None, None, Some(QuarantineState::Open)) => {
                let way_in = quarantine_page!("state = 'open'", id, after, limit, reasons, state);
                self.all("quarantine", tenant, way_in).await
            }
            (None, None, Some(QuarantineState::Redriven | QuarantineState::Discarded) | None) => {
                let way_in = quarantine_page!("true", id, after, limit, reasons, state);
                self.all("quarantine", tenant, way_in).await
            }
        }
    }

    async fn quarantine_counts(&self, tenant: TenantId) -> Result<Vec<QuarantineCount>, ReadError> {
        let statement = sqlx::query_as!(
            rows::QuarantineCount,
            r#"
            SELECT ?1 AS "tenant_id!: Uuid", reason AS "reason!", count(*) AS "count!: i64", min(received_at) AS "oldest!: i64"
            FROM quarantine INDEXED BY quarantine_open
            WHERE tenant_id = ?1 AND state = 'open' GROUP BY reason
            "#,
            tenant.as_uuid()
        );
        self.all("quarantine counts", tenant, statement).await
    }

    async fn quarantined(&self, tenant: TenantId, event_id: EventId) -> Result<Option<QuarantineRow>, ReadError> {
        let statement = quarantine!(
            "WHERE tenant_id = ?1 AND event_id = ?2",
            tenant.as_uuid(),
            event_id.as_uuid()
        );
        self.one("callback in quarantine", tenant, statement).await
    }

    async fn unclaimed_merchants(
        &self,
        tenant: TenantId,
        query: &UnclaimedQuery,
    ) -> Result<Vec<UnclaimedRow>, ReadError> {
        // No id of ours is the smallest possible.
        let after = query.after.map_or(Uuid::nil(), |id| id.as_uuid());
        let (id, limit) = (tenant.as_uuid(), query.limit.get());
        let state = query.state.map(UnclaimedState::as_str);
        if query.state == Some(UnclaimedState::Open) {
            let way_in = unclaimed!(
                "WHERE tenant_id = ?1 AND id > ?2 AND state = 'open' ORDER BY id LIMIT ?3",
                id,
                after,
                limit
            );
            self.all("unclaimed merchants", tenant, way_in).await
        } else {
            let way_in = unclaimed!(
                "WHERE tenant_id = ?1 AND id > ?2 AND (?4 IS NULL OR state = ?4) ORDER BY id LIMIT ?3",
                id,
                after,
                limit,
                state
            );
            self.all("unclaimed merchants", tenant, way_in).await
        }
    }

    async fn unclaimed_merchant(&self, tenant: TenantId, id: UnclaimedId) -> Result<Option<UnclaimedRow>, ReadError> {
        let statement = unclaimed!("WHERE tenant_id = ?1 AND id = ?2", tenant.as_uuid(), id.as_uuid());
        self.one("unclaimed merchant", tenant, statement).await
    }

    async fn approvals(
        &self,
        tenant: TenantId,
        merchant: MerchantId,
        before: Option<Version>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        let statement = events!(
            "WHERE tenant_id = ?1 AND stream_id = ?2 AND version IN (
                SELECT version FROM approvals
                WHERE tenant_id = ?1 AND merchant_id = ?2 AND version < ?3 ORDER BY version DESC LIMIT ?4
            )",
            tenant.as_uuid(),
            merchant.as_uuid(),
            before.map_or(i64::MAX, |version| bigint(version.0)),
            limit.get()
        );
        let mut rows = self.all("payment approvals", tenant, statement).await?;
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.version));
        Ok(rows)
    }

    async fn silent_links(&self, tenant: TenantId) -> Result<Option<SilentLinks>, ReadError> {
        // Upstream brings no callback that was driven again. A log has no gaps.
        let statement = sqlx::query_as!(
            rows::SilentLinks,
            r#"
            SELECT ?1 AS "tenant_id!: Uuid", count(*) AS "links!: i64", min(recorded_at) AS "since?: i64" FROM events
            WHERE tenant_id = ?1 AND type = 'link.issued' AND seq > coalesce((
                SELECT seq FROM events
                WHERE tenant_id = ?1 AND seq > (SELECT max(seq) - ?2 FROM events WHERE tenant_id = ?1)
                    AND type IN (
                        'callback.received', 'payment.approved', 'callback.quarantined', 'unclaimed_merchant.seen'
                    )
                    AND actor = 'upstream'
                ORDER BY seq DESC LIMIT 1
            ), (SELECT max(seq) - ?2 FROM events WHERE tenant_id = ?1))
            "#,
            tenant.as_uuid(),
            SILENCE_WINDOW
        );
        let links = self.one("silent links", tenant, statement).await?;
        Ok(links.flatten())
    }

    async fn tenant_health(&self, tenant: TenantId) -> Result<TenantHealth, ReadError> {
        let statement = sqlx::query_as!(
            rows::Health,
            r#"
            SELECT ?1 AS "tenant_id!: Uuid", (
                    SELECT recorded_at FROM events
                    WHERE tenant_id = ?1 AND seq > (SELECT max(seq) - ?2 FROM events WHERE tenant_id = ?1)
                        AND type IN (
                            'callback.received', 'payment.approved', 'callback.quarantined', 'unclaimed_merchant.seen'
                        )
                        AND actor = 'upstream'
                    ORDER BY seq DESC LIMIT 1
                ) AS "last_callback_at?: i64",
                coalesce(sum(changes) FILTER (WHERE was_claimed), 0) AS "claimed!: i64",
                coalesce(sum(changes) FILTER (WHERE NOT was_claimed), 0) AS "found!: i64",
                (SELECT count(*) FROM quarantine INDEXED BY quarantine_open WHERE tenant_id = ?1 AND state = 'open')
                    AS "quarantined!: i64",
                (
                    SELECT count(*) FROM unclaimed_merchants INDEXED BY unclaimed_merchants_open
                    WHERE tenant_id = ?1 AND state = 'open'
                ) AS "unclaimed!: i64",
                (SELECT count(*) FROM merchants WHERE tenant_id = ?1 AND confirming_since IS NOT NULL) AS "held!: i64"
            FROM (
                SELECT
                    count(*) FILTER (WHERE type IN ('review.changed', 'upstream.unlinked', 'upstream.relinked')) AS changes,
                    max(type IN ('callback.received', 'confirmation.resolved')) AS was_claimed
                FROM events
                WHERE tenant_id = ?1 AND seq > (SELECT max(seq) - ?2 FROM events WHERE tenant_id = ?1)
                    AND type IN (
                        'callback.received', 'confirmation.resolved', 'review.changed', 'upstream.unlinked',
                        'upstream.relinked'
                    )
                GROUP BY stream_id, correlation_id
            )
            "#,
            tenant.as_uuid(),
            HEALTH_WINDOW
        );
        let health = self.one("health of a tenant", tenant, statement).await?;
        Ok(health.unwrap_or_default())
    }
}
