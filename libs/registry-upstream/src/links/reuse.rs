//! The URL of a link that was issued before, read from the log.

use registry_domain::TenantId;
use registry_domain::Version;
use registry_domain::merchant::{Event, Link, Merchant, RegistrationUrl};
use registry_journal::port::{PageSize, StreamQuery};
use registry_journal::{ArchiveError, StreamEvent, StreamId};

use super::LinkIssuer;

/// Events that are read at once, from the newest on.
const STRETCH: u32 = 100;

/// Stretches that are looked through. A shop of which so much is told after its link was issued gets a new one.
const STRETCHES_MAX: usize = 20;

impl LinkIssuer {
    /// The URL of a link of a merchant; none if it was not issued, was erased, or lies too far back.
    pub async fn url_of(
        &self,
        tenant_id: TenantId,
        merchant: &Merchant,
        link: &Link,
    ) -> Result<Option<RegistrationUrl>, ArchiveError> {
        let Some(issued_at) = link.issued_at else {
            return Ok(None);
        };
        let mut last = merchant.version;
        for _ in 0..STRETCHES_MAX {
            let query = StreamQuery {
                stream: StreamId::Merchant(merchant.id),
                after: Version(last.0.saturating_sub(STRETCH.into())),
                until_version: Some(last),
                until_time: Some(issued_at),
                limit: PageSize::clamped(STRETCH),
            };
            let page = self.parts.archive.stream(tenant_id, &query).await?;
            let url = page.into_iter().find_map(|recorded| match recorded.event {
                StreamEvent::Merchant(Event::LinkIssued { link_id, url }) if link_id == link.id => Some(url),
                StreamEvent::Merchant(_) | StreamEvent::Tenant(_) => None,
            });
            if let Some(url) = url {
                // What is erased reads as nothing.
                return Ok(Some(url).filter(|url| !url.expose().is_empty()));
            }
            last = query.after;
            if last == Version::ZERO {
                break;
            }
        }
        Ok(None)
    }
}
