//! The `isDeleted` field, a text without a documented vocabulary.

/// What an `isDeleted` field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeletionMark {
    /// The link is there. Also when the field is absent or empty.
    NotDeleted,
    /// The link was taken away.
    Deleted,
    /// Any other text, as it came.
    Unrecognised(String),
}

impl DeletionMark {
    /// Reads `Y`/`N`, `true`/`false` and `1`/`0` in any case; spaces around them do not count.
    pub fn parse(raw: Option<&str>) -> Self {
        let raw = raw.unwrap_or_default();
        match raw.trim().to_ascii_lowercase().as_str() {
            "" | "n" | "false" | "0" => Self::NotDeleted,
            "y" | "true" | "1" => Self::Deleted,
            _ => Self::Unrecognised(raw.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_words_in_every_spelling() {
        assert_eq!(DeletionMark::parse(None), DeletionMark::NotDeleted);
        for raw in ["", " ", "N", "n", "false", "FALSE", "False", "0"] {
            assert_eq!(DeletionMark::parse(Some(raw)), DeletionMark::NotDeleted, "{raw:?}");
        }
        for raw in ["Y", "y", "true", "TRUE", "1", " Y "] {
            assert_eq!(DeletionMark::parse(Some(raw)), DeletionMark::Deleted, "{raw:?}");
        }
        for raw in ["yes", "2", "삭제", "\0"] {
            assert_eq!(
                DeletionMark::parse(Some(raw)),
                DeletionMark::Unrecognised(raw.to_owned()),
                "{raw:?}"
            );
        }
    }
}
