//! What the eye sees of a text: two that look the same are the same, and nothing in them is invisible.

use std::borrow::Cow;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_security::skeleton;

/// Symbols by their category, and nothing to the eye: a blank of Braille, and what stands for an object that is not there.
const EMPTY_SYMBOLS: [char; 2] = ['\u{2800}', '\u{fffc}'];

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
        || EMPTY_SYMBOLS.contains(&character)
        || character == char::REPLACEMENT_CHARACTER
}

/// A character for private use, which looks different or like nothing wherever it is shown.
pub(crate) fn is_private(character: char) -> bool {
    category(character) == GeneralCategory::PrivateUse
}

/// A mark that stands on the letter before it.
pub(crate) fn is_mark(character: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(character))
}

/// Whether two texts are the same to the eye: without what cannot be seen, and with one letter for all that look alike.
pub(crate) fn looks_alike(one: &str, other: &str) -> bool {
    let seen = |text: &str| {
        text.chars()
            .filter(|c| !is_hidden(*c) && !is_blank(*c))
            .collect::<String>()
    };
    skeleton(&seen(one)).eq(skeleton(&seen(other)))
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

/// Whether there is anything to see: a letter, digit or sign, and not only what stands on one.
pub fn is_visible(text: &str) -> bool {
    let is_empty = |c: char| is_hidden(c) || is_blank(c) || c.is_whitespace() || is_private(c) || is_mark(c);
    text.chars().any(|character| !is_empty(character))
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
            '\u{fffc}',
        ] {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        for visible in ['a', '가', '漢', '-', ' ', '\u{a0}', '\u{3000}', '😀', '\u{e000}'] {
            assert!(!is_hidden(visible), "{visible:?}");
        }
        assert!(!is_visible(" \u{3164}\u{a0}\u{200b}\n") && is_visible(" .") && !is_visible(""));
        for nothing in ["\u{301}", "\u{e000}", "\u{f0000} \u{20dd}", "\u{fffc}"] {
            assert!(!is_visible(nothing), "{nothing:?}");
        }
        // A name may hold a letter of one's own.
        assert!(is_visible("가\u{e000}") && !hides_something("가\u{e000}"));
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
    fn what_looks_alike_is_told() {
        for other in [
            "store\u{200b}-1",
            "st\u{43e}re-1",
            "store-l",
            "ｓｔｏｒｅ-1",
            "store\u{a0}-1",
        ] {
            assert!(looks_alike("store-1", other), "{other:?}");
        }
        assert!(!looks_alike("store-1", "store-2") && !looks_alike("가", "나"));
    }

    #[test]
    fn one_form_for_one_look() {
        assert_eq!(composed("\u{1100}\u{1161} e\u{301}"), "가 é");
        assert!(matches!(composed("강남점 abc"), Cow::Borrowed(_)));
    }
}
