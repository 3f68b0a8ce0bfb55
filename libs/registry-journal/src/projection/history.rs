//! The stretches of time that a batch begins: the answer to "as of".

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::review::ReviewStatus;

use crate::port::HistoryRow;

/// What can be seen of a merchant in a stretch.
pub type Seen = (ReviewStatus, Stage);

/// What can be seen of a merchant now.
pub fn seen(merchant: &Merchant) -> Seen {
    (merchant.review.status(), merchant.stage())
}

/// The stretch that begins now, if what can be seen of the merchant differs from `before`.
pub fn begun(tenant_id: TenantId, merchant: &Merchant, before: Option<Seen>, at: DateTime<Utc>) -> Option<HistoryRow> {
    let now = seen(merchant);
    let (status, stage) = now;
    (before != Some(now)).then_some(HistoryRow {
        tenant_id,
        merchant_id: merchant.id,
        version: merchant.version,
        status,
        stage,
        valid_from: at,
    })
}
