//! Going on to Paymint: with a URL that was issued a while ago, or with a new one. Pressed twice, it is one.

use std::time::Duration;

use chrono::TimeDelta;
use registry_domain::merchant::{Command, Link, LinkRefusal, LinkState, Merchant, Refusal, RegistrationUrl, Visit};
use registry_domain::tenant::ReturnUrl;
use registry_domain::{Actor, CorrelationId};
use registry_journal::{Idempotency, IdempotencyKey, Order, Origin, Outcome, Submission, WriteError};
use registry_upstream::{AskError, IssueError, LinkAnswer, LinkRequest};
use registry_urls::Shop;
use tokio::time::{Instant, sleep, timeout_at};

use crate::back::return_address;
use crate::counts::Went;
use crate::next::{Next, next};
use crate::pages::{Known, Shared};

/// How long a link is waited for that somebody else asks for: longer than the longest call.
const WAIT_TIME: Duration = Duration::from_secs(20);

/// How often it is looked whether it has come.
const WAIT_INTERVAL: Duration = Duration::from_millis(250);

/// So soon after a shop went on with a URL, going on with it again is no news.
const QUIET_TIME: TimeDelta = TimeDelta::minutes(10);

/// Tells these requests from those of clients, which have other fingerprints.
const FINGERPRINT: [u8; 32] = *b"a shop goes on from its own page";

/// Why a shop cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// Paymint cannot be reached, or gives no URL now.
    Upstream,
    /// There is too much to do.
    Busy,
    /// The shop has had its share.
    Spent,
    /// Only the partner can do something about it.
    Partner,
    /// The shop was put away meanwhile.
    Closed,
}

/// The URL of a link, and whether it had been issued before.
struct Found {
    link: Link,
    url: RegistrationUrl,
    reused: bool,
}

impl Shared {
    /// Where a shop goes on.
    pub(crate) async fn go_on(
        &self,
        shop: Shop,
        known: Known,
        wants_new: bool,
        to: Option<&ReturnUrl>,
        correlation_id: CorrelationId,
    ) -> Result<RegistrationUrl, Stuck> {
        let found = self.find(shop, known, wants_new, to, correlation_id).await;
        let found = found.and_then(|found| {
            if is_web_address(&found.url) {
                Ok(found)
            } else {
                Err(Stuck::Upstream)
            }
        });
        self.counts.went(match &found {
            Ok(found) if found.reused => Went::Reused,
            Ok(_) => Went::Issued,
            Err(_) => Went::Nowhere,
        });
        let found = found?;
        let visit = Visit::Continued {
            link_id: found.link.id,
            reused: found.reused,
        };
        // The shop goes on whether or not that could be written down.
        self.visited(shop, visit, QUIET_TIME, correlation_id).await;
        Ok(found.url)
    }

    async fn find(
        &self,
        shop: Shop,
        known: Known,
        wants_new: bool,
        to: Option<&ReturnUrl>,
        correlation_id: CorrelationId,
    ) -> Result<Found, Stuck> {
        let before = known.merchant;
        // Whoever waits holds a place that others of the tenant want too.
        let deadline = Instant::now() + WAIT_TIME;
        let turn = timeout_at(deadline, self.turns.take(shop.merchant_id)).await;
        let _turn = turn.map_err(|_| Stuck::Busy)?;
        let mut merchant = self.merchant(shop).await?;
        if has_failed_since(&before, &merchant) {
            return Err(Stuck::Upstream);
        }
        loop {
            match next(&merchant, wants_new, &self.limits, self.parts.ambient.now()) {
                Next::Take(link) => {
                    if let Some(url) = self.url_of(shop, &merchant, &link).await? {
                        let reused = true;
                        return Ok(Found { link, url, reused });
                    }
                    // It lies too far back. Another one takes its place.
                    let issued = self.issue(shop, merchant.links.len(), to, correlation_id).await?;
                    return issued.ok_or(Stuck::Busy);
                }
                Next::TakeLast(link) => {
                    let url = self.url_of(shop, &merchant, &link).await?.ok_or(Stuck::Spent)?;
                    let reused = true;
                    return Ok(Found { link, url, reused });
                }
                Next::Issue(number) => {
                    if let Some(found) = self.issue(shop, number, to, correlation_id).await? {
                        return Ok(found);
                    }
                }
                Next::WaitFor(_) => {}
                Next::Spent => return Err(Stuck::Spent),
            }
            if Instant::now() > deadline {
                return Err(Stuck::Busy);
            }
            sleep(WAIT_INTERVAL).await;
            merchant = self.merchant(shop).await?;
            // What was waited for did not come: this press does not call once more.
            if let Some(LinkState::Failed(_)) = merchant.links.last().map(|link| link.state) {
                return Err(Stuck::Upstream);
            }
        }
    }

