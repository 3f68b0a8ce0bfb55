//! Free text: strict for what a tenant types, lenient for what upstream sends.

use std::fmt;

use crate::unicode::{composed, hides_something, is_blank, is_visible};

/// Longest text that is kept from upstream for display, in characters. The whole text stays in the raw payload.
pub const FREE_TEXT_LENGTH_MAX: usize = 4_000;

/// Longest text that a tenant may give for a name, a tag or a metadata value, in characters.
pub const LABEL_LENGTH_MAX: usize = 200;

/// Longest note that somebody may write on a merchant, in characters.
pub const NOTE_LENGTH_MAX: usize = 2_000;

/// Untrusted text made safe to store and show: no control characters but line breaks and tabs, bounded length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FreeText(String);

impl FreeText {
    /// Replaces control characters (PostgreSQL cannot hold NUL, terminals obey escapes) and cuts at the limit.
    pub fn from_untrusted(text: &str) -> Self {
        let clean = |c: char| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{FFFD}'
            } else {
                c
            }
        };
        Self(text.chars().take(FREE_TEXT_LENGTH_MAX).map(clean).collect())
    }

    /// What upstream says now, composed (NFC): the same word is the same text, however it was typed.
    pub fn reported(text: &str) -> Self {
        Self::from_untrusted(&composed(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A stable word for what is strange about a name, if something is: two that look the same may differ.
    pub fn name_flag(&self) -> Option<&'static str> {
        if !is_visible(&self.0) {
            Some("not_visible")
        } else if hides_something(&self.0) {
            Some("hidden_characters")
        } else {
            None
        }
    }

    /// Whether it is all that was said: nothing in it was unreadable, and nothing was cut off.
    pub fn is_whole(&self) -> bool {
        !self.0.contains(char::REPLACEMENT_CHARACTER) && self.0.chars().count() < FREE_TEXT_LENGTH_MAX
    }

    /// Whether there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// Names and review messages are personal data: a log line must not hold them by accident.
impl fmt::Debug for FreeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FreeText({} bytes)", self.0.len())
    }
}

/// Why a text is not a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Nothing, or only white space.
    #[error("must not be blank")]
    Blank,
    /// More than [`LABEL_LENGTH_MAX`] characters.
    #[error("must have at most {LABEL_LENGTH_MAX} characters")]
    TooLong,
    /// A control character.
    #[error("must not hold control characters")]
    ControlCharacter,
    /// A character that cannot be seen and shapes no emoji.
    #[error("must not hold characters that cannot be seen")]
    Invisible,
}

/// A name, a tag or another short text that a tenant typed: 1 to 200 characters, none of them control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

