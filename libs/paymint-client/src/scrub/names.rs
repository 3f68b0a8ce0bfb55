//! Under which names secrets stand, and how such a name is recognised.

use std::borrow::Cow;

use super::unwrap::unwrap;
use crate::wire::Wire;

/// What is done with the value under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It goes.
    Drop,
    /// It is masked.
    Mask,
}

/// A part of names, in small letters and without what joins words.
struct Name {
    first: &'static str,
    second: &'static str,
    treatment: Treatment,
    /// People write of it too, in two words.
    is_spoken_of: bool,
    /// Other words hold these letters: only where a word begins is it the name.
    begins_word: bool,
    /// The value is ASCII: what has nothing of that is no value.
    is_ascii: bool,
}

const API_KEY: Name = Name {
    first: "api",
    second: "key",
    treatment: Treatment::Drop,
    is_spoken_of: true,
    begins_word: false,
    is_ascii: true,
};

const NAMES: [Name; 4] = [
    API_KEY,
    Name {
        first: "appr",
        second: "sign",
        is_spoken_of: false,
        ..API_KEY
    },
    Name {
        first: "ud",
        second: "item",
        is_spoken_of: false,
        begins_word: true,
        is_ascii: false,
        ..API_KEY
    },
    Name {
        first: "issuer",
        second: "num",
        treatment: Treatment::Mask,
        is_spoken_of: false,
        ..API_KEY
    },
];

/// The fields of callbacks, in small letters: they keep their value, whatever stands beside them.
const DOCUMENTED: [&str; 10] = [
    "memberid",
    "merchantid",
    "member",
    "merchant",
    "companyname",
    "branchname",
    "businessnumber",
    "reviewstatus",
    "reviewmessage",
    "isdeleted",
];

/// And how those of approvals begin.
const DOCUMENTED_BEGIN: [&str; 2] = ["bill", "appr"];

/// Under these names stands what another field has named.
const VALUES: [&str; 5] = ["value", "val", "v", "content", "data"];

/// The longest text with blanks that may be a name, in bytes.
const SPOKEN_NAME_MAX: usize = 40;

/// The longest text without, as a path is.
const NAME_MAX: usize = 256;

/// The longest rest of a name on either side of the part that is known, as in `apprIssuerNumber`.
pub(super) const NAME_REST_MAX: usize = 64;

/// Whether a name holds one of those under which secrets stand.
pub(super) fn treatment(name: &str) -> Option<Treatment> {
    find(&as_read(name), 0).map(|found| found.treatment)
}

/// A name as it reads below all layers.
fn as_read(name: &str) -> Cow<'_, str> {
    let mut read = Cow::Borrowed(name);
    for _ in 0..super::LAYERS_MAX {
        let Some(below) = unwrap(&read) else { break };
        read = Cow::Owned(below);
    }
    read
}

/// The treatment of what stands under a name within a name: `{"api": {"key": …}}`.
pub(super) fn treatment_within(outer: &str, inner: &str) -> Option<Treatment> {
    let name = NAMES.iter().find(|name| {
        let end = letters(outer.chars().rev().take(NAME_MAX));
        let begin = letters(inner.chars().take(NAME_MAX));
        let mut outer = end.take(if name.begins_word { usize::MAX } else { name.first.len() });
        begin.take(name.second.len()).eq(name.second.chars()) && outer.by_ref().eq(name.first.chars().rev())
    });
    name.map(|name| name.treatment)
}

fn letters(characters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    characters.map(fold).filter(char::is_ascii_alphanumeric)
}

/// The treatment that a value names, if it is nothing but a name.
pub(super) fn named_by(value: &Wire) -> Option<Treatment> {
    match value {
        Wire::Text(text) => {
            let text = as_read(text);
            find(&text, 0).filter(|_| is_name(&text)).map(|found| found.treatment)
        }
        Wire::List(values) => match values.as_slice() {
            [only] => named_by(only),
            _ => None,
        },
        Wire::Object(fields) => match fields.as_slice() {
            [(_, only)] => named_by(only),
            _ => None,
        },
        Wire::Null | Wire::Bool(_) | Wire::Number(_) => None,
    }
}

/// A word or a path, perhaps with marks around it.
fn is_name(text: &str) -> bool {
    let is_part = |character: char| {
        let folded = fold(character);
        folded.is_ascii_alphanumeric() || joins(folded) || " ./:[]$@#\"'".contains(folded)
    };
    let text = text.trim_end_matches(['=', ' ']);
    let length_max = if text.contains(' ') { SPOKEN_NAME_MAX } else { NAME_MAX };
    text.len() <= length_max && text.chars().all(is_part)
}