    /// Has a link issued; none if somebody else is having the same one issued.
    async fn issue(
        &self,
        shop: Shop,
        number: usize,
        to: Option<&ReturnUrl>,
        correlation_id: CorrelationId,
    ) -> Result<Option<Found>, Stuck> {
        let key = format!("shop/{}/{number}", shop.merchant_id);
        let request = LinkRequest {
            tenant_id: shop.tenant_id,
            merchant_id: shop.merchant_id,
            origin: Origin::of(Actor::Shop, correlation_id),
            idempotency: Idempotency {
                key: IdempotencyKey::parse(&key).map_err(|_| Stuck::Partner)?,
                fingerprint: FINGERPRINT,
            },
            redirect_url: Some(return_address(&self.parts.urls, shop, to)),
        };
        match self.parts.links.issue_within_limits(request).await {
            Ok(LinkAnswer::Issued { link, url, replayed }) => Ok(Some(Found {
                link,
                url,
                reused: replayed,
            })),
            Ok(LinkAnswer::InFlight) => Ok(None),
            Ok(LinkAnswer::Failed { .. }) => Err(Stuck::Upstream),
            Ok(LinkAnswer::Refused(refusal)) => Err(stuck_by(&refusal)),
            // A client of the tenant has used the key. It is the tenant's to stop that.
            Ok(LinkAnswer::KeyReused) => Err(Stuck::Partner),
            Err(error) => Err(self.stuck_in(&error)),
        }
    }

    fn stuck_in(&self, error: &IssueError) -> Stuck {
        match error {
            IssueError::NoUpstream | IssueError::UnusableUpstream => Stuck::Partner,
            IssueError::NotNow(why) => match **why {
                AskError::RateCapped { .. } => Stuck::Busy,
                AskError::BreakerOpen { .. }
                | AskError::Paused { .. }
                | AskError::NotConfigured
                | AskError::Unusable
                | AskError::ReadBackOff
                | AskError::ReadBackUnusable
                | AskError::NoSuchMerchant
                | AskError::AnotherMerchant
                | AskError::Failed(_)
                | AskError::Write(_)
                | AskError::Read(_) => Stuck::Upstream,
            },
            IssueError::TooManyCalls | IssueError::Write(WriteError::Busy | WriteError::Stopping) => Stuck::Busy,
            IssueError::Write(WriteError::Failed) | IssueError::Read(_) => {
                self.tell(error);
                Stuck::Busy
            }
        }
    }

    async fn url_of(&self, shop: Shop, merchant: &Merchant, link: &Link) -> Result<Option<RegistrationUrl>, Stuck> {
        let url = self.parts.links.url_of(shop.tenant_id, merchant, link).await;
        url.map_err(|error| {
            self.tell(&error);
            Stuck::Busy
        })
    }

    async fn merchant(&self, shop: Shop) -> Result<Merchant, Stuck> {
        let reader = self.parts.archive.reader();
        match reader.merchant(shop.tenant_id, shop.merchant_id).await {
            Ok(Some(merchant)) if merchant.archived_since.is_none() && !merchant.erased => Ok(merchant),
            Ok(_) => Err(Stuck::Closed),
            Err(error) => {
                self.tell(&error);
                Err(Stuck::Busy)
            }
        }
    }

    /// Writes down what a shop did; whether that was news.
    pub(crate) async fn visited(
        &self,
        shop: Shop,
        visit: Visit,
        quiet: TimeDelta,
        correlation_id: CorrelationId,
    ) -> bool {
        let submission = Submission {
            tenant_id: shop.tenant_id,
            origin: Origin::of(Actor::Shop, correlation_id),
            idempotency: None,
            order: Order::Merchant {
                merchant_id: shop.merchant_id,
                command: Command::RecordVisit {
                    visit,
                    quiet_since: self.parts.ambient.now() - quiet,
                },
                expected: None,
            },
        };
        match self.parts.writer.submit(submission).await {
            Ok(Outcome::Written(written)) => !written.event_ids.is_empty(),
            Ok(Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) | Outcome::TenantRefused(_))
            | Err(WriteError::Busy | WriteError::Stopping) => false,
            Err(error @ WriteError::Failed) => {
                self.tell(&error);
                false
            }
        }
    }
}

/// Whether a link that was under way, or not yet asked for, did not come to be: a press that waited for it does not call once more.
fn has_failed_since(before: &Merchant, now: &Merchant) -> bool {
    let state = |merchant: &Merchant| merchant.links.last().map(|link| link.state);
    let has_failed = matches!(state(now), Some(LinkState::Failed(_)));
    has_failed && (now.links.len() > before.links.len() || state(before) == Some(LinkState::Requested))
}

fn stuck_by(refusal: &Refusal) -> Stuck {
    match refusal {
        Refusal::Link(LinkRefusal::TooManyLinks) => Stuck::Spent,
        Refusal::Link(LinkRefusal::Archived) | Refusal::Erased | Refusal::NoSuchMerchant => Stuck::Closed,
        Refusal::Link(LinkRefusal::CodesTooLong)
        | Refusal::ReferenceTaken { .. }
        | Refusal::VersionMismatch { .. }
        | Refusal::NoSuchLink
        | Refusal::NotQuarantined
        | Refusal::TooMuchMetadata
        | Refusal::Alert(_) => Stuck::Partner,
    }
}

/// Nobody is sent to what upstream made up.
fn is_web_address(url: &RegistrationUrl) -> bool {
    url::Url::parse(url.expose()).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}
