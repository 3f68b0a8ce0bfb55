//! What is done to one merchant, once: an attempt that is repeated carries the same key, and finds what came of the one before.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::jobs::{Action, HeldUp, RowCode, obstacle, tags_after};
use registry_domain::merchant::{CallFailure, CallOutcome, Command, DetailsChange, LinkRefusal, Merchant, Refusal};
use registry_domain::review::ReadingSource;
use registry_domain::{LinkId, MerchantId, TenantId, causes};
use registry_ingest::Redriver;
use registry_journal::port::{Job, JobRow};
use registry_journal::{
    Ambient, Archive, Idempotency, IdempotencyKey, Order, Origin, Outcome, Submission, WriteError, Writer,
};
use registry_upstream::{
    AskError, Inquirer, IssueError, LinkAnswer, LinkIssuer, LinkRequest, Question, Urgency, failure_of,
};

/// How often a merchant is read anew that somebody else changes meanwhile.
const TRIES: usize = 5;

/// How long what nobody can tell yet is waited for.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How long a job rests if Paymint refuses the tenant as a whole.
const PAUSED_FOR: Duration = Duration::from_secs(30);

/// How long it rests if the registry has too much to do.
const BUSY_FOR: Duration = Duration::from_secs(1);

/// A key is forgotten after 24 hours. What was begun longer ago is not begun anew: nobody could tell it from a second one.
const KEY_REMEMBERED: TimeDelta = TimeDelta::hours(23);

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is done.
    Done { link_id: Option<LinkId> },
    /// It does not work.
    Failed {
        code: RowCode,
        upstream_code: Option<String>,
        link_id: Option<LinkId>,
    },
    /// Nobody can tell yet.
    Open { after: Duration },
    /// It was not begun, and this row alone must wait.
    NotBegun { after: Duration },
    /// It was not begun, and the next row would fare no better.
    HeldUp { why: HeldUp, until: Duration },
}

impl From<RowCode> for Ended {
    fn from(code: RowCode) -> Self {
        Self::Failed {
            code,
            upstream_code: None,
            link_id: None,
        }
    }
}

impl Ended {
    pub(crate) const DONE: Self = Self::Done { link_id: None };

    pub(crate) const OPEN: Self = Self::Open { after: AGAIN_AFTER };

    fn of_call(failure: CallFailure, link_id: Option<LinkId>) -> Self {
        Self::Failed {
            code: match failure.outcome {
                CallOutcome::NotSent => RowCode::UpstreamUnreachable,
                CallOutcome::Refused => RowCode::UpstreamRefused,
                CallOutcome::Unknown => RowCode::UpstreamOutcomeUnknown,
            },
            upstream_code: failure.upstream_code,
            link_id,
        }
    }
}

impl From<WriteError> for Ended {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Busy => Self::HeldUp {
                why: HeldUp::Overloaded,
                until: BUSY_FOR,
            },
            // It may have been written or not: the next attempt finds out.
            WriteError::Failed | WriteError::Stopping => Self::OPEN,
        }
    }
}

impl From<AskError> for Ended {
    fn from(error: AskError) -> Self {
        match error {
            AskError::NotConfigured => RowCode::UpstreamNotConfigured.into(),
            AskError::Unusable => RowCode::UpstreamUnusable.into(),
            AskError::ReadBackOff | AskError::ReadBackUnusable => RowCode::ReadBackOff.into(),
            AskError::NoSuchMerchant => RowCode::MerchantNotFound.into(),
            AskError::Paused { .. } => Self::HeldUp {
                why: HeldUp::UpstreamPaused,
                until: PAUSED_FOR,
            },
            AskError::BreakerOpen { retry_after } => Self::HeldUp {
                why: HeldUp::UpstreamDown,
                until: retry_after,
            },
            AskError::RateCapped { retry_after } => Self::NotBegun { after: retry_after },
            AskError::AnotherMerchant => RowCode::UpstreamOtherMerchant.into(),
            AskError::Failed(error) => Self::of_call(failure_of(&error), None),
            AskError::Write(error) => error.into(),
            AskError::Read(_) => Self::OPEN,
        }
    }
}

/// Why a merchant refuses what was planned.
pub(crate) fn code_of(refusal: &Refusal) -> RowCode {
    match refusal {
        Refusal::NoSuchMerchant => RowCode::MerchantNotFound,
        Refusal::VersionMismatch { .. } => RowCode::ChangedMeanwhile,
        Refusal::Erased => RowCode::Erased,
        Refusal::Link(LinkRefusal::CodesTooLong) => RowCode::CodesTooLong,
        Refusal::Link(LinkRefusal::Archived) => RowCode::Archived,
        Refusal::Link(LinkRefusal::TooManyLinks) => RowCode::TooManyLinks,
        Refusal::ReferenceTaken { .. }
        | Refusal::NoSuchLink
        | Refusal::NotQuarantined
        | Refusal::TooMuchMetadata
        | Refusal::Alert(_) => RowCode::Internal,
    }
}

