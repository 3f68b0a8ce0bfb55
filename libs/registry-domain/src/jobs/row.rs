//! How a row of a job stands, and why.

use crate::words::words;

/// How a row stands. Whatever happens, it comes to one end: refused, done, failed or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowState {
    /// The action did not fit the shop when it was planned: it is not tried.
    Refused,
    /// It is to be done.
    Waiting,
    /// Somebody has begun with it.
    Running,
    /// It is done.
    Done,
    /// It was tried and did not work.
    Failed,
    /// The job was cancelled before it was begun.
    Cancelled,
}

words!(RowState {
    Refused => "refused",
    Waiting => "waiting",
    Running => "running",
    Done => "done",
    Failed => "failed",
    Cancelled => "cancelled",
});

impl RowState {
    /// Whether it stays so.
    pub const fn is_end(self) -> bool {
        match self {
            Self::Refused | Self::Done | Self::Failed | Self::Cancelled => true,
            Self::Waiting | Self::Running => false,
        }
    }
}

/// Why a row was refused or has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowCode {
    /// There is no such shop.
    MerchantNotFound,
    /// It is archived.
    Archived,
    /// It is not archived.
    NotArchived,
    /// What is personal of it was destroyed.
    Erased,
    /// A link can be issued only for codes of at most 30 characters.
    CodesTooLong,
    /// It has as many links as it may have.
    TooManyLinks,
    /// It is open: it needs no link.
    AlreadyOpen,
    /// Paymint cannot know it yet.
    NotKnownUpstream,
    /// Nothing would change.
    NothingToChange,
    /// It would have more tags than it may have.
    TooManyTags,
    /// It changed again and again while it was tried.
    ChangedMeanwhile,
    /// It was never said how the tenant's calls reach Paymint.
    UpstreamNotConfigured,
    /// What was said of it cannot be used.
    UpstreamUnusable,
    /// The tenant has switched reading back off.
    ReadBackOff,
    /// Paymint refused.
    UpstreamRefused,
    /// Paymint could not be reached: nothing was sent.
    UpstreamUnreachable,
    /// Paymint did not answer in time, or the answer was lost: nobody knows what came of it.
    UpstreamOutcomeUnknown,
    /// The answer was about another shop.
    UpstreamOtherMerchant,
    /// None of its callbacks is in quarantine.
    NothingQuarantined,
    /// It was driven again, and callbacks of it are in quarantine still.
    StillQuarantined,
    /// A cell of its row cannot be used.
    Invalid,
    /// There is such a shop already.
    AlreadyRegistered,
    /// An earlier row of the file is about the same shop.
    DuplicateRow,
    /// It could not be written down, or not be read.
    Internal,
}

words!(RowCode {
    MerchantNotFound => "merchant_not_found",
    Archived => "archived",
    NotArchived => "not_archived",
    Erased => "erased",
    CodesTooLong => "codes_too_long",
    TooManyLinks => "too_many_links",
    AlreadyOpen => "already_open",
    NotKnownUpstream => "not_known_upstream",
    NothingToChange => "nothing_to_change",
    TooManyTags => "too_many_tags",
    ChangedMeanwhile => "changed_meanwhile",
    UpstreamNotConfigured => "upstream_not_configured",
    UpstreamUnusable => "upstream_unusable",
    ReadBackOff => "read_back_off",
    UpstreamRefused => "upstream_refused",
    UpstreamUnreachable => "upstream_unreachable",
    UpstreamOutcomeUnknown => "upstream_outcome_unknown",
    UpstreamOtherMerchant => "upstream_other_merchant",
    NothingQuarantined => "nothing_quarantined",
    StillQuarantined => "still_quarantined",
    Invalid => "invalid",
    AlreadyRegistered => "already_registered",
    DuplicateRow => "duplicate_row",
    Internal => "internal",
});
