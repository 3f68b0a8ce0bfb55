//! Lists and counts of merchants as SQL: the only statements that are made at run time, because filters come in too many
//! combinations to write each one out. Both engines run the same text, but for what a [`Dialect`] spells.
//!
//! What comes from outside is bound. Our own words and numbers are text of the statement, so that its plan fits them.
//!
//! A page is found in one of two ways. A **walk** goes along the index of the list's order and looks at each row: it ends early
//! where much is found. **Few** fetches everything that is found by an index of its own, and sorts it: it is quick where little is
//! found. Which one fits, [`Plan`] knows from the counts, and from what a first walk of some thousand rows has found: a longer
//! walk follows, or the other way.

//!
//! Read in this order: [`Plan`], the statements here, and the parts that they are made of.

mod builder;
mod insight;
mod past;
mod pieces;
mod plan;
mod waits;

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_journal::port::{MerchantFilter, MerchantQuery, SortKey, Span};
use uuid::Uuid;

use builder::{Builder, key_of, order};
pub use insight::{cohorts, standing, stays};
pub use past::{counts_as_of, page_as_of, walk_as_of, whole_as_of};
pub use pieces::{pieces_of, pieces_text};
pub use plan::Plan;

/// What an engine spells its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// A join that reads first what stands first, where an engine can be told so.
    pub(super) const fn join(self) -> &'static str {
        match self {
            Self::Postgres => " JOIN ",
            Self::Sqlite => " CROSS JOIN ",
        }
    }

    /// The day in Korea of a moment, counted from 1970-01-01.
    pub(super) fn day(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("registry_day({column})"),
            Self::Sqlite => format!("(({column} + 32400000000) / 86400000000)"),
        }
    }
}

/// A value to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An id.
    Id(Uuid),
    /// A moment.
    Moment(DateTime<Utc>),
    /// A text.
    Text(String),
}

/// A statement with the values that it binds, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text.
    pub sql: String,
    /// Its values.
    pub values: Vec<Value>,
}

/// A page of merchants by a walk along at most so many rows: id, state and sort key, of none whose order is that of ids.
pub fn walk(dialect: Dialect, tenant: TenantId, query: &MerchantQuery, most: u64) -> Statement {
    let mut builder = Builder::new(dialect, tenant);
    let (key, limit, order) = (key_of(dialect, query), u64::from(query.limit.get()), order(query));
    let by_terms = is_by_terms(query.sort);
    let walked_key = if key.is_some() { ", w.key" } else { "" };
    builder.push(&format!(
        "SELECT m.merchant_id, m.state{walked_key} FROM (SELECT w.merchant_id{walked_key} FROM ("
    ));
    builder.push_walks(query, most);
    builder.push(") AS w");
    // What stands in the row that is walked is looked at first: the others are looked up only for what is left.
    if by_terms || query.filter.updated != Span::ALWAYS || query.filter.stage_since != Span::ALWAYS {
        builder.push_join("merchants", "m", "");
    }
    if query.filter.needs_terms() && !by_terms {
        builder.push_join("merchant_terms", "t", " AND valid_to IS NULL");
    }
    builder.push(" WHERE 1 = 1");
    builder.push_facets(if by_terms { "m.facets" } else { "w.facets" }, &query.filter);
    builder.push_spans("m", &query.filter);
    builder.push_milestones("w", &query.filter, None);
    builder.push_terms(if by_terms { "w" } else { "t" }, &query.filter);
    builder.push_order("w", key.is_some(), order, limit);
    builder.push(") AS w");
    builder.push_join("merchants", "m", "");
    builder.push_order("w", key.is_some(), order, limit);
    builder.statement()
}

