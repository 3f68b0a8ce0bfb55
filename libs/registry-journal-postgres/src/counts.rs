//! Counts that are put right.

use std::collections::BTreeSet;

use registry_journal::port::{CountKey, Writes};
use uuid::Uuid;

use crate::statement::{Statement, column};

/// What a batch adds to counts that are wrong: one statement for each table, and the generation of their tenants.
pub(crate) fn corrected(writes: &Writes) -> Vec<Statement> {
    let tenants: BTreeSet<_> = writes.corrections.iter().map(|it| it.tenant_id.as_uuid()).collect();
    if tenants.is_empty() {
        return Vec::new();
    }
    let tenants: Vec<_> = tenants.into_iter().collect();
    let generation = sqlx::query!(
        "UPDATE tenants SET generation = generation + 1 WHERE tenant_id = ANY ($1)",
        &tenants
    );
    vec![
        merchants(writes),
        standing(writes),
        stays(writes),
        cohorts(writes),
        generation,
    ]
}

/// The corrections of one table: whose, under what, by how much.
fn of<'a, Key>(writes: &'a Writes, key: impl Fn(&'a CountKey) -> Option<Key>) -> Vec<(Uuid, Key, i64)> {
    let of_table = writes
        .corrections
        .iter()
        .filter_map(|it| key(&it.key).map(|key| (it, key)));
    of_table.map(|(it, key)| (it.tenant_id.as_uuid(), key, it.by)).collect()
}

fn merchants(writes: &Writes) -> Statement {
    let rows = of(writes, |key| match key {
        CountKey::Merchants { facets } => Some(*facets),
        CountKey::Standing { .. } | CountKey::Stays { .. } | CountKey::Cohorts { .. } => None,
    });
    sqlx::query!(
        r#"
        INSERT INTO merchant_counts AS kept (tenant_id, facets, count)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[])
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count
        "#,
        &column(&rows, |(tenant, ..)| *tenant),
        &column(&rows, |(_, facets, _)| *facets),
        &column(&rows, |(.., by)| *by)
    )
}

fn standing(writes: &Writes) -> Statement {
    let rows = of(writes, |key| match key {
        CountKey::Standing { stage, since_on } => Some((stage.as_str(), *since_on)),
        CountKey::Merchants { .. } | CountKey::Stays { .. } | CountKey::Cohorts { .. } => None,
    });
    sqlx::query!(
        r#"
        INSERT INTO standing_counts AS kept (tenant_id, stage, since_on, count)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[])
        ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count
        "#,
        &column(&rows, |(tenant, ..)| *tenant),
        &column(&rows, |(_, (stage, _), _)| *stage) as &[&str],
        &column(&rows, |(_, (_, since_on), _)| *since_on),
        &column(&rows, |(.., by)| *by)
    )
}

fn stays(writes: &Writes) -> Statement {
    let rows = of(writes, |key| match key {
        CountKey::Stays {
            stage,
            ended_on,
            since_on,
        } => Some((stage.as_str(), *ended_on, *since_on)),
        CountKey::Merchants { .. } | CountKey::Standing { .. } | CountKey::Cohorts { .. } => None,
    });
    sqlx::query!(
        r#"
        INSERT INTO stay_counts AS kept (tenant_id, stage, ended_on, since_on, count)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
        ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count
        "#,
        &column(&rows, |(tenant, ..)| *tenant),
        &column(&rows, |(_, (stage, ..), _)| *stage) as &[&str],
        &column(&rows, |(_, (_, ended_on, _), _)| *ended_on),
        &column(&rows, |(_, (.., since_on), _)| *since_on),
        &column(&rows, |(.., by)| *by)
    )
}

fn cohorts(writes: &Writes) -> Statement {
    let rows = of(writes, |key| match key {
        CountKey::Cohorts {
            cohort_on,
            step,
            from_on,
            to_on,
        } => Some((*cohort_on, step.as_str(), *from_on, *to_on)),
        CountKey::Merchants { .. } | CountKey::Standing { .. } | CountKey::Stays { .. } => None,
    });
    sqlx::query!(
        r#"
        INSERT INTO cohort_counts AS kept (tenant_id, cohort_on, step, from_on, to_on, count)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
        ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = kept.count + excluded.count
        "#,
        &column(&rows, |(tenant, ..)| *tenant),
        &column(&rows, |(_, (cohort_on, ..), _)| *cohort_on),
        &column(&rows, |(_, (_, step, ..), _)| *step) as &[&str],
        &column(&rows, |(_, (_, _, from_on, _), _)| *from_on),
        &column(&rows, |(_, (.., to_on), _)| *to_on),
        &column(&rows, |(.., by)| *by)
    )
}
