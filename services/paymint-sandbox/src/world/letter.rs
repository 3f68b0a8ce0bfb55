//! The letter of a review.

use serde::{Deserialize, Serialize};

/// Where a review stands (official callback page), or a letter that upstream might invent one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum ReviewLetter {
    None,
    Drafting,
    InReview,
    DocumentsRequired,
    Rejected,
    Opened,
    Invented(char),
}

impl ReviewLetter {
    /// The letters of the official page, in the order of a usual life.
    pub(crate) const OFFICIAL: [Self; 6] = [
        Self::None,
        Self::Drafting,
        Self::InReview,
        Self::DocumentsRequired,
        Self::Rejected,
        Self::Opened,
    ];

    pub(crate) fn code(self) -> char {
        match self {
            Self::None => 'N',
            Self::Drafting => 'W',
            Self::InReview => 'P',
            Self::DocumentsRequired => 'S',
            Self::Rejected => 'R',
            Self::Opened => 'O',
            Self::Invented(letter) => letter,
        }
    }

    /// The Korean label of the official page.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::None => "심사없음",
            Self::Drafting => "작성중",
            Self::InReview => "심사중",
            Self::DocumentsRequired => "서류보완",
            Self::Rejected => "반려",
            Self::Opened => "개시",
            Self::Invented(_) => "알 수 없음",
        }
    }

    /// Whether the official page gives this letter a message.
    pub(crate) fn has_message(self) -> bool {
        match self {
            Self::DocumentsRequired | Self::Rejected => true,
            Self::None | Self::Drafting | Self::InReview | Self::Opened | Self::Invented(_) => false,
        }
    }
}

impl TryFrom<String> for ReviewLetter {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) if letter.is_ascii_uppercase() => {
                let official = Self::OFFICIAL.into_iter().find(|official| official.code() == letter);
                Ok(official.unwrap_or(Self::Invented(letter)))
            }
            _ => Err("a review code is one capital letter: N, W, P, S, R, O, or an invented one"),
        }
    }
}

impl From<ReviewLetter> for String {
    fn from(letter: ReviewLetter) -> Self {
        letter.code().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_capital_letter_reads_back() {
        for letter in 'A'..='Z' {
            let read = ReviewLetter::try_from(letter.to_string()).unwrap();
            assert_eq!(read.code(), letter);
            assert_eq!(matches!(read, ReviewLetter::Invented(_)), !"NWPSRO".contains(letter));
        }
        for text in ["", "n", "NO", "가", "1"] {
            assert!(ReviewLetter::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
