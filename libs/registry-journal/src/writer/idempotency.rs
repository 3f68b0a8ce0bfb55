//! What an Idempotency-Key stands for, and will stand for.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::{LinkId, TenantId};

use super::append::Appender;
use crate::port::IdempotencyRow;
use crate::submission::{Idempotency, Outcome, Replay, Submission};

/// How long an Idempotency-Key is remembered.
const IDEMPOTENCY_LIFETIME: TimeDelta = TimeDelta::hours(24);

/// The row of a key, once the merchant is as the command left it.
pub(super) fn idempotency_row(
    tenant_id: TenantId,
    log: &Appender<'_>,
    idempotency: &Idempotency,
    merchant: &Merchant,
    link_id: Option<LinkId>,
    now: DateTime<Utc>,
) -> IdempotencyRow {
    IdempotencyRow {
        tenant_id,
        key: log.kept(tenant_id, idempotency),
        fingerprint: idempotency.fingerprint,
        merchant_id: merchant.id,
        link_id,
        version: merchant.version,
        created_at: now,
        expires_at: now + IDEMPOTENCY_LIFETIME,
    }
}

/// What a submission's key stands for already, among the rows that are alive: kept as a hash, or plain, as earlier versions
/// kept it.
pub(super) fn seen_before(
    rows: &HashMap<(TenantId, String), IdempotencyRow>,
    log: &Appender<'_>,
    submission: &Submission,
) -> Option<Outcome> {
    let idempotency = submission.idempotency.as_ref()?;
    let tenant_id = submission.tenant_id;
    let plain = || rows.get(&(tenant_id, idempotency.key.as_str().to_owned()));
    let row = rows
        .get(&(tenant_id, log.kept(tenant_id, idempotency)))
        .or_else(plain)?;
    if row.fingerprint != idempotency.fingerprint {
        return Some(Outcome::KeyReused);
    }
    Some(Outcome::Replayed(Replay {
        merchant_id: row.merchant_id,
        link_id: row.link_id,
        version: row.version,
    }))
}
