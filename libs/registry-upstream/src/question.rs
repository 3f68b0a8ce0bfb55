//! What is asked about a merchant, and what comes of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use paymint_client::CallError;
use registry_domain::merchant::{Merchant, Reading};
use registry_domain::review::ReadingSource;
use registry_domain::tenant::Tenant;
use registry_journal::{ArchiveError, Origin, ReadError, RecordedEvent, WriteError};

use crate::budget::Urgency;
use crate::directory::UpstreamError;

/// A question to upstream about one merchant. What was known when the merchant was read goes along: the answer is newer than
/// every claim up to there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Whose merchant.
    pub tenant: Tenant,
    /// Which merchant.
    pub merchant: Merchant,
    /// On what occasion it is asked about.
    pub source: ReadingSource,
    /// Who waits for the answer.
    pub urgency: Urgency,
    /// Who asks.
    pub origin: Origin,
}

/// What upstream said, and what followed.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What it said, and when.
    pub reading: Reading,
    /// The facts that followed, in order; none if it said what is known and verified already.
    pub events: Vec<RecordedEvent>,
    /// The merchant after them.
    pub merchant: Box<Merchant>,
}

/// A balance that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceRead {
    /// Points; one is worth one won. It may be negative.
    pub points: i64,
    /// Where points can be bought.
    pub charge_url: Option<String>,
    /// When the answer arrived.
    pub read_at: DateTime<Utc>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was never said how the tenant's calls reach Paymint.
    #[error("no upstream is configured for the tenant")]
    NotConfigured,
    /// What was said of it cannot be used.
    #[error("the tenant's upstream configuration cannot be used")]
    Unusable,
    /// The tenant has switched reading back off: nothing can be verified.
    #[error("reading back is switched off for the tenant")]
    ReadBackOff,
    /// What the tenant has set for reading back is from before today's rules, and is not used.
    #[error("what is set for reading back is not allowed any more")]
    ReadBackUnusable,
    /// There is no such merchant.
    #[error("no such merchant")]
    NoSuchMerchant,
    /// Upstream refuses the tenant as a whole. Only rounds stop for that: who asks now may find out that it is over.
    #[error("the tenant's calls to upstream are stopped since it answered {code}")]
    Paused {
        /// Paymint's code.
        code: String,
    },
    /// Upstream is down and is left alone.
    #[error("upstream is down and is not called at the moment")]
    BreakerOpen {
        /// When it is tried again.
        retry_after: Duration,
    },
    /// The tenant has made as many calls as it may.
    #[error("the tenant has made as many calls to upstream as it may")]
    RateCapped {
        /// When another one may be made.
        retry_after: Duration,
    },
    /// The answer repeats codes, and they are another merchant's.
    #[error("upstream's answer is about another merchant")]
    AnotherMerchant,
    /// The call failed.
    #[error("the call to upstream failed")]
    Failed(#[source] Box<CallError>),
    /// The log did not take the answer.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Something could not be read.
    #[error(transparent)]
    Read(#[from] ArchiveError),
}

impl AskError {
    /// Whether the next question of the same tenant would fare no better.
    pub(crate) fn ends_round(&self) -> bool {
        match self {
            Self::NotConfigured
            | Self::Unusable
            | Self::ReadBackOff
            | Self::ReadBackUnusable
            | Self::Paused { .. }
            | Self::BreakerOpen { .. }
            | Self::RateCapped { .. }
            | Self::Write(_)
            | Self::Read(_) => true,
            Self::NoSuchMerchant | Self::AnotherMerchant | Self::Failed(_) => false,
        }
    }
}

impl From<ReadError> for AskError {
    fn from(error: ReadError) -> Self {
        Self::Read(error.into())
    }
}

impl From<UpstreamError> for AskError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::NotConfigured => Self::NotConfigured,
            UpstreamError::Unusable => Self::Unusable,
            UpstreamError::Read(error) => Self::Read(error),
        }
    }
}
