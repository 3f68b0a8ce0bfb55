//! What is done to one merchant, once: an attempt that is repeated carries the same key, and finds what came of the one before.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::jobs::{Action, HeldUp, RowCode, obstacle, tags_after};
use registry_domain::merchant::{CallFailure, CallOutcome, Command, DetailsChange, LinkRefusal, Merchant, Refusal};
use registry_domain::review::ReadingSource;
use registry_domain::{JobId, LinkId, TenantId, causes};
use registry_journal::port::{Job, JobRow};
use registry_journal::{Archive, Idempotency, IdempotencyKey, Order, Origin, Outcome, Submission, WriteError, Writer};
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
    const DONE: Self = Self::Done { link_id: None };

    const OPEN: Self = Self::Open { after: AGAIN_AFTER };

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
fn code_of(refusal: &Refusal) -> RowCode {
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
    pub(crate) links: LinkIssuer,
    pub(crate) inquirer: Inquirer,
}

/// An attempt at a row.
pub(crate) struct Attempt<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) tenant: TenantId,
    pub(crate) job: &'a Job,
    pub(crate) row: &'a JobRow,
    pub(crate) now: DateTime<Utc>,
}

/// The key under which a row is done once.
fn key_of(job: JobId, row: &JobRow) -> Option<Idempotency> {
    let key = IdempotencyKey::parse(&format!("{job}:{}", row.number)).ok()?;
    let mut fingerprint = [0; 32];
    fingerprint[..16].copy_from_slice(job.as_uuid().as_bytes());
    fingerprint[16..].copy_from_slice(row.merchant_id.as_uuid().as_bytes());
    Some(Idempotency { key, fingerprint })
}

