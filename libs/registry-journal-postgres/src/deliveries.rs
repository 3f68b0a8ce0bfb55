//! What is carried to destinations.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{DeliveryId, DestinationId, Seq, TenantId};
use registry_journal::port::{
    Attempt, Claim, Deliveries, Delivery, DeliveryPlan, DeliveryQuery, DeliveryState, DueThere, PageSize, PlannedEvent,
    ReadError,
};
use registry_journal_rows::bigint;
use uuid::Uuid;

use crate::ask::Sight;
use crate::statement::column;
use crate::{PostgresJournal, rows};

#[async_trait]
impl Deliveries for PostgresJournal {
    async fn delivery_cursor(&self, tenant: TenantId) -> Result<Option<Seq>, ReadError> {
        let statement = sqlx::query!(
            "SELECT seq FROM delivery_cursors WHERE tenant_id = $1",
            tenant.as_uuid()
        );
        let found = self
            .one("delivery cursor", tenant, statement.map(|row| row.seq))
            .await?;
        Ok(found.map(|seq| Seq(seq.try_into().unwrap_or_default())))
    }

    async fn plan_deliveries(&self, tenant: TenantId, plan: &DeliveryPlan) -> Result<bool, ReadError> {
        let (events, digests) = (&plan.events, &plan.digests);
        let statement = changes!(
            r#"
            WITH moved AS (
                INSERT INTO delivery_cursors AS c (tenant_id, seq) VALUES ($1, $3)
                ON CONFLICT (tenant_id) DO UPDATE SET seq = excluded.seq WHERE c.seq = $2
                RETURNING 1 AS one
            ), events AS (
                INSERT INTO deliveries (
                    tenant_id, delivery_id, destination_id, matter, seq, warn, late, critical, recovered, state, created_at,
                    next_attempt_at, give_up_at, attempts
                )
                SELECT $1, p.id, p.destination, 'event', p.seq, 0, 0, 0, 0, 'waiting', $4, $4, $5, 0
                FROM moved CROSS JOIN unnest($6::uuid[], $7::uuid[], $8::bigint[]) AS p (id, destination, seq)
                ON CONFLICT DO NOTHING
            ), digests AS (
                INSERT INTO deliveries AS d (
                    tenant_id, delivery_id, destination_id, matter, rule, warn, late, critical, recovered, state, created_at,
                    next_attempt_at, give_up_at, attempts
                )
                SELECT $1, p.id, p.destination, 'digest', p.rule, p.warn, p.late, p.critical, p.recovered, 'open', $4,
                    p.due_at, p.give_up_at, 0
                FROM moved CROSS JOIN unnest(
                    $9::uuid[], $10::uuid[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],
                    $16::timestamptz[], $17::timestamptz[]
                ) AS p (id, destination, rule, warn, late, critical, recovered, due_at, give_up_at)
                ON CONFLICT (tenant_id, destination_id, rule) WHERE state = 'open' DO UPDATE SET
                    warn = d.warn + excluded.warn,
                    late = d.late + excluded.late,
                    critical = d.critical + excluded.critical,
                    recovered = d.recovered + excluded.recovered
            )
            SELECT one AS "one!: i64" FROM (SELECT one::bigint FROM moved) AS moved
            "#,
            tenant.as_uuid(),
            bigint(plan.after.0),
            bigint(plan.until.0),
            plan.now,
            plan.give_up_at,
            &column(events, |it| it.id.as_uuid()),
            &column(events, |it| it.destination.as_uuid()),
            &column(events, |it| bigint(it.seq.0)),
            &column(digests, |it| it.id.as_uuid()),
            &column(digests, |it| it.destination.as_uuid()),
            &column(digests, |it| it.subject.as_str()) as &[&str],
            &column(digests, |it| bigint(it.tally.warn)),
            &column(digests, |it| bigint(it.tally.late)),
            &column(digests, |it| bigint(it.tally.critical)),
            &column(digests, |it| bigint(it.tally.recovered)),
            &column(digests, |it| it.due_at),
            &column(digests, |it| it.give_up_at)
        );
        let moved: Vec<i64> = self.change_of("planned deliveries", tenant, statement).await?;
        Ok(!moved.is_empty())
    }

