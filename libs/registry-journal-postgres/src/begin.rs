//! The beginning of a batch, in one round trip: the transaction, the locks of its tenants, and what nearly every batch
//! needs to read.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_journal::port::{Inconsistency, Loaded, Scope, TransactError};
use registry_journal_rows::{Found, RawOwnedTenant};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Map;
use sqlx::{AssertSqlSafe, Execute, PgConnection, Postgres, Row};
use uuid::Uuid;

use crate::error::transact;
use crate::rows::{Head, OwnedMerchant};

/// The tenants with the ends of their logs, and the merchants that are known by id.
///
/// Each key probes an index; `load` says why it is written so.
fn owners() -> Map<'static, Postgres, impl FnMut(PgRow) -> Result<OwnerRow, sqlx::Error> + Send, PgArguments> {
    let nobody: &[Uuid] = &[];
    sqlx::query_as!(
        OwnerRow,
        r#"
        SELECT wanted.tenant_id AS "tenant_id!", NULL::uuid AS "merchant_id?", e.seq AS "seq?", e.hash AS "hash?",
            e.recorded_at AS "recorded_at?", t.state AS "state?", k.wrapped AS "wrapped?",
            t.generation AS "generation?", NULL::boolean AS "is_current?",
            NULL::timestamptz AS "linked_at?", NULL::timestamptz AS "begun_at?", NULL::timestamptz AS "submitted_at?",
            NULL::timestamptz AS "opened_at?", NULL::boolean AS "under_way?"
        FROM unnest($1::uuid[]) AS wanted (tenant_id)
        LEFT JOIN LATERAL (
            SELECT seq, hash, recorded_at FROM events WHERE tenant_id = wanted.tenant_id ORDER BY seq DESC LIMIT 1
        ) AS e ON true
        LEFT JOIN LATERAL (
            SELECT state, generation FROM tenants WHERE tenant_id = wanted.tenant_id LIMIT 1
        ) AS t ON true
        LEFT JOIN LATERAL (
            SELECT wrapped FROM data_keys WHERE tenant_id = wanted.tenant_id AND owner = wanted.tenant_id LIMIT 1
        ) AS k ON true
        UNION ALL
        SELECT wanted.tenant_id, m.merchant_id, NULL, NULL, NULL, m.state, k.wrapped, NULL, m.is_current,
            s.linked_at, s.begun_at, s.submitted_at, s.opened_at, s.under_way
        FROM unnest($2::uuid[], $3::uuid[]) AS wanted (tenant_id, merchant_id)
        CROSS JOIN LATERAL (
            SELECT merchant_id, state, facets_version = version AS is_current FROM merchants
            WHERE tenant_id = wanted.tenant_id AND merchant_id >= wanted.merchant_id ORDER BY merchant_id LIMIT 1
        ) AS m
        LEFT JOIN LATERAL (
            SELECT wrapped FROM data_keys WHERE tenant_id = wanted.tenant_id AND owner = wanted.merchant_id LIMIT 1
        ) AS k ON true
        LEFT JOIN LATERAL (
            SELECT linked_at, begun_at, submitted_at, opened_at, under_way FROM merchant_milestones
            WHERE tenant_id = wanted.tenant_id AND merchant_id = wanted.merchant_id LIMIT 1
        ) AS s ON true
        WHERE m.merchant_id = wanted.merchant_id
        "#,
        nobody,
        nobody,
        nobody
    )
}

/// Gives the statement a name on this connection, so that a text with several statements can run it.
pub(crate) async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let named = format!("PREPARE owners (uuid[], uuid[], uuid[]) AS {}", owners().sql().as_str());
    sqlx::raw_sql(AssertSqlSafe(named)).execute(connection).await?;
    Ok(())
}

/// Begins, locks the tenants and reads.
///
/// The locks come first: what is read afterwards is what the last batch of each tenant left behind, because in READ
/// COMMITTED each statement sees what is committed when it begins. Whoever waits has written nothing yet, so it holds
/// nobody up.
pub(crate) async fn begin(connection: &mut PgConnection, scope: &Scope) -> Result<Loaded, TransactError> {
    let answers = sqlx::raw_sql(AssertSqlSafe(text(scope))).fetch_all(connection).await;
    let answers = answers.map_err(transact)?;
    let mut loaded = Loaded::default();
    // Each lock answers with an empty row.
    for row in answers.iter().skip(scope.tenants.len()) {
        OwnerRow::of(row).map_err(transact)?.add_to(&mut loaded)?;
    }
    Ok(loaded)
}

