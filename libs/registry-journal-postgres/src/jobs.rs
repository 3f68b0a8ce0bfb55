//! Plans, jobs and their rows.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::jobs::{HeldUp, Reason, RowCode, RowState};
use registry_domain::{JobId, TenantId};
use registry_journal::port::{
    DueJob, Job, JobExpiry, JobMove, JobPosition, JobRow, JobRowQuery, Jobs, PageSize, PlannedRow, ReadError, RowClaim,
    RowOutcome,
};
use registry_journal::record::actor_to_text;
use registry_journal_rows::{RawJobRowCode, bigint, details_text, merchant_or_nobody, tag_texts};
use uuid::Uuid;

use crate::ask::Sight;
use crate::statement::column;
use crate::{PostgresJournal, rows};

/// The plans and jobs of a tenant that fit a condition. Once one has ended, its rows are counted no more.
macro_rules! jobs {
    ($condition:literal, $tenant:expr $(, $value:expr)* $(,)?) => {
        sqlx::query_as!(
            rows::Job,
            r#"
            SELECT j.job_id, j.action, j.tags, j.state, j.filter, j.retry_of, j.actor, j.correlation_id, j.reason, j.created_at,
                j.confirmed_at, j.ended_at, j.held_up, j.details,
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = $1 AND r.job_id = j.job_id AND r.state = 'refused'
                ) ELSE COALESCE(j.refused, 0) END AS "refused!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = $1 AND r.job_id = j.job_id AND r.state = 'waiting'
                ) ELSE 0 END AS "waiting!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = $1 AND r.job_id = j.job_id AND r.state = 'running'
                ) ELSE 0 END AS "running!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = $1 AND r.job_id = j.job_id AND r.state = 'done'
                ) ELSE COALESCE(j.done, 0) END AS "done!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = $1 AND r.job_id = j.job_id AND r.state = 'failed'
                ) ELSE COALESCE(j.failed, 0) END AS "failed!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = $1 AND r.job_id = j.job_id AND r.state = 'cancelled'
                ) ELSE COALESCE(j.cancelled, 0) END AS "cancelled!: i64"
            FROM jobs AS j
            WHERE j.tenant_id = $1
            "# + $condition,
            $tenant
            $(, $value)*
        )
    };
}