/// What rows are done with.
pub(crate) struct Tools {
    pub(crate) archive: Archive,
    pub(crate) writer: Writer,
    pub(crate) ambient: Ambient,
    pub(crate) links: LinkIssuer,
    pub(crate) inquirer: Inquirer,
    pub(crate) redriver: Redriver,
}

/// An attempt at a row.
pub(crate) struct Attempt<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) tenant: TenantId,
    pub(crate) job: &'a Job,
    pub(crate) row: &'a JobRow,
    pub(crate) now: DateTime<Utc>,
}

/// What of a row is done under a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole row, or its shop.
    Whole,
    /// The link for a shop of a file.
    Link,
}

/// The key under which a row is done once. Which shop a row of a file is about is known only once it is registered.
pub(crate) fn key_of(job: &Job, row: &JobRow, part: Part) -> Option<Idempotency> {
    let key = match part {
        Part::Whole => format!("{}:{}", job.id, row.number),
        Part::Link => format!("{}:{}:link", job.id, row.number),
    };
    let mut fingerprint = [0; 32];
    fingerprint[..16].copy_from_slice(job.id.as_uuid().as_bytes());
    if job.action.import().is_none() {
        fingerprint[16..].copy_from_slice(row.merchant_id?.as_uuid().as_bytes());
    }
    Some(Idempotency {
        key: IdempotencyKey::parse(&key).ok()?,
        fingerprint,
    })
}

/// What came of an attempt, and which shop it found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) ended: Ended,
    pub(crate) merchant_id: Option<MerchantId>,
}

impl From<Ended> for Made {
    fn from(ended: Ended) -> Self {
        Self {
            ended,
            merchant_id: None,
        }
    }
}

