//! What a batch writes of callbacks: quarantine, pairs that nobody had registered, payment approvals. Most batches write
//! none of these.

use chrono::{DateTime, Utc};
use registry_domain::review::MappingStatus;
use registry_journal::port::{ApprovalRow, QuarantineRow, Settlement, UnclaimedRow, Writes};
use registry_journal_rows::bigint;
use uuid::Uuid;

use crate::statement::{Statement, column};

/// Removes what is to be folded anew.
pub(crate) fn cleared(writes: &Writes) -> Vec<Statement> {
    let (callbacks, pairs) = (&writes.cleared_callbacks, &writes.cleared_pairs);
    let mut statements = Vec::new();
    if !callbacks.is_empty() {
        statements.push(sqlx::query!(
            r#"
            DELETE FROM quarantine AS q USING unnest($1::uuid[], $2::uuid[]) AS w (tenant_id, event_id)
            WHERE q.tenant_id = w.tenant_id AND q.event_id = w.event_id
            "#,
            &column(callbacks, |(tenant, _)| tenant.as_uuid()),
            &column(callbacks, |(_, event)| event.as_uuid())
        ));
    }
    if !pairs.is_empty() {
        statements.push(sqlx::query!(
            r#"
            DELETE FROM unclaimed_merchants AS u
            USING unnest($1::uuid[], $2::text[], $3::text[]) AS w (tenant_id, member_code, merchant_code)
            WHERE u.tenant_id = w.tenant_id AND u.member_code = w.member_code AND u.merchant_code = w.merchant_code
            "#,
            &column(pairs, |(tenant, _)| tenant.as_uuid()),
            &column(pairs, |(_, pair)| pair.member_code.as_str()) as &[&str],
            &column(pairs, |(_, pair)| pair.merchant_code.as_str()) as &[&str]
        ));
    }
    statements
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
    let pair = |row: &QuarantineRow| row.reference.clone().map(|it| (it.member_code, it.merchant_code));
    let pairs = column(rows, pair);
    sqlx::query!(
        r#"
        INSERT INTO quarantine (
            tenant_id, event_id, seq, stream_kind, stream_id, version, reason, member_code, merchant_code, received_at,
            state, settled_by
        )
        SELECT * FROM unnest(
            $1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::bigint[], $7::text[], $8::text[],
            $9::text[], $10::timestamptz[], $11::text[], $12::uuid[]
        )
        "#,
        &column(rows, |row| row.tenant_id.as_uuid()),
        &column(rows, |row| row.event_id.as_uuid()),
        &column(rows, |row| bigint(row.seq.0)),
        &column(rows, |row| row.stream.kind()) as &[&str],
        &column(rows, |row| row.stream.as_uuid()),
        &column(rows, |row| bigint(row.version.0)),
        &column(rows, |row| row.reason.as_str()) as &[&str],
        &column(&pairs, |pair| pair.as_ref().map(|(member, _)| member.as_str())) as &[Option<&str>],
        &column(&pairs, |pair| pair.as_ref().map(|(_, shop)| shop.as_str())) as &[Option<&str>],
        &column(rows, |row| row.received_at),
        &column(rows, |row| row.state.as_str()) as &[&str],
        &column(rows, |row| row.settled_by.map(|id| id.as_uuid())) as &[Option<Uuid>]
    )
}

/// A callback that two settle in one batch cannot be: the second finds it settled.
fn settle(settlements: &[Settlement]) -> Statement {
    sqlx::query!(
        r#"
        UPDATE quarantine AS q SET state = w.state, settled_by = w.settled_by
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS w (tenant_id, event_id, state, settled_by)
        WHERE q.tenant_id = w.tenant_id AND q.event_id = w.event_id AND q.state = 'open'
        "#,
        &column(settlements, |row| row.tenant_id.as_uuid()),
        &column(settlements, |row| row.event_id.as_uuid()),
        &column(settlements, |row| row.state.as_str()) as &[&str],
        &column(settlements, |row| row.settled_by.as_uuid())
    )
}

