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
use sqlx::types::Uuid;

use crate::ask::Sight;
use crate::rows::micros;
use crate::statement::{hex, to_json};
use crate::{SqliteJournal, rows};

/// The plans and jobs of a tenant that fit a condition. Once one has ended, its rows are counted no more.
macro_rules! jobs {
    ($condition:literal, $tenant:expr $(, $value:expr)* $(,)?) => {
        sqlx::query_as!(
            rows::Job,
            r#"
            SELECT j.job_id AS "job_id!: Uuid", j.action, j.tags, j.state, j.filter, j.retry_of AS "retry_of: Uuid", j.actor,
                j.correlation_id AS "correlation_id!: Uuid", j.reason, j.created_at, j.confirmed_at, j.ended_at, j.held_up, j.details,
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = j.job_id AND r.state = 'refused'
                ) ELSE COALESCE(j.refused, 0) END AS "refused!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = j.job_id AND r.state = 'waiting'
                ) ELSE 0 END AS "waiting!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = j.job_id AND r.state = 'running'
                ) ELSE 0 END AS "running!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = j.job_id AND r.state = 'done'
                ) ELSE COALESCE(j.done, 0) END AS "done!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = j.job_id AND r.state = 'failed'
                ) ELSE COALESCE(j.failed, 0) END AS "failed!: i64",
                CASE WHEN j.ended_at IS NULL THEN (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = j.job_id AND r.state = 'cancelled'
                ) ELSE COALESCE(j.cancelled, 0) END AS "cancelled!: i64"
            FROM jobs AS j
            WHERE j.tenant_id = ?1
            "# + $condition,
            $tenant
            $(, $value)*
        )
    };
}

