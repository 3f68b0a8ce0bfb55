//! What is carried to destinations.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{DeliveryId, DestinationId, Seq, TenantId};
use registry_journal::port::{
    Attempt, Claim, Deliveries, Delivery, DeliveryPlan, DeliveryQuery, DeliveryState, DueThere, PageSize, PlannedEvent,
    ReadError,
};
use registry_journal_rows::bigint;
use sqlx::types::Uuid;

use crate::ask::Sight;
use crate::error::read;
use crate::rows::micros;
use crate::statement::{Statement, hex, to_json};
use crate::{SqliteJournal, rows};

#[async_trait]
impl Deliveries for SqliteJournal {
    async fn delivery_cursor(&self, tenant: TenantId) -> Result<Option<Seq>, ReadError> {
        let statement = sqlx::query!(
            "SELECT seq FROM delivery_cursors WHERE tenant_id = ?1",
            tenant.as_uuid()
        );
        let found = self
            .one("delivery cursor", tenant, statement.map(|row| row.seq))
            .await?;
        Ok(found.map(|seq| Seq(seq.try_into().unwrap_or_default())))
    }

    async fn plan_deliveries(&self, tenant: TenantId, plan: &DeliveryPlan) -> Result<bool, ReadError> {
        let what = "planned deliveries";
        let moved = sqlx::query!(
            r#"
            INSERT INTO delivery_cursors AS c (tenant_id, seq) VALUES (?1, ?3)
            ON CONFLICT (tenant_id) DO UPDATE SET seq = excluded.seq WHERE c.seq = ?2
            "#,
            tenant.as_uuid(),
            bigint(plan.after.0),
            bigint(plan.until.0)
        );
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await;
        let mut transaction = transaction.map_err(read(what))?;
        let moved = moved.execute(&mut *transaction).await.map_err(read(what))?;
        if moved.rows_affected() == 0 {
            transaction.rollback().await.map_err(read(what))?;
            return Ok(false);
        }
        for statement in [planned_events(tenant, plan), planned_digests(tenant, plan)] {
            statement.execute(&mut *transaction).await.map_err(read(what))?;
        }
        transaction.commit().await.map_err(read(what))?;
        Ok(true)
    }

    async fn add_test_delivery(
        &self,
        tenant: TenantId,
        planned: PlannedEvent,
        now: DateTime<Utc>,
        give_up_at: DateTime<Utc>,
    ) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            INSERT INTO deliveries (
                tenant_id, delivery_id, destination_id, matter, warn, late, critical, recovered, state, created_at,
                next_attempt_at, give_up_at, attempts
            )
            VALUES (?1, ?2, ?3, 'test', 0, 0, 0, 0, 'waiting', ?4, ?4, ?5, 0)
            ON CONFLICT DO NOTHING
            "#,
            tenant.as_uuid(),
            planned.id.as_uuid(),
            planned.destination.as_uuid(),
            micros(now),
            micros(give_up_at)
        );
        self.note("test of a destination", statement).await
    }

    async fn due_deliveries(&self, now: DateTime<Utc>, limit: PageSize) -> Result<Vec<DueThere>, ReadError> {
        let statement = sqlx::query_as!(
            rows::DueThere,
            r#"
            SELECT tenant_id AS "tenant_id!: Uuid", destination_id AS "destination_id!: Uuid", count(*) AS "count!: i64",
                min(next_attempt_at) AS "since!: i64"
            FROM deliveries WHERE next_attempt_at <= ?1 GROUP BY tenant_id, destination_id LIMIT ?2
            "#,
            micros(now),
            limit.get()
        );
        self.all("due deliveries", Sight::Directory, statement).await
    }

    async fn claim_deliveries(&self, tenant: TenantId, claim: &Claim) -> Result<Vec<Delivery>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Delivery,
            r#"
            UPDATE deliveries SET state = 'waiting', attempts = attempts + 1, next_attempt_at = ?4
            WHERE tenant_id = ?1 AND delivery_id IN (
                SELECT delivery_id FROM deliveries
                WHERE tenant_id = ?1 AND destination_id = ?2 AND next_attempt_at <= ?3
                ORDER BY next_attempt_at LIMIT ?5
            )
            RETURNING delivery_id AS "delivery_id!: Uuid", destination_id AS "destination_id!: Uuid", matter, seq, rule, warn,
                late, critical, recovered, state, created_at, next_attempt_at, give_up_at, attempts, attempted_at,
                answer_status, failure, answer_body
            "#,
            tenant.as_uuid(),
            claim.destination.as_uuid(),
            micros(claim.now),
            micros(claim.until),
            claim.limit.get()
        );
        self.change("claimed deliveries", statement).await
    }

    async fn record_attempt(&self, tenant: TenantId, attempt: &Attempt) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            UPDATE deliveries SET state = ?4, next_attempt_at = ?5, attempted_at = ?6, answer_status = ?7, failure = ?8,
                answer_body = ?9
            WHERE tenant_id = ?1 AND delivery_id = ?2 AND attempts = ?3
            "#,
            tenant.as_uuid(),
            attempt.id.as_uuid(),
            bigint(attempt.number),
            attempt.state.as_str(),
            attempt.next_attempt_at.map(micros),
            micros(attempt.at),
            attempt.answer.status,
            attempt.answer.failure.as_deref(),
            attempt.answer.body.as_deref()
        );
        self.note("attempt", statement).await
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
            UPDATE deliveries SET state = 'waiting', next_attempt_at = ?3, give_up_at = ?4
            WHERE tenant_id = ?1 AND delivery_id = ?2 AND state <> 'open'
            RETURNING 1 AS "one!: i64"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            micros(now),
            micros(give_up_at)
        );
        self.changed("redelivery", statement).await
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
            UPDATE deliveries SET state = ?4, next_attempt_at = NULL
            WHERE tenant_id = ?1 AND destination_id = ?2 AND next_attempt_at IS NOT NULL
                AND (?3 IS NULL OR give_up_at <= ?3)
            RETURNING created_at AS "at!"
            "#,
            tenant.as_uuid(),
            destination.as_uuid(),
            given_up_by.map(micros),
            state.as_str()
        );
        let ended = self.change("deliveries that end", statement).await?;
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
            SELECT 1 AS "one!: i64" FROM deliveries
            WHERE tenant_id = ?1 AND destination_id = ?2 AND state = 'delivered' AND attempted_at >= ?3 LIMIT 1
            "#,
            tenant.as_uuid(),
            destination.as_uuid(),
            micros(since)
        );
        let found: Option<i64> = self.one("deliveries that arrived", tenant, statement).await?;
        Ok(found.is_some())
    }

    async fn forget_deliveries(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            DELETE FROM deliveries WHERE tenant_id = ?1 AND delivery_id IN (
                SELECT delivery_id FROM deliveries
                WHERE tenant_id = ?1 AND created_at < ?2 AND next_attempt_at IS NULL
                ORDER BY created_at, delivery_id LIMIT 1000
            )
            "#,
            tenant.as_uuid(),
            micros(before)
        );
        self.note("old deliveries", statement).await
    }

    async fn deliveries(&self, tenant: TenantId, query: &DeliveryQuery) -> Result<Vec<Delivery>, ReadError> {
        let before = query.before;
        let statement = sqlx::query_as!(
            rows::Delivery,
            r#"
            SELECT delivery_id AS "delivery_id!: Uuid", destination_id AS "destination_id!: Uuid", matter, seq, rule, warn,
                late, critical, recovered, state, created_at, next_attempt_at, give_up_at, attempts, attempted_at,
                answer_status, failure, answer_body
            FROM deliveries
            WHERE tenant_id = ?1 AND (created_at, delivery_id) < (?2, ?3)
                AND (?4 IS NULL OR destination_id = ?4)
                AND (?5 IS NULL OR state = ?5)
            ORDER BY created_at DESC, delivery_id DESC LIMIT ?6
            "#,
            tenant.as_uuid(),
            before.map_or(i64::MAX, |before| micros(before.created_at)),
            before.map_or(Uuid::max(), |before| before.id.as_uuid()),
            query.destination.map(|id| id.as_uuid()),
            query.state.map(DeliveryState::as_str),
            query.limit.get()
        );
        self.all("deliveries", tenant, statement).await
    }

    async fn delivery(&self, tenant: TenantId, id: DeliveryId) -> Result<Option<Delivery>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Delivery,
            r#"
            SELECT delivery_id AS "delivery_id!: Uuid", destination_id AS "destination_id!: Uuid", matter, seq, rule, warn,
                late, critical, recovered, state, created_at, next_attempt_at, give_up_at, attempts, attempted_at,
                answer_status, failure, answer_body
            FROM deliveries WHERE tenant_id = ?1 AND delivery_id = ?2
            "#,
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.one("delivery", tenant, statement).await
    }
}

