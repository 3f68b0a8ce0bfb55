//! What ageing, durations and funnels are counted from: the counts that are kept, where they say it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_journal::port::{
    CohortQuery, Insight, MerchantFilter, MilestonesRow, ReadError, StandingCount, StayCount, StayQuery, StepCount,
    WRONG_COUNTS_MAX, WrongCount,
};
use registry_journal_rows::list::{self, Dialect, Plan};
use registry_journal_rows::{RawStandingCount, RawStayCount, RawStepCount, RawWrongCount, day_number};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::SqliteJournal;
use crate::list::query as ready;
use crate::rows::micros;
use crate::statement::{Statement, hex, to_json};

const DIALECT: Dialect = Dialect::Sqlite;

/// What a batch writes of milestones: the first moment of each stays.
pub(crate) fn milestones(milestones: &[MilestonesRow]) -> Statement {
    let row = |row: &MilestonesRow| {
        (
            hex(row.tenant_id.as_uuid()),
            hex(row.merchant_id.as_uuid()),
            micros(row.created_at),
            row.linked_at.map(micros),
            row.begun_at.map(micros),
            row.submitted_at.map(micros),
            row.opened_at.map(micros),
            u8::from(row.is_under_way),
        )
    };
    let rows = to_json(milestones.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO merchant_milestones (
            tenant_id, merchant_id, created_at, linked_at, begun_at, submitted_at, opened_at, under_way
        )
        SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
            value ->> 7
        FROM jsonb_each(?1) WHERE true
        ON CONFLICT (tenant_id, merchant_id) DO UPDATE SET
            linked_at = coalesce(merchant_milestones.linked_at, excluded.linked_at),
            begun_at = coalesce(merchant_milestones.begun_at, excluded.begun_at),
            submitted_at = coalesce(merchant_milestones.submitted_at, excluded.submitted_at),
            opened_at = coalesce(merchant_milestones.opened_at, excluded.opened_at),
            under_way = excluded.under_way
        "#,
        rows
    )
}

#[async_trait]
impl Insight for SqliteJournal {
    async fn standing(
        &self,
        tenant: TenantId,
        filter: &MerchantFilter,
        at: Option<DateTime<Utc>>,
    ) -> Result<Vec<StandingCount>, ReadError> {
        if at.is_none() && filter.is_of_stages() {
            let statement = sqlx::query_as!(
                RawStandingCount,
                "SELECT stage, since_on, count FROM standing_counts WHERE tenant_id = ?1 AND count > 0",
                tenant.as_uuid()
            );
            let mut counts = self.all("who stands where", tenant, statement).await?;
            counts.retain(|count| filter.has_stage(count.stage));
            return Ok(counts);
        }
        let Some(plan) = self.plan_of_insight(tenant, filter, at).await? else {
            return Ok(Vec::new());
        };
        let row = |row: SqliteRow| {
            Ok(RawStandingCount {
                stage: row.try_get(0)?,
                since_on: row.try_get(1)?,
                count: row.try_get(2)?,
            })
        };
        let statement = ready(list::standing(DIALECT, tenant, filter, &plan, at));
        self.all("who stands where", tenant, statement.try_map(row)).await
    }

    async fn stays(&self, tenant: TenantId, query: &StayQuery) -> Result<Vec<StayCount>, ReadError> {
        if query.at.is_none() && query.filter.is_everyone() {
            let statement = sqlx::query_as!(
                RawStayCount,
                r#"
                SELECT stage, since_on, ended_on, count FROM stay_counts
                WHERE tenant_id = ?1 AND ended_on BETWEEN ?2 AND ?3 AND count > 0
                "#,
                tenant.as_uuid(),
                day_number(query.from),
                day_number(query.until)
            );
            return self.all("stays", tenant, statement).await;
        }
        let Some(plan) = self.plan_of_insight(tenant, &query.filter, query.at).await? else {
            return Ok(Vec::new());
        };
        let row = |row: SqliteRow| {
            Ok(RawStayCount {
                stage: row.try_get(0)?,
                since_on: row.try_get(1)?,
                ended_on: row.try_get(2)?,
                count: row.try_get(3)?,
            })
        };
        let statement = ready(list::stays(DIALECT, tenant, query, &plan));
        self.all("stays", tenant, statement.try_map(row)).await
    }

    async fn cohorts(&self, tenant: TenantId, query: &CohortQuery) -> Result<Vec<StepCount>, ReadError> {
        if query.at.is_none() && query.filter.is_everyone() {
            let statement = sqlx::query_as!(
                RawStepCount,
                r#"
                SELECT cohort_on, step, from_on, to_on, count FROM cohort_counts
                WHERE tenant_id = ?1 AND cohort_on BETWEEN ?2 AND ?3 AND count > 0
                "#,
                tenant.as_uuid(),
                day_number(query.from),
                day_number(query.until)
            );
            return self.all("cohorts", tenant, statement).await;
        }
        let Some(plan) = self.plan_of_insight(tenant, &query.filter, query.at).await? else {
            return Ok(Vec::new());
        };
        let row = |row: SqliteRow| {
            Ok(RawStepCount {
                cohort_on: row.try_get(0)?,
                step: row.try_get(1)?,
                from_on: row.try_get(2)?,
                to_on: row.try_get(3)?,
                count: row.try_get(4)?,
            })
        };
        let statement = ready(list::cohorts(DIALECT, tenant, query, &plan));
        self.all("cohorts", tenant, statement.try_map(row)).await
    }

    async fn wrong_counts(&self, tenant: TenantId) -> Result<Vec<WrongCount>, ReadError> {
        let statement = sqlx::query_file_as!(
            RawWrongCount,
            "src/wrong_counts.sql",
            tenant.as_uuid(),
            WRONG_COUNTS_MAX
        );
        self.walk("wrong counts", tenant, statement).await
    }
}

impl SqliteJournal {
    /// How a filter is looked for; none if nobody passes now. What was then, no count says.
    async fn plan_of_insight(
        &self,
        tenant: TenantId,
        filter: &MerchantFilter,
        at: Option<DateTime<Utc>>,
    ) -> Result<Option<Plan>, ReadError> {
        if at.is_some() {
            return Ok(Some(Plan::of(filter, &[])));
        }
        let plan = self.plan(tenant, filter).await?;
        Ok((!plan.finds_nothing()).then_some(plan))
    }
}
