//! Lists and counts of merchants. The only statements made at run time: filters come in too many combinations to
//! write each one out. What comes from outside is bound. Our own words and numbers are text of the statement, so that its
//! plan, made once, fits how many merchants are in which stage and how long a page is.

use registry_domain::TenantId;
use registry_domain::merchant::Stage;
use registry_journal::port::{Direction, MerchantFilter, MerchantQuery, PagePosition, SortKey};
use sqlx::{Postgres, QueryBuilder};

pub(crate) fn merchants(tenant: TenantId, query: &MerchantQuery) -> QueryBuilder<Postgres> {
    let mut statement = QueryBuilder::new("SELECT merchant_id, state FROM merchants WHERE tenant_id = ");
    statement.push_bind(tenant.as_uuid());
    push_filter(&mut statement, &query.filter);
    let column = match query.sort {
        SortKey::CreatedAt => "created_at",
        SortKey::UpdatedAt => "updated_at",
        SortKey::StageSince => "stage_since",
    };
    let (beyond, order) = match query.direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };
    if let Some(PagePosition { at, id }) = query.after {
        statement.push(format!(" AND ({column}, merchant_id) {beyond} ("));
        statement.push_bind(at).push(", ").push_bind(id.as_uuid()).push(")");
    }
    let limit = query.limit.get();
    statement.push(format!(" ORDER BY {column} {order}, merchant_id {order} LIMIT {limit}"));
    statement
}

pub(crate) fn status_counts(tenant: TenantId, filter: &MerchantFilter) -> QueryBuilder<Postgres> {
    let mut statement = QueryBuilder::new("SELECT status, stage, count(*) FROM merchants WHERE tenant_id = ");
    statement.push_bind(tenant.as_uuid());
    push_filter(&mut statement, filter);
    statement.push(" GROUP BY status, stage");
    statement
}

fn push_filter(statement: &mut QueryBuilder<Postgres>, filter: &MerchantFilter) {
    if filter.stages.is_empty() {
        statement.push(format!(" AND stage <> '{}'", Stage::Archived.as_str()));
    } else {
        statement.push(format!(
            " AND stage IN ({})",
            quoted(filter.stages.iter().map(|it| it.as_str()))
        ));
    }
    if !filter.statuses.is_empty() {
        statement.push(format!(
            " AND status IN ({})",
            quoted(filter.statuses.iter().map(|it| it.as_str()))
        ));
    }
    if let Some(search) = &filter.search {
        push_search(statement, search);
    }
}

/// Words of ours have no quotes in them.
fn quoted(words: impl Iterator<Item = &'static str>) -> String {
    words.map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}

/// The columns are compared byte by byte, so ILIKE makes no difference between A and a, and leaves other alphabets be.
fn push_search(statement: &mut QueryBuilder<Postgres>, search: &str) {
    let part = format!("%{}%", escape(search));
    statement.push(" AND (");
    for column in ["member_code", "merchant_code", "company_name", "branch_name"] {
        statement
            .push(format!("{column} ILIKE "))
            .push_bind(part.clone())
            .push(" OR ");
    }
    let digits: String = search.chars().filter(char::is_ascii_digit).collect();
    let is_number = !digits.is_empty() && search.chars().all(|c| c.is_ascii_digit() || c == '-');
    if is_number {
        statement
            .push("business_number LIKE ")
            .push_bind(format!("{digits}%"))
            .push(")");
    } else {
        statement.push("false)");
    }
}

/// `%` and `_` in a search are letters, not wildcards.
fn escape(search: &str) -> String {
    search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use registry_domain::MerchantId;
    use registry_domain::review::ReviewStatus;
    use registry_journal::contract::Harness;
    use registry_journal::port::PageSize;
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
            let plan = plan(&mut connection, merchants(TENANT, &query)).await;
            expect_bound(&query, &plan);
            // What a search finds may be so little that all of it is sorted.
            if query.filter.search.is_none() {
                let steps: Vec<_> = plan
                    .iter()
                    .filter(|line| line.contains("Scan") || line.contains("Sort "))
                    .collect();
                assert!(
                    steps.len() == 1 && steps[0].contains("Index Scan"),
                    "{query:?}: {plan:#?}"
                );
            }
            let counts = self::plan(&mut connection, status_counts(TENANT, &query.filter)).await;
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
