//! The parts that statements are made of.

use std::fmt::Write as _;

use registry_domain::TenantId;
use registry_domain::merchant::{FacetTest, Stage, Wanted};
use registry_domain::search::Search;
use registry_journal::port::{Direction, MerchantFilter, MerchantQuery, PagePosition, PlaceKey, SortKey, Span};

use super::pieces::{piece_word, pieces};
use super::waits::wait_key;
use super::{Dialect, Plan, Statement, Value, is_by_terms};

/// A statement in the making.
pub(super) struct Builder {
    pub(super) dialect: Dialect,
    pub(super) tenant: TenantId,
    sql: String,
    values: Vec<Value>,
}

/// What comes before the id in the order of a list; none where the id says it.
pub(super) fn key_of(dialect: Dialect, query: &MerchantQuery) -> Option<String> {
    if let (SortKey::StageSince, Some(order)) = (query.sort, &query.waits) {
        return Some(wait_key(dialect, order));
    }
    column_of(query.sort).map(str::to_owned)
}

/// The column by which the index of a list's order is sorted before the id.
pub(super) const fn column_of(sort: SortKey) -> Option<&'static str> {
    match sort {
        // The id begins with it.
        SortKey::CreatedAt => None,
        SortKey::UpdatedAt => Some("m.updated_at"),
        SortKey::StageSince => Some("m.stage_since"),
        SortKey::Name => Some("t.name_key"),
        SortKey::Code => Some("t.code_key"),
    }
}

pub(super) const fn id_of(sort: SortKey) -> &'static str {
    match sort {
        SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::StageSince => "m.merchant_id",
        SortKey::Name | SortKey::Code => "t.merchant_id",
    }
}

pub(super) const fn order(query: &MerchantQuery) -> &'static str {
    match query.direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    }
}

/// The index by time in a stage begins with the stage: a list sorted so is merged from one walk for each.
pub(super) fn walks(query: &MerchantQuery) -> Vec<Option<Stage>> {
    match query.sort {
        SortKey::StageSince => {
            let tests = query.filter.facet_tests();
            let whole = FacetTest::stages(Stage::ALL).mask;
            let test = tests.into_iter().find(|test| test.mask == whole);
            let all = Stage::ALL.iter().copied();
            let fits = |stage: &Stage| {
                test.as_ref()
                    .is_none_or(|test| test.holds(FacetTest::stage_bits(*stage)))
            };
            all.filter(fits).map(Some).collect()
        }
        SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::Name | SortKey::Code => vec![None],
    }
}

