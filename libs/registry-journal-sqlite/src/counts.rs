//! Counts that are put right.

use std::collections::BTreeSet;

use registry_journal::port::{CountKey, Writes};
use sqlx::types::Uuid;

use crate::statement::Statement;

/// What a batch adds to counts that are wrong, and the generation of their tenants.
pub(crate) fn corrected(writes: &Writes) -> Vec<Statement> {
    let tenants: BTreeSet<_> = writes.corrections.iter().map(|it| it.tenant_id.as_uuid()).collect();
    let generation = |tenant: Uuid| {
        sqlx::query!(
            "UPDATE tenants SET generation = generation + 1 WHERE tenant_id = ?1",
            tenant
        )
    };
    let corrections = writes.corrections.iter();
    let corrections = corrections.map(|it| added(it.tenant_id.as_uuid(), &it.key, it.by));
    corrections.chain(tenants.into_iter().map(generation)).collect()
}

fn added(tenant: Uuid, key: &CountKey, by: i64) -> Statement {
    match key.clone() {
        CountKey::Merchants { facets } => sqlx::query!(
            r#"
            INSERT INTO merchant_counts (tenant_id, facets, count) VALUES (?1, ?2, ?3)
            ON CONFLICT (tenant_id, facets) DO UPDATE SET count = count + excluded.count
            "#,
            tenant,
            facets,
            by
        ),
        CountKey::Standing { stage, since_on } => sqlx::query!(
            r#"
            INSERT INTO standing_counts (tenant_id, stage, since_on, count) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = count + excluded.count
            "#,
            tenant,
            stage,
            since_on,
            by
        ),
        CountKey::Stays {
            stage,
            ended_on,
            since_on,
        } => sqlx::query!(
            r#"
            INSERT INTO stay_counts (tenant_id, stage, ended_on, since_on, count) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = count + excluded.count
            "#,
            tenant,
            stage,
            ended_on,
            since_on,
            by
        ),
        CountKey::Cohorts {
            cohort_on,
            step,
            from_on,
            to_on,
        } => sqlx::query!(
            r#"
            INSERT INTO cohort_counts (tenant_id, cohort_on, step, from_on, to_on, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = count + excluded.count
            "#,
            tenant,
            cohort_on,
            step,
            from_on,
            to_on,
            by
        ),
    }
}
