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

const NAMES: [Name; 18] = [
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
    Name::of("secret", "key"),
    Name::of("access", "key"),
    Name::of("auth", "key"),
    Name::of("access", "token"),
    Name::of("auth", "token"),
    Name::of("client", "secret"),
    Name::of("api", "키"),
    Name::of("인증", "키"),
    Name::of("비밀", "키"),
    Name::of("시크릿", "키"),
    Name::of("보안", "키"),
    Name::of("연동", "키"),
    Name::of("인증", "토큰"),
    Name::of("접근", "토큰"),
];

/// What may follow on a Korean name at once: the particles, and what the name may be continued by.
const PARTICLES: &str = "는은이가를을의로와과도에만값인입라";

/// Those of them, and others, that hold an identifier.
const IDENTIFIERS: [&str; 4] = ["memberid", "merchantid", "businessnumber", "id"];

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
    let head = letters(inner.chars().take(NAME_MAX)).next()?;
    let mut likely = NAMES.iter().filter(|name| name.second.starts_with(head));
    let name = likely.find(|name| {
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
            let found = find(&text, 0)?;
            let around = [&text[..found.start], &text[found.end..]];
            let is_name = is_short(&text) && around.into_iter().all(is_of_name);
            is_name.then_some(found.treatment)
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

/// A word or a path, perhaps with marks around it, and not a sentence.
fn is_short(text: &str) -> bool {
    let text = text.trim_end_matches(['=', ' ']);
    text.len() <= if text.contains(' ') { SPOKEN_NAME_MAX } else { NAME_MAX }
}

/// What may stand around the part of a name that is known.
fn is_of_name(text: &str) -> bool {
    let is_part = |character: char| {
        let folded = fold(character);
        folded.is_ascii_alphanumeric() || joins(folded) || " ./:[]$@#\"'".contains(folded)
    };
    text.trim_end_matches(['=', ' ']).chars().all(is_part)
}

/// Whether a value under this name is what it says it is, even beside a name in a pair.
pub(super) fn is_documented(name: &str) -> bool {
    let letters = name.to_ascii_lowercase().replace(['_', '-'], "");
    DOCUMENTED.contains(&letters.as_str()) || DOCUMENTED_BEGIN.iter().any(|begin| letters.starts_with(begin))
}

/// Whether an identifier stands under this name.
pub(super) fn is_identifier(name: &str) -> bool {
    let is = |known: &&str| letters(name.chars()).eq(known.chars());
    let begins = |known: &&str| letters(name.chars()).take(known.len()).eq(known.chars());
    IDENTIFIERS.iter().any(is) || DOCUMENTED_BEGIN.iter().any(begins)
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
    /// People write of it, and may tell its value in a sentence.
    pub(super) is_spoken_of: bool,
}

/// The first name from a place on.
pub(super) fn find(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        if may_begin(bytes, at, *byte) {
            let before = text[..at].chars().next_back();
            let small = byte.to_ascii_lowercase();
            let mut likely = NAMES.iter().filter(|name| name.head() == small || !small.is_ascii());
            let found = likely.find_map(|name| name.at(text, at, before));
            if found.is_some() {
                return found;
            }
        }
        at += 1;
        while bytes.get(at).is_some_and(|byte| matches!(byte, 0x80..=0xbf)) {
            at += 1;
        }
    }
    None
}

/// A look at the first letter and the second, at which most words end that are no name. The first may be wide, or one that
/// a stray byte before it has swallowed in CP949.
fn may_begin(bytes: &[u8], at: usize, byte: u8) -> bool {
    let seconds: &[u8] = match byte {
        b'a' | b'A' => b"pcuPCU",
        b'u' | b'U' => b"dD",
        b'i' | b'I' => b"sS",
        b's' | b'S' => b"eE",
        b'c' | b'C' => b"lL",
        0x00..=0x7f => return false,
        _ => return may_begin_wide(bytes, at, byte),
    };
    let next = bytes.get(at + 1);
    next.is_some_and(|next| seconds.contains(next) || !next.is_ascii_alphanumeric())
}

fn may_begin_wide(bytes: &[u8], at: usize, byte: u8) -> bool {
    const WIDE: u8 = 0xef;
    const KOREAN: [&str; 6] = ["인", "비", "시", "보", "연", "접"];
    let length = match byte {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let next = bytes.get(at + length);
    let swallowed = matches!(next, Some(b'p' | b'P' | b'd' | b'D' | b's' | b'S'));
    let is_korean = || KOREAN.iter().any(|head| bytes[at..].starts_with(head.as_bytes()));
    swallowed || byte == WIDE || matches!(byte, 0xeb | 0xec) && is_korean()
}

impl Name {
    const fn of(first: &'static str, second: &'static str) -> Self {
        Self {
            first,
            second,
            ..API_KEY
        }
    }

    const fn head(&self) -> u8 {
        self.first.as_bytes()[0]
    }

    fn at(&self, text: &str, start: usize, before: Option<char>) -> Option<Found> {
        let mut wanted = self.first.chars().chain(self.second.chars()).peekable();
        let (mut in_words, mut end) = (false, start);
        for (at, character) in text[start..].char_indices() {
            let Some(next) = wanted.peek().copied() else { break };
            let folded = fold(character);
            let is_swallowed = at == 0 && !folded.is_ascii() && next.is_ascii();
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
        let is_korean = !self.second.is_ascii();
        in_words |= is_korean;
        let goes_on = if is_korean { goes_on_in_korean } else { goes_on };
        let is_word = !self.begins_word || begins_word(text[start..].chars().next(), before);
        (is_whole && is_word && !(in_words && goes_on(&text[end..]))).then_some(Found {
            start,
            end,
            treatment: self.treatment,
            in_words,
            is_ascii: self.is_ascii,
            is_spoken_of: self.is_spoken_of,
        })
    }
}

/// `API keyboard` is no name, `API keys` is.
fn goes_on(rest: &str) -> bool {
    let rest = rest.strip_prefix(['s', 'S']).unwrap_or(rest);
    rest.starts_with(|character: char| character.is_ascii_alphabetic())
}

/// `인증 키오스크` is no name, `인증 키는` is.
fn goes_on_in_korean(rest: &str) -> bool {
    rest.starts_with(|next: char| matches!(next, '가'..='힣') && !PARTICLES.contains(next))
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
    matches!(character, '_' | '-' | '\u{fffd}') || leaves_no_trace(character) || character.is_control()
}

pub(super) fn leaves_no_trace(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}
