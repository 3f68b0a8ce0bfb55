//! How far a shop has come on its way to opening: what funnels are counted by. Whoever falls back keeps what was reached.

use super::stage::Stage;
use super::state::Merchant;
use crate::review::ReviewStatus;
use crate::words::words;

/// A place on the way to opening. Whoever has reached one has reached all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Milestone {
    /// Registered here.
    Registered,
    /// A registration URL was issued.
    Linked,
    /// The shop has begun its application.
    Begun,
    /// The application is with upstream.
    Submitted,
    /// Open.
    Opened,
}

words!(Milestone {
    Registered => "registered",
    Linked => "linked",
    Begun => "begun",
    Submitted => "submitted",
    Opened => "opened",
});

impl Milestone {
    /// The next one on the way.
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Registered => Some(Self::Linked),
            Self::Linked => Some(Self::Begun),
            Self::Begun => Some(Self::Submitted),
            Self::Submitted => Some(Self::Opened),
            Self::Opened => None,
        }
    }
}

impl Merchant {
    /// Where it stands on the way by what is believed now.
    pub fn milestone(&self) -> Milestone {
        match self.review.status() {
            ReviewStatus::None if self.links.iter().any(|link| link.issued_at.is_some()) => Milestone::Linked,
            ReviewStatus::None => Milestone::Registered,
            // A word that we do not know is a word about an application.
            ReviewStatus::Drafting | ReviewStatus::Unknown => Milestone::Begun,
            ReviewStatus::InReview | ReviewStatus::DocumentsRequired | ReviewStatus::Rejected => Milestone::Submitted,
            ReviewStatus::Opened => Milestone::Opened,
        }
    }
}

impl Stage {
    /// Whether a shop in this stage is still on its way to opening: neither open, nor turned down, nor gone.
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Registered
            | Self::LinkIssued
            | Self::Drafting
            | Self::InReview
            | Self::DocumentsRequired
            | Self::Unknown => true,
            Self::Rejected | Self::Opened | Self::Unlinked | Self::Archived => false,
        }
    }

    /// Whether somebody waits for a shop in this stage.
    pub const fn is_waiting(self) -> bool {
        !matches!(self, Self::Opened | Self::Archived)
    }

    /// The stages in which somebody waits, in the order of the way to opening.
    pub fn waiting() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|stage| stage.is_waiting())
    }
}
