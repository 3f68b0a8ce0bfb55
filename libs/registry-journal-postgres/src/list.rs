//! Lists and counts of merchants, and lists of who did what: statements that are made at run time.

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_journal::port::{
    AuditFilter, AuditQuery, FacetCount, ListedMerchant, ListedThen, MerchantFilter, MerchantQuery, ReadError, SortKey,
    readable,
};
use registry_journal_rows::list::{self, Dialect, Plan, Statement, Value};
use registry_journal_rows::{RawFacetCount, RawKeptCount, RawListedMerchant, RawListedThen, RawSortKey, bigint};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder, Row};
use tokio::sync::mpsc::Sender;

use crate::PostgresJournal;

const DIALECT: Dialect = Dialect::Postgres;

impl PostgresJournal {
    /// A page of merchants as they are.
    pub(crate) async fn page(&self, tenant: TenantId, query: &MerchantQuery) -> Result<Vec<ListedMerchant>, ReadError> {
        let plan = self.plan(tenant, &query.filter).await?;
        if plan.finds_nothing() {
            return Ok(Vec::new());
        }
        if plan.walks(query) {
            let first = plan.first_walk(query);
            let page = self.walked(tenant, query, first).await?;
            if plan.is_whole(query, first, page.len()) {
                return Ok(page);
            }
            if let Some(second) = plan.second_walk(query, page.len()) {
                let page = self.walked(tenant, query, second).await?;
                if plan.is_whole(query, second, page.len()) {
                    return Ok(page);
                }
            }
        }
        if let Some(first) = list::first_few(DIALECT, tenant, query, &plan) {
            let page = self.listed(tenant, query.sort, first).await?;
            if page.len() == query.limit.get() as usize {
                return Ok(page);
            }
        }
        self.listed(tenant, query.sort, list::few(DIALECT, tenant, query, &plan))
            .await
    }

    async fn walked(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        most: u64,
    ) -> Result<Vec<ListedMerchant>, ReadError> {
        self.listed(tenant, query.sort, list::walk(DIALECT, tenant, query, most))
            .await
    }

    /// A page of merchants as they were.
    pub(crate) async fn page_as_of(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        at: DateTime<Utc>,
    ) -> Result<Vec<ListedThen>, ReadError> {
        if let Some(walk) = list::walk_as_of(DIALECT, tenant, query, at) {
            let page = self.listed_then(tenant, query.sort, walk).await?;
            if page.len() == query.limit.get() as usize {
                return Ok(page);
            }
        }
        self.listed_then(tenant, query.sort, list::page_as_of(DIALECT, tenant, query, at))
            .await
    }

    /// How many merchants there are.
    pub(crate) async fn counts(&self, tenant: TenantId, filter: &MerchantFilter) -> Result<Vec<FacetCount>, ReadError> {
        let kept = self.kept_counts(tenant).await?;
        if !filter.needs_more_than_facets() {
            return Ok(kept.into_iter().filter(|count| filter.fits(count.facets)).collect());
        }
        let plan = Plan::of(filter, &kept);
        if plan.finds_nothing() {
            return Ok(Vec::new());
        }
        self.counted(tenant, list::counts(DIALECT, tenant, filter, &plan)).await
    }

    /// How many there were.
    pub(crate) async fn counts_as_of(
        &self,
        tenant: TenantId,
        filter: &MerchantFilter,
        at: DateTime<Utc>,
    ) -> Result<Vec<FacetCount>, ReadError> {
        self.counted(tenant, list::counts_as_of(DIALECT, tenant, filter, at))
            .await
    }

    pub(crate) async fn plan(&self, tenant: TenantId, filter: &MerchantFilter) -> Result<Plan, ReadError> {
        Ok(Plan::of(filter, &self.kept_counts(tenant).await?))
    }

    async fn kept_counts(&self, tenant: TenantId) -> Result<Vec<FacetCount>, ReadError> {
        let statement = sqlx::query_as!(
            RawKeptCount,
            "SELECT facets, count FROM merchant_counts WHERE tenant_id = $1 AND count > 0",
            tenant.as_uuid()
        );
        let rows = self.all("counts of merchants", tenant, statement).await?;
        Ok(readable(tenant, rows))
    }

    async fn listed(
        &self,
        tenant: TenantId,
        sort: SortKey,
        statement: Statement,
    ) -> Result<Vec<ListedMerchant>, ReadError> {
        let row = move |row: PgRow| listed(&row, sort);
        self.all("merchants", tenant, query(statement).try_map(row)).await
    }

    async fn listed_then(
        &self,
        tenant: TenantId,
        sort: SortKey,
        statement: Statement,
    ) -> Result<Vec<ListedThen>, ReadError> {
        let row = move |row: PgRow| listed_then(&row, sort);
        self.all("merchants", tenant, query(statement).try_map(row)).await
    }

