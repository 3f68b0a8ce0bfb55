//! One business of one partner.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::letter::ReviewLetter;
use super::outbox::Outbox;
use super::{Application, Issue};

/// The points in a sub-merchant's wallet at the beginning: enough for a thousand bills.
const POINTS: i32 = 55_000;

/// Names a mapping: `map_1` is the first that was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct MappingId(usize);

impl MappingId {
    pub(crate) fn from_index(index: usize) -> Self {
        Self(index)
    }

    pub(crate) fn index(self) -> usize {
        self.0
    }

    pub(crate) fn number(self) -> u64 {
        self.0 as u64 + 1
    }
}

impl fmt::Display for MappingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "map_{}", self.number())
    }
}

impl FromStr for MappingId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: usize = text
            .strip_prefix("map_")
            .and_then(|number| number.parse().ok())
            .ok_or(())?;
        number.checked_sub(1).map(Self).ok_or(())
    }
}

/// What is known of a business.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Business {
    pub(crate) company_name: Option<String>,
    pub(crate) branch_name: Option<String>,
    /// The business registration number, ten digits.
    pub(crate) number: Option<String>,
}

/// The link between a partner's codes and a business.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Mapping {
    pub(crate) id: MappingId,
    pub(crate) partner: usize,
    pub(crate) member_code: String,
    pub(crate) merchant_code: String,
    /// The secret part of the registration page's address.
    pub(crate) token: String,
    pub(crate) callback_url: Url,
    pub(crate) redirect_url: Option<Url>,
    /// Whether a person has opened the registration page.
    pub(crate) opened: bool,
    pub(crate) paymint_member_id: Option<String>,
    pub(crate) business: Business,
    pub(crate) letter: ReviewLetter,
    pub(crate) review_message: Option<String>,
    pub(crate) is_deleted: bool,
    /// Whoever asks about its state is answered with an error of upstream's own.
    pub(crate) silent: bool,
    /// The points in its wallet.
    pub(crate) points: i32,
    /// How often its state was told to the partner who asked.
    pub(crate) answers: u64,
    pub(crate) callbacks: Outbox,
}

impl Mapping {
    pub(super) fn new(id: MappingId, token: String, issue: Issue) -> Self {
        Self {
            id,
            partner: issue.partner,
            member_code: issue.member_code,
            merchant_code: issue.merchant_code,
            token,
            callback_url: issue.callback_url,
            redirect_url: issue.redirect_url,
            opened: false,
            paymint_member_id: None,
            business: Business {
                number: issue.business_number,
                ..Business::default()
            },
            letter: ReviewLetter::None,
            review_message: None,
            is_deleted: false,
            silent: false,
            points: POINTS,
            answers: 0,
            callbacks: Outbox::default(),
        }
    }

    pub(super) fn reissue(&mut self, issue: Issue) {
        self.callback_url = issue.callback_url;
        self.redirect_url = issue.redirect_url;
        if self.business.number.is_none() {
            self.business.number = issue.business_number;
        }
    }

    /// Returns whether anything changed.
    pub(super) fn open(&mut self) -> bool {
        if self.opened || self.is_deleted {
            return false;
        }
        self.opened = true;
        let begins = self.letter == ReviewLetter::None;
        if begins {
            self.letter = ReviewLetter::Drafting;
        }
        begins
    }

    /// Whether the registration page takes an application now.
    pub(crate) fn can_submit(&self) -> bool {
        let waits_for_the_merchant = match self.letter {
            ReviewLetter::None | ReviewLetter::Drafting | ReviewLetter::DocumentsRequired | ReviewLetter::Rejected => {
                true
            }
            ReviewLetter::InReview | ReviewLetter::Opened | ReviewLetter::Invented(_) => false,
        };
        waits_for_the_merchant && !self.is_deleted
    }

    pub(super) fn apply(&mut self, application: Application) {
        self.opened = true;
        self.paymint_member_id = Some(application.paymint_member_id);
        self.business = application.business;
        self.review(ReviewLetter::InReview, None);
    }

    pub(super) fn review(&mut self, letter: ReviewLetter, message: Option<String>) {
        self.letter = letter;
        self.review_message = message.filter(|_| letter.has_message());
        if letter != ReviewLetter::None {
            self.opened = true;
        }
    }

    /// The word of the list call. The words come from an integrator's table; what they mean here is our reading.
    pub(crate) fn mapping_status(&self) -> &'static str {
        if self.letter == ReviewLetter::Opened {
            return "COMPLETED";
        }
        if self.business.company_name.is_some() {
            return "MERCHANT_OPENING";
        }
        if self.opened { "MEMBER_MAPPED" } else { "INITIALIZED" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back() {
        let id = MappingId::from_index(41);
        assert_eq!(id.to_string(), "map_42");
        assert_eq!("map_42".parse(), Ok(id));
        for text in ["map_0", "map_", "42", "map_-1", "map_x"] {
            assert_eq!(text.parse::<MappingId>(), Err(()), "{text}");
        }
    }
}
