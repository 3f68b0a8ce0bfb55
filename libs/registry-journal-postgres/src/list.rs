//! Lists and counts of merchants, and lists of who did what. The only statements made at run time: filters come in too many combinations to
//! write each one out. What comes from outside is bound. Our own words and numbers are text of the statement, so that its
//! plan, made once, fits how many merchants are in which stage and how long a page is.

use registry_domain::TenantId;
use registry_domain::merchant::Stage;
use registry_journal::port::{
    AuditFilter, AuditQuery, Direction, MerchantFilter, MerchantQuery, PagePosition, SortKey,
};
use registry_journal_rows::{SearchPatterns, bigint};
use sqlx::{Postgres, QueryBuilder};

/// None where the filter contradicts itself.
pub(crate) fn merchants(tenant: TenantId, query: &MerchantQuery) -> Option<QueryBuilder<Postgres>> {
    let (beyond, order) = match query.direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };
    let walks = query.walks();
    if walks.is_empty() {
        return None;
    }
    let (moment, limit) = (moment(query.sort), query.limit.get());
    let first = moment.map_or_else(String::new, |column| format!("{column} {order}, "));
    let end = format!(" ORDER BY {first}merchant_id {order} LIMIT {limit}");
    let mut statement = QueryBuilder::new("");
    for (place, stages) in walks.iter().enumerate() {
        let union = if place == 0 { "" } else { " UNION ALL " };
        let column = moment.map_or_else(String::new, |column| format!(", {column}"));
        statement.push(format!("{union}(SELECT merchant_id, state{column} FROM merchants"));
        push_filter(&mut statement, tenant, stages, &query.filter);
        if let Some(PagePosition { at, id }) = query.after {
            if let Some(column) = moment {
                statement.push(format!(" AND ({column}, merchant_id) {beyond} ("));
                statement.push_bind(at).push(", ").push_bind(id.as_uuid()).push(")");
            } else {
                statement
                    .push(format!(" AND merchant_id {beyond} "))
                    .push_bind(id.as_uuid());
            }
        }
        // In each walk, or the planner would read all of it and sort.
        statement.push(&end).push(")");
    }
    if walks.len() > 1 {
        statement.push(end);
    }
    Some(statement)
}

/// The column that comes before the id in the order of a list.
pub(crate) const fn moment(sort: SortKey) -> Option<&'static str> {
    match sort {
        // The id begins with it.
        SortKey::CreatedAt => None,
        SortKey::UpdatedAt => Some("updated_at"),
        SortKey::StageSince => Some("stage_since"),
    }
}

/// None where the filter contradicts itself.
pub(crate) fn status_counts(tenant: TenantId, filter: &MerchantFilter) -> Option<QueryBuilder<Postgres>> {
    let stages = filter.stages_to_look_in();
    if stages.is_empty() {
        return None;
    }
    let mut statement = QueryBuilder::new("SELECT status, stage, count(*) FROM merchants");
    push_filter(&mut statement, tenant, &stages, filter);
    statement.push(" GROUP BY status, stage");
    Some(statement)
}

fn push_filter(statement: &mut QueryBuilder<Postgres>, tenant: TenantId, stages: &[Stage], filter: &MerchantFilter) {
    statement.push(" WHERE tenant_id = ").push_bind(tenant.as_uuid());
    push_any(statement, "stage", stages.iter().map(|it| it.as_str()));
    if !filter.statuses.is_empty() {
        push_any(statement, "status", filter.statuses.iter().map(|it| it.as_str()));
    }
    if let Some(search) = &SearchPatterns::of(filter) {
        push_search(statement, search);
    }
}

/// Words of ours have no quotes in them.
fn push_any(statement: &mut QueryBuilder<Postgres>, column: &str, words: impl Iterator<Item = &'static str>) {
    let quoted: Vec<_> = words.map(|word| format!("'{word}'")).collect();
    statement.push(format!(" AND {column} IN ({})", quoted.join(", ")));
}

