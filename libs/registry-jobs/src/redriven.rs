//! What of a shop's callbacks is in quarantine is driven again. What an earlier attempt settled is not there any more, so no key is needed.

use std::collections::BTreeMap;

use registry_domain::jobs::{RowCode, obstacle};
use registry_domain::merchant::Merchant;
use registry_domain::{EventId, MerchantId, Seq, TenantId, causes};
use registry_ingest::{RedriveError, RedriveRequest};
use registry_journal::port::{PageSize, QuarantineQuery, QuarantineState, ReadError, Reader};

use crate::row::{Attempt, Ended};

/// Callbacks of one shop that are driven again in one attempt. Whoever has more takes up what is left with another job.
const AT_ONCE: PageSize = PageSize::clamped(500);

/// What of a shop's is in quarantine, in the order in which it came: what came through a URL of its own, and what named its codes
/// elsewhere, as before it was registered.
async fn quarantined(
    reader: &dyn Reader,
    tenant: TenantId,
    merchant: &Merchant,
    limit: PageSize,
) -> Result<BTreeMap<Seq, EventId>, ReadError> {
    let through_its_own = QuarantineQuery {
        reasons: Vec::new(),
        merchant: Some(merchant.id),
        reference: None,
        state: Some(QuarantineState::Open),
        after: Seq::ZERO,
        limit,
    };
    let by_its_codes = QuarantineQuery {
        merchant: None,
        reference: Some(merchant.reference.clone()),
        ..through_its_own.clone()
    };
    let mut found = BTreeMap::new();
    for query in [through_its_own, by_its_codes] {
        let rows = reader.quarantine(tenant, &query).await?;
        found.extend(rows.into_iter().map(|row| (row.seq, row.event_id)));
    }
    Ok(found)
}

/// Whether anything of a shop's is in quarantine.
pub(crate) async fn has_quarantined(
    reader: &dyn Reader,
    tenant: TenantId,
    merchant: &Merchant,
) -> Result<bool, ReadError> {
    let one = PageSize::clamped(1);
    Ok(!quarantined(reader, tenant, merchant, one).await?.is_empty())
}

impl Attempt<'_> {
    pub(crate) async fn redrive(&self, merchant_id: MerchantId) -> Ended {
        let merchant = match self.merchant(merchant_id).await {
            Ok(merchant) => merchant,
            Err(ended) => return ended,
        };
        if let Some(code) = obstacle(&self.job.action, &merchant) {
            return code.into();
        }
        match self.redrive_all(&merchant).await {
            Ok(0) if self.is_first() => RowCode::NothingQuarantined.into(),
            Ok(_) => match has_quarantined(self.tools.archive.reader(), self.tenant, &merchant).await {
                Ok(true) => RowCode::StillQuarantined.into(),
                Ok(false) => Ended::DONE,
                Err(_) => Ended::OPEN,
            },
            Err(RedriveError::Write(error)) => error.into(),
            Err(error) => {
                tracing::warn!(job = %self.job.id, row = self.row.number, error = %causes(&error), "a callback was not driven again");
                Ended::OPEN
            }
        }
    }

    /// One after the other, because a later one is judged by what an earlier one did. Returns how many there were.
    async fn redrive_all(&self, merchant: &Merchant) -> Result<usize, RedriveError> {
        let found = quarantined(self.tools.archive.reader(), self.tenant, merchant, AT_ONCE).await?;
        for event_id in found.values() {
            let request = RedriveRequest {
                tenant_id: self.tenant,
                event_id: *event_id,
                bound_to: None,
            };
            match self.tools.redriver.redrive(&request, self.origin(), None).await {
                // What was erased stays where it is, and says nothing.
                Ok(_) | Err(RedriveError::Erased) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found.len())
    }
}
