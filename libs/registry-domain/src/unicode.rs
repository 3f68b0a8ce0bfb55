//! What the eye sees of a text: two that look the same are the same, and nothing in them is invisible.

use std::borrow::Cow;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A blank of Braille is a symbol by its category, and nothing to the eye.
const BLANK_BRAILLE: char = '\u{2800}';

/// Shapes an emoji, and otherwise joins letters without a trace.
const JOINER: char = '\u{200d}';

/// Ask for the text or the picture form of the symbol before them.
const PRESENTATIONS: std::ops::RangeInclusive<char> = '\u{fe0e}'..='\u{fe0f}';

/// The composed form (NFC), in which 가 is one character however it was typed.
pub fn composed(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    }
}

/// The decomposed form (NFD), in which 가 is two: as file names of macOS have it, and what is typed from them.
pub(crate) fn decomposed(text: &str) -> String {
    text.nfd().collect()
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

/// A blank of any width.
pub(crate) fn is_blank(character: char) -> bool {
    category(character) == GeneralCategory::SpaceSeparator
}

/// A dash of any kind, and what is typed for one on a Korean or Japanese keyboard.
pub(crate) fn is_dash(character: char) -> bool {
    category(character) == GeneralCategory::DashPunctuation || matches!(character, '−' | 'ー' | 'ｰ' | 'ㅡ' | 'ᅳ')
}

/// The digit that a full-width digit is.
pub(crate) fn narrow_digit(character: char) -> char {
    match character {
        '０'..='９' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        other => other,
    }
}

/// A character that leaves no trace, or only an empty one: controls, format characters, fillers, variation selectors,
/// line and paragraph separators, and what stands for a character that was lost. Blanks are not among them.
pub(crate) fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    let category = category(character);
    let is_none = GeneralCategoryGroup::Other.contains(category) && category != GeneralCategory::PrivateUse;
    let is_separator = matches!(
        category,
        GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator
    );
    is_none
        || is_separator
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || matches!(character, BLANK_BRAILLE | char::REPLACEMENT_CHARACTER)
}

/// Whether a text holds something hidden that is not part of an emoji.
pub fn hides_something(text: &str) -> bool {
    let mut before = None;
    for character in text.chars() {
        let shapes = character == JOINER || PRESENTATIONS.contains(&character);
        if is_hidden(character) && !(shapes && before.is_some_and(is_symbol)) {
            return true;
        }
        // What shapes a symbol may itself be shaped.
        if !shapes {
            before = Some(character);
        }
    }
    false
}

/// Whether there is anything to see.
pub fn is_visible(text: &str) -> bool {
    text.chars()
        .any(|character| !is_hidden(character) && !is_blank(character) && !character.is_whitespace())
}

fn is_symbol(character: char) -> bool {
    GeneralCategoryGroup::Symbol.contains(category(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_eye_does_not_see_is_hidden() {
        for hidden in [
            '\0',
            '\u{200b}',
            '\u{feff}',
            '\u{202e}',
            '\u{3164}',
            '\u{115f}',
            '\u{ffa0}',
            '\u{fe0f}',
            '\u{e0100}',
            '\u{ad}',
            '\u{2028}',
            '\u{2800}',
            '\u{fffd}',
            '\u{180e}',
            '\u{e0041}',
            '\u{2060}',
            '\u{34f}',
        ] {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        for visible in ['a', '가', '漢', '-', ' ', '\u{a0}', '\u{3000}', '😀', '\u{e000}'] {
            assert!(!is_hidden(visible), "{visible:?}");
        }
        assert!(!is_visible(" \u{3164}\u{a0}\u{200b}\n") && is_visible(" .") && !is_visible(""));
    }

    #[test]
    fn an_emoji_hides_nothing() {
        for text in ["❤\u{fe0f} 꽃집", "👩\u{200d}🍳", "🏳\u{fe0f}\u{200d}🌈", "강남점"] {
            assert!(!hides_something(text), "{text}");
        }
        for text in ["강\u{200d}남", "강남\u{fe0f}", "a\u{200b}", "\u{200d}"] {
            assert!(hides_something(text), "{text:?}");
        }
    }

    #[test]
    fn one_form_for_one_look() {
        assert_eq!(composed("\u{1100}\u{1161} e\u{301}"), "가 é");
        assert!(matches!(composed("강남점 abc"), Cow::Borrowed(_)));
    }
}
