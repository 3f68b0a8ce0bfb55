//! A value in an answer that may have another form than announced.

use std::fmt;

/// What an answer says, or its text if it has no form we know.
///
/// Answers in production may differ from those of the sandbox, so one strange field does not spoil the others; but it
/// is not taken for an absent one either. `Debug` hides the text: nobody knows what it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Reported<T> {
    /// It could be read.
    Known(T),
    /// It could not: the text as it came, without secrets.
    Unreadable(String),
}

impl<T> Reported<T> {
    /// The value, if it could be read.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unreadable(_) => None,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Reported<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(formatter),
            Self::Unreadable(_) => formatter.write_str("Unreadable(redacted)"),
        }
    }
}
