//! What can be done to many shops at once, and what of it fits which shop.

use crate::merchant::{LINKS_MAX, Merchant, TAGS_MAX};
use crate::tenant::Scope;
use crate::text::Label;
use crate::words::words;

use super::RowCode;

/// A kind of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// Issue a registration link.
    IssueLinks,
    /// Ask Paymint now.
    AskNow,
    /// Add tags.
    AddTags,
    /// Take tags away.
    RemoveTags,
    /// Put the shop away.
    Archive,
    /// Take it back.
    Restore,
}

words!(ActionKind {
    IssueLinks => "issue_links",
    AskNow => "ask_now",
    AddTags => "add_tags",
    RemoveTags => "remove_tags",
    Archive => "archive",
    Restore => "restore",
});

impl ActionKind {
    /// What somebody must be allowed to do to one shop to do it to many.
    pub const fn scope(self) -> Scope {
        match self {
            Self::IssueLinks => Scope::LinksWrite,
            Self::AskNow => Scope::UpstreamAsk,
            Self::AddTags | Self::RemoveTags | Self::Archive | Self::Restore => Scope::MerchantsWrite,
        }
    }

    /// Whether each shop costs a call to Paymint.
    pub const fn calls_upstream(self) -> bool {
        match self {
            Self::IssueLinks | Self::AskNow => true,
            Self::AddTags | Self::RemoveTags | Self::Archive | Self::Restore => false,
        }
    }
}

/// What is done to each shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Issue a registration link.
    IssueLinks,
    /// Ask Paymint now.
    AskNow,
    /// Add these tags.
    AddTags(Vec<Label>),
    /// Take these tags away.
    RemoveTags(Vec<Label>),
    /// Put the shop away.
    Archive,
    /// Take it back.
    Restore,
}

impl Action {
    /// Its kind.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::IssueLinks => ActionKind::IssueLinks,
            Self::AskNow => ActionKind::AskNow,
            Self::AddTags(_) => ActionKind::AddTags,
            Self::RemoveTags(_) => ActionKind::RemoveTags,
            Self::Archive => ActionKind::Archive,
            Self::Restore => ActionKind::Restore,
        }
    }

    /// The tags that it is about.
    pub fn tags(&self) -> &[Label] {
        match self {
            Self::AddTags(tags) | Self::RemoveTags(tags) => tags,
            Self::IssueLinks | Self::AskNow | Self::Archive | Self::Restore => &[],
        }
    }

    /// The action of a kind; none if it is one about tags and there are none, or the other way round.
    pub fn of(kind: ActionKind, tags: Vec<Label>) -> Option<Self> {
        match kind {
            ActionKind::AddTags => (!tags.is_empty()).then_some(Self::AddTags(tags)),
            ActionKind::RemoveTags => (!tags.is_empty()).then_some(Self::RemoveTags(tags)),
            ActionKind::IssueLinks => tags.is_empty().then_some(Self::IssueLinks),
            ActionKind::AskNow => tags.is_empty().then_some(Self::AskNow),
            ActionKind::Archive => tags.is_empty().then_some(Self::Archive),
            ActionKind::Restore => tags.is_empty().then_some(Self::Restore),
        }
    }
}

/// Why an action does not fit a shop.
pub type Obstacle = RowCode;

/// Why an action does not fit a shop as it is; none if it does.
pub fn obstacle(action: &Action, merchant: &Merchant) -> Option<Obstacle> {
    if merchant.erased {
        return Some(RowCode::Erased);
    }
    let is_archived = merchant.archived_since.is_some();
    match action {
        Action::IssueLinks | Action::AskNow if is_archived => Some(RowCode::Archived),
        Action::IssueLinks if !merchant.reference.is_linkable() => Some(RowCode::CodesTooLong),
        Action::IssueLinks if merchant.is_open() => Some(RowCode::AlreadyOpen),
        Action::IssueLinks => (merchant.links.len() >= LINKS_MAX).then_some(RowCode::TooManyLinks),
        Action::AskNow => (!merchant.can_be_asked_about()).then_some(RowCode::NotKnownUpstream),
        Action::AddTags(_) | Action::RemoveTags(_) => match tags_after(action, merchant) {
            None => Some(RowCode::NothingToChange),
            Some(tags) => (tags.len() > TAGS_MAX).then_some(RowCode::TooManyTags),
        },
        Action::Archive => is_archived.then_some(RowCode::Archived),
        Action::Restore => (!is_archived).then_some(RowCode::NotArchived),
    }
}

/// The tags that a shop has once an action is done, if that changes them.
pub fn tags_after(action: &Action, merchant: &Merchant) -> Option<Vec<Label>> {
    let mut tags = merchant.tags.clone();
    match action {
        Action::AddTags(added) => {
            for tag in added {
                if !tags.contains(tag) {
                    tags.push(tag.clone());
                }
            }
        }
        Action::RemoveTags(removed) => tags.retain(|tag| !removed.contains(tag)),
        Action::IssueLinks | Action::AskNow | Action::Archive | Action::Restore => {}
    }
    (tags != merchant.tags).then_some(tags)
}