    async fn add_test_delivery(
        &self,
        tenant: TenantId,
        planned: PlannedEvent,
        now: DateTime<Utc>,
        give_up_at: DateTime<Utc>,
    ) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO deliveries (
                tenant_id, delivery_id, destination_id, matter, warn, late, critical, recovered, state, created_at,
                next_attempt_at, give_up_at, attempts
            )
            VALUES ($1, $2, $3, 'test', 0, 0, 0, 0, 'waiting', $4, $4, $5, 0)
            ON CONFLICT DO NOTHING RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            planned.id.as_uuid(),
            planned.destination.as_uuid(),
            now,
            give_up_at
        );
        self.change_of("test of a destination", tenant, statement)
            .await
            .map(drop)
    }

    async fn due_deliveries(&self, now: DateTime<Utc>, limit: PageSize) -> Result<Vec<DueThere>, ReadError> {
        let statement = sqlx::query_as!(
            rows::DueThere,
            r#"
            SELECT tenant_id, destination_id, count(*) AS "count!", min(next_attempt_at) AS "since!"
            FROM deliveries WHERE next_attempt_at <= $1 GROUP BY tenant_id, destination_id LIMIT $2
            "#,
            now,
            i64::from(limit.get())
        );
        self.all("due deliveries", Sight::Directory, statement).await
    }

    async fn claim_deliveries(&self, tenant: TenantId, claim: &Claim) -> Result<Vec<Delivery>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Delivery,
            r#"
            UPDATE deliveries AS d SET state = 'waiting', attempts = d.attempts + 1, next_attempt_at = $4
            WHERE d.tenant_id = $1 AND d.delivery_id = ANY (ARRAY(
                SELECT delivery_id FROM deliveries
                WHERE tenant_id = $1 AND destination_id = $2 AND next_attempt_at <= $3
                ORDER BY next_attempt_at LIMIT $5 FOR UPDATE SKIP LOCKED
            ))
            RETURNING delivery_id, destination_id, matter, seq, rule, warn, late, critical, recovered, state, created_at,
                next_attempt_at, give_up_at, attempts, attempted_at, answer_status::bigint, failure, answer_body
            "#,
            tenant.as_uuid(),
            claim.destination.as_uuid(),
            claim.now,
            claim.until,
            i64::from(claim.limit.get())
        );
        self.change_of("claimed deliveries", tenant, statement).await
    }

    async fn record_attempt(&self, tenant: TenantId, attempt: &Attempt) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            UPDATE deliveries SET state = $4, next_attempt_at = $5, attempted_at = $6, answer_status = $7, failure = $8,
                answer_body = $9
            WHERE tenant_id = $1 AND delivery_id = $2 AND attempts = $3
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            attempt.id.as_uuid(),
            bigint(attempt.number),
            attempt.state.as_str(),
            attempt.next_attempt_at,
            attempt.at,
            attempt.answer.status.map(i32::from),
            attempt.answer.failure.as_deref(),
            attempt.answer.body.as_deref()
        );
        self.change_of("attempt", tenant, statement).await.map(drop)
    }

    async fn redeliver(
        &self,
        tenant: TenantId,
        id: DeliveryId,
        now: DateTime<Utc>,
        give_up_at: DateTime<Utc>,
    ) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            UPDATE deliveries SET state = 'waiting', next_attempt_at = $3, give_up_at = $4
            WHERE tenant_id = $1 AND delivery_id = $2 AND state <> 'open'
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            now,
            give_up_at
        );
        let changed: Vec<i64> = self.change_of("redelivery", tenant, statement).await?;
        Ok(!changed.is_empty())
    }

    async fn end_deliveries(
        &self,
        tenant: TenantId,
        destination: DestinationId,
        state: DeliveryState,
        given_up_by: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Moment,
            r#"
            UPDATE deliveries SET state = $4, next_attempt_at = NULL
            WHERE tenant_id = $1 AND destination_id = $2 AND next_attempt_at IS NOT NULL
                AND ($3::timestamptz IS NULL OR give_up_at <= $3)
            RETURNING created_at AS "at!"
            "#,
            tenant.as_uuid(),
            destination.as_uuid(),
            given_up_by,
            state.as_str()
        );
        let ended = self.change_of("deliveries that end", tenant, statement).await?;
        Ok(ended.into_iter().min())
    }

    async fn has_arrived_since(
        &self,
        tenant: TenantId,
        destination: DestinationId,
        since: DateTime<Utc>,
    ) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            SELECT 1::bigint AS "one!" FROM deliveries
            WHERE tenant_id = $1 AND destination_id = $2 AND state = 'delivered' AND attempted_at >= $3 LIMIT 1
            "#,
            tenant.as_uuid(),
            destination.as_uuid(),
            since
        );
        let found: Option<i64> = self.one("deliveries that arrived", tenant, statement).await?;
        Ok(found.is_some())
    }

    async fn forget_deliveries(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            DELETE FROM deliveries WHERE tenant_id = $1 AND delivery_id = ANY (ARRAY(
                SELECT delivery_id FROM deliveries
                WHERE tenant_id = $1 AND created_at < $2 AND next_attempt_at IS NULL
                ORDER BY created_at, delivery_id LIMIT 1000
            ))
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            before
        );
        self.change_of("old deliveries", tenant, statement).await.map(drop)
    }

    async fn deliveries(&self, tenant: TenantId, query: &DeliveryQuery) -> Result<Vec<Delivery>, ReadError> {
        let before = query.before;
        let statement = sqlx::query_as!(
            rows::Delivery,
            r#"
            SELECT delivery_id, destination_id, matter, seq, rule, warn, late, critical, recovered, state, created_at,
                next_attempt_at, give_up_at, attempts, attempted_at, answer_status::bigint, failure, answer_body
            FROM deliveries
            WHERE tenant_id = $1 AND (created_at, delivery_id) < ($2, $3)
                AND ($4::uuid IS NULL OR destination_id = $4)
                AND ($5::text IS NULL OR state = $5)
            ORDER BY created_at DESC, delivery_id DESC LIMIT $6
            "#,
            tenant.as_uuid(),
            before.map_or_else(latest, |before| before.created_at),
            before.map_or(Uuid::max(), |before| before.id.as_uuid()),
            query.destination.map(|id| id.as_uuid()),
            query.state.map(DeliveryState::as_str),
            i64::from(query.limit.get())
        );
        self.all("deliveries", tenant, statement).await
    }

    async fn delivery(&self, tenant: TenantId, id: DeliveryId) -> Result<Option<Delivery>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Delivery,
            r#"
            SELECT delivery_id, destination_id, matter, seq, rule, warn, late, critical, recovered, state, created_at,
                next_attempt_at, give_up_at, attempts, attempted_at, answer_status::bigint, failure, answer_body
            FROM deliveries WHERE tenant_id = $1 AND delivery_id = $2
            "#,
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("delivery", tenant, statement).await
    }
}

/// The year 9999: what the server can compare with, and nothing of ours comes near it.
fn latest() -> DateTime<Utc> {
    DateTime::from_timestamp(253_370_764_800, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
