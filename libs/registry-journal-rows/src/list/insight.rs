//! What ageing, durations and funnels are counted from where the counts that are kept do not say it: with filters, and as of a moment.

use chrono::{DateTime, NaiveDate, Utc};
use registry_domain::TenantId;
use registry_domain::calendar::start_in_korea;
use registry_domain::merchant::{Milestone, Stage};
use registry_journal::port::{CohortQuery, MerchantFilter, StayQuery, Step};

use super::builder::Builder;
use super::{Dialect, Plan, Statement, Value};

/// How many merchants stand in which stage since which day: stage, day, count.
pub fn standing(
    dialect: Dialect,
    tenant: TenantId,
    filter: &MerchantFilter,
    plan: &Plan,
    at: Option<DateTime<Utc>>,
) -> Statement {
    let mut builder = Builder::new(dialect, tenant);
    builder.push(&format!("SELECT m.stage, {}, count(*)", dialect.day("m.stage_since")));
    push_filtered(&mut builder, filter, plan, at);
    builder.push(" GROUP BY 1, 2");
    builder.statement()
}

/// How many stays ended: stage, day of the beginning, day of the end, count.
pub fn stays(dialect: Dialect, tenant: TenantId, query: &StayQuery, plan: &Plan) -> Statement {
    let mut builder = Builder::new(dialect, tenant);
    let (since, end) = (dialect.day("h.ended_since"), dialect.day("h.valid_from"));
    builder.push(&format!("SELECT h.ended_stage, {since}, {end}, count(*)"));
    push_of(&mut builder, "merchant_history", "h", query, plan);
    builder.push(" AND h.ended_stage IS NOT NULL");
    push_ended(&mut builder, "h.valid_from", query);
    builder.push(" GROUP BY 1, 2, 3 UNION ALL ");
    let (since, end) = (dialect.day("h.created_at"), dialect.day("h.opened_at"));
    builder.push(&format!("SELECT 'opening', {since}, {end}, count(*)"));
    push_of(&mut builder, "merchant_milestones", "h", query, plan);
    push_ended(&mut builder, "h.opened_at", query);
    builder.push(" GROUP BY 1, 2, 3");
    builder.statement()
}

/// How far the merchants of some weeks have come: Monday, step, day from, day to, count.
pub fn cohorts(dialect: Dialect, tenant: TenantId, query: &CohortQuery, plan: &Plan) -> Statement {
    let mut builder = Builder::new(dialect, tenant);
    let columns = Milestone::ALL.iter().map(|milestone| milestone_column(*milestone));
    let created = dialect.day("s.created_at");
    builder.push("WITH reached AS MATERIALIZED (SELECT ");
    builder.push(&format!("{created} - ({created} + 3) % 7 AS cohort_on"));
    for column in columns {
        match query.at {
            None => builder.push(&format!(", {} AS {column}", dialect.day(&format!("s.{column}")))),
            Some(at) => {
                builder.push(&format!(", CASE WHEN s.{column} <= "));
                builder.bind(Value::Moment(at));
                builder.push(&format!(
                    " THEN {} END AS {column}",
                    dialect.day(&format!("s.{column}"))
                ));
            }
        }
    }
    let under_way: Vec<_> = Stage::ALL.iter().filter(|stage| stage.is_under_way()).collect();
    let under_way: Vec<_> = under_way.iter().map(|stage| format!("'{}'", stage.as_str())).collect();
    builder.push(&format!(", w.stage IN ({}) AS under_way FROM (", under_way.join(", ")));
    builder.push("SELECT m.merchant_id, m.stage");
    push_filtered(&mut builder, &query.filter, plan, query.at);
    builder.push(") AS w JOIN merchant_milestones AS s ON s.merchant_id = w.merchant_id AND s.tenant_id = ");
    builder.bind_tenant();
    builder.push(" WHERE s.created_at >= ");
    builder.bind(Value::Moment(start_in_korea(query.from)));
    builder.push(" AND s.created_at < ");
    builder.bind(Value::Moment(start_behind(query.until, 7)));
    builder.push(")");
    let pairs = Milestone::ALL.iter().map(|milestone| {
        let before = Milestone::ALL.iter().rev().find(|other| *other < milestone);
        (Step::Reached(*milestone), before.unwrap_or(milestone), milestone)
    });
    let whole = (Step::Whole, &Milestone::Registered, &Milestone::Opened);
    for (place, (step, from, to)) in pairs.chain([whole]).enumerate() {
        builder.push(if place == 0 { " " } else { " UNION ALL " });
        let (from, to) = (milestone_column(*from), milestone_column(*to));
        builder.push(&format!(
            "SELECT cohort_on, '{}', {from}, {to}, count(*) FROM reached WHERE {to} IS NOT NULL GROUP BY 1, 2, 3, 4",
            step.as_str()
        ));
    }
    builder.push(&format!(
        " UNION ALL SELECT cohort_on, '{}', cohort_on, cohort_on, count(*) FROM reached WHERE under_way GROUP BY 1, 2, 3, 4",
        Step::UnderWay.as_str()
    ));
    builder.statement()
}

