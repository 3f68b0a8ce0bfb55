//! The partner's own key by its value: in other case, without the letter that a stray byte has swallowed, with something
//! between its characters that is none, in base64 and as hexadecimal digits.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::STRUCK;
use super::names::fold;

/// The partner's key is looked for by its value if it is at least this long: a shorter one would be found in words.
const LENGTH_MIN: usize = 6;

/// Between two characters of the key may stand no more of others.
const BETWEEN_MAX: usize = 32;

/// With this byte wide letters begin.
const WIDE: u8 = 0xef;

/// The key, and what it looks like in base64.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownKey<'a>(&'a str);

impl<'a> KnownKey<'a> {
    pub(super) fn new(key: &'a str) -> Option<Self> {
        (key.len() >= LENGTH_MIN).then_some(Self(key))
    }

    pub(super) fn is(self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }

    /// A text without the key. `None` if it is not in there.
    pub(super) fn strike(self, text: &str) -> Option<String> {
        let plain = self.strike_plain(text);
        let now = plain.as_deref().unwrap_or(text);
        let encoded = self.strike_base64(now).or(plain);
        let now = encoded.as_deref().unwrap_or(text);
        self.strike_hexadecimal(now).or(encoded)
    }

    fn strike_plain(self, text: &str) -> Option<String> {
        let (first, rest) = self.0.as_bytes().split_first()?;
        let (bytes, second) = (text.as_bytes(), rest.first()?);
        let either = [first.to_ascii_lowercase(), first.to_ascii_uppercase()];
        let may_begin = |byte: u8| byte == either[0] || byte == either[1] || !byte.is_ascii();
        replace(text, may_begin, |at| {
            let byte = bytes[at];
            let (start, behind) = if byte.eq_ignore_ascii_case(first) {
                (at, at + 1)
            } else if byte.is_ascii() {
                return None;
            } else if bytes.get(at + 1)?.eq_ignore_ascii_case(second) {
                // In front of the rest of the key, any character that is not ASCII may have swallowed its first. It stays.
                (at + 1, at + 1)
            } else if byte == WIDE {
                let character = text.get(at..)?.chars().next()?;
                let is_first = fold(character) == char::from(first.to_ascii_lowercase());
                is_first.then_some((at, at + character.len_utf8()))?
            } else {
                return None;
            };
            end_of(rest, text, behind).map(|end| start..end)
        })
    }

    fn strike_base64(self, text: &str) -> Option<String> {
        if super::base64::longest_run(text) < self.0.len() {
            return None;
        }
        let mut needles: Option<[Vec<u8>; 3]> = None;
        super::base64::replace_runs(text, self.0.len(), super::base64::is_part, |run| {
            let needles = needles.get_or_insert_with(|| std::array::from_fn(|offset| self.in_base64(offset)));
            let standard: Vec<u8> = run.bytes().map(super::base64::standard).collect();
            let holds = |needle: &Vec<u8>| standard.windows(needle.len()).any(|window| window == needle);
            needles.iter().any(holds)
        })
    }

    /// The characters that are the same whatever stands around the key, so many bytes behind the beginning of a group.
    fn in_base64(self, offset: usize) -> Vec<u8> {
        let shifted = [&[0; 2][..offset], self.0.as_bytes()].concat();
        let encoded = STANDARD_NO_PAD.encode(&shifted).into_bytes();
        encoded[(offset * 8).div_ceil(6)..shifted.len() * 8 / 6].to_vec()
    }

    fn strike_hexadecimal(self, text: &str) -> Option<String> {
        // The first of two digits that say a character of the key is a decimal one.
        let digits = text.as_bytes().iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits < self.0.len() {
            return None;
        }
        let first = self.0.as_bytes().first()?;
        let high = [first.to_ascii_lowercase(), first.to_ascii_uppercase()].map(|first| b'0' + (first >> 4));
        let may_begin = |byte: u8| byte == high[0] || byte == high[1];
        replace(text, may_begin, |at| {
            let end = self.end_of_hexadecimal(text, at)?;
            let before = &text[..at];
            let mark = ["0x", "0X"]
                .iter()
                .find(|mark| before.ends_with(**mark))
                .map_or(0, |mark| mark.len());
            Some(at - mark..end)
        })
    }

    /// `5a6b…`, `5A 6B …`, `0x5a, 0x6b, …`
    fn end_of_hexadecimal(self, text: &str, start: usize) -> Option<usize> {
        let bytes = text.as_bytes();
        let mut at = start;
        for wanted in self.0.bytes() {
            let mut said = 0;
            for place in 0..2 {
                while at > start && is_between(*bytes.get(at)?) {
                    at += 1;
                }
                if place == 0 && bytes[at..].starts_with(b"0") && matches!(bytes.get(at + 1), Some(b'x' | b'X')) {
                    at += 2;
                }
                said = said << 4 | digit(*bytes.get(at)?)?;
                at += 1;
            }
            if !wanted.eq_ignore_ascii_case(&said) {
                return None;
            }
        }
        Some(at)
    }
}

/// Where the rest of the key ends that begins here. Whatever is no letter and no digit may stand in it, but for what was
/// put where a secret was.
fn end_of(rest: &[u8], text: &str, start: usize) -> Option<usize> {
    let mut wanted = rest.iter().map(|byte| char::from(byte.to_ascii_lowercase()));
    let (mut next, mut between) = (wanted.next()?, 0);
    for (place, character) in text[start..].char_indices() {
        if fold(character) == next {
            between = 0;
            match wanted.next() {
                Some(behind) => next = behind,
                None => return Some(start + place + character.len_utf8()),
            }
        } else if character == '*' || character.is_alphanumeric() || between == BETWEEN_MAX {
            return None;
        } else {
            between += 1;
        }
    }
    None
}

/// A text in which what is found at a place is struck. `None` if nothing is.
fn replace(
    text: &str,
    may_begin: impl Fn(u8) -> bool,
    found: impl Fn(usize) -> Option<Range<usize>>,
) -> Option<String> {
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(ahead) = text.as_bytes()[at..].iter().position(|byte| may_begin(*byte)) {
        at += ahead;
        if let Some(range) = found(at) {
            out.push_str(&text[copied..range.start.max(copied)]);
            out.push_str(STRUCK);
            (copied, at) = (range.end, range.end);
        } else {
            at += 1;
        }
    }
    (copied > 0).then(|| out + &text[copied..])
}

fn is_between(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && byte != b'*'
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
