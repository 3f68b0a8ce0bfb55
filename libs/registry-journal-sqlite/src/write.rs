//! What a batch writes: one statement for each table, all rows of the batch in one JSON text.
//!
//! `jsonb_each` hands each row on in binary form; with `json_each` it would be written out as text and parsed again.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use registry_domain::merchant::Facets;
use registry_domain::tenant::Tenant;
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{
    Additions, HistoryRow, IdempotencyRow, KeyRow, LinkRow, MerchantRow, TransactError, Writes,
};
use registry_journal::record::EventRow;
use registry_journal::stored::{MerchantColumns, tenant_to_json};
use serde::Serialize;
use sqlx::SqliteConnection;
use sqlx::types::Uuid;

use crate::error::transact;
use crate::rows::micros;
use crate::statement::{Statement, hex, to_json};
use crate::{alerts, audit, callbacks, counts, insight, terms};

/// Writes everything. The caller commits.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    writes: &Writes,
    now: DateTime<Utc>,
) -> Result<(), TransactError> {
    run(connection, statements(writes, now)).await
}

/// The same for what a callback writes.
pub(crate) async fn add(connection: &mut SqliteConnection, additions: Additions<'_>) -> Result<(), TransactError> {
    run(connection, added(additions.writes())).await
}

async fn run(connection: &mut SqliteConnection, statements: Vec<Statement>) -> Result<(), TransactError> {
    for statement in statements {
        statement.execute(&mut *connection).await.map_err(transact)?;
    }
    Ok(())
}

/// One for each table that is written, none for those that are not, in the order in which they may run.
fn statements(writes: &Writes, now: DateTime<Utc>) -> Vec<Statement> {
    let mut statements = clear(&writes.cleared);
    statements.extend(callbacks::cleared(writes));
    statements.extend(audit::cleared(writes));
    if !writes.keys.is_empty() {
        statements.push(data_keys(&writes.keys));
    }
    statements.extend(added(writes));
    if !writes.terms.is_empty() {
        statements.extend(writes.terms.iter().flat_map(terms::written));
    }
    if !writes.links.is_empty() {
        statements.push(merchant_links(&writes.links));
    }
    if !writes.tenants.is_empty() {
        statements.push(tenants(&writes.tenants));
        statements.push(api_keys(&writes.tenants));
        statements.push(memberships(&writes.tenants));
    }
    if !writes.idempotency.is_empty() {
        statements.extend(forget_idempotency_keys(&writes.idempotency, now));
        statements.push(idempotency_keys(&writes.idempotency));
    }
    statements.extend(callbacks::written(writes));
    statements.extend(audit::written(writes));
    statements.extend(alerts::written(writes));
    statements.extend(counts::corrected(writes));
    statements
}

/// The events and the rows of merchants that come of them.
fn added(writes: &Writes) -> Vec<Statement> {
    let mut statements = Vec::new();
    if !writes.events.is_empty() {
        statements.push(events(&writes.events));
    }
    if !writes.merchants.is_empty() {
        statements.push(merchants(writes));
    }
    if !writes.history.is_empty() {
        statements.push(history(&writes.history));
    }
    if !writes.milestones.is_empty() {
        statements.push(insight::milestones(&writes.milestones));
    }
    statements
}

/// Removes what is projected of these merchants.
fn clear(cleared: &[(TenantId, MerchantId)]) -> Vec<Statement> {
    macro_rules! delete_from {
        ($statement:literal, $tenant_id:expr, $merchant_id:expr) => {
            sqlx::query!(
                $statement + " WHERE tenant_id = ?1 AND merchant_id = ?2",
                $tenant_id,
                $merchant_id
            )
        };
    }
    let clear = |(tenant_id, merchant_id): &(TenantId, MerchantId)| {
        let (tenant_id, merchant_id) = (tenant_id.as_uuid(), merchant_id.as_uuid());
        [
            delete_from!("DELETE FROM merchants", tenant_id, merchant_id),
            delete_from!("DELETE FROM merchant_terms", tenant_id, merchant_id),
            delete_from!("DELETE FROM merchant_history", tenant_id, merchant_id),
            delete_from!("DELETE FROM merchant_milestones", tenant_id, merchant_id),
            delete_from!("DELETE FROM merchant_links", tenant_id, merchant_id),
            delete_from!("DELETE FROM approvals", tenant_id, merchant_id),
            delete_from!("DELETE FROM merchant_alerts", tenant_id, merchant_id),
        ]
    };
    let tenants: BTreeSet<_> = cleared.iter().map(|(tenant, _)| tenant.as_uuid()).collect();
    let count = |tenant: Uuid| {
        sqlx::query!(
            "UPDATE tenants SET generation = generation + 1 WHERE tenant_id = ?1",
            tenant
        )
    };
    let cleared = cleared.iter().flat_map(clear);
    cleared.chain(tenants.into_iter().map(count)).collect()
}

