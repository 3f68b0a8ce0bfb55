//! The partner's secret for every call.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The longest key upstream issues, in characters (official request tables).
const MAX_CHARACTERS: usize = 32;

/// A partner's `apiKey`.
///
/// It can be sent and compared, but not printed: `Debug` shows a fixed word, and there is no `Display` and no
/// `Serialize`. The memory is wiped when the value is dropped.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Takes a key of 1 to 32 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        if text.is_empty() {
            return Err(ApiKeyError::Empty);
        }
        if text.len() > MAX_CHARACTERS {
            return Err(ApiKeyError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ApiKeyError::NotVisibleAscii);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The key in clear, to be written on the wire or sealed for storage, and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same key. The time it takes does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(redacted)")
    }
}

/// Why a text is not an [`ApiKey`]. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// There are no characters.
    #[error("the API key is empty")]
    Empty,
    /// There are more than 32 characters.
    #[error("the API key has more than {MAX_CHARACTERS} characters")]
    TooLong,
    /// A space, a control character or a character beyond ASCII.
    #[error("the API key holds something else than visible ASCII characters")]
    NotVisibleAscii,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_up_to_32_visible_characters() {
        assert_eq!(ApiKey::parse(&"k".repeat(32)).unwrap().expose(), "k".repeat(32));
        assert_eq!(ApiKey::parse(&"k".repeat(33)).unwrap_err(), ApiKeyError::TooLong);
        assert_eq!(ApiKey::parse("").unwrap_err(), ApiKeyError::Empty);
        for text in ["with space", "tab\there", "열쇠", "nul\0"] {
            assert_eq!(
                ApiKey::parse(text).unwrap_err(),
                ApiKeyError::NotVisibleAscii,
                "{text:?}"
            );
        }
    }

    #[test]
    fn debug_shows_a_fixed_word() {
        assert_eq!(
            format!("{:?}", ApiKey::parse("very-secret").unwrap()),
            "ApiKey(redacted)"
        );
    }

    #[test]
    fn matches_only_the_same_key() {
        let key = ApiKey::parse("abc").unwrap();
        assert!(key.matches(&ApiKey::parse("abc").unwrap()));
        assert!(!key.matches(&ApiKey::parse("abd").unwrap()));
        assert!(!key.matches(&ApiKey::parse("abcd").unwrap()));
    }
}
