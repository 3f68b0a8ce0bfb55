//! Lists and counts as of a moment that has passed, from the stretches in which merchants stood.

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_journal::port::{MerchantFilter, MerchantQuery};

use super::builder::{Builder, column_of, id_of, key_of, order};
use super::pieces::pieces;
use super::plan::WALK_MAX;
use super::{Dialect, Statement, Value, is_by_terms};

/// Until when names and codes were as they are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Valid {
    /// They are so still.
    Still,
    /// Until a moment that has passed.
    Until,
}

/// A page as it was: id, version and sort key.
pub fn page_as_of(dialect: Dialect, tenant: TenantId, query: &MerchantQuery, at: DateTime<Utc>) -> Statement {
    whole_as_of(dialect, tenant, query, at, u64::from(query.limit.get()))
}

/// The same of the whole list, at most so many.
pub fn whole_as_of(
    dialect: Dialect,
    tenant: TenantId,
    query: &MerchantQuery,
    at: DateTime<Utc>,
    limit: u64,
) -> Statement {
    let mut builder = Builder::new(dialect, tenant);
    let key = key_of(dialect, query);
    builder.push("SELECT m.merchant_id, m.version");
    if let Some(key) = &key {
        builder.push(&format!(", {key} AS key"));
    }
    let with_terms = query.filter.needs_terms() || is_by_terms(query.sort);
    builder.push_past(&query.filter, with_terms, at);
    builder.push_position(id_of(query.sort), query);
    let order = order(query);
    let key = key.map_or_else(String::new, |key| format!("{key} {order}, "));
    builder.push(&format!(" ORDER BY {key}m.merchant_id {order} LIMIT {limit}"));
    builder.statement()
}

/// The same by a walk along names or codes as they were; none where they are not what the list is sorted by, or where an index
/// of pieces leads to what is looked for. What it shows is whole if it fills a page.
pub fn walk_as_of(dialect: Dialect, tenant: TenantId, query: &MerchantQuery, at: DateTime<Utc>) -> Option<Statement> {
    if !is_by_terms(query.sort) || !pieces(tenant, &query.filter).is_empty() {
        return None;
    }
    let mut builder = Builder::new(dialect, tenant);
    let order = order(query);
    builder.push("SELECT m.merchant_id, m.version, w.key FROM (SELECT * FROM (");
    // Names of today that were so already, and names that have ended since.
    for (place, valid) in [Valid::Still, Valid::Until].into_iter().enumerate() {
        builder.push(if place == 0 { "" } else { " UNION ALL " });
        builder.push_walk_as_of(query, at, valid);
    }
    builder.push(") AS w");
    builder.push_order("w", true, order, WALK_MAX);
    builder.push(") AS w");
    builder.push_stretch(at);
    builder.push(" WHERE m.facets IS NOT NULL");
    builder.push_facets("m.facets", &query.filter);
    builder.push_span("m.valid_from", query.filter.updated);
    builder.push_span("m.stage_since", query.filter.stage_since);
    builder.push_milestones("m", &query.filter, Some(at));
    builder.push_terms("w", &query.filter);
    builder.push_order("w", true, order, u64::from(query.limit.get()));
    Some(builder.statement())
}

/// How many there were, by their facets.
pub fn counts_as_of(dialect: Dialect, tenant: TenantId, filter: &MerchantFilter, at: DateTime<Utc>) -> Statement {
    let mut builder = Builder::new(dialect, tenant);
    builder.push("SELECT m.facets, count(*)");
    builder.push_past(filter, filter.needs_terms(), at);
    builder.push(" GROUP BY m.facets");
    builder.statement()
}

impl Builder {
    /// The stretches in which merchants stood at a moment; with `WHERE` and what is filtered by.
    pub(super) fn push_past(&mut self, filter: &MerchantFilter, with_terms: bool, at: DateTime<Utc>) {
        self.push(" FROM (");
        match self.dialect {
            Dialect::Postgres => self.push("SELECT DISTINCT ON (merchant_id) merchant_id, version"),
            // The other columns are those of the row that has the largest version.
            Dialect::Sqlite => self.push("SELECT merchant_id, max(version) AS version"),
        }
        self.push(", facets, stage, stage_since, valid_from AS updated_at FROM merchant_history WHERE tenant_id = ");
        self.bind_tenant();
        self.push(" AND valid_from <= ");
        self.bind(Value::Moment(at));
        match self.dialect {
            Dialect::Postgres => self.push(" ORDER BY merchant_id DESC, version DESC"),
            Dialect::Sqlite => self.push(" GROUP BY merchant_id"),
        }
        self.push(") AS m");
        if with_terms {
            self.push(" JOIN ");
            let pieces = pieces(self.tenant, filter);
            if pieces.is_empty() {
                self.push("merchant_terms");
            } else {
                self.push_found(&pieces);
            }
            self.push(" AS t ON t.merchant_id = m.merchant_id AND t.tenant_id = ");
            self.bind_tenant();
        }
        self.push(" WHERE m.facets IS NOT NULL");
        self.push_facets("m.facets", filter);
        self.push_spans("m", filter);
        self.push_milestones("m", filter, Some(at));
        if with_terms {
            self.push_terms("t", filter);
        }
        if with_terms {
            self.push(" AND t.valid_from <= ");
            self.bind(Value::Moment(at));
            self.push(" AND (t.valid_to IS NULL OR t.valid_to > ");
            self.bind(Value::Moment(at));
            self.push(")");
        }
    }

    /// Names or codes of a moment that has passed, along their index, or all that have ended since and sorted.
    pub(super) fn push_walk_as_of(&mut self, query: &MerchantQuery, at: DateTime<Utc>, valid: Valid) {
        let key = column_of(query.sort).unwrap_or("t.code_key");
        self.push(&format!(
            "SELECT * FROM (SELECT t.merchant_id, {key} AS key, t.created_at, t.text, t.number, t.marks FROM merchant_terms AS t \
             WHERE t.tenant_id = "
        ));
        self.bind_tenant();
        match valid {
            Valid::Still => self.push(" AND t.valid_to IS NULL"),
            Valid::Until => {
                self.push(" AND t.valid_to > ");
                self.bind(Value::Moment(at));
            }
        }
        self.push(" AND t.valid_from <= ");
        self.bind(Value::Moment(at));
        self.push_position(id_of(query.sort), query);
        let order = order(query);
        self.push(&format!(
            " ORDER BY {key} {order}, t.merchant_id {order} LIMIT {WALK_MAX}) AS walked"
        ));
    }

    /// The stretch in which each merchant walked stood at a moment, looked up one by one.
    pub(super) fn push_stretch(&mut self, at: DateTime<Utc>) {
        match self.dialect {
            Dialect::Postgres => {
                self.push(" CROSS JOIN LATERAL (SELECT * FROM merchant_history WHERE tenant_id = ");
                self.bind_tenant();
                self.push(" AND merchant_id = w.merchant_id AND valid_from <= ");
                self.bind(Value::Moment(at));
                self.push(" ORDER BY version DESC LIMIT 1) AS m");
            }
            Dialect::Sqlite => {
                self.push(" CROSS JOIN merchant_history AS m ON m.tenant_id = ");
                self.bind_tenant();
                self.push(
                    " AND m.merchant_id = w.merchant_id AND m.version = \
                     (SELECT max(version) FROM merchant_history WHERE tenant_id = ",
                );
                self.bind_tenant();
                self.push(" AND merchant_id = w.merchant_id AND valid_from <= ");
                self.bind(Value::Moment(at));
                self.push(")");
            }
        }
    }
}