impl Attempt<'_> {
    /// Makes it.
    pub(crate) async fn make(&self) -> Ended {
        if self.is_too_late() {
            return RowCode::UpstreamOutcomeUnknown.into();
        }
        match &self.job.action {
            Action::IssueLinks => self.issue().await,
            Action::AskNow => self.ask().await,
            Action::AddTags(_) | Action::RemoveTags(_) => self.tag().await,
            Action::Archive => self.command(Command::Archive).await,
            Action::Restore => self.command(Command::Restore).await,
        }
    }

    /// Whether nothing is known of what an earlier attempt did: its key is forgotten.
    fn is_too_late(&self) -> bool {
        let begun = self.row.begun_at;
        self.job.action.kind().calls_upstream() && begun.is_some_and(|begun| self.now - begun > KEY_REMEMBERED)
    }

    /// Whether no attempt was made before: then the merchant is as nobody has touched it yet.
    fn is_first(&self) -> bool {
        self.row.begun_at == Some(self.now)
    }

    async fn merchant(&self) -> Result<Merchant, Ended> {
        let found = self.tools.archive.reader().merchant(self.tenant, self.row.merchant_id);
        match found.await {
            Ok(Some(merchant)) => Ok(merchant),
            Ok(None) => Err(RowCode::MerchantNotFound.into()),
            Err(error) => {
                tracing::warn!(job = %self.job.id, row = self.row.number, error = %causes(&error), "a merchant was not read");
                Err(self.unread())
            }
        }
    }

    /// Nothing was read, so nothing was begun, unless an earlier attempt had.
    fn unread(&self) -> Ended {
        if self.is_first() {
            Ended::NotBegun { after: AGAIN_AFTER }
        } else {
            Ended::OPEN
        }
    }

    fn origin(&self) -> Origin {
        Origin::of(self.job.actor.clone(), self.job.correlation_id)
    }

    async fn issue(&self) -> Ended {
        if self.is_first() {
            match self.merchant().await {
                Ok(merchant) => {
                    if let Some(code) = obstacle(&self.job.action, &merchant) {
                        return code.into();
                    }
                }
                Err(ended) => return ended,
            }
        }
        let Some(idempotency) = key_of(self.job.id, self.row) else {
            return RowCode::Internal.into();
        };
        let request = LinkRequest {
            tenant_id: self.tenant,
            merchant_id: self.row.merchant_id,
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

    async fn ask(&self) -> Ended {
        let reader = self.tools.archive.reader();
        let (tenant, merchant) = match reader.asked_about(self.tenant, self.row.merchant_id).await {
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

    async fn tag(&self) -> Ended {
        for _ in 0..TRIES {
            let merchant = match self.merchant().await {
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

    async fn command(&self, command: Command) -> Ended {
        if self.is_first() {
            match self.merchant().await {
                Ok(merchant) => {
                    if let Some(code) = obstacle(&self.job.action, &merchant) {
                        return code.into();
                    }
                }
                Err(ended) => return ended,
            }
        }
        let order = Order::Merchant {
            merchant_id: self.row.merchant_id,
            command,
            expected: None,
        };
        self.submit(order).await.unwrap_or_else(Ended::from)
    }

    async fn submit(&self, order: Order) -> Result<Ended, RowCode> {
        let submission = Submission {
            tenant_id: self.tenant,
            origin: self.origin(),
            idempotency: key_of(self.job.id, self.row),
            order,
        };
        match self.tools.writer.submit(submission).await {
            Ok(Outcome::Written(_) | Outcome::Replayed(_)) => Ok(Ended::DONE),
            Ok(Outcome::Refused(refusal)) => Err(code_of(&refusal)),
            Ok(Outcome::KeyReused | Outcome::TenantRefused(_)) => Err(RowCode::Internal),
            Err(error) => Ok(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::MerchantId;
    use registry_domain::jobs::RowState;
    use registry_domain::merchant::WhoFixes;

    use super::*;

    fn row(number: u32, merchant: u128) -> JobRow {
        JobRow {
            number,
            merchant_id: MerchantId::from_uuid(uuid::Uuid::from_u128(merchant)),
            codes: None,
            state: RowState::Running,
            code: None,
            upstream_code: None,
            link_id: None,
            attempts: 1,
            begun_at: None,
            ended_at: None,
        }
    }

    #[test]
    fn a_row_has_one_key_whoever_tries_it() {
        let job = |number| JobId::from_uuid(uuid::Uuid::from_u128(number));
        let key = |of: u128, number, merchant| key_of(job(of), &row(number, merchant)).expect("a key");
        assert_eq!(key(1, 1, 7), key(1, 1, 7));
        assert_ne!(key(1, 1, 7).key, key(1, 2, 7).key);
        assert_ne!(key(1, 1, 7).key, key(2, 1, 7).key);
        assert_ne!(key(1, 1, 7).fingerprint, key(1, 1, 8).fingerprint);
    }

    #[test]
    fn what_paymint_did_not_answer_is_not_called_refused() {
        let failure = |outcome| CallFailure {
            outcome,
            upstream_code: Some("9999".to_owned()),
            retryable: true,
            who_fixes: WhoFixes::Paymint,
            strange_answer: None,
        };
        let code = |outcome| match Ended::of_call(failure(outcome), None) {
            Ended::Failed { code, .. } => Some(code),
            Ended::Done { .. } | Ended::Open { .. } | Ended::NotBegun { .. } | Ended::HeldUp { .. } => None,
        };
        assert_eq!(code(CallOutcome::Unknown), Some(RowCode::UpstreamOutcomeUnknown));
        assert_eq!(code(CallOutcome::NotSent), Some(RowCode::UpstreamUnreachable));
        assert_eq!(code(CallOutcome::Refused), Some(RowCode::UpstreamRefused));
    }

    #[test]
    fn what_may_have_been_written_is_found_out_and_not_given_up() {
        assert_eq!(Ended::from(WriteError::Failed), Ended::OPEN);
        assert_eq!(
            Ended::from(WriteError::Busy),
            Ended::HeldUp {
                why: HeldUp::Overloaded,
                until: BUSY_FOR
            }
        );
    }
}
