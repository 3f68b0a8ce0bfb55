//! What can be done to many shops at once, and what of it fits which shop.

use crate::merchant::{Merchant, TAGS_MAX};
use crate::tenant::Scope;
use crate::text::Label;
use crate::words::words;

use super::RowCode;
use super::import::{ImportWish, link_obstacle};

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
    /// Drive again what of its callbacks is in quarantine.
    Redrive,
    /// Register shops from a file, or change those that there are.
    Import,
}

words!(ActionKind {
    IssueLinks => "issue_links",
    AskNow => "ask_now",
    AddTags => "add_tags",
    RemoveTags => "remove_tags",
    Archive => "archive",
    Restore => "restore",
    Redrive => "redrive",
    Import => "import",
});

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
    /// Drive again what of its callbacks is in quarantine.
    Redrive,
    /// Register it as its row of a file says, or change it to that.
    Import(ImportWish),
}

impl Action {
    /// What somebody must be allowed to do to one shop to do it to many.
    pub const fn scopes(&self) -> &'static [Scope] {
        match self {
            Self::IssueLinks => &[Scope::LinksWrite],
            Self::AskNow => &[Scope::UpstreamAsk],
            Self::Redrive => &[Scope::QuarantineWrite],
            Self::Import(wish) if wish.issue_links => &[Scope::MerchantsWrite, Scope::LinksWrite],
            Self::AddTags(_) | Self::RemoveTags(_) | Self::Archive | Self::Restore | Self::Import(_) => {
                &[Scope::MerchantsWrite]
            }
        }
    }

    /// Whether each shop costs a call to Paymint.
    pub const fn calls_upstream(&self) -> bool {
        match self {
            Self::IssueLinks | Self::AskNow => true,
            Self::Import(wish) => wish.issue_links,
            Self::AddTags(_) | Self::RemoveTags(_) | Self::Archive | Self::Restore | Self::Redrive => false,
        }
    }

    /// Whether each shop costs a registration link.
    pub const fn issues_links(&self) -> bool {
        match self {
            Self::IssueLinks => true,
            Self::Import(wish) => wish.issue_links,
            Self::AskNow | Self::AddTags(_) | Self::RemoveTags(_) | Self::Archive | Self::Restore | Self::Redrive => {
                false
            }
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::IssueLinks => ActionKind::IssueLinks,
            Self::AskNow => ActionKind::AskNow,
            Self::AddTags(_) => ActionKind::AddTags,
            Self::RemoveTags(_) => ActionKind::RemoveTags,
            Self::Archive => ActionKind::Archive,
            Self::Restore => ActionKind::Restore,
            Self::Redrive => ActionKind::Redrive,
            Self::Import(_) => ActionKind::Import,
        }
    }

    /// The tags that it is about.
    pub fn tags(&self) -> &[Label] {
        match self {
            Self::AddTags(tags) | Self::RemoveTags(tags) => tags,
            Self::IssueLinks | Self::AskNow | Self::Archive | Self::Restore | Self::Redrive | Self::Import(_) => &[],
        }
    }

    /// How shops are registered from a file.
    pub const fn import(&self) -> Option<&ImportWish> {
        match self {
            Self::Import(wish) => Some(wish),
            Self::IssueLinks
            | Self::AskNow
            | Self::AddTags(_)
            | Self::RemoveTags(_)
            | Self::Archive
            | Self::Restore
            | Self::Redrive => None,
        }
    }

    /// The action of a kind; none if it is one about tags and there are none, or the other way round. One that takes a file needs
    /// more than tags.
    pub fn of(kind: ActionKind, tags: Vec<Label>) -> Option<Self> {
        match kind {
            ActionKind::AddTags => (!tags.is_empty()).then_some(Self::AddTags(tags)),
            ActionKind::RemoveTags => (!tags.is_empty()).then_some(Self::RemoveTags(tags)),
            ActionKind::IssueLinks => tags.is_empty().then_some(Self::IssueLinks),
            ActionKind::AskNow => tags.is_empty().then_some(Self::AskNow),
            ActionKind::Archive => tags.is_empty().then_some(Self::Archive),
            ActionKind::Restore => tags.is_empty().then_some(Self::Restore),
            ActionKind::Redrive => tags.is_empty().then_some(Self::Redrive),
            ActionKind::Import => None,
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
        Action::IssueLinks => link_obstacle(merchant),
        Action::AskNow if is_archived => Some(RowCode::Archived),
        Action::AskNow => (!merchant.can_be_asked_about()).then_some(RowCode::NotKnownUpstream),
        Action::AddTags(_) | Action::RemoveTags(_) => match tags_after(action, merchant) {
            None => Some(RowCode::NothingToChange),
            Some(tags) => (tags.len() > TAGS_MAX).then_some(RowCode::TooManyTags),
        },
        Action::Archive => is_archived.then_some(RowCode::Archived),
        Action::Restore => (!is_archived).then_some(RowCode::NotArchived),
        // What its row says is weighed against it, or what is in quarantine: not the action alone.
        Action::Redrive | Action::Import(_) => None,
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
        Action::IssueLinks
        | Action::AskNow
        | Action::Archive
        | Action::Restore
        | Action::Redrive
        | Action::Import(_) => {}
    }
    (tags != merchant.tags).then_some(tags)
}
