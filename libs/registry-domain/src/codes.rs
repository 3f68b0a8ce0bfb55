//! The two codes by which a partner names a shop at Paymint.

use std::fmt;

use crate::unicode::{composed, decomposed, is_blank, is_hidden, is_mark, is_private, looks_alike};

/// Longest code that the registry and most upstream calls take, in characters (upstream release notes, v2.0.1).
pub const CODE_LENGTH_MAX: usize = 60;

/// Longest code for which a registration URL can be issued: `/auth/mapping` was left out when the other calls
/// went from 30 to 60 characters (upstream page on sub-businesses).
pub const LINKABLE_CODE_LENGTH_MAX: usize = 30;

/// Why a text is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Nothing there.
    #[error("must not be empty")]
    Empty,
    /// More than [`CODE_LENGTH_MAX`] characters.
    #[error("must have at most {CODE_LENGTH_MAX} characters")]
    TooLong,
    /// A control character, or white space at an end: such codes cannot be told apart by eye.
    #[error("must not hold control characters, nor begin or end with white space")]
    BadCharacter,
    /// A character that cannot be seen, or a blank that is not the plain one: nobody could tell it from another code.
    #[error("must not hold characters that cannot be seen, nor blanks other than the plain one")]
    Invisible,
    /// `.` or `..`, which every URL swallows.
    #[error("must not be `.` or `..`")]
    Dots,
}

/// What a tenant types. It is composed (NFC), and two codes that look alike in spite of that are refused.
fn parse_code(text: &str) -> Result<String, CodeError> {
    let code = recorded_code(&composed(text))?;
    let is_unseen = |c: char| is_hidden(c) || is_private(c) || (is_blank(c) && c != ' ');
    // A mark at the beginning stands on nothing.
    if code.chars().any(is_unseen) || code.starts_with(is_mark) {
        return Err(CodeError::Invisible);
    }
    if code == "." || code == ".." {
        return Err(CodeError::Dots);
    }
    Ok(code)
}

/// What upstream says. It is composed too, so that it can be compared; whatever else is strange about it is kept. A code
/// of which a part was lost is nobody's.
fn reported_code(text: &str) -> Result<String, CodeError> {
    let code = recorded_code(&composed(text))?;
    if code.contains(char::REPLACEMENT_CHARACTER) {
        return Err(CodeError::Invisible);
    }
    Ok(code)
}

/// What was written down once, perhaps before codes were composed. This never becomes stricter.
fn recorded_code(text: &str) -> Result<String, CodeError> {
    if text.is_empty() {
        return Err(CodeError::Empty);
    }
    if text.chars().count() > CODE_LENGTH_MAX {
        return Err(CodeError::TooLong);
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(CodeError::BadCharacter);
    }
    Ok(text.to_owned())
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads what a tenant typed: 1 to 60 characters, all of which can be seen. Upper and lower case are
            /// different.
            pub fn parse(text: &str) -> Result<Self, CodeError> {
                parse_code(text).map(Self)
            }

            /// Reads what upstream says.
            pub fn reported(text: &str) -> Result<Self, CodeError> {
                reported_code(text).map(Self)
            }

            /// Reads what was written down, as it was.
            pub fn recorded(text: &str) -> Result<Self, CodeError> {
                recorded_code(text).map(Self)
            }

            /// Whether both look the same. Codes from before they were composed may be spelt otherwise.
            pub fn looks_like(&self, text: &str) -> bool {
                self.0 == text || composed(&self.0) == composed(text)
            }

            /// Whether another is the same to the eye, though it is not: it holds something hidden, or letters of another
            /// script.
            pub fn is_disguised_as(&self, text: &str) -> bool {
                !self.looks_like(text) && looks_alike(&self.0, text)
            }

            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

code!(
    /// 파트너 사용자 코드: the partner's code for a member. Several merchants may share one.
    MemberCode
);
code!(
    /// 파트너 매장 코드: the partner's code for a shop.
    MerchantCode
);

/// The natural key of a merchant within a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The member the shop belongs to.
    pub member_code: MemberCode,
    /// The shop.
    pub merchant_code: MerchantCode,
}

impl Reference {
    /// The pair as it is registered today. It differs only from what was registered before codes were composed.
    #[must_use]
    pub fn composed(&self) -> Self {
        Self {
            member_code: MemberCode(composed(&self.member_code.0).into_owned()),
            merchant_code: MerchantCode(composed(&self.merchant_code.0).into_owned()),
        }
    }

