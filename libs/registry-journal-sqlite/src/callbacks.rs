//! What a batch writes of callbacks: quarantine, pairs that nobody had registered, payment approvals. Most batches write
//! none of these.

use registry_journal::port::{ApprovalRow, QuarantineRow, Settlement, TransactError, UnclaimedRow, Writes};
use sqlx::SqliteConnection;

use crate::error::transact;
use crate::rows::micros;
use crate::write::{hex, hex_bytes, to_json};

/// Removes what is to be folded anew.
pub(crate) async fn clear(connection: &mut SqliteConnection, writes: &Writes) -> Result<(), TransactError> {
    for (tenant, event) in &writes.cleared_callbacks {
        let (tenant, event) = (tenant.as_uuid(), event.as_uuid());
        sqlx::query!(
            "DELETE FROM quarantine WHERE tenant_id = ?1 AND event_id = ?2",
            tenant,
            event
        )
        .execute(&mut *connection)
        .await
        .map_err(transact)?;
    }
    for (tenant, reference) in &writes.cleared_pairs {
        let tenant = tenant.as_uuid();
        let (member, merchant) = (reference.member_code.as_str(), reference.merchant_code.as_str());
        sqlx::query!(
            "DELETE FROM unclaimed_merchants WHERE tenant_id = ?1 AND member_code = ?2 AND merchant_code = ?3",
            tenant,
            member,
            merchant
        )
        .execute(&mut *connection)
        .await
        .map_err(transact)?;
    }
    Ok(())
}

/// In this order: a callback is there before it is settled, and its pair before it is discarded with it.
pub(crate) async fn write(connection: &mut SqliteConnection, writes: &Writes) -> Result<(), TransactError> {
    if !writes.quarantine.is_empty() {
        quarantine(connection, &writes.quarantine).await?;
    }
    if !writes.settlements.is_empty() {
        settle(connection, &writes.settlements).await?;
    }
    if !writes.unclaimed.is_empty() {
        unclaimed(connection, &writes.unclaimed).await?;
        discard_dismissed(connection, &writes.unclaimed).await?;
    }
    if !writes.approvals.is_empty() {
        approvals(connection, &writes.approvals).await?;
    }
    Ok(())
}

