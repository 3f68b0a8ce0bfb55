//! Issuing registration links: one call to Paymint for each Idempotency-Key, its outcome always written down.

mod outcome;
mod replay;
mod reuse;
mod stale;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use paymint_client::MappingRequest;
use registry_domain::merchant::{
    CallFailure, Command, Link, LinkState, Merchant, RedirectUrl, Refusal, RegistrationUrl, SecretText,
};
use registry_domain::tenant::Tenant;
use registry_domain::{LinkId, MerchantId, TenantId, causes};
use registry_journal::port::ReadError;
use registry_journal::{
    Ambient, Archive, ArchiveError, Idempotency, Order, Origin, Outcome, Submission, WriteError, Writer,
};
use registry_shares::room::{Holder, Place, Room};
use registry_urls::{CallbackToken, PublicUrl, Shop, ShopPage, ShopUrls, TokenKeys};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::admission::Admission;
use crate::budget::Urgency;
use crate::directory::{Access, UpstreamDirectory, UpstreamError};
use crate::failure::failure_of;
use crate::inquirer::Inquirer;
use crate::question::AskError;
use outcome::{valid_digits, written_link};

/// After this time a request without an answer is written down as unknown: the process that asked has died. Longer
/// than the longest call.
pub const STALE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// How long it is tried to write down what came of a call. With the longest call before it, less than [`STALE_AFTER`].
const RECORD_TIME: Duration = Duration::from_secs(30);

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
        failure: CallFailure,
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
    /// What was said of it cannot be used.
    #[error("the tenant's upstream configuration cannot be used")]
    UnusableUpstream,
    /// As many calls of the tenant are under way as there may be: those of one whose upstream hangs must not be all that there are.
    #[error("too many calls of the tenant are under way")]
    TooManyCalls,
    /// It may not be made now: nobody of the tenant asked for it, and the call would have been one too many.
    #[error("no call may be made for it now")]
    NotNow(#[source] Box<AskError>),
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
    calls: Room,
    /// Those of them that nobody of a tenant waits for.
    unasked: Room,
    under_way: TaskTracker,
}

impl LinkIssuer {
    /// An issuer that makes no more than `calls_max` calls at once.
    pub fn new(parts: LinkIssuerParts, calls_max: usize) -> Self {
        Self {
            parts: Arc::new(parts),
            calls: Room::new(calls_max),
            unasked: Room::new(calls_max / 2),
            under_way: TaskTracker::new(),
        }
    }

    /// Issues a link, or tells what became of the earlier request with the same key.
    pub async fn issue(&self, request: LinkRequest) -> Result<LinkAnswer, IssueError> {
        let access = self.access(request.tenant_id).await?;
        let places = (place(&self.calls, request.tenant_id)?, None);
        self.issue_by(request, access, places, None).await
    }

    /// The same for somebody whom nobody of the tenant stands behind: as far as budget, breaker and pause let it, and with what
    /// is kept for people left to them.
    pub async fn issue_within_limits(&self, request: LinkRequest) -> Result<LinkAnswer, IssueError> {
        let access = self.access(request.tenant_id).await?;
        let unasked = place(&self.unasked, request.tenant_id)?;
        let places = (place(&self.calls, request.tenant_id)?, Some(unasked));
        let admitted = self.parts.inquirer.admit_call(&access, Urgency::Round);
        let admission = admitted.map_err(|error| IssueError::NotNow(Box::new(error)))?;
        self.issue_by(request, access, places, Some(admission)).await
    }

    /// How many more calls may be made at once for a tenant that nobody of it waits for.
    pub fn room(&self, tenant_id: TenantId) -> u32 {
        let holder = Holder::Tenant(tenant_id);
        let room = self.unasked.left_for(holder).min(self.calls.left_for(holder));
        u32::try_from(room).unwrap_or(u32::MAX)
    }

    /// The calls that are under way, and how often there was no room for one more.
    pub fn calls(&self) -> &Room {
        &self.calls
    }

    async fn access(&self, tenant_id: TenantId) -> Result<Access, IssueError> {
        match self.parts.directory.access(tenant_id).await {
            Ok(access) => Ok(access),
            Err(UpstreamError::NotConfigured) => Err(IssueError::NoUpstream),
            Err(UpstreamError::Unusable) => Err(IssueError::UnusableUpstream),
            Err(UpstreamError::Read(error)) => Err(error.into()),
        }
    }

    async fn issue_by(
        &self,
        request: LinkRequest,
        access: Access,
        places: (Place, Option<Place>),
        admission: Option<Admission>,
    ) -> Result<LinkAnswer, IssueError> {
        let issuer = self.clone();
        let work = async move {
            let answer = issuer.request_and_call(request, access, admission).await;
            drop(places);
            answer
        };
        // Once begun it goes on, whoever hangs up: what upstream answers must not be lost.
        let task = self.under_way.spawn(work.in_current_span());
        task.await.unwrap_or(Err(WriteError::Failed.into()))
    }

