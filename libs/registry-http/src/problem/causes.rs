//! What went wrong below, turned into problems. Failures of our own carry their cause to the one line that the request
//! gets in the log.

use std::error::Error;
use std::time::Duration;

use axum::http::StatusCode;
use registry_domain::alerts::AlertRefusal;
use registry_domain::calendar::TooManyOwnDays;
use registry_domain::destinations::DestinationRefusal;
use registry_domain::merchant::{CallFailure, CallOutcome, LinkRefusal, Refusal, WhoFixes};
use registry_domain::{causes, tenant};
use registry_exports::ExportError;
use registry_imports::ReaderError;
use registry_ingest::{DoorError, RedriveError};
use registry_jobs::JobError;
use registry_journal::{ArchiveError, ReadError, WriteError};
use registry_upstream::{AskError, IssueError, TrialError, failure_of};

use super::{Code, Fault, FieldFault, Place, Problem};

/// After how many seconds a client that found us busy should come back.
const BUSY_SECONDS: u32 = 1;

/// The same for one whose own reads are in its way.
const CROWDED_SECONDS: u32 = 2;

/// The same for one whose file other files keep waiting, its own or others'.
const FILES_BUSY_SECONDS: u32 = 10;

/// The same for one whose own calls to Paymint are in its way.
const CALLS_SECONDS: u32 = 5;

/// After how many seconds a client that found storage away should come back.
const STORAGE_SECONDS: u32 = 5;

impl Code {
    /// The kind of problem of an answer that only has a status, such as the router's own.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::RouteNotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            other if other.is_client_error() => Self::MalformedRequest,
            _ => Self::Internal,
        }
    }
}

impl Problem {
    /// A defect of ours.
    pub fn internal(operation: &'static str, error: &(dyn Error + 'static)) -> Self {
        Self::from(Code::Internal).because(format!("{operation}: {}", causes(error)))
    }

    fn storage(error: &(dyn Error + 'static)) -> Self {
        let problem = Self::from(Code::StorageUnavailable).retry_after(STORAGE_SECONDS);
        problem.because(causes(error).to_string())
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable { .. } => Self::storage(&error),
            ReadError::Crowded { .. } => Self::from(Code::TooManyReads).retry_after(CROWDED_SECONDS),
            ReadError::Inconsistent(_) => Self::internal("read", &error),
        }
    }
}

impl From<ArchiveError> for Problem {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Read(error) => Self::from(error),
            ArchiveError::Open { .. } | ArchiveError::Stored { .. } | ArchiveError::Actor { .. } => {
                Self::internal("read back events", &error)
            }
        }
    }
}

/// The writer has logged the cause of its failures.
impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Busy => Self::from(Code::Overloaded).retry_after(BUSY_SECONDS),
            WriteError::Failed => Self::from(Code::StorageUnavailable).retry_after(STORAGE_SECONDS),
            WriteError::Stopping => Self::from(Code::Stopping).retry_after(BUSY_SECONDS),
        }
    }
}

impl From<DoorError> for Problem {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::UnknownToken => Self::from(Code::CallbackUrlUnknown),
            DoorError::Busy => Self::from(WriteError::Busy),
            DoorError::Failed => Self::from(WriteError::Failed),
            DoorError::Stopping => Self::from(WriteError::Stopping),
        }
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::NoUpstream => Self::from(Code::UpstreamNotConfigured),
            IssueError::UnusableUpstream => Self::from(Code::UpstreamUnusable),
            IssueError::TooManyCalls => Self::from(Code::TooManyCalls).retry_after(CALLS_SECONDS),
            IssueError::NotNow(error) => Self::from(*error),
            IssueError::Write(error) => Self::from(error),
            IssueError::Read(error) => Self::from(error),
        }
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::NotConfigured => Self::from(Code::UpstreamNotConfigured),
            AskError::Unusable => Self::from(Code::UpstreamUnusable),
            AskError::ReadBackOff => Self::from(Code::ReadBackOff),
            AskError::ReadBackUnusable => Self::from(Code::ReadBackUnusable),
            AskError::NoSuchMerchant => Self::from(Code::MerchantNotFound),
            // Only rounds of the reconciler heed the pause; a person's question ends it, if it is answered.
            AskError::Paused { code } => {
                let failure = CallFailure {
                    outcome: CallOutcome::Refused,
                    upstream_code: Some(code),
                    retryable: false,
                    who_fixes: WhoFixes::Partner,
                    strange_answer: None,
                };
                Self::unanswered(Code::UpstreamRefused, failure)
            }
            AskError::BreakerOpen { retry_after } => {
                Self::unanswered(Code::UpstreamUnavailable, unreachable_upstream()).retry_after(seconds(retry_after))
            }
            AskError::RateCapped { retry_after } => {
                Self::from(Code::UpstreamRateCapped).retry_after(seconds(retry_after))
            }
            AskError::AnotherMerchant => Self::unanswered(Code::UpstreamUnreadable, unreachable_upstream()),
            AskError::Failed(error) => {
                let failure = failure_of(&error);
                let code = match failure.outcome {
                    CallOutcome::NotSent => Code::UpstreamUnreachable,
                    CallOutcome::Refused => Code::UpstreamRefused,
                    CallOutcome::Unknown if failure.strange_answer.is_some() => Code::UpstreamUnreadable,
                    CallOutcome::Unknown => Code::UpstreamNoAnswer,
                };
                Self::unanswered(code, failure)
            }
            AskError::Write(error) => Self::from(error),
            AskError::Read(error) => Self::from(error),
        }
    }
}

