//! Issuing registration links: one call to Paymint for each Idempotency-Key, its outcome always written down.

mod outcome;

use std::sync::Arc;

use chrono::TimeDelta;
use paymint_client::MappingRequest;
use registry_domain::merchant::{
    Command, Link, LinkFailure, Merchant, RedirectUrl, Refusal, RegistrationUrl, SecretText,
};
use registry_domain::{Actor, CorrelationId, LinkId, MerchantId, TenantId, Version};
use registry_journal::port::{PageSize, ReadError, StreamQuery};
use registry_journal::submission::Replay;
use registry_journal::{
    Ambient, Archive, ArchiveError, Idempotency, Order, Origin, Outcome, StreamEvent, StreamId, Submission, WriteError,
    Writer,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::public_url::PublicUrl;
use crate::token::{CallbackToken, TokenKeys};
use crate::upstream::{Access, Inquirer, UpstreamDirectory, UpstreamError};
pub(crate) use outcome::failure;
use outcome::{gave_up, settlement, valid_digits, written_link};

/// Most calls to upstream under way at once.
const CALLS_MAX: usize = 64;

/// After this time a request without an answer is written down as unknown: the process that asked has died. Longer
/// than the longest call.
pub const STALE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// A wish for a registration link.
#[derive(Debug, Clone)]
pub struct LinkRequest {
    /// Whose merchant.
    pub tenant_id: TenantId,
    /// Which merchant.
    pub merchant_id: MerchantId,
    /// Who asks.
    pub origin: Origin,
    /// The client's key: one call to upstream for each.
    pub idempotency: Idempotency,
    /// Where the shop shall be sent afterwards.
    pub redirect_url: Option<RedirectUrl>,
}

/// What came of the wish.
#[derive(Debug, Clone)]
pub enum LinkAnswer {
    /// Upstream issued the URL.
    Issued {
        /// The link.
        link: Link,
        /// The URL. It is shown to the one who asked, and nowhere else.
        url: RegistrationUrl,
        /// It was issued for an earlier request with the same key.
        replayed: bool,
    },
    /// Upstream did not, or we do not know.
    Failed {
        /// The link that did not come to be.
        link_id: LinkId,
        /// Why.
        failure: LinkFailure,
        /// It failed for an earlier request with the same key.
        replayed: bool,
    },
    /// A request with this key is under way.
    InFlight,
    /// The key was used for another request.
    KeyReused,
    /// The merchant refused.
    Refused(Refusal),
}

/// Why a wish could not be treated.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// It was never said how the tenant's calls reach Paymint.
    #[error("no upstream is configured for the tenant")]
    NoUpstream,
    /// The log did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ArchiveError),
}

impl From<ReadError> for IssueError {
    fn from(error: ReadError) -> Self {
        Self::Read(error.into())
    }
}

/// What links are issued with.
pub struct LinkIssuerParts {
    /// The way into the log.
    pub writer: Writer,
    /// The log.
    pub archive: Archive,
    /// The ways to Paymint.
    pub directory: UpstreamDirectory,
    /// Is told what the calls say about upstream and about the tenant.
    pub inquirer: Inquirer,
    /// The keys of callback URLs.
    pub keys: TokenKeys,
    /// Where those URLs begin.
    pub public_url: PublicUrl,
    /// Clock and ids.
    pub ambient: Ambient,
}

/// Issues links. Cheap to clone.
#[derive(Clone)]
pub struct LinkIssuer {
    parts: Arc<LinkIssuerParts>,
    calls: Arc<Semaphore>,
}

impl LinkIssuer {
    /// An issuer.
    pub fn new(parts: LinkIssuerParts) -> Self {
        Self {
            parts: Arc::new(parts),
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
        }
    }

    /// Issues a link, or tells what became of the earlier request with the same key.
    pub async fn issue(&self, request: LinkRequest) -> Result<LinkAnswer, IssueError> {
        let access = match self.parts.directory.access(request.tenant_id).await {
            Ok(access) => access,
            Err(UpstreamError::NotConfigured | UpstreamError::Unusable) => return Err(IssueError::NoUpstream),
            Err(UpstreamError::Read(error)) => return Err(error.into()),
        };
        // Taken before anything is written: a request that cannot be sent should not be in the log.
        let permit = Arc::clone(&self.calls)
            .try_acquire_owned()
            .map_err(|_| WriteError::Busy)?;
        let link_id = LinkId::from_uuid(self.parts.ambient.ids.uuid());
        let command = Command::RequestLink {
            link_id,
            redirect_url: request.redirect_url.clone(),
        };
        let idempotency = Some(request.idempotency.clone());
        match self.submit(&request, idempotency, command).await? {
            Outcome::Written(written) => {
                let Some(merchant) = written.merchant else {
                    return Err(WriteError::Failed.into());
                };
                self.call_in_background(request, access, *merchant, link_id, permit)
                    .await
            }
            Outcome::Replayed(replay) => self.replay(request.tenant_id, replay).await,
            Outcome::KeyReused => Ok(LinkAnswer::KeyReused),
            Outcome::Refused(refusal) => Ok(LinkAnswer::Refused(refusal)),
            Outcome::TenantRefused(_) => Ok(LinkAnswer::Refused(Refusal::NoSuchMerchant)),
        }
    }