fn events(events: &[EventRow]) -> Statement {
    // The sealed parts go in one blob, cut up by offset: as text they would double in size.
    // It begins with a byte that belongs to nobody: an empty blob would be bound as NULL.
    let mut sealed = Vec::with_capacity(1 + events.iter().map(|row| row.sealed.len()).sum::<usize>());
    sealed.push(0);
    let rows = to_json(events.iter().map(|row| {
        let offset = sealed.len() + 1;
        sealed.extend_from_slice(&row.sealed);
        (
            hex(row.tenant_id.as_uuid()),
            row.seq.0,
            hex(row.event_id.as_uuid()),
            row.stream.kind(),
            hex(row.stream.as_uuid()),
            row.version.0,
            &row.event_type,
            micros(row.recorded_at),
            &row.actor,
            hex(row.correlation_id.as_uuid()),
            row.causation_id.map(|id| hex(id.as_uuid())),
            &row.idempotency_key,
            &row.data,
            offset,
            row.sealed.len(),
            ::hex::encode(row.hash),
        )
    }));
    sqlx::query!(
        r#"
        INSERT INTO events (
            tenant_id, seq, event_id, stream_kind, stream_id, version, type, recorded_at, actor, correlation_id,
            causation_id, idempotency_key, data, sealed, hash
        )
        SELECT unhex(value ->> 0), value ->> 1, unhex(value ->> 2), value ->> 3, unhex(value ->> 4), value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, unhex(value ->> 9), unhex(value ->> 10), value ->> 11,
            value ->> 12, substr(?2, value ->> 13, value ->> 14), unhex(value ->> 15)
        FROM jsonb_each(?1)
        "#,
        rows,
        sealed
    )
}

fn data_keys(keys: &[KeyRow]) -> Statement {
    let row = |key: &KeyRow| {
        (
            hex(key.tenant_id.as_uuid()),
            hex(key.owner),
            ::hex::encode(&key.wrapped),
        )
    };
    let rows = to_json(keys.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO data_keys (tenant_id, owner, wrapped)
        SELECT unhex(value ->> 0), unhex(value ->> 1), unhex(value ->> 2) FROM jsonb_each(?1)
        "#,
        rows
    )
}

fn merchant_row(row: &MerchantRow) -> impl Serialize {
    let merchant = &row.merchant;
    let columns = MerchantColumns::of(merchant);
    (
        hex(row.tenant_id.as_uuid()),
        hex(merchant.id.as_uuid()),
        columns.member_code,
        columns.merchant_code,
        columns.version.0,
        columns.status,
        columns.stage,
        micros(columns.stage_since),
        columns.company_name,
        columns.branch_name,
        columns.business_number,
        columns.pending_link_id.map(|id| hex(id.as_uuid())),
        columns.pending_since.map(micros),
        micros(columns.created_at),
        micros(columns.updated_at),
        (
            columns.state,
            columns.confirming_since.map(micros),
            row.ask_at.map(micros),
            columns.facets,
        ),
    )
}

fn merchants(writes: &Writes) -> Statement {
    let rows = to_json(writes.merchants.iter().map(merchant_row));
    // WHERE true: without it the parser takes ON CONFLICT for a join condition.
    sqlx::query!(
        r#"
        INSERT INTO merchants (
            tenant_id, merchant_id, member_code, merchant_code, version, status, stage, stage_since, company_name,
            branch_name, business_number, pending_link_id, pending_since, created_at, updated_at, state,
            confirming_since, ask_at, facets, facets_version
        )
        SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, unhex(value ->> 11), value ->> 12,
            value ->> 13, value ->> 14, value -> 15 ->> 0, value -> 15 ->> 1, value -> 15 ->> 2, value -> 15 ->> 3, value ->> 4
        FROM jsonb_each(?1) WHERE true
        ON CONFLICT (tenant_id, merchant_id) DO UPDATE SET
            version = excluded.version,
            status = excluded.status,
            stage = excluded.stage,
            stage_since = excluded.stage_since,
            company_name = excluded.company_name,
            branch_name = excluded.branch_name,
            business_number = excluded.business_number,
            pending_link_id = excluded.pending_link_id,
            pending_since = excluded.pending_since,
            updated_at = excluded.updated_at,
            state = excluded.state,
            confirming_since = excluded.confirming_since,
            facets = excluded.facets,
            -- What an earlier version of the program has written to stays marked until it is folded anew: its history lacks
            -- facets too.
            facets_version = iif(merchants.facets_version = merchants.version, excluded.facets_version, merchants.facets_version),
            -- A question that is planned earlier stays where it is. With NULL min() is NULL.
            ask_at = min(excluded.ask_at, coalesce(merchants.ask_at, excluded.ask_at))
        "#,
        rows
    )
}