/// Only our own numbers and ids are text of the statements.
fn text(scope: &Scope) -> String {
    let keys = lock_keys(scope.tenants.iter().copied());
    let mut text = "BEGIN ISOLATION LEVEL READ COMMITTED".to_owned();
    for key in keys {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "; SELECT pg_advisory_xact_lock({key})");
    }
    text.push_str("; EXECUTE owners ('{");
    push_list(&mut text, scope.tenants.iter().map(TenantId::as_uuid));
    text.push_str("}', '{");
    push_list(&mut text, scope.merchants.iter().map(|(tenant, _)| tenant.as_uuid()));
    text.push_str("}', '{");
    push_list(
        &mut text,
        scope.merchants.iter().map(|(_, merchant)| merchant.as_uuid()),
    );
    text.push_str("}')");
    text
}

fn push_list(text: &mut String, ids: impl Iterator<Item = Uuid>) {
    for (place, id) in ids.enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _infallible = write!(text, "{comma}{}", id.simple());
    }
}

/// What stands for tenants among the locks, in the order in which everybody takes them. The last eight bytes of an id are
/// random; two tenants that share a key would only wait for each other.
pub(crate) fn lock_keys(tenants: impl Iterator<Item = TenantId>) -> Vec<i64> {
    let key = |tenant: TenantId| tenant.as_uuid().as_u64_pair().1.cast_signed();
    let mut keys: Vec<i64> = tenants.map(key).collect();
    keys.sort_unstable();
    keys
}

/// A merchant; or, without its id, a tenant with the end of its log.
struct OwnerRow {
    tenant_id: Uuid,
    merchant_id: Option<Uuid>,
    seq: Option<i64>,
    hash: Option<Vec<u8>>,
    recorded_at: Option<DateTime<Utc>>,
    state: Option<String>,
    wrapped: Option<Vec<u8>>,
    generation: Option<i64>,
    is_current: Option<bool>,
    linked_at: Option<DateTime<Utc>>,
    begun_at: Option<DateTime<Utc>>,
    submitted_at: Option<DateTime<Utc>>,
    opened_at: Option<DateTime<Utc>>,
    under_way: Option<bool>,
}

impl OwnerRow {
    /// In the order of the statement's columns.
    fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            tenant_id: row.try_get(0)?,
            merchant_id: row.try_get(1)?,
            seq: row.try_get(2)?,
            hash: row.try_get(3)?,
            recorded_at: row.try_get(4)?,
            state: row.try_get(5)?,
            wrapped: row.try_get(6)?,
            generation: row.try_get(7)?,
            is_current: row.try_get(8)?,
            linked_at: row.try_get(9)?,
            begun_at: row.try_get(10)?,
            submitted_at: row.try_get(11)?,
            opened_at: row.try_get(12)?,
            under_way: row.try_get(13)?,
        })
    }
}

impl Found for OwnerRow {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let (tenant_id, wrapped) = (self.tenant_id, self.wrapped);
        if let (Some(seq), Some(hash), Some(recorded_at)) = (self.seq, self.hash, self.recorded_at) {
            let head = Head {
                tenant_id,
                seq,
                hash,
                recorded_at,
            };
            head.add_to(loaded)?;
        }
        match (self.merchant_id, self.state) {
            (Some(merchant_id), Some(state)) => OwnedMerchant {
                tenant_id,
                merchant_id,
                state,
                wrapped,
                is_current: self.is_current.unwrap_or_default(),
                linked_at: self.linked_at,
                begun_at: self.begun_at,
                submitted_at: self.submitted_at,
                opened_at: self.opened_at,
                under_way: self.under_way,
            }
            .add_to(loaded),
            (None, Some(state)) => RawOwnedTenant {
                tenant_id,
                state,
                wrapped,
                generation: self.generation.unwrap_or_default(),
            }
            .add_to(loaded),
            (_, None) => Ok(()),
        }
    }
}
