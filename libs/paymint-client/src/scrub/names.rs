//! Under which names secrets stand, and how such a name is recognised.

use crate::wire::Wire;

/// What is done with the value under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It goes.
    Drop,
    /// It is masked.
    Mask,
}

/// Parts of names, in small letters and without what joins words.
const NAMES: [(&str, Treatment); 4] = [
    ("apikey", Treatment::Drop),
    ("apprsign", Treatment::Drop),
    ("uditem", Treatment::Drop),
    ("issuernum", Treatment::Mask),
];

/// With which they begin: most characters of a text are none of these.
const FIRST_LETTERS: [char; 3] = ['a', 'u', 'i'];

/// Under these names a field tells what its neighbour is.
const LABELS: [&str; 5] = ["name", "key", "field", "id", "param"];

/// And under these stands the neighbour.
const VALUES: [&str; 4] = ["value", "val", "content", "data"];

/// Whether a name holds one of those under which secrets stand.
pub(super) fn treatment(name: &str) -> Option<Treatment> {
    find(name, 0).map(|found| found.treatment)
}

/// `{"name": "apiKey", "value": …}`
pub(super) fn named_in_pair(fields: &[(String, Wire)]) -> Option<Treatment> {
    let mut labels = fields
        .iter()
        .filter(|(name, _)| LABELS.iter().any(|label| name.eq_ignore_ascii_case(label)));
    labels.find_map(|(_, value)| named_by(value))
}

/// The treatment that a text names, if it is nothing but a name.
pub(super) fn named_by(value: &Wire) -> Option<Treatment> {
    let Wire::Text(text) = value else { return None };
    let is_name = text.len() <= NAME_MAX
        && text
            .bytes()
            .all(|byte| continues_name(byte) || matches!(byte, b' ' | b'.'));
    treatment(text).filter(|_| is_name)
}

/// Whether it is the name of a value whose own name stands beside it.
pub(super) fn is_value(name: &str) -> bool {
    VALUES.iter().any(|value| name.eq_ignore_ascii_case(value))
}

/// The longest text that may be a name, in bytes.
const NAME_MAX: usize = 40;

/// The longest rest of a name behind the part that is known, as in `apprIssuerNumber`.
pub(super) const NAME_REST_MAX: usize = 16;

pub(super) fn continues_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A name in a text, as far as it is known.
pub(super) struct Found {
    pub(super) end: usize,
    pub(super) treatment: Treatment,
}

/// The first name from a place on.
pub(super) fn find(text: &str, from: usize) -> Option<Found> {
    let is_first = |(_, character): &(usize, char)| FIRST_LETTERS.contains(&fold(*character));
    let first_letters = text[from..].char_indices().filter(is_first);
    for (at, _) in first_letters {
        let start = from + at;
        for (name, treatment) in NAMES {
            if let Some(length) = length_at(&text[start..], name) {
                return Some(Found {
                    end: start + length,
                    treatment,
                });
            }
        }
    }
    None
}

/// How long the name is that stands at the beginning of a text.
fn length_at(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars().peekable();
    for (at, character) in text.char_indices() {
        let Some(next) = wanted.peek() else { return Some(at) };
        if fold(character) == *next {
            wanted.next();
        } else if !joins(character, name) {
            return None;
        }
    }
    wanted.peek().is_none().then_some(text.len())
}

/// The small ASCII letter that a character is for the eye.
fn fold(character: char) -> char {
    let narrow = match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        other => other,
    };
    narrow.to_ascii_lowercase()
}

/// What may stand between the letters of a name without making it another. People write of the API key in two words.
fn joins(character: char, name: &str) -> bool {
    match character {
        '_' | '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => true,
        ' ' | '.' => name == "apikey",
        _ => false,
    }
}