fn merchant_links(links: &[LinkRow]) -> Statement {
    let row = |link: &LinkRow| {
        (
            hex(link.tenant_id.as_uuid()),
            hex(link.link_id.as_uuid()),
            hex(link.merchant_id.as_uuid()),
        )
    };
    let rows = to_json(links.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO merchant_links (tenant_id, link_id, merchant_id)
        SELECT unhex(value ->> 0), unhex(value ->> 1), unhex(value ->> 2) FROM jsonb_each(?1)
        "#,
        rows
    )
}

fn history(history: &[HistoryRow]) -> Statement {
    let row = |row: &HistoryRow| {
        (
            hex(row.tenant_id.as_uuid()),
            hex(row.merchant_id.as_uuid()),
            row.version.0,
            row.status.as_str(),
            row.stage.as_str(),
            micros(row.valid_from),
            row.facets.map(Facets::to_bits),
            row.stage_since.map(micros),
            row.ended.map(|stay| stay.stage.as_str()),
            row.ended.map(|stay| micros(stay.since)),
        )
    };
    let rows = to_json(history.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO merchant_history (
            tenant_id, merchant_id, version, status, stage, valid_from, facets, stage_since, ended_stage, ended_since
        )
        SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
            value ->> 7, value ->> 8, value ->> 9
        FROM jsonb_each(?1)
        "#,
        rows
    )
}

fn tenants(tenants: &[Tenant]) -> Statement {
    let row = |tenant: &Tenant| {
        (
            hex(tenant.id.as_uuid()),
            tenant.slug.as_str().to_owned(),
            tenant_to_json(tenant),
        )
    };
    let rows = to_json(tenants.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO tenants (tenant_id, slug, state)
        SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM jsonb_each(?1) WHERE true
        ON CONFLICT (tenant_id) DO UPDATE SET state = excluded.state, generation = tenants.generation + 1
        "#,
        rows
    )
}

fn api_keys(tenants: &[Tenant]) -> Statement {
    let keys = tenants
        .iter()
        .flat_map(|tenant| tenant.keys.iter().map(move |key| (key.id, tenant.id)));
    let rows = to_json(keys.map(|(key, tenant)| (hex(key.as_uuid()), hex(tenant.as_uuid()))));
    sqlx::query!(
        r#"
        INSERT INTO api_keys (key_id, tenant_id)
        SELECT unhex(value ->> 0), unhex(value ->> 1) FROM jsonb_each(?1) WHERE true
        ON CONFLICT (key_id) DO NOTHING
        "#,
        rows
    )
}

fn memberships(tenants: &[Tenant]) -> Statement {
    let members = tenants
        .iter()
        .flat_map(|tenant| tenant.members.iter().map(move |member| (member.person_id, tenant.id)));
    let rows = to_json(members.map(|(person, tenant)| (hex(person.as_uuid()), hex(tenant.as_uuid()))));
    sqlx::query!(
        r#"
        INSERT INTO memberships (person_id, tenant_id)
        SELECT unhex(value ->> 0), unhex(value ->> 1) FROM jsonb_each(?1) WHERE true
        ON CONFLICT (person_id, tenant_id) DO NOTHING
        "#,
        rows
    )
}

/// A few of the expired ones leave with every new one, so that the table does not grow for ever.
fn forget_idempotency_keys(keys: &[IdempotencyRow], now: DateTime<Utc>) -> Vec<Statement> {
    let forget = |tenant_id: TenantId| {
        sqlx::query!(
            r#"
            DELETE FROM idempotency_keys WHERE tenant_id = ?1 AND key IN (
                SELECT key FROM idempotency_keys WHERE tenant_id = ?1 AND expires_at <= ?2 LIMIT 100
            )
            "#,
            tenant_id.as_uuid(),
            micros(now)
        )
    };
    let tenants: HashSet<_> = keys.iter().map(|row| row.tenant_id).collect();
    tenants.into_iter().map(forget).collect()
}

fn idempotency_keys(keys: &[IdempotencyRow]) -> Statement {
    let row = |row: &IdempotencyRow| {
        (
            hex(row.tenant_id.as_uuid()),
            row.key.clone(),
            ::hex::encode(row.fingerprint),
            hex(row.merchant_id.as_uuid()),
            row.link_id.map(|id| hex(id.as_uuid())),
            row.version.0,
            micros(row.created_at),
            micros(row.expires_at),
        )
    };
    let rows = to_json(keys.iter().map(row));
    sqlx::query!(
        r#"
        INSERT OR REPLACE INTO idempotency_keys (
            tenant_id, key, fingerprint, merchant_id, link_id, version, created_at, expires_at
        )
        SELECT unhex(value ->> 0), value ->> 1, unhex(value ->> 2), unhex(value ->> 3), unhex(value ->> 4),
            value ->> 5, value ->> 6, value ->> 7
        FROM jsonb_each(?1)
        "#,
        rows
    )
}
