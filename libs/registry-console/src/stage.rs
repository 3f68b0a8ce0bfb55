//! Where a shop stands, with what the eye finds it by.

use crate::words::Words;

/// Where a shop stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing but registered.
    Registered,
    /// It has a link.
    LinkIssued,
    /// It is being filled in.
    Drafting,
    /// Paymint looks at it.
    InReview,
    /// Paymint wants more.
    DocumentsRequired,
    /// Paymint refused it.
    Rejected,
    /// It may bill.
    Opened,
    /// A letter that nobody knows, or a word that this console does not.
    Unknown,
    /// Deleted at Paymint.
    Unlinked,
    /// Put away.
    Archived,
}

impl Stage {
    /// All of them, in the order of a shop's way.
    pub const ALL: [Self; 10] = [
        Self::Registered,
        Self::LinkIssued,
        Self::Drafting,
        Self::InReview,
        Self::DocumentsRequired,
        Self::Rejected,
        Self::Opened,
        Self::Unknown,
        Self::Unlinked,
        Self::Archived,
    ];

    /// Those in which a shop stands still until a person does something.
    pub const STUCK: [Self; 4] = [Self::DocumentsRequired, Self::Rejected, Self::Unknown, Self::Unlinked];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::LinkIssued => "link_issued",
            Self::Drafting => "drafting",
            Self::InReview => "in_review",
            Self::DocumentsRequired => "documents_required",
            Self::Rejected => "rejected",
            Self::Opened => "opened",
            Self::Unknown => "unknown",
            Self::Unlinked => "unlinked",
            Self::Archived => "archived",
        }
    }

    /// The stage of a word of the API, which may one day say more than is known here.
    pub fn of(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str() == word)
            .unwrap_or(Self::Unknown)
    }

    /// The stage that a review status means.
    pub fn of_status(word: &str) -> Self {
        if word == "none" {
            Self::LinkIssued
        } else {
            Self::of(word)
        }
    }

    /// The pair of colours and the glyph: the letter of upstream, or one of ours.
    pub const fn letter(self) -> char {
        match self {
            Self::Registered | Self::LinkIssued => 'N',
            Self::Drafting => 'W',
            Self::InReview => 'P',
            Self::DocumentsRequired => 'S',
            Self::Rejected => 'R',
            Self::Opened => 'O',
            Self::Unknown => 'X',
            Self::Unlinked | Self::Archived => 'D',
        }
    }

    /// Its name.
    pub const fn name(self, words: &Words) -> &'static str {
        let stages = &words.stages;
        match self {
            Self::Registered => stages.registered,
            Self::LinkIssued => stages.link_issued,
            Self::Drafting => stages.drafting,
            Self::InReview => stages.in_review,
            Self::DocumentsRequired => stages.documents_required,
            Self::Rejected => stages.rejected,
            Self::Opened => stages.opened,
            Self::Unknown => stages.unknown,
            Self::Unlinked => stages.unlinked,
            Self::Archived => stages.archived,
        }
    }

    /// Whether it grows late by standing: somebody is expected to move.
    pub const fn ages(self) -> bool {
        match self {
            Self::Drafting | Self::InReview | Self::DocumentsRequired | Self::Rejected | Self::LinkIssued => true,
            Self::Registered | Self::Opened | Self::Unknown | Self::Unlinked | Self::Archived => false,
        }
    }
}

/// The words for a query that asks for several stages.
pub fn list(stages: &[Stage]) -> String {
    stages.iter().map(|stage| stage.as_str()).collect::<Vec<_>>().join(",")
}
