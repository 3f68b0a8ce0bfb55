//! Views: questions to the list of merchants that people keep under a name, of their own or shared in the tenant. They are no facts
//! about merchants and stand in rows; that somebody made, changed or removed one is a fact.

use crate::ids::ViewId;
use crate::text::{Label, LabelError};
use crate::words::words;

/// Most personal views of one owner.
pub const VIEWS_OF_ONE_MAX: u32 = 50;

/// Most views that a tenant shares.
pub const VIEWS_SHARED_MAX: u32 = 100;

/// Most views of a tenant, whoever has them: programs may call on behalf of as many people as they like.
pub const VIEWS_OF_TENANT_MAX: u32 = 10_000;

/// Longest name of a view, in characters.
pub const VIEW_NAME_LENGTH_MAX: usize = 60;

/// Longest query of a view, in bytes, as an address writes it.
pub const VIEW_QUERY_LENGTH_MAX: usize = 2_000;

/// What a view is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewName(Label);

impl ViewName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        Self::of(Label::parse(text)?)
    }

    /// Reads one that was written down.
    pub fn recorded(text: &str) -> Result<Self, LabelError> {
        Self::of(Label::recorded(text)?)
    }

    fn of(label: Label) -> Result<Self, LabelError> {
        if label.as_str().chars().count() > VIEW_NAME_LENGTH_MAX {
            return Err(LabelError::TooLong);
        }
        Ok(Self(label))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What tells it from other names: in lower case, and with one blank for many. Composed it is already.
    pub fn key(&self) -> String {
        let lower = self.as_str().to_lowercase();
        let words: Vec<_> = lower.split_whitespace().collect();
        words.join(" ")
    }
}

/// What a list shows of each merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// Its company and branch.
    Name,
    /// Its codes.
    Code,
    /// Its business number.
    Number,
    /// Its stage.
    Stage,
    /// Upstream's letter for its review.
    Letter,
    /// For how many business days it has stood there.
    Age,
    /// How unusual that is.
    Wait,
    /// Who must act next.
    Turn,
    /// What upstream wrote.
    Message,
    /// When upstream last said anything.
    Seen,
    /// What became of its link.
    Link,
    /// Its tags.
    Tags,
    /// When it was registered.
    Created,
}

words!(Column {
    Name => "name",
    Code => "code",
    Number => "business_number",
    Stage => "stage",
    Letter => "review_code",
    Age => "business_days",
    Wait => "longer_than_percent",
    Turn => "next_actor",
    Message => "message",
    Seen => "observed_at",
    Link => "link",
    Tags => "tags",
    Created => "created_at",
});

/// What somebody did to a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewAct {
    /// Made it.
    Created,
    /// Gave it another name, query or columns.
    Changed,
    /// Showed it to the whole tenant.
    Shared,
    /// Took it back for themselves.
    Unshared,
    /// Removed it.
    Removed,
}

/// Something was done to a view. Who did it stands beside the fact, as with every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewFact {
    /// Which.
    pub id: ViewId,
    /// What.
    pub act: ViewAct,
    /// Its name, if the tenant shares it. What somebody calls their own is nobody else's business.
    pub shared_as: Option<ViewName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        let key = |text: &str| ViewName::parse(text).expect("a name").key();
        assert_eq!(key("Stuck shops"), key("stuck  SHOPS"));
        // Typed as letters that are put together, and as letters that stand alone.
        assert_eq!(
            key("서류보완"),
            key("\u{1109}\u{1165}\u{1105}\u{1172}\u{1107}\u{1169}\u{110b}\u{116a}\u{11ab}")
        );
        assert_ne!(key("서류"), key("서류 보완"));
    }

    #[test]
    fn a_name_fits_a_menu() {
        assert!(ViewName::parse(&"가".repeat(VIEW_NAME_LENGTH_MAX)).is_ok());
        let longer = "가".repeat(VIEW_NAME_LENGTH_MAX + 1);
        assert_eq!(ViewName::parse(&longer), Err(LabelError::TooLong));
        assert_eq!(ViewName::parse(" "), Err(LabelError::Blank));
    }
}