    async fn counted(&self, tenant: TenantId, statement: Statement) -> Result<Vec<FacetCount>, ReadError> {
        let row = |row: PgRow| {
            Ok(RawFacetCount {
                facets: row.try_get(0)?,
                count: row.try_get(1)?,
            })
        };
        self.all("counts of merchants", tenant, query(statement).try_map(row))
            .await
    }

    /// A whole list as it is.
    pub(crate) async fn hand_over(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        most: u64,
        to: Sender<ListedMerchant>,
    ) -> Result<(), ReadError> {
        let (plan, sort) = (self.plan(tenant, &query.filter).await?, query.sort);
        if plan.finds_nothing() {
            return Ok(());
        }
        let statement = self::query(list::whole(DIALECT, tenant, query, &plan, most));
        let row = move |row: PgRow| listed(&row, sort);
        self.each("merchants", tenant, statement.try_map(row), to).await
    }

    /// A whole list as it was.
    pub(crate) async fn hand_over_as_of(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        at: DateTime<Utc>,
        most: u64,
        to: Sender<ListedThen>,
    ) -> Result<(), ReadError> {
        let sort = query.sort;
        let statement = self::query(list::whole_as_of(DIALECT, tenant, query, at, most));
        let row = move |row: PgRow| listed_then(&row, sort);
        self.each("merchants", tenant, statement.try_map(row), to).await
    }
}

fn listed(row: &PgRow, sort: SortKey) -> Result<RawListedMerchant<DateTime<Utc>>, sqlx::Error> {
    Ok(RawListedMerchant {
        merchant_id: row.try_get(0)?,
        state: row.try_get(1)?,
        key: key(row, sort)?,
    })
}

fn listed_then(row: &PgRow, sort: SortKey) -> Result<RawListedThen<DateTime<Utc>>, sqlx::Error> {
    Ok(RawListedThen {
        merchant_id: row.try_get(0)?,
        version: row.try_get(1)?,
        key: key(row, sort)?,
    })
}

/// By what a list is sorted, of a row of it.
fn key(row: &PgRow, sort: SortKey) -> Result<RawSortKey<DateTime<Utc>>, sqlx::Error> {
    Ok(match sort {
        SortKey::CreatedAt => RawSortKey::Id,
        SortKey::UpdatedAt | SortKey::StageSince => RawSortKey::Moment(row.try_get(2)?),
        SortKey::Name | SortKey::Code => RawSortKey::Text(row.try_get(2)?),
    })
}

/// A statement that was made at run time, ready to be run.
pub(crate) fn query(statement: Statement) -> Query<'static, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(statement.sql));
    for value in statement.values {
        query = match value {
            Value::Id(id) => query.bind(id),
            Value::Moment(moment) => query.bind(moment),
            Value::Text(text) => query.bind(text),
        };
    }
    query
}

/// One page of who did what.
pub(crate) fn audit(tenant: TenantId, query: &AuditQuery) -> QueryBuilder<Postgres> {
    let filter = &query.filter;
    let mut statement = QueryBuilder::new(
        "SELECT seq, recorded_at, actor, channel, action, merchant_id, outcome FROM audit_entries WHERE tenant_id = ",
    );
    statement.push_bind(tenant.as_uuid());
    if let Some(before) = query.before {
        statement.push(" AND seq < ").push_bind(bigint(before.0));
    }
    if let Some(actor) = &filter.actor {
        statement.push(" AND actor = ").push_bind(actor.clone());
    }
    if let Some(merchant) = filter.merchant_id {
        statement.push(" AND merchant_id = ").push_bind(merchant.as_uuid());
    }
    if !filter.actions.is_empty() {
        statement.push(" AND action IN (");
        let mut list = statement.separated(", ");
        for action in &filter.actions {
            list.push_bind(action.clone());
        }
        statement.push(")");
    }
    if let Some(channel) = filter.channel {
        statement.push(" AND channel = ").push_bind(channel.as_str());
    }
    // A word of ours as text, so that the index of what was refused fits.
    if let Some(outcome) = filter.outcome {
        statement.push(format!(" AND outcome = '{}'", outcome.as_str()));
    }
    push_times(&mut statement, tenant, filter);
    statement
        .push(" ORDER BY seq DESC LIMIT ")
        .push_bind(i64::from(query.limit.get()));
    statement
}

/// Time in a log never runs backwards: a stretch of it is a stretch of positions, found once.
fn push_times(statement: &mut QueryBuilder<Postgres>, tenant: TenantId, filter: &AuditFilter) {
    for (moment, bound, order) in [(filter.from, ">=", "ASC"), (filter.to, "<=", "DESC")] {
        let Some(moment) = moment else { continue };
        let inner = "(SELECT seq FROM audit_entries WHERE tenant_id = ";
        statement.push(format!(" AND seq {bound} {inner}"));
        statement.push_bind(tenant.as_uuid());
        statement.push(format!(" AND recorded_at {bound} ")).push_bind(moment);
        statement.push(format!(" ORDER BY recorded_at {order}, seq {order} LIMIT 1)"));
    }
}