    /// Waits until what came of the calls under way is written down. From here on the issuer is of no use.
    pub async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }

    /// Where a shop comes back to that nobody sends anywhere: to us, if its tenant has pages to which it is sent on from there. So it
    /// is known that it was here, and Paymint is asked.
    fn way_back(&self, request: &LinkRequest, tenant: &Tenant) -> Option<RedirectUrl> {
        if tenant.settings.return_urls.is_empty() {
            return None;
        }
        let urls = ShopUrls::new(self.parts.keys.clone(), self.parts.public_url.clone());
        let shop = Shop {
            tenant_id: request.tenant_id,
            merchant_id: request.merchant_id,
        };
        Some(urls.url(ShopPage::Return, shop))
    }

    async fn request_and_call(
        &self,
        mut request: LinkRequest,
        access: Access,
        admission: Option<Admission>,
    ) -> Result<LinkAnswer, IssueError> {
        if request.redirect_url.is_none() {
            request.redirect_url = self.way_back(&request, &access.tenant);
        }
        let link_id = LinkId::from_uuid(self.parts.ambient.ids.uuid());
        let command = Command::RequestLink {
            link_id,
            redirect_url: request.redirect_url.clone(),
        };
        let submission = submission(&request, Some(request.idempotency.clone()), command);
        match self.parts.writer.submit(submission).await? {
            Outcome::Written(written) => {
                let merchant = written.merchant.ok_or(WriteError::Failed)?;
                if let Some(admission) = admission {
                    admission.used();
                }
                self.call(&request, &access, &merchant, link_id).await
            }
            Outcome::Replayed(replay) => self.replay(request.tenant_id, replay).await,
            Outcome::KeyReused => Ok(LinkAnswer::KeyReused),
            Outcome::Refused(refusal) => Ok(LinkAnswer::Refused(refusal)),
            Outcome::TenantRefused(_) => Ok(LinkAnswer::Refused(Refusal::NoSuchMerchant)),
        }
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
        let answer = match &issued {
            Ok(url) => {
                self.issued(request, link_id, SecretText::new(url.expose().to_owned()))
                    .await
            }
            Err(error) => {
                tracing::warn!(%link_id, error = %causes(error), "registration URL was not issued");
                self.failed(request, link_id, failure_of(error)).await
            }
        };
        let inquirer = &self.parts.inquirer;
        inquirer.notice(access, issued.as_ref().err(), &request.origin).await;
        answer
    }

    async fn issued(
        &self,
        request: &LinkRequest,
        link_id: LinkId,
        url: RegistrationUrl,
    ) -> Result<LinkAnswer, IssueError> {
        let command = Command::RecordLinkIssued {
            link_id,
            url: url.clone(),
        };
        let link = match written_link(self.recorded(request, command).await?, link_id) {
            Some(link) => Some(link),
            // It was written at an earlier try whose answer was lost, or the link was revoked meanwhile.
            None => self.link(request.tenant_id, request.merchant_id, link_id).await?,
        };
        let link = link.filter(|link| link.state == LinkState::Issued);
        Ok(LinkAnswer::Issued {
            link: link.ok_or(WriteError::Failed)?,
            url,
            replayed: false,
        })
    }

    async fn failed(
        &self,
        request: &LinkRequest,
        link_id: LinkId,
        failure: CallFailure,
    ) -> Result<LinkAnswer, IssueError> {
        let command = Command::RecordLinkFailed {
            link_id,
            failure: failure.clone(),
        };
        let _written = self.recorded(request, command).await?;
        Ok(LinkAnswer::Failed {
            link_id,
            failure,
            replayed: false,
        })
    }

    /// The same; a call that was made has been begun, however much there is to do.
    async fn recorded(&self, request: &LinkRequest, command: Command) -> Result<Outcome, WriteError> {
        self.record(request, command).await.map_err(|_| WriteError::Failed)
    }

    /// Writes down what came of a call. Nobody else knows it: while the queue is full or storage is away it is tried again.
    async fn record(&self, request: &LinkRequest, command: Command) -> Result<Outcome, WriteError> {
        let submission = submission(request, None, command);
        let deadline = Instant::now() + RECORD_TIME;
        let mut pause = Duration::from_millis(100);
        loop {
            match self.parts.writer.report(submission.clone()).await {
                Err(WriteError::Busy | WriteError::Failed) if Instant::now() + pause < deadline => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                recorded => return recorded,
            }
        }
    }
}

/// Taken before anything is written: a request that cannot be sent should not be in the log.
fn place(of: &Room, tenant_id: TenantId) -> Result<Place, IssueError> {
    of.take(Holder::Tenant(tenant_id)).map_err(|_| IssueError::TooManyCalls)
}

fn submission(request: &LinkRequest, idempotency: Option<Idempotency>, command: Command) -> Submission {
    Submission {
        tenant_id: request.tenant_id,
        origin: request.origin.clone(),
        idempotency,
        order: order(request.merchant_id, command),
    }
}

fn order(merchant_id: MerchantId, command: Command) -> Order {
    Order::Merchant {
        merchant_id,
        command,
        expected: None,
    }
}
