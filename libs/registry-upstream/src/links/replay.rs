//! What became of an earlier request with the same key.

use registry_domain::merchant::{Link, Refusal};
use registry_domain::{LinkId, MerchantId, TenantId, Version};
use registry_journal::port::{PageSize, ReadError, StreamQuery};
use registry_journal::submission::Replay;
use registry_journal::{ArchiveError, StreamEvent, StreamId};

use super::outcome::{gave_up, settlement};
use super::{IssueError, LinkAnswer, LinkIssuer, STALE_AFTER};

impl LinkIssuer {
    /// What became of an earlier request stands in the merchant's stream, behind the event that asked for it.
    pub(super) async fn replay(&self, tenant_id: TenantId, replay: Replay) -> Result<LinkAnswer, IssueError> {
        let Replay {
            merchant_id,
            link_id,
            version,
        } = replay;
        // A key that was used for something else than a link would have had another fingerprint.
        let Some(link_id) = link_id else {
            return Ok(LinkAnswer::KeyReused);
        };
        let Some(link) = self.link(tenant_id, merchant_id, link_id).await? else {
            return Ok(LinkAnswer::Refused(Refusal::NoSuchLink));
        };
        match self.settled(tenant_id, merchant_id, &link, version).await? {
            // It may have been settled after the link was read.
            Some(LinkAnswer::Issued { url, replayed, .. }) => {
                let link = self.link(tenant_id, merchant_id, link_id).await?.unwrap_or(link);
                return Ok(LinkAnswer::Issued { link, url, replayed });
            }
            Some(settled) => return Ok(settled),
            None => {}
        }
        if self.parts.ambient.now() - link.requested_at < STALE_AFTER {
            return Ok(LinkAnswer::InFlight);
        }
        self.give_up(tenant_id, merchant_id, link_id).await?;
        Ok(LinkAnswer::Failed {
            link_id,
            failure: gave_up(),
            replayed: true,
        })
    }

    pub(super) async fn link(
        &self,
        tenant: TenantId,
        merchant: MerchantId,
        link: LinkId,
    ) -> Result<Option<Link>, ReadError> {
        let merchant = self.parts.archive.reader().merchant(tenant, merchant).await?;
        Ok(merchant.and_then(|merchant| merchant.link(link).cloned()))
    }

    async fn settled(
        &self,
        tenant_id: TenantId,
        merchant_id: MerchantId,
        link: &Link,
        requested_in: Version,
    ) -> Result<Option<LinkAnswer>, ArchiveError> {
        let mut query = StreamQuery {
            stream: StreamId::Merchant(merchant_id),
            after: requested_in,
            until_version: None,
            until_time: None,
            limit: PageSize::MAX,
        };
        let mut answer = None;
        loop {
            let page = self.parts.archive.stream(tenant_id, &query).await?;
            for recorded in &page {
                query.after = recorded.stamp.version;
                if let StreamEvent::Merchant(event) = &recorded.event {
                    answer = settlement(event, link).or(answer);
                }
            }
            if page.len() < query.limit.get() as usize {
                return Ok(answer);
            }
        }
    }
}