    /// The pair in every spelling under which it may have been registered: its own, composed, and decomposed, since codes were
    /// once kept as they were typed. Of most pairs there is one.
    pub fn spellings(&self) -> Vec<Self> {
        let apart = Self {
            member_code: MemberCode(decomposed(&self.member_code.0)),
            merchant_code: MerchantCode(decomposed(&self.merchant_code.0)),
        };
        let mut spellings = vec![self.clone()];
        for spelling in [self.composed(), apart] {
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
        spellings
    }

    /// Whether upstream can issue a registration URL for this pair (both codes at most 30 characters).
    pub fn is_linkable(&self) -> bool {
        let short = |text: &str| text.chars().count() <= LINKABLE_CODE_LENGTH_MAX;
        short(self.member_code.as_str()) && short(self.merchant_code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        assert!(MemberCode::parse(&"가".repeat(60)).is_ok());
        assert_eq!(MemberCode::parse(&"a".repeat(61)), Err(CodeError::TooLong));
        assert_eq!(MerchantCode::parse(""), Err(CodeError::Empty));
        assert_eq!(MerchantCode::parse(" a"), Err(CodeError::BadCharacter));
        assert_eq!(MerchantCode::parse("a\0b"), Err(CodeError::BadCharacter));
    }

    #[test]
    fn what_looks_the_same_is_the_same_or_refused() {
        // 가 typed in two parts, and é.
        let apart = "\u{1100}\u{1161}-e\u{301}";
        assert_eq!(MemberCode::parse(apart).unwrap().as_str(), "가-é");
        assert_eq!(
            MemberCode::parse(&apart.repeat(15)).unwrap().as_str().chars().count(),
            45
        );
        for hidden in [
            "\u{200b}",
            "\u{feff}",
            "\u{202e}",
            "\u{3164}",
            "\u{a0}",
            "\u{3000}",
            "\u{fe0f}",
            "\u{fffd}",
            "\u{fffc}",
            "\u{e000}",
            "\u{10fffd}",
        ] {
            assert_eq!(
                MerchantCode::parse(&format!("a{hidden}b")),
                Err(CodeError::Invisible),
                "{hidden:?}"
            );
        }
        for nothing in ["\u{3164}", "\u{301}", "\u{301}a", "\u{e000}"] {
            assert_eq!(MerchantCode::parse(nothing), Err(CodeError::Invisible), "{nothing:?}");
        }
        assert_eq!(MerchantCode::parse("."), Err(CodeError::Dots));
        assert_eq!(MerchantCode::parse(".."), Err(CodeError::Dots));
        assert!(MerchantCode::parse("...").is_ok() && MerchantCode::parse("a b").is_ok());
    }

    #[test]
    fn what_upstream_says_is_compared_by_its_look_and_never_refused_for_it() {
        let ours = MerchantCode::parse("가").unwrap();
        assert_eq!(MerchantCode::reported("\u{1100}\u{1161}"), Ok(ours.clone()));
        let hidden = MerchantCode::reported("가\u{200b}").unwrap();
        assert!(hidden != ours && !ours.looks_like(hidden.as_str()));
        assert!(ours.is_disguised_as(hidden.as_str()) && !ours.is_disguised_as("가") && !ours.is_disguised_as("나"));
        assert!(MerchantCode::reported("가\u{fffd}").is_err());
    }

    #[test]
    fn what_was_registered_before_is_still_read() {
        for text in ["\u{1100}\u{1161}", "a\u{200b}", "\u{3164}", "."] {
            let recorded = MemberCode::recorded(text).unwrap();
            assert_eq!(recorded.as_str(), text);
        }
        let before = MemberCode::recorded("\u{1100}\u{1161}").unwrap();
        assert!(before.looks_like("가") && MemberCode::parse("가").unwrap().looks_like(before.as_str()));
        let merchant_code = MerchantCode::recorded(".").unwrap();
        let reference = Reference {
            member_code: before,
            merchant_code,
        };
        assert_eq!(reference.composed().member_code.as_str(), "가");
        assert_eq!(reference.spellings(), [reference.clone(), reference.composed()]);
        assert_eq!(reference.composed().spellings(), [reference.composed(), reference]);
        let plain = Reference {
            member_code: MemberCode::parse("acad-1").unwrap(),
            merchant_code: MerchantCode::parse("store-1").unwrap(),
        };
        assert_eq!(plain.spellings().len(), 1);
    }

    #[test]
    fn thirty_characters_can_be_linked_and_thirty_one_cannot() {
        let reference = |length: usize| Reference {
            member_code: MemberCode::parse(&"m".repeat(length)).unwrap(),
            merchant_code: MerchantCode::parse("s").unwrap(),
        };
        assert!(reference(30).is_linkable());
        assert!(!reference(31).is_linkable());
    }
}
