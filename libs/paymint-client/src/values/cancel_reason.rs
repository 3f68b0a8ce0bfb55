//! Why a paid bill is cancelled.

use std::fmt;

use serde::Serialize;

/// The longest reason, in characters (integrators: likely).
const MAX_CHARACTERS: usize = 20;

/// A `cancelReason`: 1 to 20 characters of free text, without controls.
///
/// Its name stands on acceptance v2; that it has 20 characters at most, and is counted in characters, integrators found.
/// API V1 had none and one client leaves it out; it is always sent here. `Debug` hides it: people write names into it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CancelReason(String);

impl CancelReason {
    /// Takes 1 to 20 characters that are not all blank. Blanks around them are dropped.
    pub fn parse(text: &str) -> Result<Self, CancelReasonError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(CancelReasonError::Empty);
        }
        if text.chars().count() > MAX_CHARACTERS {
            return Err(CancelReasonError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(CancelReasonError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The reason as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CancelReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CancelReason(redacted)")
    }
}

/// Why a text is no [`CancelReason`]. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelReasonError {
    /// There is nothing but blanks.
    #[error("the reason is empty")]
    Empty,
    /// There are more than 20 characters.
    #[error("the reason has more than {MAX_CHARACTERS} characters")]
    TooLong,
    /// A line break or another control character.
    #[error("the reason holds a control character")]
    Control,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_counted_in_characters() {
        assert_eq!(CancelReason::parse(&"가".repeat(20)).unwrap().as_str(), "가".repeat(20));
        assert_eq!(CancelReason::parse(" 고객 요청 ").unwrap().as_str(), "고객 요청");
        assert_eq!(CancelReason::parse(&"가".repeat(21)), Err(CancelReasonError::TooLong));
        assert_eq!(CancelReason::parse(" \n"), Err(CancelReasonError::Empty));
        assert_eq!(CancelReason::parse("a\nb"), Err(CancelReasonError::Control));
    }
}