/// A page of merchants by what is found: the same columns.
pub fn few(dialect: Dialect, tenant: TenantId, query: &MerchantQuery, plan: &Plan) -> Statement {
    let limit = u64::from(query.limit.get());
    let mut builder = Builder::new(dialect, tenant);
    let has_key = builder.push_all_found(query, plan);
    builder.push("SELECT m.merchant_id, m.state");
    builder.push(if has_key { ", w.key" } else { "" });
    builder.push(" FROM (SELECT * FROM found");
    builder.push_order("found", has_key, order(query), limit);
    builder.push(") AS w");
    builder.push_join("merchants", "m", "");
    builder.push_order("w", has_key, order(query), limit);
    builder.statement()
}

/// The same of the whole list, at most so many.
///
/// Only ids and keys are put in order: each state is looked up on the way out, and both engines hand on what a limited subquery
/// has put in order as it is. A second order outside would sort all states, which is a gigabyte where a million shops are listed.
pub fn whole(dialect: Dialect, tenant: TenantId, query: &MerchantQuery, plan: &Plan, limit: u64) -> Statement {
    let mut builder = Builder::new(dialect, tenant);
    let has_key = builder.push_all_found(query, plan);
    builder.push("SELECT w.merchant_id, (SELECT m.state FROM merchants AS m WHERE m.tenant_id = ");
    builder.bind_tenant();
    builder.push(" AND m.merchant_id = w.merchant_id)");
    builder.push(if has_key { ", w.key" } else { "" });
    builder.push(" FROM (SELECT * FROM found");
    builder.push_order("found", has_key, order(query), limit);
    builder.push(") AS w");
    builder.statement()
}

/// The same, of the first so many that are found by pieces: where the order of the list stands beside the pieces, only they are
/// looked up. None where it does not, or nothing is found by pieces.
pub fn first_few(dialect: Dialect, tenant: TenantId, query: &MerchantQuery, plan: &Plan) -> Option<Statement> {
    let key = match query.sort {
        SortKey::CreatedAt => None,
        SortKey::Name | SortKey::Code => key_of(dialect, query),
        SortKey::UpdatedAt | SortKey::StageSince => return None,
    };
    let pieces = pieces::pieces(tenant, &query.filter);
    if pieces.is_empty() {
        return None;
    }
    let mut builder = Builder::new(dialect, tenant);
    let (column, order) = (if key.is_some() { ", w.key" } else { "" }, order(query));
    builder.push(&format!(
        "WITH found AS MATERIALIZED (SELECT t.merchant_id{} FROM ",
        key.as_ref().map_or_else(String::new, |key| format!(", {key} AS key"))
    ));
    builder.push_found(&pieces);
    builder.push(" AS t WHERE t.valid_to IS NULL AND t.tenant_id = ");
    builder.bind_tenant();
    builder.push_terms("t", &query.filter);
    builder.push_position("t.merchant_id", query);
    builder.push(&format!(
        ") SELECT m.merchant_id, m.state{column} FROM (SELECT * FROM found"
    ));
    builder.push_order("found", key.is_some(), order, plan.first_found(query));
    builder.push(") AS w");
    builder.push_join("merchants", "m", "");
    builder.push(" WHERE 1 = 1");
    builder.push_fitting(plan);
    builder.push_spans("m", &query.filter);
    builder.push_milestones("m", &query.filter, None);
    builder.push_order("w", key.is_some(), order, u64::from(query.limit.get()));
    Some(builder.statement())
}

/// How many there are, by their facets: what the counts that are kept cannot say.
pub fn counts(dialect: Dialect, tenant: TenantId, filter: &MerchantFilter, plan: &Plan) -> Statement {
    let mut builder = Builder::new(dialect, tenant);
    builder.push("SELECT m.facets, count(*)");
    builder.push_source(filter, filter.needs_terms());
    builder.push_fitting(plan);
    builder.push_spans("m", filter);
    builder.push_milestones("m", filter, None);
    builder.push_terms("t", filter);
    builder.push(" AND m.facets IS NOT NULL GROUP BY m.facets");
    builder.statement()
}

/// Whether the order of a list stands in `merchant_terms`.
const fn is_by_terms(sort: SortKey) -> bool {
    match sort {
        SortKey::Name | SortKey::Code => true,
        SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::StageSince => false,
    }
}
