//! Which way lists take: a walk along an index, or by what finds little.

use registry_domain::merchant::{Facets, Stage, Warning};
use registry_domain::search::{Mark, Search};
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{
    Direction, FacetCount, MerchantFilter, MerchantQuery, PagePosition, PageSize, PlaceKey, SortKey,
};
use registry_journal_contract::Harness;
use registry_journal_rows::list::{self, Dialect, Plan};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use crate::harness::PostgresDatabase;

/// A tenant of the seed, in the middle of the table.
const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(2));

fn filters_of_lists() -> Vec<MerchantFilter> {
    let usual = MerchantFilter::default();
    vec![
        usual.clone(),
        MerchantFilter {
            stages: vec![Stage::InReview],
            ..usual.clone()
        },
        MerchantFilter {
            warnings: vec![Warning::MappingPaused],
            attention: Some(true),
            ..usual.clone()
        },
        MerchantFilter {
            search: Search::read("shop117", true).ok(),
            ..usual.clone()
        },
        MerchantFilter {
            tags: vec![Mark::Tag("vip".to_owned()), Mark::Tag("new".to_owned())],
            ..usual
        },
    ]
}

fn queries_of_lists() -> Vec<MerchantQuery> {
    let mut queries = Vec::new();
    for filter in filters_of_lists() {
        for sort in SortKey::ALL {
            let key = match sort {
                SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::StageSince => {
                    PlaceKey::Moment(chrono::DateTime::from_timestamp_secs(1_800_000_000).expect("a moment"))
                }
                SortKey::Name | SortKey::Code => PlaceKey::Text("shop5".to_owned()),
            };
            let id = MerchantId::from_uuid(Uuid::nil());
            for direction in [Direction::Ascending, Direction::Descending] {
                for after in [None, Some(PagePosition { key: key.clone(), id })] {
                    queries.push(MerchantQuery {
                        filter: filter.clone(),
                        sort,
                        waits: None,
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
async fn plan_of(connection: &mut PgConnection, statement: list::Statement) -> Vec<String> {
    let mut query = sqlx::query(AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {}", statement.sql)));
    for value in statement.values {
        query = match value {
            list::Value::Id(id) => query.bind(id),
            list::Value::Moment(moment) => query.bind(moment),
            list::Value::Text(text) => query.bind(text),
        };
    }
    let rows = query.fetch_all(connection).await.expect("a plan");
    rows.iter().map(|row| row.get(0)).collect()
}

/// A walk goes along an index and never sorts; what is found by an index of its own walks no table.
#[tokio::test]
async fn lists_walk_an_index_or_find_by_one() {
    let database = PostgresDatabase::fresh().await;
    // More of each tenant than a walk looks at.
    database.seed(2, 30_000).await;
    let mut connection = database.connect().await;
    let tenant = TENANT.as_uuid();
    let begin = format!("SET ROLE registry_reader; SET registry.tenant = '{tenant}'");
    sqlx::raw_sql(AssertSqlSafe(begin))
        .execute(&mut connection)
        .await
        .expect("a superuser may be anybody");
    let counts: Vec<(i64, i64)> = sqlx::query_as("SELECT facets, count FROM merchant_counts")
        .fetch_all(&mut connection)
        .await
        .expect("counts");
    let counts: Vec<_> = counts
        .into_iter()
        .map(|(facets, count)| FacetCount {
            facets: Facets::from_bits(facets).expect("facets"),
            count: count.unsigned_abs(),
        })
        .collect();
    assert_eq!(
        counts.iter().map(|count| count.count).sum::<u64>(),
        30_000,
        "the reader sees its tenant"
    );
    for query in queries_of_lists() {
        let plan = Plan::of(&query.filter, &counts);
        let walk = plan_of(
            &mut connection,
            list::walk(Dialect::Postgres, TENANT, &query, plan.first_walk(&query)),
        )
        .await;
        let sorts = walk
            .iter()
            .any(|line| line.contains("Sort") && !line.contains("Sort Key"));
        expect_bound(&query, &walk);
        assert!(!sorts, "{query:?}: {walk:#?}");
        if !plan.finds_nothing() && (query.filter.needs_terms() || !plan.walks(&query)) {
            let few = list::few(Dialect::Postgres, TENANT, &query, &plan);
            let first = list::first_few(Dialect::Postgres, TENANT, &query, &plan);
            for few in first.into_iter().chain([few]) {
                expect_bound(&query, &plan_of(&mut connection, few).await);
            }
        }
    }
}

fn expect_bound(query: &MerchantQuery, plan: &[String]) {
    let walks = plan.iter().any(|line| line.contains("Seq Scan"));
    let is_bound = plan
        .iter()
        .any(|line| line.contains("Index Cond: ") && line.contains("tenant_id = "));
    assert!(!walks && is_bound, "{query:?}: {plan:#?}");
}

/// What has all pieces is found by the index of pieces, although a reader is behind a wall.
#[tokio::test]
async fn pieces_are_found_by_their_index() {
    let database = PostgresDatabase::fresh().await;
    database.seed(1, 20_000).await;
    let mut connection = database.connect().await;
    // What the function runs, as its owner runs it.
    sqlx::raw_sql("SET ROLE registry_owner; SET registry.tenant = '00000000-0000-0000-0000-000000000001'")
        .execute(&mut connection)
        .await
        .expect("a superuser may be anybody");
    let explain = "EXPLAIN (COSTS OFF) SELECT * FROM merchant_terms
         WHERE tenant_id = registry_tenant() AND pieces @> '{3,17,117}'::integer[]";
    let rows = sqlx::query(explain).fetch_all(&mut connection).await.expect("a plan");
    let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(
        plan.iter().any(|line| line.contains("merchant_terms_by_pieces")),
        "{plan:#?}"
    );
}
