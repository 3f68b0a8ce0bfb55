//! What an Idempotency-Key will stand for.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::{LinkId, TenantId};

use crate::port::IdempotencyRow;
use crate::submission::Idempotency;

/// How long an Idempotency-Key is remembered.
const IDEMPOTENCY_LIFETIME: TimeDelta = TimeDelta::hours(24);

/// The row of a key, once the merchant is as the command left it.
pub(super) fn idempotency_row(
    tenant_id: TenantId,
    idempotency: &Idempotency,
    merchant: &Merchant,
    link_id: Option<LinkId>,
    now: DateTime<Utc>,
) -> IdempotencyRow {
    IdempotencyRow {
        tenant_id,
        key: idempotency.key.as_str().to_owned(),
        fingerprint: idempotency.fingerprint,
        merchant_id: merchant.id,
        link_id,
        version: merchant.version,
        created_at: now,
        expires_at: now + IDEMPOTENCY_LIFETIME,
    }
}