fn planned_events(tenant: TenantId, plan: &DeliveryPlan) -> Statement {
    let events = plan.events.iter().map(|it| {
        let (id, destination) = (hex(it.id.as_uuid()), hex(it.destination.as_uuid()));
        (id, destination, bigint(it.seq.0))
    });
    sqlx::query!(
        r#"
        INSERT INTO deliveries (
            tenant_id, delivery_id, destination_id, matter, seq, warn, late, critical, recovered, state, created_at,
            next_attempt_at, give_up_at, attempts
        )
        SELECT ?1, unhex(value ->> 0), unhex(value ->> 1), 'event', value ->> 2, 0, 0, 0, 0, 'waiting', ?3, ?3, ?4, 0
        FROM jsonb_each(?2) WHERE true
        ON CONFLICT DO NOTHING
        "#,
        tenant.as_uuid(),
        to_json(events),
        micros(plan.now),
        micros(plan.give_up_at)
    )
}

fn planned_digests(tenant: TenantId, plan: &DeliveryPlan) -> Statement {
    let digests = plan.digests.iter().map(|it| {
        (
            hex(it.id.as_uuid()),
            hex(it.destination.as_uuid()),
            it.subject.as_str(),
            bigint(it.tally.warn),
            bigint(it.tally.late),
            bigint(it.tally.critical),
            bigint(it.tally.recovered),
            micros(it.due_at),
            micros(it.give_up_at),
        )
    });
    sqlx::query!(
        r#"
        INSERT INTO deliveries AS d (
            tenant_id, delivery_id, destination_id, matter, rule, warn, late, critical, recovered, state, created_at,
            next_attempt_at, give_up_at, attempts
        )
        SELECT ?1, unhex(value ->> 0), unhex(value ->> 1), 'digest', value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            value ->> 6, 'open', ?3, value ->> 7, value ->> 8, 0
        FROM jsonb_each(?2) WHERE true
        ON CONFLICT (tenant_id, destination_id, rule) WHERE state = 'open' DO UPDATE SET
            warn = d.warn + excluded.warn,
            late = d.late + excluded.late,
            critical = d.critical + excluded.critical,
            recovered = d.recovered + excluded.recovered
        "#,
        tenant.as_uuid(),
        to_json(digests),
        micros(plan.now)
    )
}
