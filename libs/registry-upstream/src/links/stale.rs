//! Requests whose process died before upstream's answer was written down.

use registry_domain::merchant::Command;
use registry_domain::{Actor, CorrelationId, LinkId, MerchantId, TenantId, causes};
use registry_journal::port::PageSize;
use registry_journal::{Origin, ReadError, Submission, WriteError};

use super::outcome::gave_up;
use super::{IssueError, LinkIssuer, STALE_AFTER, order};

impl LinkIssuer {
    /// Settles requests whose process died before upstream's answer was written down. Bounded; run it again and again.
    pub async fn settle_stale(&self) -> Result<u64, IssueError> {
        let before = self.parts.ambient.now() - STALE_AFTER;
        let reader = self.parts.archive.reader();
        let (mut after, mut settled) = (None, 0);
        loop {
            let tenants = reader.tenants(after, PageSize::MAX).await?;
            // Whose row cannot be read may have such requests all the same; one tenant's do not hold up another's.
            for tenant_id in tenants.iter().map(|listed| listed.id) {
                after = Some(tenant_id);
                let stale = match reader.stale_link_requests(tenant_id, before, PageSize::MAX).await {
                    Err(ReadError::Inconsistent(row)) => {
                        tracing::error!(error = %causes(&row), "stale link requests of a tenant were not settled");
                        continue;
                    }
                    stale => stale?,
                };
                for (merchant_id, link_id) in stale {
                    match self.give_up(tenant_id, merchant_id, link_id).await {
                        Ok(()) => settled += 1,
                        // One that cannot be settled does not hold up the others.
                        Err(error) => tracing::warn!(
                            %tenant_id, %merchant_id, %link_id,
                            error = %causes(&error),
                            "a stale link request was not settled"
                        ),
                    }
                }
            }
            if tenants.len() < PageSize::MAX.get() as usize {
                return Ok(settled);
            }
        }
    }

    pub(super) async fn give_up(
        &self,
        tenant_id: TenantId,
        merchant_id: MerchantId,
        link_id: LinkId,
    ) -> Result<(), WriteError> {
        let correlation_id = CorrelationId::from_uuid(self.parts.ambient.ids.uuid());
        let command = Command::RecordLinkFailed {
            link_id,
            failure: gave_up(),
        };
        let origin = Origin::of(Actor::System, correlation_id);
        let submission = Submission {
            tenant_id,
            origin,
            idempotency: None,
            order: order(merchant_id, command),
        };
        // Refused only if the answer came in the meantime, which is better still.
        let _outcome = self.parts.writer.submit(submission).await?;
        Ok(())
    }
}