impl Builder {
    pub(super) fn new(dialect: Dialect, tenant: TenantId) -> Self {
        Self {
            dialect,
            tenant,
            sql: String::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn statement(self) -> Statement {
        Statement {
            sql: self.sql,
            values: self.values,
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    pub(super) fn bind(&mut self, value: Value) {
        self.values.push(value);
        let sign = match self.dialect {
            Dialect::Postgres => '$',
            Dialect::Sqlite => '?',
        };
        let _ = write!(self.sql, "{sign}{}", self.values.len());
    }

    pub(super) fn bind_tenant(&mut self) {
        self.bind(Value::Id(self.tenant.as_uuid()));
    }

    /// So many rows along the index of the list's order, behind the place where the page begins.
    pub(super) fn push_walks(&mut self, query: &MerchantQuery, most: u64) {
        let (key, order) = (key_of(self.dialect, query), order(query));
        let walks = walks(query);
        // Within a stage the order by how unusual waits are is that of the index.
        let by_key = column_of(query.sort).map_or_else(String::new, |key| format!("{key} {order}, "));
        let in_order = format!(" ORDER BY {by_key}{} {order} LIMIT {most}", id_of(query.sort));
        // The planner of the one would read all of each walk and sort it; the other merges them as they are, if it sees that it can.
        let is_bound = walks.len() == 1 || self.dialect == Dialect::Postgres || query.waits.is_some();
        for (place, stage) in walks.iter().enumerate() {
            self.push(if place == 0 { "" } else { " UNION ALL " });
            self.push(if is_bound && walks.len() > 1 {
                "SELECT * FROM ("
            } else {
                ""
            });
            self.push(&format!("SELECT {}", id_of(query.sort)));
            if let Some(key) = &key {
                self.push(&format!(", {key} AS key"));
            }
            match query.sort {
                SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::StageSince => {
                    self.push(", m.facets FROM merchants AS m WHERE m.tenant_id = ");
                }
                SortKey::Name | SortKey::Code => {
                    self.push(if query.filter.needs_terms() {
                        ", t.created_at, t.text, t.number, t.marks"
                    } else {
                        ""
                    });
                    self.push(" FROM merchant_terms AS t WHERE t.valid_to IS NULL AND t.tenant_id = ");
                }
            }
            self.bind_tenant();
            if let Some(stage) = stage {
                self.push(&format!(" AND m.stage = '{}'", stage.as_str()));
            }
            self.push_position(id_of(query.sort), query);
            // The walk begins and ends where the moments do by which it goes.
            match query.sort {
                SortKey::UpdatedAt => self.push_span("m.updated_at", query.filter.updated),
                SortKey::StageSince => self.push_span("m.stage_since", query.filter.stage_since),
                SortKey::CreatedAt | SortKey::Name | SortKey::Code => {}
            }
            self.push(if is_bound { &in_order } else { "" });
            self.push(if is_bound && walks.len() > 1 { ") AS w" } else { "" });
        }
        if walks.len() > 1 {
            self.push(&format!(" ORDER BY key {order}, merchant_id {order} LIMIT {most}"));
        }
    }

    /// The row of a table that belongs to each merchant walked, looked up one by one: their order stays.
    pub(super) fn push_join(&mut self, table: &str, alias: &str, condition: &str) {
        match self.dialect {
            Dialect::Postgres => {
                self.push(&format!(
                    " CROSS JOIN LATERAL (SELECT * FROM {table} WHERE tenant_id = "
                ));
                self.bind_tenant();
                self.push(&format!(
                    " AND merchant_id = w.merchant_id{condition} LIMIT 1) AS {alias}"
                ));
            }
            Dialect::Sqlite => {
                self.push(&format!(" CROSS JOIN {table} AS {alias} ON {alias}.tenant_id = "));
                self.bind_tenant();
                self.push(&format!(" AND {alias}.merchant_id = w.merchant_id{condition}"));
            }
        }
    }

    /// From where merchants come that are found by something; with `WHERE` and the tenant.
    pub(super) fn push_source(&mut self, filter: &MerchantFilter, with_terms: bool) {
        let pieces = pieces(self.tenant, filter);
        if pieces.is_empty() {
            self.push(" FROM merchants AS m");
            if with_terms {
                self.push(" JOIN merchant_terms AS t ON t.merchant_id = m.merchant_id AND t.tenant_id = m.tenant_id");
            }
        } else {
            self.push(" FROM ");
            self.push_found(&pieces);
            self.push(" AS t");
            self.push(self.dialect.join());
            self.push("merchants AS m ON m.merchant_id = t.merchant_id AND m.tenant_id = t.tenant_id");
        }
        self.push(" WHERE m.tenant_id = ");
        self.bind_tenant();
        if with_terms || !pieces.is_empty() {
            self.push(" AND t.valid_to IS NULL");
        }
    }

    /// Everything that has one of several groups of pieces, all of a group.
    pub(super) fn push_found(&mut self, groups: &[Vec<i32>]) {
        match self.dialect {
            Dialect::Postgres => {
                let list = |group: &Vec<i32>| group.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
                let found: Vec<_> = groups
                    .iter()
                    .map(|group| format!("SELECT * FROM registry_found('{{{}}}'::integer[])", list(group)))
                    .collect();
                self.push(&format!("({})", found.join(" UNION ")));
            }
            Dialect::Sqlite => {
                let list = |group: &Vec<i32>| {
                    let words: Vec<_> = group.iter().map(|piece| piece_word(*piece)).collect();
                    format!("({})", words.join(" AND "))
                };
                let wanted: Vec<_> = groups.iter().map(list).collect();
                self.push(&format!(
                    "(SELECT terms.* FROM merchant_pieces CROSS JOIN merchant_terms AS terms ON terms.id = merchant_pieces.rowid \
                     WHERE merchant_pieces MATCH '{}')",
                    wanted.join(" OR ")
                ));
            }
        }
    }

    /// All that is found, by id and sort key, as `found`. Whether there is a key: where there is none, the order is that of ids.
    pub(super) fn push_all_found(&mut self, query: &MerchantQuery, plan: &Plan) -> bool {
        let key = key_of(self.dialect, query);
        self.push("WITH found AS MATERIALIZED (SELECT m.merchant_id");
        if let Some(key) = &key {
            self.push(&format!(", {key} AS key"));
        }
        let with_terms = query.filter.needs_terms() || is_by_terms(query.sort);
        self.push_source(&query.filter, with_terms);
        self.push_fitting(plan);
        self.push_spans("m", &query.filter);
        self.push_milestones("m", &query.filter, None);
        self.push_terms("t", &query.filter);
        self.push_position(id_of(query.sort), query);
        self.push(") ");
        key.is_some()
    }

    /// As a list of numbers, which an index finds.
    pub(super) fn push_fitting(&mut self, plan: &Plan) {
        if let Some(fitting) = &plan.fitting {
            let numbers: Vec<_> = fitting.iter().map(i64::to_string).collect();
            self.push(&format!(" AND m.facets IN ({})", numbers.join(",")));
        }
    }

    /// As tests of bits, which hold for numbers that nobody has seen yet.
    pub(super) fn push_facets(&mut self, column: &str, filter: &MerchantFilter) {
        for FacetTest { mask, wanted } in filter.facet_tests() {
            let test = match wanted {
                Wanted::OneOf(values) => {
                    let values: Vec<_> = values.iter().map(i64::to_string).collect();
                    // Nothing is in an empty list, which not every engine can read.
                    format!(
                        "IN ({})",
                        if values.is_empty() {
                            "-1".to_owned()
                        } else {
                            values.join(",")
                        }
                    )
                }
                Wanted::Zero => "= 0".to_owned(),
                Wanted::NotZero => "<> 0".to_owned(),
            };
            self.push(&format!(" AND ({column} & {mask}) {test}"));
        }
    }

    /// When it was changed last, and since when it has been in its stage.
    pub(super) fn push_spans(&mut self, table: &str, filter: &MerchantFilter) {
        self.push_span(&format!("{table}.updated_at"), filter.updated);
        self.push_span(&format!("{table}.stage_since"), filter.stage_since);
    }

    pub(super) fn push_span(&mut self, column: &str, span: Span) {
        for (moment, bound) in [(span.from, ">="), (span.until, "<")] {
            if let Some(moment) = moment {
                self.push(&format!(" AND {column} {bound} "));
                self.bind(Value::Moment(moment));
            }
        }
    }

    /// When it was registered, and what the pieces only promise: the text itself is compared.
    pub(super) fn push_terms(&mut self, table: &str, filter: &MerchantFilter) {
        self.push_span(&format!("{table}.created_at"), filter.created);
        let words = filter.search.iter().flat_map(Search::words);
        for word in words {
            self.push(" AND (");
            self.push_contains(&format!("{table}.text"), word.text.clone());
            if let Some(number) = &word.number {
                self.push(" OR ");
                self.push_contains(&format!("{table}.number"), number.clone());
            }
            self.push(")");
        }
        for group in filter.marks() {
            self.push(" AND (");
            for (place, mark) in group.iter().enumerate() {
                self.push(if place == 0 { "" } else { " OR " });
                self.push_contains(&format!("{table}.marks"), mark.needle());
            }
            self.push(")");
        }
    }

    pub(super) fn push_contains(&mut self, column: &str, part: String) {
        let function = match self.dialect {
            Dialect::Postgres => "strpos",
            Dialect::Sqlite => "instr",
        };
        self.push(&format!("{function}({column}, "));
        self.bind(Value::Text(part));
        self.push(") > 0");
    }

    /// Behind the place where the page begins, by the column of the ids.
    pub(super) fn push_position(&mut self, column: &str, query: &MerchantQuery) {
        let Some(PagePosition { key, id }) = &query.after else {
            return;
        };
        let beyond = match query.direction {
            Direction::Ascending => ">",
            Direction::Descending => "<",
        };
        let Some(key_column) = key_of(self.dialect, query) else {
            self.push(&format!(" AND {column} {beyond} "));
            self.bind(Value::Id(id.as_uuid()));
            return;
        };
        self.push(&format!(" AND ({key_column}, {column}) {beyond} ("));
        self.bind(match key {
            PlaceKey::Moment(moment) => Value::Moment(*moment),
            PlaceKey::Text(text) => Value::Text(text.clone()),
        });
        self.push(", ");
        self.bind(Value::Id(id.as_uuid()));
        self.push(")");
    }

    pub(super) fn push_order(&mut self, table: &str, has_key: bool, order: &str, limit: u64) {
        let key = if has_key {
            format!("{table}.key {order}, ")
        } else {
            String::new()
        };
        self.push(&format!(" ORDER BY {key}{table}.merchant_id {order} LIMIT {limit}"));
    }
}