impl From<TrialError> for Problem {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Rejected(_) => Self::unanswered(Code::ReadBackRejected, error.failure()),
            TrialError::Untried(_) => Self::unanswered(Code::ReadBackUntried, error.failure()),
            TrialError::NotAsked(error) => Self::from(error),
        }
    }
}

/// What is known when Paymint was not there: time heals it, or Paymint does.
pub const fn unreachable_upstream() -> CallFailure {
    CallFailure {
        outcome: CallOutcome::Unknown,
        upstream_code: None,
        retryable: true,
        who_fixes: WhoFixes::Paymint,
        strange_answer: None,
    }
}

/// Whole seconds, at least one: a client that comes back at once would be sent away again.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
}

impl From<RedriveError> for Problem {
    fn from(error: RedriveError) -> Self {
        match error {
            RedriveError::NoSuchCallback => Self::from(Code::CallbackNotFound),
            RedriveError::NoSuchMerchant => Self::from(Code::MerchantNotFound),
            RedriveError::Erased => Self::from(Code::PayloadErased),
            RedriveError::KeyReused => Self::from(Code::IdempotencyKeyReused),
            RedriveError::Write(error) => Self::from(error),
            RedriveError::Read(error) => Self::from(error),
        }
    }
}

impl From<AlertRefusal> for Problem {
    fn from(refusal: AlertRefusal) -> Self {
        match refusal {
            AlertRefusal::NoSuchAlert => Self::from(Code::AlertNotFound),
            AlertRefusal::Changed => Self::from(Code::AlertChanged),
        }
    }
}

