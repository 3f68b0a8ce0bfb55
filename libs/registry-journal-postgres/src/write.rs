//! What a batch writes: the rows of a statement go as one array for each column.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use registry_domain::merchant::Facets;
use registry_domain::tenant::Tenant;
use registry_domain::{MerchantId, ReportedNumber, TenantId};
use registry_journal::port::{ExpectedHead, IdempotencyRow, IdentityRow, KeyRow, LinkRow, TransactError, Writes};
use registry_journal::stored::{MerchantColumns, tenant_to_json};
use registry_journal_rows::{CountChanges, bigint};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::transact;
use crate::statement::{Statement, column};
use crate::{alerts, audit, begin, callbacks, counts, terms};

/// Writes everything. The caller commits.
pub(crate) async fn write(
    connection: &mut PgConnection,
    writes: &Writes,
    now: DateTime<Utc>,
) -> Result<(), TransactError> {
    for statement in statements(writes, now) {
        statement.execute(&mut *connection).await.map_err(transact)?;
    }
    Ok(())
}

/// One for each kind of thing that is written, none for what is not, in the order in which they may run.
fn statements(writes: &Writes, now: DateTime<Utc>) -> Vec<Statement> {
    let Writes {
        cleared,
        events,
        keys,
        merchants,
        identities,
        history,
        milestones,
        links,
        tenants,
        idempotency,
        ..
    } = writes;
    let mut statements = callbacks::cleared(writes);
    statements.extend(audit::cleared(writes));
    if !cleared.is_empty() {
        statements.push(clear(cleared));
    }
    if !keys.is_empty() {
        statements.push(data_keys(keys));
    }
    if !identities.is_empty() {
        statements.push(merchant_identities(identities));
    }
    if !(events.is_empty() && merchants.is_empty() && history.is_empty() && milestones.is_empty()) {
        statements.push(append(writes, &[]));
    }
    if !writes.terms.is_empty() {
        statements.extend(terms::written(&writes.terms));
    }
    if !links.is_empty() {
        statements.push(merchant_links(links));
    }
    if !tenants.is_empty() {
        statements.push(replace_tenants(tenants));
    }
    if !idempotency.is_empty() {
        statements.push(forget_idempotency_keys(idempotency, now));
        statements.push(idempotency_keys(idempotency));
    }
    statements.extend(callbacks::written(writes));
    statements.extend(audit::written(writes));
    statements.extend(alerts::written(writes));
    statements.extend(counts::corrected(writes));
    statements
}

/// Removes what is projected of these merchants: `clear.sql` tells how.
fn clear(cleared: &[(TenantId, MerchantId)]) -> Statement {
    sqlx::query_file!(
        "src/clear.sql",
        &column(cleared, |(tenant, _)| tenant.as_uuid()),
        &column(cleared, |(_, merchant)| merchant.as_uuid())
    )
}

