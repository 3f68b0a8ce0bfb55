//! Passwords: what may be one.

use registry_domain::people::EmailAddress;
use registry_domain::unicode::composed;
use zeroize::Zeroizing;

/// Fewest characters of a password.
pub const PASSWORD_LENGTH_MIN: usize = 12;

/// Most characters of a password: hashing must not become work for whoever sends novels.
pub const PASSWORD_LENGTH_MAX: usize = 256;

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`PASSWORD_LENGTH_MIN`] characters.
    #[error("must have at least {PASSWORD_LENGTH_MIN} characters")]
    TooShort,
    /// More than [`PASSWORD_LENGTH_MAX`] characters.
    #[error("must have at most {PASSWORD_LENGTH_MAX} characters")]
    TooLong,
    /// The address, or what stands before its `@`, is most of it.
    #[error("must not be made of the e-mail address")]
    LikeTheAddress,
    /// One or two characters, over and over.
    #[error("must not repeat one or two characters")]
    Repetitive,
}

/// A password as somebody typed it, in one spelling: 가 is one character whatever it was typed on. Gone when it is let go.
pub(crate) struct Password(pub(crate) Zeroizing<Vec<u8>>);

impl Password {
    /// For comparing: none if it is longer than any password.
    pub(crate) fn presented(text: &str) -> Option<Self> {
        let composed = composed(text);
        let fits = composed.chars().count() <= PASSWORD_LENGTH_MAX;
        fits.then(|| Self(Zeroizing::new(composed.as_bytes().to_vec())))
    }

    /// For keeping.
    pub(crate) fn chosen(text: &str, email: &EmailAddress) -> Result<Self, PasswordError> {
        let password = Self::presented(text).ok_or(PasswordError::TooLong)?;
        let composed = composed(text);
        if composed.chars().count() < PASSWORD_LENGTH_MIN {
            return Err(PasswordError::TooShort);
        }
        let mut kinds: Vec<_> = composed.chars().collect();
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.len() <= 2 {
            return Err(PasswordError::Repetitive);
        }
        let lower = composed.to_lowercase();
        let local = email.as_str().split('@').next().unwrap_or_default();
        let rest = lower.replace(email.as_str(), "").replace(local, "");
        if rest.len() < lower.len() && rest.chars().count() < PASSWORD_LENGTH_MIN / 2 {
            return Err(PasswordError::LikeTheAddress);
        }
        Ok(password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<(), PasswordError> {
        let email = EmailAddress::parse("kim.ops@example.test").unwrap();
        Password::chosen(text, &email).map(drop)
    }

    #[test]
    fn what_may_be_a_password() {
        assert_eq!(chosen("correct horse battery"), Ok(()));
        assert_eq!(chosen("가나다라마바사아자차카타"), Ok(()));
        assert_eq!(chosen("short"), Err(PasswordError::TooShort));
        assert_eq!(chosen(&"ab".repeat(129)), Err(PasswordError::TooLong));
        assert_eq!(chosen("abababababababab"), Err(PasswordError::Repetitive));
        assert_eq!(chosen("kim.ops@example.test"), Err(PasswordError::LikeTheAddress));
        assert_eq!(chosen("Kim.Opskim.ops12"), Err(PasswordError::LikeTheAddress));
    }
}