#[async_trait]
impl Jobs for PostgresJournal {
    async fn add_job(&self, tenant: TenantId, job: &Job, most: u32) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO jobs (tenant_id, job_id, action, tags, state, filter, retry_of, actor, correlation_id, reason, created_at,
                details)
            SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::uuid, $8::text, $9::uuid, $10::text,
                $11::timestamptz, $13::text
            WHERE (SELECT count(*) FROM jobs AS o WHERE o.tenant_id = $1) < $12
            ON CONFLICT DO NOTHING
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            job.id.as_uuid(),
            job.action.kind().as_str(),
            tag_texts(job.action.tags()),
            job.state.as_str(),
            job.filter.as_deref(),
            job.retry_of.map(|id| id.as_uuid()),
            actor_to_text(&job.actor),
            job.correlation_id.as_uuid(),
            job.reason.as_ref().map(Reason::as_str),
            job.created_at,
            i64::from(most),
            details_text(&job.action)
        );
        self.changed_of("plan that is made", tenant, statement).await
    }

    async fn add_job_rows(&self, tenant: TenantId, id: JobId, rows: &[PlannedRow]) -> Result<(), ReadError> {
        let state = |row: &PlannedRow| row.obstacle.map_or(RowState::Waiting, |_| RowState::Refused).as_str();
        let statement = changes!(
            r#"
            INSERT INTO job_rows (
                tenant_id, job_id, number, merchant_id, member_code, merchant_code, state, code, attempts, due_at
            )
            SELECT j.tenant_id, j.job_id, p.number, p.merchant, p.member_code, p.merchant_code, p.state, p.code, 0,
                CASE p.state WHEN 'waiting' THEN j.created_at END
            FROM jobs AS j
            CROSS JOIN unnest($3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[])
                AS p (number, merchant, member_code, merchant_code, state, code)
            WHERE j.tenant_id = $1 AND j.job_id = $2 AND j.state = 'making'
            ON CONFLICT DO NOTHING
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            &column(rows, |row| i64::from(row.number)),
            &column(rows, |row| merchant_or_nobody(row.merchant_id)),
            &column(rows, |row| row.member_code.as_deref()) as &[Option<&str>],
            &column(rows, |row| row.merchant_code.as_deref()) as &[Option<&str>],
            &column(rows, state) as &[&str],
            &column(rows, |row| row.obstacle.map(RowCode::as_str)) as &[Option<&str>]
        );
        self.change_of("rows of a plan", tenant, statement).await.map(drop)
    }

    async fn job(&self, tenant: TenantId, id: JobId) -> Result<Option<Job>, ReadError> {
        let statement = jobs!("AND j.job_id = $2", tenant.as_uuid(), id.as_uuid());
        self.one("job", tenant, statement).await
    }

    async fn jobs(
        &self,
        tenant: TenantId,
        before: Option<JobPosition>,
        limit: PageSize,
    ) -> Result<Vec<Job>, ReadError> {
        let statement = jobs!(
            "AND j.confirmed_at IS NOT NULL AND (j.created_at, j.job_id) < ($2, $3)
            ORDER BY j.created_at DESC, j.job_id DESC LIMIT $4",
            tenant.as_uuid(),
            before.map_or_else(latest, |before| before.created_at),
            before.map_or(Uuid::max(), |before| before.id.as_uuid()),
            i64::from(limit.get())
        );
        self.all("jobs", tenant, statement).await
    }

    async fn job_rows(&self, tenant: TenantId, query: &JobRowQuery) -> Result<Vec<JobRow>, ReadError> {
        let (id, after, limit) = (query.id.as_uuid(), i64::from(query.after), i64::from(query.limit.get()));
        let Some(state) = query.state else {
            let statement = sqlx::query_as!(
                rows::JobRow,
                r#"
                SELECT number, merchant_id, member_code, merchant_code, state, code, upstream_code, link_id, attempts, begun_at,
                    ended_at
                FROM job_rows WHERE tenant_id = $1 AND job_id = $2 AND number > $3 ORDER BY number LIMIT $4
                "#,
                tenant.as_uuid(),
                id,
                after,
                limit
            );
            return self.all("rows of a job", tenant, statement).await;
        };
        let statement = sqlx::query_as!(
            rows::JobRow,
            r#"
            SELECT number, merchant_id, member_code, merchant_code, state, code, upstream_code, link_id, attempts, begun_at,
                ended_at
            FROM job_rows WHERE tenant_id = $1 AND job_id = $2 AND state = $5 AND number > $3 ORDER BY number LIMIT $4
            "#,
            tenant.as_uuid(),
            id,
            after,
            limit,
            state.as_str()
        );
        self.all("rows of a job", tenant, statement).await
    }

    async fn job_row_codes(&self, tenant: TenantId, id: JobId) -> Result<Vec<(RowState, RowCode, u64)>, ReadError> {
        let statement = sqlx::query_as!(
            RawJobRowCode,
            r#"
            SELECT state, code AS "code!", count(*) AS "count!" FROM job_rows
            WHERE tenant_id = $1 AND job_id = $2 AND state IN ('refused', 'failed') AND code IS NOT NULL
            GROUP BY state, code
            "#,
            tenant.as_uuid(),
            id.as_uuid()
        );
        self.all("reasons of rows", tenant, statement).await
    }

    async fn move_job(&self, tenant: TenantId, id: JobId, change: &JobMove) -> Result<bool, ReadError> {
        let authority = change.authority.as_ref();
        let statement = changes!(
            r#"
            UPDATE jobs SET state = $4, held_up = NULL,
                resume_at = CASE WHEN $4 IN ('queued', 'running', 'cancelled') THEN $5::timestamptz END,
                confirmed_at = CASE WHEN $4 = 'queued' THEN COALESCE(confirmed_at, $5) ELSE confirmed_at END,
                actor = COALESCE($6, actor),
                correlation_id = COALESCE($7, correlation_id),
                reason = COALESCE($8, reason)
            WHERE tenant_id = $1 AND job_id = $2 AND state = $3 AND ended_at IS NULL
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            change.from.as_str(),
            change.to.as_str(),
            change.at,
            authority.map(|(actor, _)| actor_to_text(actor)),
            authority.map(|(_, correlation_id)| correlation_id.as_uuid()),
            change.reason.as_ref().map(Reason::as_str)
        );
        self.changed_of("job that is moved", tenant, statement).await
    }

    async fn due_jobs(&self, now: DateTime<Utc>, of_each: u32, limit: PageSize) -> Result<Vec<DueJob>, ReadError> {
        let statement = sqlx::query_as!(
            rows::DueJob,
            r#"
            SELECT tenant_id, job_id, confirmed_at AS "confirmed_at!" FROM (
                SELECT tenant_id, job_id, confirmed_at,
                    row_number() OVER (PARTITION BY tenant_id ORDER BY confirmed_at) AS place
                FROM jobs WHERE resume_at <= $1 AND resume_at IS NOT NULL AND confirmed_at IS NOT NULL
            ) AS due
            WHERE place <= $2 ORDER BY tenant_id, confirmed_at LIMIT $3
            "#,
            now,
            i64::from(of_each),
            i64::from(limit.get())
        );
        self.all("due jobs", Sight::Directory, statement).await
    }

    async fn free_job_rows(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            UPDATE job_rows SET due_at = $2 WHERE tenant_id = $1 AND state = 'running' AND due_at > $2
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            now
        );
        self.change_of("rows that nobody works at", tenant, statement)
            .await
            .map(drop)
    }

    async fn claim_job_rows(&self, tenant: TenantId, id: JobId, claim: RowClaim) -> Result<Vec<JobRow>, ReadError> {
        let statement = sqlx::query_as!(
            rows::JobRow,
            r#"
            UPDATE job_rows AS r
            SET state = 'running', attempts = r.attempts + 1, due_at = $4, begun_at = COALESCE(r.begun_at, $3)
            WHERE r.tenant_id = $1 AND r.job_id = $2 AND r.number = ANY (ARRAY(
                SELECT d.number FROM job_rows AS d
                WHERE d.tenant_id = $1 AND d.job_id = $2 AND d.due_at IS NOT NULL AND d.due_at <= $3
                    AND EXISTS (
                        SELECT 1 FROM jobs AS j WHERE j.tenant_id = $1 AND j.job_id = $2
                            AND (j.state = 'running' OR (j.state = 'cancelled' AND d.begun_at IS NOT NULL))
                    )
                ORDER BY d.number LIMIT $5 FOR UPDATE SKIP LOCKED
            ))
            RETURNING number, merchant_id, member_code, merchant_code, state, code, upstream_code, link_id, attempts, begun_at,
                ended_at
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            claim.now,
            claim.until,
            i64::from(claim.limit.get())
        );
        self.change_of("claimed rows", tenant, statement).await
    }

    async fn end_job_rows(&self, tenant: TenantId, id: JobId, outcomes: &[RowOutcome]) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            UPDATE job_rows AS r
            SET state = o.state, code = o.code, upstream_code = o.upstream_code, link_id = COALESCE(o.link, r.link_id),
                begun_at = o.begun_at, due_at = o.due_at, merchant_id = COALESCE(o.merchant, r.merchant_id),
                ended_at = CASE WHEN o.due_at IS NULL THEN o.at END
            FROM unnest(
                $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::timestamptz[],
                $10::timestamptz[], $11::timestamptz[], $12::uuid[]
            ) AS o (number, attempt, state, code, upstream_code, link, at, begun_at, due_at, merchant)
            WHERE r.tenant_id = $1 AND r.job_id = $2 AND r.number = o.number AND r.attempts = o.attempt
                AND r.state = 'running'
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            &column(outcomes, |it| i64::from(it.number)),
            &column(outcomes, |it| bigint(it.attempt)),
            &column(outcomes, |it| it.state.as_str()) as &[&str],
            &column(outcomes, |it| it.code.map(RowCode::as_str)) as &[Option<&str>],
            &column(outcomes, |it| it.upstream_code.as_deref()) as &[Option<&str>],
            &column(outcomes, |it| it.link_id.map(|id| id.as_uuid())) as &[Option<Uuid>],
            &column(outcomes, |it| it.at),
            &column(outcomes, |it| it.begun_at) as &[Option<DateTime<Utc>>],
            &column(outcomes, |it| it.due_at) as &[Option<DateTime<Utc>>],
            &column(outcomes, |it| it.merchant_id.map(|id| id.as_uuid())) as &[Option<Uuid>]
        );
        self.change_of("outcomes of rows", tenant, statement).await.map(drop)
    }

    async fn rest_job(
        &self,
        tenant: TenantId,
        id: JobId,
        held_up: Option<HeldUp>,
        until: DateTime<Utc>,
    ) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            UPDATE jobs SET held_up = $3, resume_at = $4
            WHERE tenant_id = $1 AND job_id = $2 AND resume_at IS NOT NULL AND ended_at IS NULL
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            held_up.map(HeldUp::as_str),
            until
        );
        self.change_of("job that rests", tenant, statement).await.map(drop)
    }

    async fn cancel_job_rows(&self, tenant: TenantId, id: JobId, now: DateTime<Utc>) -> Result<u64, ReadError> {
        let statement = changes!(
            r#"
            UPDATE job_rows AS r SET state = 'cancelled', due_at = NULL, ended_at = $3
            WHERE r.tenant_id = $1 AND r.job_id = $2 AND r.number = ANY (ARRAY(
                SELECT d.number FROM job_rows AS d
                WHERE d.tenant_id = $1 AND d.job_id = $2 AND d.state = 'waiting' AND d.begun_at IS NULL
                    AND EXISTS (
                        SELECT 1 FROM jobs AS j WHERE j.tenant_id = $1 AND j.job_id = $2 AND j.state = 'cancelled'
                    )
                ORDER BY d.number LIMIT 1000
            ))
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            now
        );
        let cancelled: Vec<i64> = self.change_of("rows that are cancelled", tenant, statement).await?;
        Ok(cancelled.len() as u64)
    }

    async fn end_job(&self, tenant: TenantId, id: JobId, now: DateTime<Utc>) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            UPDATE jobs AS j
            SET state = CASE j.state WHEN 'cancelled' THEN j.state ELSE 'finished' END, held_up = NULL, resume_at = NULL,
                ended_at = $3, refused = t.refused, done = t.done, failed = t.failed, cancelled = t.cancelled
            FROM (
                SELECT count(*) FILTER (WHERE r.state = 'refused') AS refused, count(*) FILTER (WHERE r.state = 'done') AS done,
                    count(*) FILTER (WHERE r.state = 'failed') AS failed,
                    count(*) FILTER (WHERE r.state = 'cancelled') AS cancelled
                FROM job_rows AS r WHERE r.tenant_id = $1 AND r.job_id = $2
            ) AS t
            WHERE j.tenant_id = $1 AND j.job_id = $2 AND j.state IN ('queued', 'running', 'cancelled') AND j.ended_at IS NULL
                AND NOT EXISTS (
                    SELECT 1 FROM job_rows AS r WHERE r.tenant_id = $1 AND r.job_id = $2 AND r.due_at IS NOT NULL
                )
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            now
        );
        self.changed_of("job that ends", tenant, statement).await
    }

    async fn forget_jobs(&self, tenant: TenantId, expiry: JobExpiry) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            DELETE FROM jobs WHERE tenant_id = $1 AND job_id = ANY (ARRAY(
                SELECT job_id FROM jobs
                WHERE tenant_id = $1 AND created_at < $2
                    AND (confirmed_at IS NULL OR (ended_at IS NOT NULL AND ended_at < $3))
                ORDER BY created_at, job_id LIMIT 4
            ))
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            expiry.plans_before,
            expiry.jobs_before
        );
        self.change_of("old jobs", tenant, statement).await.map(drop)
    }
}

/// The year 9999: what the server can compare with, and nothing of ours comes near it.
pub(crate) fn latest() -> DateTime<Utc> {
    DateTime::from_timestamp(253_370_764_800, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