/// The columns are compared byte by byte, so ILIKE makes no difference between A and a, and leaves other alphabets be.
fn push_search(statement: &mut QueryBuilder<Postgres>, search: &SearchPatterns) {
    statement.push(" AND (");
    let mut any = statement.separated(" OR ");
    for column in ["member_code", "merchant_code", "company_name", "branch_name"] {
        any.push(format!("{column} ILIKE "))
            .push_bind_unseparated(search.part.clone());
    }
    if let Some(number) = &search.number {
        any.push("business_number LIKE ").push_bind_unseparated(number.clone());
    }
    statement.push(")");
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

#[cfg(test)]
mod tests {
    use registry_domain::MerchantId;
    use registry_domain::review::ReviewStatus;
    use registry_journal::port::PageSize;
    use registry_journal_contract::Harness;
    use sqlx::{AssertSqlSafe, Execute, PgConnection, Row};
    use uuid::Uuid;

    use super::*;
    use crate::harness::PostgresDatabase;

    /// A tenant of the seed, in the middle of the table.
    const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(10));

    fn queries() -> Vec<MerchantQuery> {
        let in_one = MerchantFilter {
            stages: vec![Stage::InReview],
            ..MerchantFilter::default()
        };
        let everywhere = MerchantFilter {
            stages: Stage::ALL.to_vec(),
            statuses: ReviewStatus::ALL.to_vec(),
            search: Some("117".to_owned()),
            ..MerchantFilter::default()
        };
        let after = PagePosition {
            at: chrono::DateTime::from_timestamp_secs(1_800_000_000).expect("a moment"),
            id: MerchantId::from_uuid(Uuid::nil()),
        };
        let mut queries = Vec::new();
        for filter in [MerchantFilter::default(), in_one, everywhere] {
            for sort in [SortKey::CreatedAt, SortKey::UpdatedAt, SortKey::StageSince] {
                for direction in [Direction::Ascending, Direction::Descending] {
                    for after in [None, Some(after)] {
                        queries.push(MerchantQuery {
                            filter: filter.clone(),
                            sort,
                            direction,
                            after,
                            limit: PageSize::clamped(50),
                        });
                    }
                }
            }
        }
        queries
    }

    /// How the reader would run it, with these very values.
    async fn plan(connection: &mut PgConnection, mut statement: QueryBuilder<Postgres>) -> Vec<String> {
        let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {}", statement.sql().as_str()));
        let values = statement
            .build()
            .take_arguments()
            .expect("values")
            .expect("some values");
        let rows = sqlx::query_with(explain, values)
            .fetch_all(connection)
            .await
            .expect("a plan");
        rows.iter().map(|row| row.get(0)).collect()
    }

    #[tokio::test]
    async fn lists_walk_an_index_and_never_sort() {
        let database = PostgresDatabase::fresh().await;
        database.seed(20, 1_000).await;
        let mut connection = database.connect().await;
        let tenant = TENANT.as_uuid();
        let begin = AssertSqlSafe(format!("SET ROLE registry_reader; SET registry.tenant = '{tenant}'"));
        sqlx::raw_sql(begin)
            .execute(&mut connection)
            .await
            .expect("a superuser may be anybody");
        for query in queries() {
            let plan = plan(&mut connection, merchants(TENANT, &query).expect("it can be fulfilled")).await;
            expect_bound(&query, &plan);
            // What a search finds may be so little that all of it is sorted.
            if query.filter.search.is_none() {
                let mut scans = plan.iter().filter(|line| line.contains("Scan"));
                let sorts = plan
                    .iter()
                    .any(|line| line.contains("Sort") && !line.contains("Sort Key"));
                assert!(
                    scans.all(|line| line.contains("Index Scan")) && !sorts,
                    "{query:?}: {plan:#?}"
                );
            }
            let counts = self::plan(
                &mut connection,
                status_counts(TENANT, &query.filter).expect("it can be fulfilled"),
            )
            .await;
            expect_bound(&query, &counts);
        }
    }

    fn expect_bound(query: &MerchantQuery, plan: &[String]) {
        let walks = plan.iter().any(|line| line.contains("Seq Scan"));
        let is_bound = plan
            .iter()
            .any(|line| line.contains("Index Cond: ") && line.contains("tenant_id = "));
        assert!(!walks && is_bound, "{query:?}: {plan:#?}");
    }
}
