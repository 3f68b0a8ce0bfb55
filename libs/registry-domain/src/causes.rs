//! Errors in log lines.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// An error and whatever caused it, as one text: `the batch could not be run: connection closed: broken pipe`. A log line
/// that is given the error itself shows its first part only, when it is written as JSON. Some libraries repeat a cause at
/// the end of their own text; here it stands once.
pub fn causes<'a>(error: &'a (dyn Error + 'a)) -> impl Display + 'a {
    Causes(error)
}

struct Causes<'a>(&'a (dyn Error + 'a));

impl Display for Causes<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        formatter.write_str(&said)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !said.ends_with(&text) {
                write!(formatter, ": {text}")?;
            }
            said = text;
            source = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("row {0} cannot be read")]
    struct Unreadable(u8, #[source] Box<dyn Error>);

    #[derive(Debug, thiserror::Error)]
    #[error("the file cannot be read: {0}")]
    struct Repeating(#[source] io::Error);

    #[test]
    fn a_line_names_every_cause() {
        let error = Unreadable(8, io::Error::other("no space left on device").into());
        let error = Unreadable(7, error.into());
        assert_eq!(
            causes(&error).to_string(),
            "row 7 cannot be read: row 8 cannot be read: no space left on device"
        );
    }

    #[test]
    fn a_cause_that_a_library_repeats_is_named_once() {
        let error = Repeating(io::Error::other("no such device"));
        let error = Unreadable(7, error.into());
        assert_eq!(
            causes(&error).to_string(),
            "row 7 cannot be read: the file cannot be read: no such device"
        );
    }
}
