//! The two codes by which a partner names a shop at Paymint.

use std::fmt;

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
}

fn parse_code(text: &str) -> Result<String, CodeError> {
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
            /// Reads a code of 1 to 60 characters. Upper and lower case are different.
            pub fn parse(text: &str) -> Result<Self, CodeError> {
                parse_code(text).map(Self)
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
    fn thirty_characters_can_be_linked_and_thirty_one_cannot() {
        let reference = |length: usize| Reference {
            member_code: MemberCode::parse(&"m".repeat(length)).unwrap(),
            merchant_code: MerchantCode::parse("s").unwrap(),
        };
        assert!(reference(30).is_linkable());
        assert!(!reference(31).is_linkable());
    }
}