impl Attempt<'_> {
    /// Makes it.
    pub(crate) async fn make(&self) -> Made {
        if self.is_too_late() {
            return Ended::from(RowCode::UpstreamOutcomeUnknown).into();
        }
        if let Some(wish) = self.job.action.import() {
            return self.import(wish).await;
        }
        let Some(merchant_id) = self.row.merchant_id else {
            return Ended::from(RowCode::MerchantNotFound).into();
        };
        let ended = match &self.job.action {
            Action::IssueLinks => self.issue(merchant_id).await,
            Action::AskNow => self.ask(merchant_id).await,
            Action::AddTags(_) | Action::RemoveTags(_) => self.tag(merchant_id).await,
            Action::Archive => self.command(merchant_id, Command::Archive).await,
            Action::Restore => self.command(merchant_id, Command::Restore).await,
            Action::Redrive => self.redrive(merchant_id).await,
            Action::Import(_) => RowCode::Internal.into(),
        };
        ended.into()
    }

    /// Whether nothing is known of what an earlier attempt did: its key is forgotten.
    fn is_too_late(&self) -> bool {
        let begun = self.row.begun_at;
        self.job.action.calls_upstream() && begun.is_some_and(|begun| self.now - begun > KEY_REMEMBERED)
    }

    /// Whether no attempt was made before: then the merchant is as nobody has touched it yet.
    pub(crate) fn is_first(&self) -> bool {
        self.row.begun_at == Some(self.now)
    }

    pub(crate) async fn merchant(&self, id: MerchantId) -> Result<Merchant, Ended> {
        match self.tools.archive.reader().merchant(self.tenant, id).await {
            Ok(Some(merchant)) => Ok(merchant),
            Ok(None) => Err(RowCode::MerchantNotFound.into()),
            Err(error) => {
                tracing::warn!(job = %self.job.id, row = self.row.number, error = %causes(&error), "a merchant was not read");
                Err(self.unread())
            }
        }
    }

    /// Nothing was read, so nothing was begun, unless an earlier attempt had.
    pub(crate) fn unread(&self) -> Ended {
        if self.is_first() {
            Ended::NotBegun { after: AGAIN_AFTER }
        } else {
            Ended::OPEN
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::of(self.job.actor.clone(), self.job.correlation_id)
    }

    async fn issue(&self, merchant_id: MerchantId) -> Ended {
        if self.is_first() {
            match self.merchant(merchant_id).await {
                Ok(merchant) => {
                    if let Some(code) = obstacle(&self.job.action, &merchant) {
                        return code.into();
                    }
                }
                Err(ended) => return ended,
            }
        }
        self.call_for_link(merchant_id, Part::Whole).await
    }

    /// Issues a link under the row's key, or finds what came of an earlier attempt.
    pub(crate) async fn call_for_link(&self, merchant_id: MerchantId, part: Part) -> Ended {
        let Some(idempotency) = key_of(self.job, self.row, part) else {
            return RowCode::Internal.into();
        };
        let request = LinkRequest {
            tenant_id: self.tenant,
            merchant_id,
            origin: self.origin(),
            idempotency,
            redirect_url: None,
        };
        match self.tools.links.issue_within_limits(request).await {
            Ok(LinkAnswer::Issued { link, .. }) => Ended::Done { link_id: Some(link.id) },
            Ok(LinkAnswer::Failed { link_id, failure, .. }) => Ended::of_call(failure, Some(link_id)),
            Ok(LinkAnswer::InFlight) | Err(IssueError::Read(_)) => Ended::OPEN,
            Ok(LinkAnswer::KeyReused) => RowCode::Internal.into(),
            Ok(LinkAnswer::Refused(refusal)) => code_of(&refusal).into(),
            Err(IssueError::TooManyCalls) => WriteError::Busy.into(),
            Err(IssueError::NoUpstream) => RowCode::UpstreamNotConfigured.into(),
            Err(IssueError::NotNow(why)) => (*why).into(),
            Err(IssueError::UnusableUpstream) => RowCode::UpstreamUnusable.into(),
            Err(IssueError::Write(error)) => error.into(),
        }
    }

    async fn ask(&self, merchant_id: MerchantId) -> Ended {
        let reader = self.tools.archive.reader();
        let (tenant, merchant) = match reader.asked_about(self.tenant, merchant_id).await {
            Ok(Some(found)) => found,
            Ok(None) => return RowCode::MerchantNotFound.into(),
            Err(_) => return self.unread(),
        };
        if let Some(code) = obstacle(&self.job.action, &merchant) {
            return code.into();
        }
        let question = Question {
            tenant,
            merchant,
            source: ReadingSource::ReadBack,
            urgency: Urgency::Round,
            origin: self.origin(),
        };
        match self.tools.inquirer.ask(question).await {
            Ok(_) => Ended::DONE,
            Err(error) => error.into(),
        }
    }

    async fn tag(&self, merchant_id: MerchantId) -> Ended {
        for _ in 0..TRIES {
            let merchant = match self.merchant(merchant_id).await {
                Ok(merchant) => merchant,
                Err(ended) => return ended,
            };
            let obstacle = obstacle(&self.job.action, &merchant);
            let Some(tags) = tags_after(&self.job.action, &merchant).filter(|_| obstacle.is_none()) else {
                return match obstacle {
                    // An earlier attempt has done it.
                    None | Some(RowCode::NothingToChange) if !self.is_first() => Ended::DONE,
                    obstacle => obstacle.unwrap_or(RowCode::NothingToChange).into(),
                };
            };
            let change = DetailsChange {
                tags: Some(tags),
                ..DetailsChange::default()
            };
            let order = Order::Merchant {
                merchant_id: merchant.id,
                command: Command::ChangeDetails(Box::new(change)),
                expected: Some(merchant.version),
            };
            match self.submit(order).await {
                Err(RowCode::ChangedMeanwhile) => {}
                Err(code) => return code.into(),
                Ok(ended) => return ended,
            }
        }
        RowCode::ChangedMeanwhile.into()
    }

    async fn command(&self, merchant_id: MerchantId, command: Command) -> Ended {
        if self.is_first() {
            match self.merchant(merchant_id).await {
                Ok(merchant) => {
                    if let Some(code) = obstacle(&self.job.action, &merchant) {
                        return code.into();
                    }
                }
                Err(ended) => return ended,
            }
        }
        let order = Order::Merchant {
            merchant_id,
            command,
            expected: None,
        };
        self.submit(order).await.unwrap_or_else(Ended::from)
    }

    /// Has something written under the row's key.
    pub(crate) async fn write(&self, order: Order) -> Result<Outcome, WriteError> {
        let submission = Submission {
            tenant_id: self.tenant,
            origin: self.origin(),
            idempotency: key_of(self.job, self.row, Part::Whole),
            order,
        };
        self.tools.writer.submit(submission).await
    }

    pub(crate) async fn submit(&self, order: Order) -> Result<Ended, RowCode> {
        match self.write(order).await {
            Ok(Outcome::Written(_) | Outcome::Replayed(_)) => Ok(Ended::DONE),
            Ok(Outcome::Refused(refusal)) => Err(code_of(&refusal)),
            Ok(Outcome::KeyReused | Outcome::TenantRefused(_)) => Err(RowCode::Internal),
            Err(error) => Ok(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