    /// The call goes on when the client hangs up: what upstream answers must not be lost.
    async fn call_in_background(
        &self,
        request: LinkRequest,
        access: Access,
        merchant: Merchant,
        link_id: LinkId,
        permit: OwnedSemaphorePermit,
    ) -> Result<LinkAnswer, IssueError> {
        let issuer = self.clone();
        let task = tokio::spawn(async move {
            let answer = issuer.call(&request, &access, &merchant, link_id).await;
            drop(permit);
            answer
        });
        task.await.unwrap_or(Err(WriteError::Failed.into()))
    }

    async fn call(
        &self,
        request: &LinkRequest,
        access: &Access,
        merchant: &Merchant,
        link_id: LinkId,
    ) -> Result<LinkAnswer, IssueError> {
        let token = CallbackToken::Link {
            tenant_id: request.tenant_id,
            merchant_id: request.merchant_id,
            link_id,
        };
        let callback_url = self.parts.public_url.callback_url(&self.parts.keys, token);
        let mapping = MappingRequest {
            member_id: merchant.reference.member_code.as_str(),
            merchant_id: merchant.reference.merchant_code.as_str(),
            business_number: merchant.business.number.as_ref().and_then(valid_digits),
            callback_url: &callback_url,
            redirect_url: request.redirect_url.as_ref().map(SecretText::expose),
        };
        let upstream = &access.upstream;
        let issued = upstream.client.issue_registration_url(&upstream.api_key, &mapping);
        let issued = issued.await;
        let (inquirer, error) = (&self.parts.inquirer, issued.as_ref().err());
        inquirer.notice(access, error, &request.origin).await;
        match issued {
            Ok(url) => {
                let url = SecretText::new(url.expose().to_owned());
                let command = Command::RecordLinkIssued {
                    link_id,
                    url: url.clone(),
                };
                let outcome = self.submit(request, None, command).await?;
                let link = written_link(outcome, link_id).ok_or(WriteError::Failed)?;
                Ok(LinkAnswer::Issued {
                    link,
                    url,
                    replayed: false,
                })
            }
            Err(error) => {
                tracing::warn!(%link_id, error = &error as &dyn std::error::Error, "registration URL was not issued");
                let failure = failure(&error);
                let command = Command::RecordLinkFailed {
                    link_id,
                    failure: failure.clone(),
                };
                let _written = self.submit(request, None, command).await?;
                Ok(LinkAnswer::Failed {
                    link_id,
                    failure,
                    replayed: false,
                })
            }
        }
    }

    async fn submit(
        &self,
        request: &LinkRequest,
        idempotency: Option<Idempotency>,
        command: Command,
    ) -> Result<Outcome, WriteError> {
        let order = Order::Merchant {
            merchant_id: request.merchant_id,
            command,
            expected: None,
        };
        let submission = Submission {
            tenant_id: request.tenant_id,
            origin: request.origin.clone(),
            idempotency,
            order,
        };
        self.parts.writer.submit(submission).await
    }

    /// What became of an earlier request stands in the merchant's stream, behind the event that asked for it.
    async fn replay(&self, tenant_id: TenantId, replay: Replay) -> Result<LinkAnswer, IssueError> {
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

    async fn link(&self, tenant: TenantId, merchant: MerchantId, link: LinkId) -> Result<Option<Link>, ReadError> {
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

    /// Settles requests whose process died before upstream's answer was written down. Bounded; run it again and again.
    pub async fn settle_stale(&self) -> Result<u64, IssueError> {
        let before = self.parts.ambient.now() - STALE_AFTER;
        let reader = self.parts.archive.reader();
        let (mut after, mut settled) = (None, 0);
        loop {
            let tenants = reader.tenants(after, PageSize::MAX).await?;
            for (tenant, _) in &tenants {
                after = Some(tenant.id);
                for (merchant_id, link_id) in reader.stale_link_requests(tenant.id, before, PageSize::MAX).await? {
                    self.give_up(tenant.id, merchant_id, link_id).await?;
                    settled += 1;
                }
            }
            if tenants.len() < PageSize::MAX.get() as usize {
                return Ok(settled);
            }
        }
    }

    async fn give_up(&self, tenant_id: TenantId, merchant_id: MerchantId, link_id: LinkId) -> Result<(), WriteError> {
        let correlation_id = CorrelationId::from_uuid(self.parts.ambient.ids.uuid());
        let command = Command::RecordLinkFailed {
            link_id,
            failure: gave_up(),
        };
        let submission = Submission {
            tenant_id,
            origin: Origin {
                actor: Actor::System,
                correlation_id,
            },
            idempotency: None,
            order: Order::Merchant {
                merchant_id,
                command,
                expected: None,
            },
        };
        // Refused only if the answer came in the meantime, which is better still.
        let _outcome = self.parts.writer.submit(submission).await?;
        Ok(())
    }
}
