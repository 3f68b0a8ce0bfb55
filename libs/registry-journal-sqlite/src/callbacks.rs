//! What a batch writes of callbacks: quarantine, pairs that nobody had registered, payment approvals. Most batches write
//! none of these.

use registry_journal::port::{ApprovalRow, QuarantineRow, Settlement, UnclaimedRow, Writes};

use crate::rows::micros;
use crate::statement::{Statement, hex, to_json};

/// Removes what is to be folded anew.
pub(crate) fn cleared(writes: &Writes) -> Vec<Statement> {
    let callbacks = writes.cleared_callbacks.iter().map(|(tenant, event)| {
        sqlx::query!(
            "DELETE FROM quarantine WHERE tenant_id = ?1 AND event_id = ?2",
            tenant.as_uuid(),
            event.as_uuid()
        )
    });
    let pairs = writes.cleared_pairs.iter().map(|(tenant, pair)| {
        sqlx::query!(
            "DELETE FROM unclaimed_merchants WHERE tenant_id = ?1 AND member_code = ?2 AND merchant_code = ?3",
            tenant.as_uuid(),
            pair.member_code.as_str(),
            pair.merchant_code.as_str()
        )
    });
    callbacks.chain(pairs).collect()
}

/// In this order: a callback is there before it is settled, and its pair before it is discarded with it.
pub(crate) fn written(writes: &Writes) -> Vec<Statement> {
    let mut statements = Vec::new();
    if !writes.quarantine.is_empty() {
        statements.push(quarantine(&writes.quarantine));
    }
    if !writes.settlements.is_empty() {
        statements.push(settle(&writes.settlements));
    }
    if !writes.unclaimed.is_empty() {
        statements.push(unclaimed(&writes.unclaimed));
        statements.push(discard_dismissed(&writes.unclaimed));
    }
    if !writes.approvals.is_empty() {
        statements.push(approvals(&writes.approvals));
    }
    statements
}

fn quarantine(rows: &[QuarantineRow]) -> Statement {
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
}

fn settle(settlements: &[Settlement]) -> Statement {
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
}

/// The same as [`UnclaimedRow::joined`], with what is known already.
fn unclaimed(rows: &[UnclaimedRow]) -> Statement {
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
}

/// What is dismissed takes its callbacks with it, those that come later too.
fn discard_dismissed(pairs: &[UnclaimedRow]) -> Statement {
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
}

fn approvals(rows: &[ApprovalRow]) -> Statement {
    let row = |row: &ApprovalRow| {
        (
            hex(row.tenant_id.as_uuid()),
            hex(row.merchant_id.as_uuid()),
            row.version.0,
            hex(row.event_id.as_uuid()),
            row.identity.map(|digest| ::hex::encode(digest.0)),
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
}
