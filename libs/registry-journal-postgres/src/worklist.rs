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
use uuid::Uuid;

use crate::{PostgresJournal, rows};

/// The rows of `quarantine` that fit a condition.
macro_rules! quarantine {
    ($($condition:literal)+, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            rows::Quarantine,
            r#"
            SELECT tenant_id, event_id, seq, stream_kind, stream_id, version, reason, member_code, merchant_code,
                received_at, state, settled_by
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
            "WHERE tenant_id = $1 AND seq > $2 AND "
            $way_in
            " AND (cardinality($4::text[]) = 0 OR reason = ANY ($4)) AND ($5::text IS NULL OR state = $5)
            ORDER BY seq LIMIT $3",
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
            SELECT tenant_id, member_code, merchant_code, id, first_seen_at, last_seen_at, callbacks, listed,
                mapping_status, state, merchant_id, settled_by
            FROM unclaimed_merchants
            "# + $condition,
            $($value),+
        )
    };
}

#[async_trait]
impl Worklist for PostgresJournal {
    async fn due_questions(
        &self,
        tenant: TenantId,
        until: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<DueQuestion>, ReadError> {
        let doubtful = sqlx::query_as!(
            rows::DueQuestion,
            r#"
            SELECT merchant_id, version, ask_at AS "ask_at!", confirming_since, updated_at FROM merchants
            WHERE tenant_id = $1 AND confirming_since IS NOT NULL AND ask_at <= $2 ORDER BY confirming_since LIMIT $3
            "#,
            tenant.as_uuid(),
            until,
            i64::from(limit.get())
        );
        let mut due = self.all("due questions", tenant, doubtful).await?;
        let left = (limit.get() as usize).saturating_sub(due.len());
        if left > 0 {
            let others = sqlx::query_as!(
                rows::DueQuestion,
                r#"
                SELECT merchant_id, version, ask_at AS "ask_at!", confirming_since, updated_at FROM merchants
                WHERE tenant_id = $1 AND ask_at <= $2 AND confirming_since IS NULL ORDER BY ask_at LIMIT $3
                "#,
                tenant.as_uuid(),
                until,
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
            SELECT t.tenant_id, t.state AS tenant_state, m.merchant_id AS "merchant_id!", m.state AS "merchant_state!"
            FROM tenants AS t CROSS JOIN LATERAL (
                SELECT merchant_id, state FROM merchants
                WHERE tenant_id = t.tenant_id AND merchant_id >= $2 ORDER BY merchant_id LIMIT 1
            ) AS m
            WHERE t.tenant_id = $1 AND m.merchant_id = $2
            "#,
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("merchant with its tenant", tenant, statement).await
    }

    async fn postpone_questions(&self, tenant: TenantId, questions: &[Postponement]) -> Result<(), ReadError> {
        let ids: Vec<_> = questions.iter().map(|it| it.merchant_id.as_uuid()).collect();
        let versions: Vec<_> = questions.iter().map(|it| bigint(it.version.0)).collect();
        let was: Vec<_> = questions.iter().map(|it| it.was).collect();
        let next: Vec<_> = questions.iter().map(|it| it.next).collect();
        // A batch may be writing some of these rows. They are skipped: whoever waited here could hold up a batch that
        // waits for another of them, and those merchants move on anyway.
        let statement = sqlx::query!(
            r#"
            UPDATE merchants AS m SET ask_at = ($4::timestamptz[])[array_position($2::uuid[], m.merchant_id)]
            WHERE m.tenant_id = $1 AND m.merchant_id = ANY (ARRAY (
                SELECT merchant_id FROM merchants
                WHERE tenant_id = $1 AND merchant_id = ANY ($2) FOR NO KEY UPDATE SKIP LOCKED
            )) AND m.ask_at = ($3::timestamptz[])[array_position($2::uuid[], m.merchant_id)]
                AND m.version = ($5::bigint[])[array_position($2::uuid[], m.merchant_id)]
            "#,
            tenant.as_uuid(),
            &ids,
            &was,
            &next,
            &versions
        );
        self.note("questions", tenant, statement).await
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
            SELECT merchant_id FROM merchants
            WHERE tenant_id = $1 AND confirming_since <= $2 ORDER BY confirming_since LIMIT $3
            "#,
            tenant.as_uuid(),
            requested_until,
            i64::from(limit.get())
        );
        self.all("open confirmations", tenant, statement).await
    }

    async fn question_counts(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<QuestionCounts, ReadError> {
        let statement = sqlx::query_as!(
            rows::QuestionCounts,
            r#"
            SELECT $1::uuid AS "tenant_id!", count(*) AS "due!", min(ask_at) AS oldest_due_at, (
                SELECT count(*) FROM merchants WHERE tenant_id = $1 AND confirming_since IS NOT NULL
            ) AS "open_confirmations!"
            FROM merchants WHERE tenant_id = $1 AND ask_at <= $2
            "#,
            tenant.as_uuid(),
            now
        );
        let counts = self.one("question counts", tenant, statement).await?;
        Ok(counts.unwrap_or_default())
    }

    async fn quarantine(&self, tenant: TenantId, query: &QuarantineQuery) -> Result<Vec<QuarantineRow>, ReadError> {
        let (id, after, limit) = (tenant.as_uuid(), bigint(query.after.0), i64::from(query.limit.get()));
        let reasons: Vec<_> = query.reasons.iter().map(|it| it.as_str().to_owned()).collect();
        let state = query.state.map(QuarantineState::as_str);
        match (&query.merchant, &query.reference, query.state) {
            // What names an unknown pair stands in the tenant's stream, never in a merchant's.
            (Some(_), Some(_), _) => Ok(Vec::new()),
            (Some(merchant), None, _) => {
                let merchant = merchant.as_uuid();
                let way_in = quarantine_page!("stream_id = $6", id, after, limit, &reasons, state, merchant);
                self.all("quarantine", tenant, way_in).await
            }
            (None, Some(pair), _) => {
                let (member, shop) = (pair.member_code.as_str(), pair.merchant_code.as_str());
                let way_in = quarantine_page!(
                    "member_code = $6 AND merchant_code = $7",
                    id,
                    after,
                    limit,
                    &reasons,
                    state,
                    member,
                    shop
                );
                self.all("quarantine", tenant, way_in).await
            }
            (None, None, Some(QuarantineState::Open)) => {
                let way_in = quarantine_page!("state = 'open'", id, after, limit, &reasons, state);
                self.all("quarantine", tenant, way_in).await
            }
            (None, None, Some(QuarantineState::Redriven | QuarantineState::Discarded) | None) => {
                let way_in = quarantine_page!("true", id, after, limit, &reasons, state);
                self.all("quarantine", tenant, way_in).await
            }
        }
    }

    async fn quarantine_counts(&self, tenant: TenantId) -> Result<Vec<QuarantineCount>, ReadError> {
        let statement = sqlx::query_as!(
            rows::QuarantineCount,
            r#"
            SELECT $1::uuid AS "tenant_id!", reason, count(*) AS "count!", min(received_at) AS "oldest!" FROM quarantine
            WHERE tenant_id = $1 AND state = 'open' GROUP BY reason
            "#,
            tenant.as_uuid()
        );
        self.all("quarantine counts", tenant, statement).await
    }

    async fn quarantined(&self, tenant: TenantId, event_id: EventId) -> Result<Option<QuarantineRow>, ReadError> {
        let statement = quarantine!(
            "WHERE tenant_id = $1 AND event_id = $2",
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
        let (id, limit) = (tenant.as_uuid(), i64::from(query.limit.get()));
        let state = query.state.map(UnclaimedState::as_str);
        if query.state == Some(UnclaimedState::Open) {
            let way_in = unclaimed!(
                "WHERE tenant_id = $1 AND id > $2 AND state = 'open' ORDER BY id LIMIT $3",
                id,
                after,
                limit
            );
            self.all("unclaimed merchants", tenant, way_in).await
        } else {
            let way_in = unclaimed!(
                "WHERE tenant_id = $1 AND id > $2 AND ($4::text IS NULL OR state = $4) ORDER BY id LIMIT $3",
                id,
                after,
                limit,
                state
            );
            self.all("unclaimed merchants", tenant, way_in).await
        }
    }

    async fn unclaimed_merchant(&self, tenant: TenantId, id: UnclaimedId) -> Result<Option<UnclaimedRow>, ReadError> {
        let statement = unclaimed!("WHERE tenant_id = $1 AND id = $2", tenant.as_uuid(), id.as_uuid());
        self.one("unclaimed merchant", tenant, statement).await
    }

    async fn approvals(
        &self,
        tenant: TenantId,
        merchant: MerchantId,
        before: Option<Version>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        // From the first one of the page on, not from a list of them: the planner thinks of a stream as short, and would
        // look the whole of it over for what is in a list.
        let statement = events!(
            "WHERE tenant_id = $1 AND stream_id = $2 AND version < $3 AND version >= (
                SELECT coalesce(min(version), $3) FROM (
                    SELECT version FROM approvals
                    WHERE tenant_id = $1 AND merchant_id = $2 AND version < $3 ORDER BY version DESC LIMIT $4
                ) AS page
            ) AND (
                SELECT true FROM approvals AS a
                WHERE a.tenant_id = $1 AND a.merchant_id = $2 AND a.version = events.version LIMIT 1
            )",
            tenant.as_uuid(),
            merchant.as_uuid(),
            before.map_or(i64::MAX, |version| bigint(version.0)),
            i64::from(limit.get())
        );
        let mut rows = self.all("payment approvals", tenant, statement).await?;
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.version));
        Ok(rows)
    }

    async fn silent_links(&self, tenant: TenantId) -> Result<Option<SilentLinks>, ReadError> {
        // Upstream brings no callback that was driven again. The log is walked backwards until there is one: the planner, who does not know how few events these are, would rather fetch all of them and sort. A log has no
        // gaps. Where the walk begins is asked for in a SELECT of its own: behind a wall a bare coalesce counts as something
        // that might leak rows, and is checked on each of them instead of bounding the walk.
        let statement = sqlx::query_as!(
            rows::SilentLinks,
            r#"
            WITH last AS (
                SELECT seq FROM (
                    SELECT seq, type, actor FROM events WHERE tenant_id = $1 ORDER BY seq DESC LIMIT $2
                ) AS recent
                WHERE type IN ('callback.received', 'payment.approved', 'callback.quarantined', 'unclaimed_merchant.seen')
                    AND actor = 'upstream'
                ORDER BY seq DESC LIMIT 1
            )
            SELECT $1::uuid AS "tenant_id!", count(*) AS "links!", min(recorded_at) AS since FROM events
            WHERE tenant_id = $1 AND type = 'link.issued' AND seq > (
                SELECT coalesce((SELECT seq FROM last), (SELECT max(seq) - $2 FROM events WHERE tenant_id = $1))
            )
            "#,
            tenant.as_uuid(),
            i64::from(SILENCE_WINDOW)
        );
        let links = self.one("silent links", tenant, statement).await?;
        Ok(links.flatten())
    }

    async fn tenant_health(&self, tenant: TenantId) -> Result<TenantHealth, ReadError> {
        let statement = sqlx::query_as!(
            rows::Health,
            r#"
            SELECT $1::uuid AS "tenant_id!", (
                    SELECT recorded_at FROM (
                        SELECT seq, type, recorded_at, actor FROM events
                        WHERE tenant_id = $1 ORDER BY seq DESC LIMIT $2
                    ) AS recent
                    WHERE type IN (
                            'callback.received', 'payment.approved', 'callback.quarantined', 'unclaimed_merchant.seen'
                        )
                        AND actor = 'upstream'
                    ORDER BY seq DESC LIMIT 1
                ) AS last_callback_at,
                coalesce(sum(changes) FILTER (WHERE was_claimed), 0)::bigint AS "claimed!",
                coalesce(sum(changes) FILTER (WHERE NOT was_claimed), 0)::bigint AS "found!",
                (SELECT count(*) FROM quarantine WHERE tenant_id = $1 AND state = 'open') AS "quarantined!",
                (SELECT count(*) FROM unclaimed_merchants WHERE tenant_id = $1 AND state = 'open') AS "unclaimed!",
                (SELECT count(*) FROM merchants WHERE tenant_id = $1 AND confirming_since IS NOT NULL) AS "held!"
            FROM (
                SELECT
                    count(*) FILTER (WHERE type IN ('review.changed', 'upstream.unlinked', 'upstream.relinked')) AS changes,
                    bool_or(type IN ('callback.received', 'confirmation.resolved')) AS was_claimed
                FROM events
                WHERE tenant_id = $1 AND seq > (SELECT max(seq) - $2 FROM events WHERE tenant_id = $1)
                    AND type IN (
                        'callback.received', 'confirmation.resolved', 'review.changed', 'upstream.unlinked',
                        'upstream.relinked'
                    )
                GROUP BY stream_id, correlation_id
            ) AS commands
            "#,
            tenant.as_uuid(),
            i64::from(HEALTH_WINDOW)
        );
        let health = self.one("health of a tenant", tenant, statement).await?;
        Ok(health.unwrap_or_default())
    }
}