async fn quarantine(connection: &mut SqliteConnection, rows: &[QuarantineRow]) -> Result<(), TransactError> {
    let row = |row: &QuarantineRow| {
        let pair = row.reference.as_ref();
        (
            hex(row.tenant_id.as_uuid()),
            hex(row.event_id.as_uuid()),
            row.seq.0,
            row.stream.kind(),
            hex(row.stream.as_uuid()),
            row.version.0,
            row.reason.as_str(),
            pair.map(|pair| pair.member_code.as_str().to_owned()),
            pair.map(|pair| pair.merchant_code.as_str().to_owned()),
            micros(row.received_at),
            row.state.as_str(),
            row.settled_by.map(|id| hex(id.as_uuid())),
        )
    };
    let rows = to_json(rows.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO quarantine (
            tenant_id, event_id, seq, stream_kind, stream_id, version, reason, member_code, merchant_code, received_at,
            state, settled_by
        )
        SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, unhex(value ->> 11)
        FROM jsonb_each(?1)
        "#,
        rows
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

async fn settle(connection: &mut SqliteConnection, settlements: &[Settlement]) -> Result<(), TransactError> {
    let row = |row: &Settlement| {
        (
            hex(row.tenant_id.as_uuid()),
            hex(row.event_id.as_uuid()),
            row.state.as_str(),
            hex(row.settled_by.as_uuid()),
        )
    };
    let rows = to_json(settlements.iter().map(row));
    sqlx::query!(
        r#"
        UPDATE quarantine AS q SET state = w.state, settled_by = w.settled_by
        FROM (
            SELECT unhex(value ->> 0) AS tenant_id, unhex(value ->> 1) AS event_id, value ->> 2 AS state,
                unhex(value ->> 3) AS settled_by
            FROM jsonb_each(?1)
        ) AS w
        WHERE q.tenant_id = w.tenant_id AND q.event_id = w.event_id AND q.state = 'open'
        "#,
        rows
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

/// The same as [`UnclaimedRow::joined`], with what is known already.
async fn unclaimed(connection: &mut SqliteConnection, rows: &[UnclaimedRow]) -> Result<(), TransactError> {
    let row = |row: &UnclaimedRow| {
        (
            hex(row.tenant_id.as_uuid()),
            row.reference.member_code.as_str().to_owned(),
            row.reference.merchant_code.as_str().to_owned(),
            hex(row.id.as_uuid()),
            micros(row.first_seen_at),
            micros(row.last_seen_at),
            row.callbacks,
            u8::from(row.listed),
            row.mapping_status.as_ref().map(|word| word.as_str().to_owned()),
            row.state.as_str(),
            row.merchant_id.map(|id| hex(id.as_uuid())),
            row.settled_by.map(|id| hex(id.as_uuid())),
        )
    };
    let rows = to_json(rows.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO unclaimed_merchants AS known (
            tenant_id, member_code, merchant_code, id, first_seen_at, last_seen_at, callbacks, listed, mapping_status,
            state, merchant_id, settled_by
        )
        SELECT unhex(value ->> 0), value ->> 1, value ->> 2, unhex(value ->> 3), value ->> 4, value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, value ->> 9, unhex(value ->> 10), unhex(value ->> 11)
        FROM jsonb_each(?1) WHERE true
        ON CONFLICT (tenant_id, member_code, merchant_code) DO UPDATE SET
            last_seen_at = max(known.last_seen_at, excluded.last_seen_at),
            callbacks = known.callbacks + excluded.callbacks,
            listed = max(known.listed, excluded.listed),
            mapping_status = coalesce(excluded.mapping_status, known.mapping_status),
            state = iif(known.state = 'open', excluded.state, known.state),
            merchant_id = iif(known.state = 'open', excluded.merchant_id, known.merchant_id),
            settled_by = iif(known.state = 'open', excluded.settled_by, known.settled_by)
        "#,
        rows
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

/// What is dismissed takes its callbacks with it, those that come later too.
async fn discard_dismissed(connection: &mut SqliteConnection, pairs: &[UnclaimedRow]) -> Result<(), TransactError> {
    let pair = |pair: &UnclaimedRow| {
        (
            hex(pair.tenant_id.as_uuid()),
            pair.reference.member_code.as_str().to_owned(),
            pair.reference.merchant_code.as_str().to_owned(),
        )
    };
    let pairs = to_json(pairs.iter().map(pair));
    sqlx::query!(
        r#"
        UPDATE quarantine AS q INDEXED BY quarantine_by_reference SET state = 'discarded', settled_by = u.settled_by
        FROM jsonb_each(?1) AS w
        CROSS JOIN unclaimed_merchants AS u
            ON u.tenant_id = unhex(w.value ->> 0)
            AND u.member_code = w.value ->> 1
            AND u.merchant_code = w.value ->> 2
            AND u.state = 'dismissed'
        WHERE q.tenant_id = u.tenant_id AND q.member_code = u.member_code AND q.merchant_code = u.merchant_code
            AND q.state = 'open'
        "#,
        pairs
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}

async fn approvals(connection: &mut SqliteConnection, rows: &[ApprovalRow]) -> Result<(), TransactError> {
    let row = |row: &ApprovalRow| {
        (
            hex(row.tenant_id.as_uuid()),
            hex(row.merchant_id.as_uuid()),
            row.version.0,
            hex(row.event_id.as_uuid()),
            row.identity.map(|digest| hex_bytes(&digest.0)),
            micros(row.recorded_at),
        )
    };
    let rows = to_json(rows.iter().map(row));
    sqlx::query!(
        r#"
        INSERT INTO approvals (tenant_id, merchant_id, version, event_id, identity, recorded_at)
        SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, unhex(value ->> 3), unhex(value ->> 4), value ->> 5
        FROM jsonb_each(?1)
        "#,
        rows
    )
    .execute(connection)
    .await
    .map_err(transact)?;
    Ok(())
}
