//! What came of asking, since the process started.

use std::sync::atomic::{AtomicU64, Ordering};

use paymint_client::CallError;
use registry_domain::review::ReadingSource;

/// Of what kind a failed call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No connection could be made.
    Unreachable,
    /// No answer came in time, or it broke off.
    NoAnswer,
    /// An answer came that cannot be read.
    Unintelligible,
    /// Upstream said no to this one call.
    Refused,
    /// Upstream refuses the partner as a whole.
    PartnerRefused,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Unreachable,
        Self::NoAnswer,
        Self::Unintelligible,
        Self::Refused,
        Self::PartnerRefused,
    ];

    /// The word for it in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NoAnswer => "no_answer",
            Self::Unintelligible => "unintelligible",
            Self::Refused => "refused",
            Self::PartnerRefused => "partner_refused",
        }
    }

    pub(crate) fn of(error: &CallError) -> Self {
        match error {
            CallError::Refused { code, .. } if code.partner_level() => Self::PartnerRefused,
            CallError::Refused { .. } => Self::Refused,
            CallError::OutcomeUnknown { .. } => Self::NoAnswer,
            CallError::Unreachable { .. } => Self::Unreachable,
            CallError::Unintelligible { .. } => Self::Unintelligible,
        }
    }
}

/// Numbers since the process started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InquiryStats {
    /// Answers about merchants, by the occasion on which upstream was asked. A list counts once for each merchant on
    /// which it had something new to say.
    pub answered: Vec<(ReadingSource, u64)>,
    /// Changes among them that no callback had brought.
    pub healed: Vec<(ReadingSource, u64)>,
    /// Calls that failed, by kind.
    pub failed: Vec<(FailureKind, u64)>,
}

#[derive(Default)]
pub(crate) struct Counts {
    answered: [AtomicU64; 3],
    healed: [AtomicU64; 3],
    failed: [AtomicU64; 5],
}

impl Counts {
    pub(crate) fn answered(&self, source: ReadingSource, healed: bool) {
        self.answered[of_source(source)].fetch_add(1, Ordering::Relaxed);
        if healed {
            self.healed[of_source(source)].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn failed(&self, kind: FailureKind) {
        self.failed[of_kind(kind)].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> InquiryStats {
        let by_source = |counts: &[AtomicU64; 3]| {
            let sources = ReadingSource::ALL.iter();
            sources
                .map(|source| (*source, counts[of_source(*source)].load(Ordering::Relaxed)))
                .collect()
        };
        let kinds = FailureKind::ALL.into_iter();
        InquiryStats {
            answered: by_source(&self.answered),
            healed: by_source(&self.healed),
            failed: kinds
                .map(|kind| (kind, self.failed[of_kind(kind)].load(Ordering::Relaxed)))
                .collect(),
        }
    }
}

const fn of_source(source: ReadingSource) -> usize {
    match source {
        ReadingSource::ReadBack => 0,
        ReadingSource::Reconciliation => 1,
        ReadingSource::List => 2,
    }
}

const fn of_kind(kind: FailureKind) -> usize {
    match kind {
        FailureKind::Unreachable => 0,
        FailureKind::NoAnswer => 1,
        FailureKind::Unintelligible => 2,
        FailureKind::Refused => 3,
        FailureKind::PartnerRefused => 4,
    }
}
