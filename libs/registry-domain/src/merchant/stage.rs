//! Where a shop stands on its way to opening, and who must act next. Derived, never stored in an event.

use crate::words::words;
use chrono::{DateTime, Utc};

use super::state::{LinkState, Merchant};
use crate::review::ReviewStatus;
use crate::text::FreeText;

/// Where a shop stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Registered here, no registration URL yet.
    Registered,
    /// A registration URL was issued, the shop has not begun.
    LinkIssued,
    /// The shop fills in its application.
    Drafting,
    /// Upstream reviews.
    InReview,
    /// Upstream wants documents.
    DocumentsRequired,
    /// Upstream rejected the application.
    Rejected,
    /// Open.
    Opened,
    /// Upstream uses a review code that we do not know.
    Unknown,
    /// Upstream says that the shop is deleted.
    Unlinked,
    /// The tenant put the shop away.
    Archived,
}

words!(Stage {
    Registered => "registered",
    LinkIssued => "link_issued",
    Drafting => "drafting",
    InReview => "in_review",
    DocumentsRequired => "documents_required",
    Rejected => "rejected",
    Opened => "opened",
    Unknown => "unknown",
    Unlinked => "unlinked",
    Archived => "archived",
});

impl Stage {
    /// Who must act next on a merchant in this stage.
    pub const fn next_actor(self) -> NextActor {
        match self {
            Self::LinkIssued | Self::Drafting | Self::DocumentsRequired => NextActor::Merchant,
            Self::InReview => NextActor::Upstream,
            Self::Registered | Self::Rejected | Self::Unknown | Self::Unlinked => NextActor::Partner,
            Self::Opened | Self::Archived => NextActor::Nobody,
        }
    }

    /// Whether a merchant in this stage may have this status: whoever looks for a status need not look in every stage.
    pub fn may_have(self, status: ReviewStatus) -> bool {
        match self {
            Self::Registered | Self::LinkIssued => status == ReviewStatus::None,
            Self::Drafting => status == ReviewStatus::Drafting,
            Self::InReview => status == ReviewStatus::InReview,
            Self::DocumentsRequired => status == ReviewStatus::DocumentsRequired,
            Self::Rejected => status == ReviewStatus::Rejected,
            Self::Opened => status == ReviewStatus::Opened,
            Self::Unknown => status == ReviewStatus::Unknown,
            Self::Unlinked | Self::Archived => true,
        }
    }
}

/// Who must act next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextActor {
    /// The shop.
    Merchant,
    /// Paymint or the card companies.
    Upstream,
    /// The tenant.
    Partner,
    /// Nobody.
    Nobody,
}

words!(NextActor {
    Merchant => "merchant",
    Upstream => "upstream",
    Partner => "partner",
    Nobody => "none",
});

/// What has to happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextAction {
    /// Who must act.
    pub actor: NextActor,
    /// What to do, as a stable word.
    pub code: &'static str,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What upstream wrote, where that helps.
    pub message: Option<FreeText>,
}

impl Merchant {
    /// Where the shop stands.
    pub fn stage(&self) -> Stage {
        if self.archived_since.is_some() {
            return Stage::Archived;
        }
        if self.unlinked_since.is_some() {
            return Stage::Unlinked;
        }
        match self.review.status() {
            ReviewStatus::None if self.has_issued_link() => Stage::LinkIssued,
            ReviewStatus::None => Stage::Registered,
            ReviewStatus::Drafting => Stage::Drafting,
            ReviewStatus::InReview => Stage::InReview,
            ReviewStatus::DocumentsRequired => Stage::DocumentsRequired,
            ReviewStatus::Rejected => Stage::Rejected,
            ReviewStatus::Opened => Stage::Opened,
            ReviewStatus::Unknown => Stage::Unknown,
        }
    }

    /// What has to happen next.
    pub fn next_action(&self) -> NextAction {
        let stage = self.stage();
        let code = match stage {
            Stage::Registered => "issue_link",
            Stage::LinkIssued => "open_link",
            Stage::Drafting => "submit_application",
            Stage::InReview => "review_application",
            Stage::DocumentsRequired => "supply_documents",
            Stage::Rejected => "resolve_rejection",
            Stage::Unknown => "ask_upstream",
            Stage::Unlinked => "relink",
            Stage::Opened | Stage::Archived => "none",
        };
        let message = match stage {
            Stage::DocumentsRequired | Stage::Rejected => self.review.message.clone(),
            Stage::Registered
            | Stage::LinkIssued
            | Stage::Drafting
            | Stage::InReview
            | Stage::Opened
            | Stage::Unknown
            | Stage::Unlinked
            | Stage::Archived => None,
        };
        NextAction {
            actor: stage.next_actor(),
            code,
            since: self.stage_since(),
            message,
        }
    }

    /// Since when the current stage stands.
    pub fn stage_since(&self) -> DateTime<Utc> {
        let since = match self.stage() {
            Stage::Archived => self.archived_since,
            Stage::Unlinked => self.unlinked_since,
            Stage::Registered => None,
            Stage::LinkIssued => self.links.iter().filter_map(|link| link.issued_at).min(),
            Stage::Drafting
            | Stage::InReview
            | Stage::DocumentsRequired
            | Stage::Rejected
            | Stage::Opened
            | Stage::Unknown => self.review.since,
        };
        since.unwrap_or(self.created_at)
    }

    fn has_issued_link(&self) -> bool {
        self.links.iter().any(|link| link.state == LinkState::Issued)
    }
}