/// Whether a value under this name is what it says it is, even beside a name in a pair.
pub(super) fn is_documented(name: &str) -> bool {
    let letters = name.to_ascii_lowercase().replace(['_', '-'], "");
    DOCUMENTED.contains(&letters.as_str()) || DOCUMENTED_BEGIN.iter().any(|begin| letters.starts_with(begin))
}

/// Whether it is the name of a value whose own name stands beside it.
pub(super) fn is_value(name: &str) -> bool {
    VALUES.iter().any(|value| name.eq_ignore_ascii_case(value))
}

/// Whether nothing is said: `:` stands between a name and its value.
pub(super) fn is_mark(value: &Wire) -> bool {
    match value {
        Wire::Null => true,
        Wire::Text(text) => !text.chars().any(char::is_alphanumeric) && text != super::STRUCK,
        Wire::Bool(_) | Wire::Number(_) | Wire::List(_) | Wire::Object(_) => false,
    }
}

pub(super) fn continues_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A name in a text, as far as it is known.
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) treatment: Treatment,
    /// It is written in two words, as people do.
    pub(super) in_words: bool,
    /// What has nothing of ASCII in it is no value.
    pub(super) is_ascii: bool,
}

/// The first name from a place on.
pub(super) fn find(text: &str, from: usize) -> Option<Found> {
    let mut before = text[..from].chars().next_back();
    for (at, character) in text[from..].char_indices() {
        if may_begin(text, from + at, character) {
            let found = NAMES.iter().find_map(|name| name.at(text, from + at, before));
            if found.is_some() {
                return found;
            }
        }
        before = Some(character);
    }
    None
}

/// A look at the first letter, and for one that a stray byte before it has swallowed in CP949, at the second.
fn may_begin(text: &str, at: usize, character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, 'a' | 'A' | 'u' | 'U' | 'i' | 'I');
    }
    let next = text.as_bytes().get(at + character.len_utf8());
    matches!(next, Some(b'p' | b'P' | b'd' | b'D' | b's' | b'S')) || fold(character).is_ascii()
}

impl Name {
    fn at(&self, text: &str, start: usize, before: Option<char>) -> Option<Found> {
        let mut wanted = self.first.chars().chain(self.second.chars()).peekable();
        let (mut in_words, mut end) = (false, start);
        for (at, character) in text[start..].char_indices() {
            let Some(next) = wanted.peek().copied() else { break };
            let folded = fold(character);
            let is_swallowed = at == 0 && !folded.is_ascii();
            if folded == next || is_swallowed {
                wanted.next();
                end = start + at + character.len_utf8();
            } else if self.is_spoken_of && (folded.is_whitespace() || matches!(folded, '.' | '+')) {
                in_words |= folded.is_whitespace() && !folded.is_control();
            } else if !joins(folded) {
                return None;
            }
        }
        let is_whole = wanted.peek().is_none();
        let is_word = !self.begins_word || begins_word(text[start..].chars().next(), before);
        (is_whole && is_word && !(in_words && goes_on(&text[end..]))).then_some(Found {
            start,
            end,
            treatment: self.treatment,
            in_words,
            is_ascii: self.is_ascii,
        })
    }
}

/// `API keyboard` is no name, `API keys` is.
fn goes_on(rest: &str) -> bool {
    let rest = rest.strip_prefix(['s', 'S']).unwrap_or(rest);
    rest.starts_with(|character: char| character.is_ascii_alphabetic())
}

/// At the beginning of a word, or where `wordsLikeThis` have a new one.
fn begins_word(first: Option<char>, before: Option<char>) -> bool {
    let is_hump = first.is_some_and(char::is_uppercase) && before.is_some_and(char::is_lowercase);
    is_hump || !before.is_some_and(|before| before.is_ascii_alphabetic())
}

/// The small ASCII letter that a character is for the eye.
pub(super) fn fold(character: char) -> char {
    let narrow = match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        other => other,
    };
    narrow.to_ascii_lowercase()
}

/// What may stand between the letters of a name without making it another: what joins words, and what leaves no trace.
fn joins(character: char) -> bool {
    matches!(
        character,
        '_' | '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fffd}'
    ) || character.is_control()
}
