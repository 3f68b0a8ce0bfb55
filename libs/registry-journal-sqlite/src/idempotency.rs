//! What Idempotency-Keys stand for, until they expire.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use registry_journal::port::{IdempotencyRow, TransactError};
use sqlx::SqliteConnection;

use crate::error::transact;
use crate::rows::micros;
use crate::write::{hex, hex_bytes, to_json};

/// A few of the expired ones leave with every new one, so that the table does not grow for ever.
pub(crate) async fn forget(
    connection: &mut SqliteConnection,
    keys: &[IdempotencyRow],
    now: DateTime<Utc>,
) -> Result<(), TransactError> {
    let now = micros(now);
    for tenant_id in keys.iter().map(|row| row.tenant_id).collect::<HashSet<_>>() {
        let tenant_id = tenant_id.as_uuid();
        sqlx::query!(
            r#"
            DELETE FROM idempotency_keys WHERE tenant_id = ?1 AND key IN (
                SELECT key FROM idempotency_keys WHERE tenant_id = ?1 AND expires_at <= ?2 LIMIT 100
            )
            "#,
            tenant_id,
            now
        )
        .execute(&mut *connection)
        .await
        .map_err(transact)?;
    }
    Ok(())
}

/// Inserts or replaces keys.
pub(crate) async fn remember(connection: &mut SqliteConnection, keys: &[IdempotencyRow]) -> Result<(), TransactError> {
    let row = |row: &IdempotencyRow| {
        (
            hex(row.tenant_id.as_uuid()),
            row.key.clone(),
            hex_bytes(&row.fingerprint),
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
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}
