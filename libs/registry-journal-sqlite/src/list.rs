//! Lists and counts of merchants. The only statements made at run time: filters come in too many combinations to
//! write each one out. Every value is bound; only our own words and column names are text of the statement.

use registry_domain::TenantId;
use registry_domain::merchant::Stage;
use registry_journal::port::{Direction, MerchantFilter, MerchantQuery, PagePosition, SearchPatterns, SortKey};
use sqlx::{QueryBuilder, Sqlite};

use crate::rows::micros;

/// None where the filter contradicts itself.
pub(crate) fn merchants(tenant: TenantId, query: &MerchantQuery) -> Option<QueryBuilder<Sqlite>> {
    let (beyond, order) = match query.direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };
    let walks = query.walks();
    if walks.is_empty() {
        return None;
    }
    let moment = moment(query.sort);
    let mut statement = QueryBuilder::new("");
    for (place, stages) in walks.iter().enumerate() {
        let union = if place == 0 { "" } else { " UNION ALL " };
        let column = moment.map_or_else(String::new, |column| format!(", {column}"));
        statement.push(format!("{union}SELECT merchant_id, state{column} FROM merchants"));
        push_filter(&mut statement, tenant, stages, &query.filter);
        if let Some(PagePosition { at, id }) = query.after {
            if let Some(column) = moment {
                statement.push(format!(" AND ({column}, merchant_id) {beyond} ("));
                statement.push_bind(micros(at)).push(", ");
                statement.push_bind(id.as_uuid()).push(")");
            } else {
                statement
                    .push(format!(" AND merchant_id {beyond} "))
                    .push_bind(id.as_uuid());
            }
        }
    }
    let first = moment.map_or_else(String::new, |column| format!("{column} {order}, "));
    statement.push(format!(" ORDER BY {first}merchant_id {order} LIMIT "));
    statement.push_bind(query.limit.get());
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
pub(crate) fn status_counts(tenant: TenantId, filter: &MerchantFilter) -> Option<QueryBuilder<Sqlite>> {
    let stages = filter.stages_to_look_in();
    if stages.is_empty() {
        return None;
    }
    let mut statement = QueryBuilder::new("SELECT status, stage, count(*) FROM merchants");
    push_filter(&mut statement, tenant, &stages, filter);
    statement.push(" GROUP BY status, stage");
    Some(statement)
}

fn push_filter(statement: &mut QueryBuilder<Sqlite>, tenant: TenantId, stages: &[Stage], filter: &MerchantFilter) {
    statement.push(" WHERE tenant_id = ").push_bind(tenant.as_uuid());
    push_any(statement, "stage", stages.iter().map(|it| it.as_str()));
    if !filter.statuses.is_empty() {
        push_any(statement, "status", filter.statuses.iter().map(|it| it.as_str()));
    }
    if let Some(search) = &filter.search_patterns() {
        push_search(statement, search);
    }
}

fn push_any(statement: &mut QueryBuilder<Sqlite>, column: &str, words: impl Iterator<Item = &'static str>) {
    statement.push(format!(" AND {column} IN ("));
    let mut list = statement.separated(", ");
    for word in words {
        list.push_bind(word);
    }
    statement.push(")");
}

fn push_search(statement: &mut QueryBuilder<Sqlite>, search: &SearchPatterns) {
    statement.push(" AND (");
    let mut any = statement.separated(" OR ");
    for column in ["member_code", "merchant_code", "company_name", "branch_name"] {
        any.push(format!("{column} LIKE "))
            .push_bind_unseparated(search.part.clone())
            .push_unseparated(" ESCAPE '\\'");
    }
    if let Some(number) = &search.number {
        any.push("business_number LIKE ").push_bind_unseparated(number.clone());
    }
    statement.push(")");
}

#[cfg(test)]
mod tests {
    use registry_domain::MerchantId;
    use registry_domain::review::ReviewStatus;
    use registry_journal::port::PageSize;
    use sqlx::types::Uuid;
    use sqlx::{Row, SqlitePool};
    use tempfile::TempDir;

    use super::*;
    use crate::SqliteJournal;

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
            at: chrono::DateTime::UNIX_EPOCH,
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
                            limit: PageSize::MAX,
                        });
                    }
                }
            }
        }
        queries
    }

    async fn plan(pool: &SqlitePool, statement: QueryBuilder<Sqlite>) -> Vec<String> {
        let mut explained = QueryBuilder::new("EXPLAIN QUERY PLAN ");
        explained.push(statement.sql().as_str());
        let rows = explained.build().fetch_all(pool).await.unwrap();
        rows.iter().map(|row| row.get("detail")).collect()
    }

    #[tokio::test]
    async fn lists_walk_an_index_and_never_sort() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("registry.db");
        crate::migrate(&file).await.unwrap();
        let journal = SqliteJournal::open(&file).await.unwrap();
        let tenant = TenantId::from_uuid(Uuid::nil());
        for query in queries() {
            let plan = plan(
                &journal.readers.requests,
                merchants(tenant, &query).expect("it can be fulfilled"),
            )
            .await;
            let mut tables = plan.iter().filter(|step| step.contains("merchants"));
            assert!(
                tables.all(|step| step.starts_with("SEARCH merchants USING INDEX")),
                "{query:?}: {plan:?}"
            );
            assert!(
                !plan.iter().any(|step| step.contains("TEMP B-TREE")),
                "{query:?}: {plan:?}"
            );
        }
    }

    #[tokio::test]
    async fn counts_stay_with_the_tenant() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("registry.db");
        crate::migrate(&file).await.unwrap();
        let journal = SqliteJournal::open(&file).await.unwrap();
        let tenant = TenantId::from_uuid(Uuid::nil());
        for query in queries() {
            let plan = plan(
                &journal.readers.requests,
                status_counts(tenant, &query.filter).expect("it can be fulfilled"),
            )
            .await;
            assert!(
                plan[0].starts_with("SEARCH merchants USING INDEX"),
                "{query:?}: {plan:?}"
            );
        }
    }
}