impl From<tenant::Refusal> for Problem {
    fn from(refusal: tenant::Refusal) -> Self {
        match refusal {
            tenant::Refusal::NoSuchUnclaimed => Self::from(Code::UnclaimedMerchantNotFound),
            tenant::Refusal::NotQuarantined => Self::from(Code::NotQuarantined),
            tenant::Refusal::OneFieldName => Self::validation(vec![FieldFault {
                place: Place::Body("/read_back".to_owned()),
                fault: Fault::OneFieldName,
            }]),
            tenant::Refusal::OwnDays(TooManyOwnDays) => Self::validation(vec![FieldFault {
                place: Place::Body("/own_days".to_owned()),
                fault: Fault::TooMany,
            }]),
            tenant::Refusal::Alert(refusal) => refusal.into(),
            tenant::Refusal::Destination(refusal) => match refusal {
                DestinationRefusal::NoSuchDestination => Self::from(Code::EventDestinationNotFound),
                DestinationRefusal::TooMany => Self::from(Code::TooManyEventDestinations),
                DestinationRefusal::Changed => Self::from(Code::EventDestinationChanged),
                DestinationRefusal::NotSigned => Self::from(Code::EventDestinationNotSigned),
                // An id is drawn, or made from the Idempotency-Key.
                DestinationRefusal::IdTaken => Self::from(Code::IdempotencyKeyReused),
                DestinationRefusal::AnotherKind => Self::internal("change an event destination", &refusal),
            },
            tenant::Refusal::RuleExists => Self::from(Code::IfMatchRequired),
            tenant::Refusal::NoSuchRule => Self::from(Code::AlertRuleNotFound),
            tenant::Refusal::RuleChanged => Self::from(Code::AlertChanged),
            tenant::Refusal::TooManyMembers => Self::from(Code::TooManyPeople),
            tenant::Refusal::MemberExists => Self::from(Code::MemberExists),
            tenant::Refusal::NoSuchMember => Self::from(Code::PersonNotFound),
            tenant::Refusal::LastManager => Self::from(Code::LastManager),
            tenant::Refusal::NoSuchKey => Self::from(Code::ApiKeyNotFound),
            tenant::Refusal::KeyEnded => Self::from(Code::ApiKeyEnded),
            tenant::Refusal::TooManyKeys => Self::from(Code::TooManyApiKeys),
            // An id is drawn, or made from the Idempotency-Key.
            tenant::Refusal::KeyIdTaken => Self::from(Code::IdempotencyKeyReused),
            tenant::Refusal::NoSuchTenant | tenant::Refusal::SlugTaken { .. } | tenant::Refusal::SlugReserved => {
                Self::internal("run a command of a tenant", &refusal)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchMerchant => Self::from(Code::MerchantNotFound),
            Refusal::ReferenceTaken { existing } => Self::reference_taken(existing),
            Refusal::VersionMismatch { current } => Self::version_mismatch(current),
            Refusal::NoSuchLink => Self::from(Code::LinkNotFound),
            Refusal::NotQuarantined => Self::from(Code::NotQuarantined),
            Refusal::Erased => Self::from(Code::MerchantErased),
            Refusal::TooMuchMetadata => Self::validation(vec![FieldFault {
                place: Place::Body("/metadata".to_owned()),
                fault: Fault::TooMany,
            }]),
            Refusal::Alert(refusal) => refusal.into(),
            Refusal::Link(LinkRefusal::CodesTooLong) => Self::from(Code::CodesTooLongForLink),
            Refusal::Link(LinkRefusal::Archived) => Self::from(Code::MerchantArchived),
            Refusal::Link(LinkRefusal::TooManyLinks) => Self::from(Code::TooManyLinks),
        }
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        match error {
            JobError::NoSuchJob => Self::from(Code::JobNotFound),
            JobError::WrongState(_) => Self::from(Code::JobEnded),
            JobError::TooManyJobs => Self::from(Code::TooManyJobs),
            JobError::TooManyRows { .. } => Self::from(Code::PlanTooLong),
            JobError::NothingToDo => Self::from(Code::NothingToDo),
            JobError::NoSuchFile => Self::from(Code::ImportNotFound),
            JobError::TooManyFiles => Self::from(Code::TooManyImports),
            JobError::Shut(error) => Self::internal("open what was kept of a file", &error),
            JobError::Read(error) => error.into(),
            JobError::Write(error) => error.into(),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::NoSuchExport => Self::from(Code::ExportNotFound),
            ExportError::TooManyExports => Self::from(Code::TooManyExports),
            ExportError::TooManyRows { .. } => Self::from(Code::ExportTooLong),
            ExportError::NotReady(_) => Self::from(Code::ExportNotReady),
            ExportError::Shut | ExportError::Wish(_) => Self::internal("read what was kept of an export", &error),
            ExportError::Read(error) => error.into(),
            ExportError::Write(error) => error.into(),
        }
    }
}

impl From<ReaderError> for Problem {
    fn from(error: ReaderError) -> Self {
        match error {
            ReaderError::Refused(refusal) => Self::file_refused(&refusal),
            ReaderError::TooManyOwn => Self::from(Code::TooManyOwnFiles).retry_after(FILES_BUSY_SECONDS),
            ReaderError::Busy => Self::from(Code::Overloaded).retry_after(FILES_BUSY_SECONDS),
            ReaderError::Start(_) => Self::internal("have a file read", &error),
        }
    }
}

/// The kind of problem of a call to Paymint that did not succeed.
pub const fn code_of_outcome(outcome: CallOutcome) -> Code {
    match outcome {
        CallOutcome::NotSent => Code::UpstreamUnreachable,
        CallOutcome::Refused => Code::UpstreamRefused,
        CallOutcome::Unknown => Code::UpstreamOutcomeUnknown,
    }
}