/// Merchants that pass, now or as of a moment; with `FROM` and `WHERE`.
fn push_filtered(builder: &mut Builder, filter: &MerchantFilter, plan: &Plan, at: Option<DateTime<Utc>>) {
    if let Some(at) = at {
        builder.push_past(filter, filter.needs_terms(), at);
    } else {
        builder.push_source(filter, filter.needs_terms());
        builder.push_fitting(plan);
        builder.push_spans("m", filter);
        builder.push_milestones("m", filter, None);
        builder.push_terms("t", filter);
        builder.push(" AND m.facets IS NOT NULL");
    }
}

/// The rows of a table that belong to the merchants that pass; with `FROM` and `WHERE`.
fn push_of(builder: &mut Builder, table: &str, alias: &str, query: &StayQuery, plan: &Plan) {
    builder.push(&format!(" FROM {table} AS {alias} WHERE {alias}.tenant_id = "));
    builder.bind_tenant();
    if !query.filter.is_everyone() {
        builder.push(&format!(" AND {alias}.merchant_id IN (SELECT m.merchant_id"));
        push_filtered(builder, &query.filter, plan, query.at);
        builder.push(")");
    }
}

fn push_ended(builder: &mut Builder, column: &str, query: &StayQuery) {
    builder.push(&format!(" AND {column} >= "));
    builder.bind(Value::Moment(start_in_korea(query.from)));
    builder.push(&format!(" AND {column} < "));
    builder.bind(Value::Moment(start_behind(query.until, 1)));
    if let Some(at) = query.at {
        builder.push(&format!(" AND {column} <= "));
        builder.bind(Value::Moment(at));
    }
}

/// The beginning of the day so many days behind one.
fn start_behind(day: NaiveDate, days: u64) -> DateTime<Utc> {
    start_in_korea(day.checked_add_days(chrono::Days::new(days)).unwrap_or(day))
}

/// When a milestone was first reached.
const fn milestone_column(milestone: Milestone) -> &'static str {
    match milestone {
        Milestone::Registered => "created_at",
        Milestone::Linked => "linked_at",
        Milestone::Begun => "begun_at",
        Milestone::Submitted => "submitted_at",
        Milestone::Opened => "opened_at",
    }
}

impl Builder {
    /// How far it had come: up to one milestone, and not to the next.
    pub(super) fn push_milestones(&mut self, table: &str, filter: &MerchantFilter, at: Option<DateTime<Utc>>) {
        if filter.milestones.is_empty() {
            return;
        }
        self.push(" AND EXISTS (SELECT 1 FROM merchant_milestones AS s WHERE s.tenant_id = ");
        self.bind_tenant();
        self.push(&format!(" AND s.merchant_id = {table}.merchant_id AND ("));
        for (place, milestone) in filter.milestones.iter().enumerate() {
            self.push(if place == 0 { "(" } else { " OR (" });
            self.push_reached(*milestone, at, true);
            if let Some(next) = milestone.next() {
                self.push(" AND ");
                self.push_reached(next, at, false);
            }
            self.push(")");
        }
        self.push("))");
    }

    fn push_reached(&mut self, milestone: Milestone, at: Option<DateTime<Utc>>, is_reached: bool) {
        let column = milestone_column(milestone);
        match (at, is_reached) {
            (None, true) => self.push(&format!("s.{column} IS NOT NULL")),
            (None, false) => self.push(&format!("s.{column} IS NULL")),
            (Some(at), true) => {
                self.push(&format!("s.{column} <= "));
                self.bind(Value::Moment(at));
            }
            (Some(at), false) => {
                self.push(&format!("(s.{column} IS NULL OR s.{column} > "));
                self.bind(Value::Moment(at));
                self.push(")");
            }
        }
    }
}