/// The events and the rows of merchants that come of them, in one round trip: `append.sql` tells how. With logs that are
/// expected it is a transaction of its own.
#[expect(clippy::too_many_lines, reason = "one statement, a line for each of its columns")]
pub(crate) fn append(writes: &Writes, expected: &[ExpectedHead]) -> Statement {
    let (events, merchants, history) = (&writes.events, &writes.merchants, &writes.history);
    let (milestones, clock) = (&writes.milestones, writes.clock);
    let rows: Vec<_> = merchants.iter().map(|row| MerchantColumns::of(&row.merchant)).collect();
    let CountChanges {
        merchants: counts,
        standing,
        steps,
        stays,
    } = CountChanges::of(writes);
    let locks = begin::lock_keys(expected.iter().map(|head| head.tenant_id));
    sqlx::query_file!(
        "src/append.sql",
        &column(events, |row| row.tenant_id.as_uuid()),
        &column(events, |row| bigint(row.seq.0)),
        &column(events, |row| row.event_id.as_uuid()),
        &column(events, |row| row.stream.kind()) as &[&str],
        &column(events, |row| row.stream.as_uuid()),
        &column(events, |row| bigint(row.version.0)),
        &column(events, |row| row.event_type.as_str()) as &[&str],
        &column(events, |row| row.recorded_at),
        &column(events, |row| row.actor.as_str()) as &[&str],
        &column(events, |row| row.correlation_id.as_uuid()),
        &column(events, |row| row.causation_id.map(|id| id.as_uuid())) as &[Option<Uuid>],
        &column(events, |row| row.idempotency_key.as_deref()) as &[Option<&str>],
        &column(events, |row| row.data.as_str()) as &[&str],
        &column(events, |row| row.sealed.as_slice()) as &[&[u8]],
        &column(events, |row| row.hash.as_slice()) as &[&[u8]],
        &column(merchants, |row| row.tenant_id.as_uuid()),
        &column(merchants, |row| row.merchant.id.as_uuid()),
        &column(&rows, |row| row.member_code.as_str()) as &[&str],
        &column(&rows, |row| row.merchant_code.as_str()) as &[&str],
        &column(&rows, |row| bigint(row.version.0)),
        &column(&rows, |row| row.status.as_str()) as &[&str],
        &column(&rows, |row| row.stage.as_str()) as &[&str],
        &column(&rows, |row| row.stage_since),
        &column(&rows, |row| row.company_name.as_deref()) as &[Option<&str>],
        &column(&rows, |row| row.branch_name.as_deref()) as &[Option<&str>],
        &column(&rows, |row| row.business_number.as_deref()) as &[Option<&str>],
        &column(&rows, |row| row.pending_link_id.map(|id| id.as_uuid())) as &[Option<Uuid>],
        &column(&rows, |row| row.pending_since) as &[Option<DateTime<Utc>>],
        &column(&rows, |row| row.created_at),
        &column(&rows, |row| row.updated_at),
        &column(&rows, |row| row.state.as_str()) as &[&str],
        &column(&rows, |row| row.confirming_since) as &[Option<DateTime<Utc>>],
        &column(merchants, |row| row.ask_at) as &[Option<DateTime<Utc>>],
        &column(history, |row| row.tenant_id.as_uuid()),
        &column(history, |row| row.merchant_id.as_uuid()),
        &column(history, |row| bigint(row.version.0)),
        &column(history, |row| row.status.as_str()) as &[&str],
        &column(history, |row| row.stage.as_str()) as &[&str],
        &column(history, |row| row.valid_from),
        &locks,
        &column(expected, |head| head.tenant_id.as_uuid()),
        &column(expected, |head| bigint(head.seq.0)),
        &column(expected, |head| head.hash.as_slice()) as &[&[u8]],
        &column(expected, |head| head.generation),
        clock.map(|clock| clock.now),
        clock.map(|clock| clock.skew_max.as_seconds_f64()),
        &column(&rows, |row| row.facets) as &[Option<i64>],
        &column(history, |row| row.facets.map(Facets::to_bits)) as &[Option<i64>],
        &column(history, |row| row.stage_since) as &[Option<DateTime<Utc>>],
        &column(history, |row| row.ended.map(|stay| stay.stage.as_str())) as &[Option<&str>],
        &column(history, |row| row.ended.map(|stay| stay.since)) as &[Option<DateTime<Utc>>],
        &column(milestones, |row| row.tenant_id.as_uuid()),
        &column(milestones, |row| row.merchant_id.as_uuid()),
        &column(milestones, |row| row.created_at),
        &column(milestones, |row| row.linked_at) as &[Option<DateTime<Utc>>],
        &column(milestones, |row| row.begun_at) as &[Option<DateTime<Utc>>],
        &column(milestones, |row| row.submitted_at) as &[Option<DateTime<Utc>>],
        &column(milestones, |row| row.opened_at) as &[Option<DateTime<Utc>>],
        &column(milestones, |row| row.is_under_way),
        &keys(&counts, |(tenant, _)| tenant.as_uuid()),
        &keys(&counts, |(_, facets)| *facets),
        &changes(&counts),
        &keys(&standing, |(tenant, ..)| tenant.as_uuid()),
        &keys(&standing, |(_, stage, _)| stage.as_str()) as &[&str],
        &keys(&standing, |(.., since_on)| *since_on),
        &changes(&standing),
        &keys(&steps, |step| step.tenant_id.as_uuid()),
        &keys(&steps, |step| step.cohort_on),
        &keys(&steps, |step| step.step.as_str()) as &[&str],
        &keys(&steps, |step| step.from_on),
        &keys(&steps, |step| step.to_on),
        &changes(&steps),
        &keys(&stays, |(tenant, ..)| tenant.as_uuid()),
        &keys(&stays, |(_, stay, ..)| stay.as_str()) as &[&str],
        &keys(&stays, |(_, _, ended_on, _)| *ended_on),
        &keys(&stays, |(.., since_on)| *since_on),
        &changes(&stays)
    )
}

/// One column of the counts that change.
fn keys<'a, Key, Value>(changes: &'a BTreeMap<Key, i64>, value: impl Fn(&'a Key) -> Value) -> Vec<Value> {
    changes.keys().map(value).collect()
}

/// By how much.
fn changes<Key>(changes: &BTreeMap<Key, i64>) -> Vec<i64> {
    changes.values().copied().collect()
}

fn merchant_identities(identities: &[IdentityRow]) -> Statement {
    sqlx::query!(
        r#"
        INSERT INTO merchant_identities (tenant_id, merchant_id, member_code, merchant_code, business_number)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
        ON CONFLICT (tenant_id, merchant_id) DO UPDATE SET business_number = excluded.business_number
        "#,
        &column(identities, |row| row.tenant_id.as_uuid()),
        &column(identities, |row| row.merchant_id.as_uuid()),
        &column(identities, |row| row.reference.member_code.as_str()) as &[&str],
        &column(identities, |row| row.reference.merchant_code.as_str()) as &[&str],
        &column(identities, |row| row
            .business_number
            .as_ref()
            .map(ReportedNumber::as_str)) as &[Option<&str>]
    )
}

