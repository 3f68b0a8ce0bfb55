//! The stretches of time that a batch begins and ends: the answer to "as of".

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::review::ReviewStatus;
use registry_domain::{MerchantId, TenantId};

use crate::port::HistoryRow;

/// What can be seen of a merchant in a stretch.
pub(crate) type Seen = (ReviewStatus, Stage);

/// What can be seen of a merchant now.
pub(crate) fn seen(merchant: &Merchant) -> Seen {
    (merchant.review.status(), merchant.stage())
}

/// The stretches of a batch.
#[derive(Default)]
pub(crate) struct History {
    rows: Vec<HistoryRow>,
    /// The open stretch of each merchant that has one among `rows`.
    open: HashMap<(TenantId, MerchantId), usize>,
}

impl History {
    /// Begins a new stretch if what can be seen of the merchant differs from `before`, and ends the one that this
    /// batch had begun.
    pub(crate) fn note(&mut self, tenant_id: TenantId, merchant: &Merchant, before: Option<Seen>, at: DateTime<Utc>) {
        let now = seen(merchant);
        if before == Some(now) {
            return;
        }
        let key = (tenant_id, merchant.id);
        if let Some(ended) = self.open.insert(key, self.rows.len()) {
            self.rows[ended].valid_to = Some(at);
        }
        let (status, stage) = now;
        self.rows.push(HistoryRow {
            tenant_id,
            merchant_id: merchant.id,
            version: merchant.version,
            status,
            stage,
            valid_from: at,
            valid_to: None,
        });
    }

    /// The rows so far.
    pub(crate) fn rows(&self) -> &[HistoryRow] {
        &self.rows
    }

    /// The rows to insert, in the order in which they began.
    pub(crate) fn into_rows(self) -> Vec<HistoryRow> {
        self.rows
    }
}