impl Label {
    /// Reads what a tenant typed. It is composed (NFC), every blank is the plain one, and white space at the ends is
    /// dropped.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let plain: String = composed(text)
            .chars()
            .map(|c| if is_blank(c) { ' ' } else { c })
            .collect();
        if !is_visible(&plain) {
            return Err(LabelError::Blank);
        }
        let label = Self::recorded(&plain)?;
        if hides_something(label.as_str()) {
            return Err(LabelError::Invisible);
        }
        Ok(label)
    }

    /// Reads what was written down once, as it was. This never becomes stricter.
    pub fn recorded(text: &str) -> Result<Self, LabelError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LabelError::Blank);
        }
        if text.chars().count() > LABEL_LENGTH_MAX {
            return Err(LabelError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(LabelError::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({} bytes)", self.0.len())
    }
}

impl From<Label> for FreeText {
    fn from(label: Label) -> Self {
        Self(label.0)
    }
}

/// What somebody wrote on a merchant: 1 to 2,000 characters in lines, nothing in it invisible.
#[derive(Clone, PartialEq, Eq)]
pub struct Note(String);

impl Note {
    /// Reads what somebody typed. It is composed (NFC), every blank is the plain one, every line ends with a line feed, and
    /// white space at the ends is dropped.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let lines = composed(text).replace("\r\n", "\n").replace('\r', "\n");
        let plain: String = lines.chars().map(|c| if is_blank(c) { ' ' } else { c }).collect();
        let plain = plain.trim();
        if !is_visible(plain) {
            return Err(LabelError::Blank);
        }
        if plain.chars().count() > NOTE_LENGTH_MAX {
            return Err(LabelError::TooLong);
        }
        let is_white = |c: char| matches!(c, '\n' | '\t');
        if plain.chars().any(|c| c.is_control() && !is_white(c)) {
            return Err(LabelError::ControlCharacter);
        }
        if plain.split(is_white).any(hides_something) {
            return Err(LabelError::Invisible);
        }
        Ok(Self(plain.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Note({} bytes)", self.0.len())
    }
}

impl From<Note> for FreeText {
    fn from(note: Note) -> Self {
        Self(note.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untrusted_text_is_cleaned_and_cut() {
        assert_eq!(
            FreeText::from_untrusted("가\0나\n\u{1b}[31m").as_str(),
            "가\u{FFFD}나\n\u{FFFD}[31m"
        );
        assert_eq!(
            FreeText::from_untrusted(&"가".repeat(5_000)).as_str().chars().count(),
            FREE_TEXT_LENGTH_MAX
        );
    }

    #[test]
    fn labels_are_strict() {
        assert_eq!(Label::parse("  강남점 ").unwrap().as_str(), "강남점");
        assert_eq!(Label::parse(" \t "), Err(LabelError::Blank));
        assert_eq!(Label::parse("a\0"), Err(LabelError::ControlCharacter));
        assert_eq!(Label::parse(&"a".repeat(201)), Err(LabelError::TooLong));
    }

    #[test]
    fn labels_that_look_the_same_are_the_same_or_refused() {
        let apart = "\u{1100}\u{1161}\u{3000}나\u{a0}다";
        assert_eq!(Label::parse(apart).unwrap().as_str(), "가 나 다");
        for nothing in ["\u{3164}", "\u{200b}", " \u{2800}\u{feff} ", "\u{202e}"] {
            assert_eq!(Label::parse(nothing), Err(LabelError::Blank), "{nothing:?}");
        }
        for hidden in ["강남\u{200b}점", "a\u{202e}b", "a\u{fe0f}", "a\u{fffd}"] {
            assert_eq!(Label::parse(hidden), Err(LabelError::Invisible), "{hidden:?}");
        }
        assert!(Label::parse("❤\u{fe0f} 꽃집").is_ok());
        for text in ["\u{3164}", "강남\u{200b}점", "\u{1100}\u{1161}"] {
            assert_eq!(Label::recorded(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn notes_are_strict_and_have_lines() {
        let read = |text: &str| Note::parse(text).map(|note| note.as_str().to_owned());
        assert_eq!(
            read("\u{1100}\u{1161}\u{3000}나\r\n다\r\t라 \n").as_deref(),
            Ok("가 나\n다\n\t라")
        );
        assert_eq!(read(" \n\t\u{3164} "), Err(LabelError::Blank));
        assert_eq!(read("a\u{1b}[31m"), Err(LabelError::ControlCharacter));
        assert_eq!(read("a\n\u{202e}b"), Err(LabelError::Invisible));
        assert!(read(&"가".repeat(NOTE_LENGTH_MAX)).is_ok());
        assert_eq!(read(&"가".repeat(NOTE_LENGTH_MAX + 1)), Err(LabelError::TooLong));
        assert_eq!(FreeText::from(Note::parse("메모").unwrap()).as_str(), "메모");
    }

    #[test]
    fn names_from_upstream_are_composed_and_flagged() {
        let flag = |text: &str| FreeText::reported(text).name_flag();
        assert_eq!(FreeText::reported("\u{1100}\u{1161}").as_str(), "가");
        assert_eq!(flag("강남점"), None);
        assert_eq!(flag("강남\u{200b}점"), Some("hidden_characters"));
        assert_eq!(flag("\u{3164}"), Some("not_visible"));
    }
}
