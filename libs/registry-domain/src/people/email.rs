//! E-mail addresses.

use std::fmt;

/// Longest address, in characters: what a mail server takes (RFC 5321).
pub const EMAIL_LENGTH_MAX: usize = 254;

/// Longest part before the `@`.
const LOCAL_LENGTH_MAX: usize = 64;

/// Longest label of a host name.
const LABEL_LENGTH_MAX: usize = 63;

/// Why a text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as kim@partner.example, of at most {EMAIL_LENGTH_MAX} characters")]
pub struct EmailError;

/// An e-mail address in lower case: by it a person is invited, and signs in with a password. No two people have the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads what somebody typed. White space at the ends is dropped. Addresses in quotes, with comments, or outside of
    /// ASCII are refused: hardly anybody has one, and two that look alike must be one.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, host) = text.rsplit_once('@').ok_or(EmailError)?;
        let fits = text.len() <= EMAIL_LENGTH_MAX && is_local_part(local) && is_host(host);
        if fits {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(EmailError)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local_part(text: &str) -> bool {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.len() <= LOCAL_LENGTH_MAX
        && text
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=LABEL_LENGTH_MAX).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    text.split('.').all(is_label)
}

/// Personal data: a log line must not hold it by accident.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({} bytes)", self.0.len())
    }
}
