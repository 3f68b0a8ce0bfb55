//! The next layer of a text: what it says once percent-encoding, escapes and character references are read.

use crate::repair::unit;
use crate::text::decode;

/// Most digits of a code, with zeros in front.
const DIGITS_MAX: usize = 16;

/// The text below. `None` if there is none.
pub(super) fn unwrap(text: &str) -> Option<String> {
    if !text.contains(['%', '\\', '&']) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut is_wrapped = false;
    while let Some(byte) = text.as_bytes().get(at).copied() {
        let read = match byte {
            b'%' => percent(text, at),
            b'\\' => escape(text, at),
            b'&' => reference(text, at),
            _ => None,
        };
        if let Some((said, length)) = read {
            said.push_to(&mut bytes);
            at += length;
            is_wrapped = true;
        } else {
            bytes.push(byte);
            at += 1;
        }
    }
    is_wrapped.then(|| decode(&bytes).text.into_owned())
}

/// What one of them stands for.
enum Said {
    Byte(u8),
    Character(char),
}

impl Said {
    fn push_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Byte(byte) => bytes.push(*byte),
            Self::Character(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// `%41`, and `%u0041` as old scripts write it.
fn percent(text: &str, at: usize) -> Option<(Said, usize)> {
    if matches!(text.as_bytes().get(at + 1), Some(b'u' | b'U')) {
        let digits = text.get(at + 2..at + 6)?;
        return Some((Said::Character(hex(digits)?), 6));
    }
    byte(text.get(at + 1..at + 3)?).map(|said| (said, 3))
}

fn byte(digits: &str) -> Option<Said> {
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some(Said::Byte(byte))
}

fn hex(digits: &str) -> Option<char> {
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn escape(text: &str, at: usize) -> Option<(Said, usize)> {
    if let Some(high) = unit(text, at) {
        let pair = [high, unit(text, at + 6).unwrap_or_default()];
        return Some(match char::decode_utf16(pair).next() {
            Some(Ok(character)) => (Said::Character(character), 6 * character.len_utf16()),
            Some(Err(_)) | None => (Said::Character(char::REPLACEMENT_CHARACTER), 6),
        });
    }
    let said = match text.as_bytes().get(at + 1)? {
        b'x' => return byte(text.get(at + 2..at + 4)?).map(|said| (said, 4)),
        b'u' => {
            let digits = text
                .get(at + 3..)?
                .bytes()
                .take(DIGITS_MAX)
                .take_while(u8::is_ascii_hexdigit);
            let end = at + 3 + digits.count();
            let is_closed = text[at + 2..].starts_with('{') && text[end..].starts_with('}');
            let said = is_closed.then(|| hex(&text[at + 3..end])).flatten()?;
            return Some((Said::Character(said), end + 1 - at));
        }
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        mark @ (b'"' | b'\'' | b'\\' | b'/') => *mark,
        _ => return None,
    };
    Some((Said::Byte(said), 2))
}

/// `&quot;`, `&#34;`, and a number without its semicolon, which browsers read too.
fn reference(text: &str, at: usize) -> Option<(Said, usize)> {
    const NAMED: [(&str, char); 11] = [
        ("quot;", '"'),
        ("apos;", '\''),
        ("amp;", '&'),
        ("lt;", '<'),
        ("gt;", '>'),
        ("colon;", ':'),
        ("equals;", '='),
        ("lowbar;", '_'),
        ("nbsp;", ' '),
        ("Tab;", '\t'),
        ("NewLine;", '\n'),
    ];
    let rest = &text[at + 1..];
    let Some(number) = rest.strip_prefix('#') else {
        let (name, character) = NAMED.iter().find(|(name, _)| rest.starts_with(name))?;
        return Some((Said::Character(*character), 1 + name.len()));
    };
    let (digits, radix, mark) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 3),
        None => (number, 10, 2),
    };
    let length = digits
        .chars()
        .take(DIGITS_MAX)
        .take_while(|digit| digit.is_digit(radix))
        .count();
    let code = u32::from_str_radix(&digits[..length], radix).ok()?;
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    let is_closed = digits[length..].starts_with(';');
    Some((Said::Character(character), mark + length + usize::from(is_closed)))
}
