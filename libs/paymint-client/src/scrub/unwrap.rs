//! The next layer of a text: what it says once percent-encoding, escapes and character references are read.

use crate::repair::unit;
use crate::text::decode;

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

fn percent(text: &str, at: usize) -> Option<(Said, usize)> {
    let digits = text.get(at + 1..at + 3)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some((Said::Byte(byte), 3))
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
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        mark @ (b'"' | b'\'' | b'\\' | b'/') => *mark,
        _ => return None,
    };
    Some((Said::Byte(said), 2))
}

fn reference(text: &str, at: usize) -> Option<(Said, usize)> {
    /// Longest reference, as in `&#x1F600;`.
    const LENGTH_MAX: usize = 10;
    let length = text.as_bytes()[at..]
        .iter()
        .take(LENGTH_MAX)
        .position(|byte| *byte == b';')?;
    let name = text.get(at + 1..at + length)?;
    let character = match name {
        "quot" => '"',
        "apos" => '\'',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((Said::Character(character), length + 1))
}