fn merchant_links(links: &[LinkRow]) -> Statement {
    sqlx::query!(
        r#"
        INSERT INTO merchant_links (tenant_id, link_id, merchant_id)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])
        "#,
        &column(links, |row| row.tenant_id.as_uuid()),
        &column(links, |row| row.link_id.as_uuid()),
        &column(links, |row| row.merchant_id.as_uuid())
    )
}

fn data_keys(keys: &[KeyRow]) -> Statement {
    sqlx::query!(
        r#"
        INSERT INTO data_keys (tenant_id, owner, wrapped)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[])
        "#,
        &column(keys, |row| row.tenant_id.as_uuid()),
        &column(keys, |row| row.owner),
        &column(keys, |row| row.wrapped.as_slice()) as &[&[u8]]
    )
}

fn replace_tenants(tenants: &[Tenant]) -> Statement {
    let keys: Vec<_> = tenants
        .iter()
        .flat_map(|tenant| tenant.keys.iter().map(move |key| (key.id, tenant.id)))
        .collect();
    let members: Vec<_> = tenants
        .iter()
        .flat_map(|tenant| tenant.members.iter().map(move |member| (member.person_id, tenant.id)))
        .collect();
    sqlx::query!(
        r#"
        WITH keys AS (
            INSERT INTO api_keys (key_id, tenant_id)
            SELECT * FROM unnest($1::uuid[], $2::uuid[])
            ON CONFLICT (key_id) DO NOTHING
        ), members AS (
            INSERT INTO memberships (person_id, tenant_id)
            SELECT * FROM unnest($6::uuid[], $7::uuid[])
            ON CONFLICT (person_id, tenant_id) DO NOTHING
        )
        INSERT INTO tenants (tenant_id, slug, state)
        SELECT * FROM unnest($3::uuid[], $4::text[], $5::text[])
        ON CONFLICT (tenant_id) DO UPDATE SET state = excluded.state, generation = tenants.generation + 1
        "#,
        &column(&keys, |(key, _)| key.as_uuid()),
        &column(&keys, |(_, tenant)| tenant.as_uuid()),
        &column(tenants, |tenant| tenant.id.as_uuid()),
        &column(tenants, |tenant| tenant.slug.as_str()) as &[&str],
        &column(tenants, tenant_to_json),
        &column(&members, |(person, _)| person.as_uuid()),
        &column(&members, |(_, tenant)| tenant.as_uuid())
    )
}

/// A few of the expired ones leave with every new one, so that the table does not grow for ever.
fn forget_idempotency_keys(keys: &[IdempotencyRow], now: DateTime<Utc>) -> Statement {
    let tenants: HashSet<_> = keys.iter().map(|row| row.tenant_id.as_uuid()).collect();
    let tenants: Vec<_> = tenants.into_iter().collect();
    sqlx::query!(
        r#"
        DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY (
            SELECT expired.ctid FROM unnest($1::uuid[]) AS wanted (tenant_id)
            CROSS JOIN LATERAL (
                SELECT ctid FROM idempotency_keys
                WHERE tenant_id = wanted.tenant_id AND expires_at <= $2 ORDER BY expires_at LIMIT 100
            ) AS expired
        ))
        "#,
        &tenants,
        now
    )
}

fn idempotency_keys(keys: &[IdempotencyRow]) -> Statement {
    sqlx::query!(
        r#"
        INSERT INTO idempotency_keys (
            tenant_id, key, fingerprint, merchant_id, link_id, version, created_at, expires_at
        )
        SELECT * FROM unnest(
            $1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::uuid[], $6::bigint[], $7::timestamptz[],
            $8::timestamptz[]
        )
        ON CONFLICT (tenant_id, key) DO UPDATE SET
            fingerprint = excluded.fingerprint,
            merchant_id = excluded.merchant_id,
            link_id = excluded.link_id,
            version = excluded.version,
            created_at = excluded.created_at,
            expires_at = excluded.expires_at
        "#,
        &column(keys, |row| row.tenant_id.as_uuid()),
        &column(keys, |row| row.key.as_str()) as &[&str],
        &column(keys, |row| row.fingerprint.as_slice()) as &[&[u8]],
        &column(keys, |row| row.merchant_id.as_uuid()),
        &column(keys, |row| row.link_id.map(|id| id.as_uuid())) as &[Option<Uuid>],
        &column(keys, |row| bigint(row.version.0)),
        &column(keys, |row| row.created_at),
        &column(keys, |row| row.expires_at)
    )
}
