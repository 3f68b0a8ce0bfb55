//! What a batch writes: one statement for each table, all rows of the batch in one JSON text.
//!
//! `jsonb_each` hands each row on in binary form; with `json_each` it would be written out as text and parsed again.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::Tenant;
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{HistoryRow, KeyRow, LinkRow, QuestionPlan, TransactError, Writes};
use registry_journal::record::EventRow;
use registry_journal::stored::{MerchantColumns, tenant_to_json};
use serde::Serialize;
use sqlx::SqliteConnection;
use sqlx::types::Uuid;

use crate::error::transact;
use crate::rows::micros;
use crate::{callbacks, idempotency};

/// Writes everything. The caller commits.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    writes: &Writes,
    now: DateTime<Utc>,
) -> Result<(), TransactError> {
    if !writes.cleared.is_empty() {
        clear(connection, &writes.cleared).await?;
    }
    callbacks::clear(connection, writes).await?;
    events(connection, &writes.events).await?;
    if !writes.keys.is_empty() {
        data_keys(connection, &writes.keys).await?;
    }
    if !writes.merchants.is_empty() {
        merchants(connection, writes).await?;
    }
    if !writes.links.is_empty() {
        merchant_links(connection, &writes.links).await?;
    }
    if !writes.history.is_empty() {
        history(connection, &writes.history).await?;
    }
    if !writes.tenants.is_empty() {
        tenants(connection, &writes.tenants).await?;
        api_keys(connection, &writes.tenants).await?;
    }
    if !writes.idempotency.is_empty() {
        idempotency::forget(connection, &writes.idempotency, now).await?;
        idempotency::remember(connection, &writes.idempotency).await?;
    }
    callbacks::write(connection, writes).await
}

/// Rows of texts and numbers: writing them as JSON cannot fail.
pub(crate) fn to_json<T: Serialize>(rows: impl Iterator<Item = T>) -> String {
    let rows: Vec<T> = rows.collect();
    serde_json::to_string(&rows).expect("rows of texts and numbers are valid JSON")
}

pub(crate) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

pub(crate) fn hex_bytes(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

/// Removes what is projected of these merchants.
async fn clear(connection: &mut SqliteConnection, cleared: &[(TenantId, MerchantId)]) -> Result<(), TransactError> {
    macro_rules! delete_from {
        ($statement:literal, $tenant_id:expr, $merchant_id:expr) => {
            sqlx::query!(
                $statement + " WHERE tenant_id = ?1 AND merchant_id = ?2",
                $tenant_id,
                $merchant_id
            )
            .execute(&mut *connection)
            .await
            .map_err(transact)?
        };
    }
    for (tenant_id, merchant_id) in cleared {
        let (tenant_id, merchant_id) = (tenant_id.as_uuid(), merchant_id.as_uuid());
        delete_from!("DELETE FROM merchants", tenant_id, merchant_id);
        delete_from!("DELETE FROM merchant_history", tenant_id, merchant_id);
        delete_from!("DELETE FROM merchant_links", tenant_id, merchant_id);
        delete_from!("DELETE FROM approvals", tenant_id, merchant_id);
    }
    Ok(())
}

async fn events(connection: &mut SqliteConnection, events: &[EventRow]) -> Result<(), TransactError> {
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
            hex_bytes(&row.hash),
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
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

async fn data_keys(connection: &mut SqliteConnection, keys: &[KeyRow]) -> Result<(), TransactError> {
    let row = |key: &KeyRow| (hex(key.tenant_id.as_uuid()), hex(key.owner), hex_bytes(&key.wrapped));
    let rows = to_json(keys.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO data_keys (tenant_id, owner, wrapped)
        SELECT unhex(value ->> 0), unhex(value ->> 1), unhex(value ->> 2) FROM jsonb_each(?1)
        "#,
        rows
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

fn merchant_row((tenant_id, merchant): &(TenantId, Merchant), questions: QuestionPlan) -> impl Serialize {
    let columns = MerchantColumns::of(merchant);
    (
        hex(tenant_id.as_uuid()),
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
            questions.ask_at(merchant).map(micros),
        ),
    )
}

async fn merchants(connection: &mut SqliteConnection, writes: &Writes) -> Result<(), TransactError> {
    let row = |row| merchant_row(row, writes.questions);
    let rows = to_json(writes.merchants.iter().map(row));
    // WHERE true: without it the parser takes ON CONFLICT for a join condition.
    sqlx::query!(
        r#"
        INSERT INTO merchants (
            tenant_id, merchant_id, member_code, merchant_code, version, status, stage, stage_since, company_name,
            branch_name, business_number, pending_link_id, pending_since, created_at, updated_at, state,
            confirming_since, ask_at
        )
        SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, unhex(value ->> 11), value ->> 12,
            value ->> 13, value ->> 14, value -> 15 ->> 0, value -> 15 ->> 1, value -> 15 ->> 2
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
            ask_at = CASE
                WHEN excluded.ask_at IS NOT NULL AND excluded.updated_at = merchants.updated_at
                    AND excluded.confirming_since IS merchants.confirming_since
                THEN coalesce(merchants.ask_at, excluded.ask_at)
                ELSE excluded.ask_at
            END
        "#,
        rows
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

async fn merchant_links(connection: &mut SqliteConnection, links: &[LinkRow]) -> Result<(), TransactError> {
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
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

async fn history(connection: &mut SqliteConnection, history: &[HistoryRow]) -> Result<(), TransactError> {
    let row = |row: &HistoryRow| {
        (
            hex(row.tenant_id.as_uuid()),
            hex(row.merchant_id.as_uuid()),
            row.version.0,
            row.status.as_str(),
            row.stage.as_str(),
            micros(row.valid_from),
        )
    };
    let rows = to_json(history.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO merchant_history (tenant_id, merchant_id, version, status, stage, valid_from)
        SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5
        FROM jsonb_each(?1)
        "#,
        rows
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

async fn tenants(connection: &mut SqliteConnection, tenants: &[Tenant]) -> Result<(), TransactError> {
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
        ON CONFLICT (tenant_id) DO UPDATE SET state = excluded.state
        "#,
        rows
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

async fn api_keys(connection: &mut SqliteConnection, tenants: &[Tenant]) -> Result<(), TransactError> {
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
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}
