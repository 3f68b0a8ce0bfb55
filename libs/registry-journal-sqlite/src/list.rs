//! Lists and counts of merchants, and lists of who did what. The only statements made at run time: filters come in too many combinations to
//! write each one out. Every value is bound; only our own words and column names are text of the statement.

use registry_domain::TenantId;
use registry_domain::merchant::Stage;
use registry_journal::port::{
    AuditFilter, AuditQuery, Direction, MerchantFilter, MerchantQuery, PagePosition, SortKey,
};
use registry_journal_rows::{SearchPatterns, bigint};
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
    if let Some(search) = &SearchPatterns::of(filter) {
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

/// One page of who did what.
pub(crate) fn audit(tenant: TenantId, query: &AuditQuery) -> QueryBuilder<Sqlite> {
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
    statement.push(" ORDER BY seq DESC LIMIT ").push_bind(query.limit.get());
    statement
}

/// Time in a log never runs backwards: a stretch of it is a stretch of positions, found once.
fn push_times(statement: &mut QueryBuilder<Sqlite>, tenant: TenantId, filter: &AuditFilter) {
    for (moment, bound, order) in [(filter.from, ">=", "ASC"), (filter.to, "<=", "DESC")] {
        let Some(moment) = moment else { continue };
        let inner = "(SELECT seq FROM audit_entries WHERE tenant_id = ";
        statement.push(format!(" AND seq {bound} {inner}"));
        statement.push_bind(tenant.as_uuid());
        statement
            .push(format!(" AND recorded_at {bound} "))
            .push_bind(micros(moment));
        statement.push(format!(" ORDER BY recorded_at {order}, seq {order} LIMIT 1)"));
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::review::ReviewStatus;
    use registry_domain::tenant::AuditOutcome;
    use registry_domain::{Channel, MerchantId, Seq};
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

    /// Whatever is looked for, a page of who did what is a walk along one index.
    #[tokio::test]
    async fn who_did_what_walks_an_index_and_never_sorts() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("registry.db");
        crate::migrate(&file).await.unwrap();
        let journal = SqliteJournal::open(&file).await.unwrap();
        let tenant = TenantId::from_uuid(Uuid::nil());
        let some = AuditFilter {
            actor: Some("key_x".to_owned()),
            ..AuditFilter::default()
        };
        let all = AuditFilter {
            actions: vec!["note.added".to_owned()],
            merchant_id: Some(MerchantId::from_uuid(Uuid::nil())),
            outcome: Some(AuditOutcome::Refused),
            channel: Some(Channel::Api),
            from: Some(chrono::DateTime::UNIX_EPOCH),
            to: Some(chrono::DateTime::UNIX_EPOCH),
            ..some.clone()
        };
        for filter in [AuditFilter::default(), some, all] {
            let query = AuditQuery {
                filter,
                before: Some(Seq(7)),
                limit: PageSize::MAX,
            };
            let plan = plan(&journal.readers.requests, audit(tenant, &query)).await;
            let mut tables = plan.iter().filter(|step| step.contains("audit_entries"));
            assert!(
                tables.all(|step| step.starts_with("SEARCH audit_entries USING")),
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