#[async_trait]
impl Jobs for SqliteJournal {
    async fn add_job(&self, tenant: TenantId, job: &Job, most: u32) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO jobs (tenant_id, job_id, action, tags, state, filter, retry_of, actor, correlation_id, reason, created_at,
                details)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13
            WHERE (SELECT count(*) FROM jobs AS o WHERE o.tenant_id = ?1) < ?12
            ON CONFLICT DO NOTHING
            RETURNING 1 AS "one!: i64"
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
            micros(job.created_at),
            i64::from(most),
            details_text(&job.action)
        );
        self.changed("plan that is made", statement).await
    }

    async fn add_job_rows(&self, tenant: TenantId, id: JobId, rows: &[PlannedRow]) -> Result<(), ReadError> {
        let rows = rows.iter().map(|row| {
            let state = row.obstacle.map_or(RowState::Waiting, |_| RowState::Refused);
            (
                row.number,
                hex(merchant_or_nobody(row.merchant_id)),
                row.member_code.as_deref(),
                row.merchant_code.as_deref(),
                state.as_str(),
                row.obstacle.map(RowCode::as_str),
            )
        });
        let statement = sqlx::query!(
            r#"
            INSERT INTO job_rows (
                tenant_id, job_id, number, merchant_id, member_code, merchant_code, state, code, attempts, due_at
            )
            SELECT j.tenant_id, j.job_id, p.value ->> 0, unhex(p.value ->> 1), p.value ->> 2, p.value ->> 3, p.value ->> 4,
                p.value ->> 5, 0, CASE p.value ->> 4 WHEN 'waiting' THEN j.created_at END
            FROM jobs AS j CROSS JOIN jsonb_each(?3) AS p
            WHERE j.tenant_id = ?1 AND j.job_id = ?2 AND j.state = 'making'
            ON CONFLICT DO NOTHING
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            to_json(rows)
        );
        self.note("rows of a plan", statement).await
    }

    async fn job(&self, tenant: TenantId, id: JobId) -> Result<Option<Job>, ReadError> {
        let statement = jobs!("AND j.job_id = ?2", tenant.as_uuid(), id.as_uuid());
        self.one("job", tenant, statement).await
    }

    async fn jobs(
        &self,
        tenant: TenantId,
        before: Option<JobPosition>,
        limit: PageSize,
    ) -> Result<Vec<Job>, ReadError> {
        let statement = jobs!(
            "AND j.confirmed_at IS NOT NULL AND (j.created_at, j.job_id) < (?2, ?3)
            ORDER BY j.created_at DESC, j.job_id DESC LIMIT ?4",
            tenant.as_uuid(),
            before.map_or(i64::MAX, |before| micros(before.created_at)),
            before.map_or(Uuid::max(), |before| before.id.as_uuid()),
            limit.get()
        );
        self.all("jobs", tenant, statement).await
    }

    async fn job_rows(&self, tenant: TenantId, query: &JobRowQuery) -> Result<Vec<JobRow>, ReadError> {
        let Some(state) = query.state else {
            let statement = sqlx::query_as!(
                rows::JobRow,
                r#"
                SELECT number, merchant_id AS "merchant_id!: Uuid", member_code, merchant_code, state, code, upstream_code,
                link_id AS "link_id: Uuid", attempts, begun_at, ended_at
                FROM job_rows WHERE tenant_id = ?1 AND job_id = ?2 AND number > ?3 ORDER BY number LIMIT ?4
                "#,
                tenant.as_uuid(),
                query.id.as_uuid(),
                query.after,
                query.limit.get()
            );
            return self.all("rows of a job", tenant, statement).await;
        };
        let statement = sqlx::query_as!(
            rows::JobRow,
            r#"
            SELECT number, merchant_id AS "merchant_id!: Uuid", member_code, merchant_code, state, code, upstream_code,
                link_id AS "link_id: Uuid", attempts, begun_at, ended_at
            FROM job_rows WHERE tenant_id = ?1 AND job_id = ?2 AND state = ?5 AND number > ?3 ORDER BY number LIMIT ?4
            "#,
            tenant.as_uuid(),
            query.id.as_uuid(),
            query.after,
            query.limit.get(),
            state.as_str()
        );
        self.all("rows of a job", tenant, statement).await
    }

    async fn job_row_codes(&self, tenant: TenantId, id: JobId) -> Result<Vec<(RowState, RowCode, u64)>, ReadError> {
        let statement = sqlx::query_as!(
            RawJobRowCode,
            r#"
            SELECT state, code AS "code!", count(*) AS "count!: i64" FROM job_rows
            WHERE tenant_id = ?1 AND job_id = ?2 AND state IN ('refused', 'failed') AND code IS NOT NULL
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
            UPDATE jobs SET state = ?4, held_up = NULL,
                resume_at = CASE WHEN ?4 IN ('queued', 'running', 'cancelled') THEN ?5 END,
                confirmed_at = CASE WHEN ?4 = 'queued' THEN COALESCE(confirmed_at, ?5) ELSE confirmed_at END,
                actor = COALESCE(?6, actor),
                correlation_id = COALESCE(?7, correlation_id),
                reason = COALESCE(?8, reason)
            WHERE tenant_id = ?1 AND job_id = ?2 AND state = ?3 AND ended_at IS NULL
            RETURNING 1 AS "one!: i64"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            change.from.as_str(),
            change.to.as_str(),
            micros(change.at),
            authority.map(|(actor, _)| actor_to_text(actor)),
            authority.map(|(_, correlation_id)| correlation_id.as_uuid()),
            change.reason.as_ref().map(Reason::as_str)
        );
        self.changed("job that is moved", statement).await
    }

    async fn due_jobs(&self, now: DateTime<Utc>, of_each: u32, limit: PageSize) -> Result<Vec<DueJob>, ReadError> {
        let statement = sqlx::query_as!(
            rows::DueJob,
            r#"
            SELECT tenant_id AS "tenant_id!: Uuid", job_id AS "job_id!: Uuid", confirmed_at AS "confirmed_at!: i64" FROM (
                SELECT tenant_id, job_id, confirmed_at,
                    row_number() OVER (PARTITION BY tenant_id ORDER BY confirmed_at) AS place
                FROM jobs WHERE resume_at <= ?1 AND resume_at IS NOT NULL AND confirmed_at IS NOT NULL
            )
            WHERE place <= ?2 ORDER BY tenant_id, confirmed_at LIMIT ?3
            "#,
            micros(now),
            of_each,
            limit.get()
        );
        self.all("due jobs", Sight::Directory, statement).await
    }

    async fn free_job_rows(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            "UPDATE job_rows SET due_at = ?2 WHERE tenant_id = ?1 AND state = 'running' AND due_at > ?2",
            tenant.as_uuid(),
            micros(now)
        );
        self.note("rows that nobody works at", statement).await
    }

    async fn claim_job_rows(&self, tenant: TenantId, id: JobId, claim: RowClaim) -> Result<Vec<JobRow>, ReadError> {
        let statement = sqlx::query_as!(
            rows::JobRow,
            r#"
            UPDATE job_rows
            SET state = 'running', attempts = attempts + 1, due_at = ?4, begun_at = COALESCE(begun_at, ?3)
            WHERE tenant_id = ?1 AND job_id = ?2 AND number IN (
                SELECT d.number FROM job_rows AS d
                WHERE d.tenant_id = ?1 AND d.job_id = ?2 AND d.due_at IS NOT NULL AND d.due_at <= ?3
                    AND EXISTS (
                        SELECT 1 FROM jobs AS j WHERE j.tenant_id = ?1 AND j.job_id = ?2
                            AND (j.state = 'running' OR (j.state = 'cancelled' AND d.begun_at IS NOT NULL))
                    )
                ORDER BY d.number LIMIT ?5
            )
            RETURNING number, merchant_id AS "merchant_id!: Uuid", member_code, merchant_code, state, code, upstream_code,
                link_id AS "link_id: Uuid", attempts, begun_at, ended_at
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            micros(claim.now),
            micros(claim.until),
            claim.limit.get()
        );
        self.change("claimed rows", statement).await
    }

    async fn end_job_rows(&self, tenant: TenantId, id: JobId, outcomes: &[RowOutcome]) -> Result<(), ReadError> {
        let outcomes = outcomes.iter().map(|it| {
            (
                (it.number, bigint(it.attempt)),
                it.state.as_str(),
                it.code.map(RowCode::as_str),
                it.upstream_code.as_deref(),
                it.link_id.map(|id| hex(id.as_uuid())),
                micros(it.at),
                it.begun_at.map(micros),
                (it.due_at.map(micros), it.merchant_id.map(|id| hex(id.as_uuid()))),
            )
        });
        let statement = sqlx::query!(
            r#"
            UPDATE job_rows
            SET state = o.value ->> 1, code = o.value ->> 2, upstream_code = o.value ->> 3,
                link_id = COALESCE(unhex(o.value ->> 4), link_id), begun_at = o.value ->> 6, due_at = o.value ->> '$[7][0]',
                merchant_id = COALESCE(unhex(o.value ->> '$[7][1]'), merchant_id),
                ended_at = CASE WHEN o.value ->> '$[7][0]' IS NULL THEN o.value ->> 5 END
            FROM json_each(?3) AS o
            WHERE tenant_id = ?1 AND job_id = ?2 AND number = o.value ->> '$[0][0]' AND attempts = o.value ->> '$[0][1]'
                AND state = 'running'
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            to_json(outcomes)
        );
        self.note("outcomes of rows", statement).await
    }

    async fn rest_job(
        &self,
        tenant: TenantId,
        id: JobId,
        held_up: Option<HeldUp>,
        until: DateTime<Utc>,
    ) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            UPDATE jobs SET held_up = ?3, resume_at = ?4
            WHERE tenant_id = ?1 AND job_id = ?2 AND resume_at IS NOT NULL AND ended_at IS NULL
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            held_up.map(HeldUp::as_str),
            micros(until)
        );
        self.note("job that rests", statement).await
    }

    async fn cancel_job_rows(&self, tenant: TenantId, id: JobId, now: DateTime<Utc>) -> Result<u64, ReadError> {
        let statement = changes!(
            r#"
            UPDATE job_rows SET state = 'cancelled', due_at = NULL, ended_at = ?3
            WHERE tenant_id = ?1 AND job_id = ?2 AND number IN (
                SELECT d.number FROM job_rows AS d
                WHERE d.tenant_id = ?1 AND d.job_id = ?2 AND d.state = 'waiting' AND d.begun_at IS NULL
                    AND EXISTS (
                        SELECT 1 FROM jobs AS j WHERE j.tenant_id = ?1 AND j.job_id = ?2 AND j.state = 'cancelled'
                    )
                ORDER BY d.number LIMIT 1000
            )
            RETURNING 1 AS "one!: i64"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            micros(now)
        );
        let cancelled: Vec<i64> = self.change("rows that are cancelled", statement).await?;
        Ok(cancelled.len() as u64)
    }

    async fn end_job(&self, tenant: TenantId, id: JobId, now: DateTime<Utc>) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            UPDATE jobs
            SET state = CASE state WHEN 'cancelled' THEN state ELSE 'finished' END, held_up = NULL, resume_at = NULL,
                ended_at = ?3,
                refused = (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = ?2 AND r.state = 'refused'
                ),
                done = (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = ?2 AND r.state = 'done'
                ),
                failed = (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = ?2 AND r.state = 'failed'
                ),
                cancelled = (
                    SELECT count(*) FROM job_rows AS r
                    WHERE r.tenant_id = ?1 AND r.job_id = ?2 AND r.state = 'cancelled'
                )
            WHERE jobs.tenant_id = ?1 AND jobs.job_id = ?2 AND jobs.state IN ('queued', 'running', 'cancelled')
                AND jobs.ended_at IS NULL
                AND NOT EXISTS (
                    SELECT 1 FROM job_rows AS r WHERE r.tenant_id = ?1 AND r.job_id = ?2 AND r.due_at IS NOT NULL
                )
            RETURNING 1 AS "one!: i64"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            micros(now)
        );
        self.changed("job that ends", statement).await
    }

    async fn forget_jobs(&self, tenant: TenantId, expiry: JobExpiry) -> Result<(), ReadError> {
        let statement = sqlx::query!(
            r#"
            DELETE FROM jobs WHERE tenant_id = ?1 AND job_id IN (
                SELECT job_id FROM jobs
                WHERE tenant_id = ?1 AND created_at < ?2
                    AND (confirmed_at IS NULL OR (ended_at IS NOT NULL AND ended_at < ?3))
                ORDER BY created_at, job_id LIMIT 4
            )
            "#,
            tenant.as_uuid(),
            micros(expiry.plans_before),
            micros(expiry.jobs_before)
        );
        self.note("old jobs", statement).await
    }
}