/// The same as [`UnclaimedRow::joined`], with what is known already.
fn unclaimed(rows: &[UnclaimedRow]) -> Statement {
    let words = column(rows, |row| row.mapping_status.as_ref().map(MappingStatus::as_str));
    sqlx::query!(
        r#"
        INSERT INTO unclaimed_merchants AS known (
            tenant_id, member_code, merchant_code, id, first_seen_at, last_seen_at, callbacks, listed, mapping_status,
            state, merchant_id, settled_by
        )
        SELECT * FROM unnest(
            $1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::bigint[],
            $8::boolean[], $9::text[], $10::text[], $11::uuid[], $12::uuid[]
        )
        ON CONFLICT (tenant_id, member_code, merchant_code) DO UPDATE SET
            last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
            callbacks = known.callbacks + excluded.callbacks,
            listed = known.listed OR excluded.listed,
            mapping_status = coalesce(excluded.mapping_status, known.mapping_status),
            state = CASE known.state WHEN 'open' THEN excluded.state ELSE known.state END,
            merchant_id = CASE known.state WHEN 'open' THEN excluded.merchant_id ELSE known.merchant_id END,
            settled_by = CASE known.state WHEN 'open' THEN excluded.settled_by ELSE known.settled_by END
        "#,
        &column(rows, |row| row.tenant_id.as_uuid()),
        &column(rows, |row| row.reference.member_code.as_str()) as &[&str],
        &column(rows, |row| row.reference.merchant_code.as_str()) as &[&str],
        &column(rows, |row| row.id.as_uuid()),
        &column(rows, |row| row.first_seen_at) as &[DateTime<Utc>],
        &column(rows, |row| row.last_seen_at),
        &column(rows, |row| bigint(row.callbacks)),
        &column(rows, |row| row.listed),
        &words as &[Option<&str>],
        &column(rows, |row| row.state.as_str()) as &[&str],
        &column(rows, |row| row.merchant_id.map(|id| id.as_uuid())) as &[Option<Uuid>],
        &column(rows, |row| row.settled_by.map(|id| id.as_uuid())) as &[Option<Uuid>]
    )
}

/// What is dismissed takes its callbacks with it, those that come later too.
fn discard_dismissed(pairs: &[UnclaimedRow]) -> Statement {
    sqlx::query!(
        r#"
        UPDATE quarantine AS q SET state = 'discarded', settled_by = u.settled_by
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (tenant_id, member_code, merchant_code)
        CROSS JOIN LATERAL (
            SELECT merchant_code, state, settled_by FROM unclaimed_merchants
            WHERE tenant_id = w.tenant_id AND member_code = w.member_code AND merchant_code >= w.merchant_code
            ORDER BY merchant_code LIMIT 1
        ) AS u
        WHERE u.merchant_code = w.merchant_code AND u.state = 'dismissed' AND q.tenant_id = w.tenant_id
            AND q.member_code = w.member_code AND q.merchant_code = w.merchant_code AND q.state = 'open'
        "#,
        &column(pairs, |row| row.tenant_id.as_uuid()),
        &column(pairs, |row| row.reference.member_code.as_str()) as &[&str],
        &column(pairs, |row| row.reference.merchant_code.as_str()) as &[&str]
    )
}

fn approvals(rows: &[ApprovalRow]) -> Statement {
    sqlx::query!(
        r#"
        INSERT INTO approvals (tenant_id, merchant_id, version, event_id, identity, recorded_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::bytea[], $6::timestamptz[])
        "#,
        &column(rows, |row| row.tenant_id.as_uuid()),
        &column(rows, |row| row.merchant_id.as_uuid()),
        &column(rows, |row| bigint(row.version.0)),
        &column(rows, |row| row.event_id.as_uuid()),
        &column(rows, |row| row.identity.as_ref().map(|digest| digest.0.as_slice())) as &[Option<&[u8]>],
        &column(rows, |row| row.recorded_at)
    )
}
