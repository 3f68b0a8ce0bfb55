//! Makes readable what is JSON but for single characters: half an emoji, a raw line break, a number beyond all bounds.

use std::borrow::Cow;

/// A text in which such places were replaced.
pub(crate) struct Repaired<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Half a character was replaced by U+FFFD.
    pub(crate) with_loss: bool,
}

/// Goes once through the text. What is JSON already stays as it is, but for whole numbers beyond 64 bits and numbers
/// that no float holds: they become texts of their digits, because codes are sent as numbers too.
pub(crate) fn repair(text: &str) -> Repaired<'_> {
    let mut repair = Repair {
        text,
        at: 0,
        copied: 0,
        out: String::new(),
        with_loss: false,
    };
    repair.run();
    let with_loss = repair.with_loss;
    let text = if repair.copied == 0 {
        Cow::Borrowed(text)
    } else {
        repair.out.push_str(&text[repair.copied..]);
        Cow::Owned(repair.out)
    };
    Repaired { text, with_loss }
}

struct Repair<'a> {
    text: &'a str,
    at: usize,
    /// Up to here the text is in `out`.
    copied: usize,
    out: String,
    with_loss: bool,
}

impl Repair<'_> {
    fn run(&mut self) {
        let mut in_text = false;
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match (in_text, byte) {
                (_, b'"') => {
                    in_text = !in_text;
                    self.at += 1;
                }
                (true, b'\\') => self.escape(),
                (true, 0..=0x1f) => self.replace(1, &format!("\\u{byte:04x}")),
                (false, b'-' | b'0'..=b'9') => self.number(),
                (true | false, _) => self.at += 1,
            }
        }
    }

    /// Puts something else in the place of the next bytes. Both ends are ASCII.
    fn replace(&mut self, length: usize, by: &str) {
        self.out.push_str(&self.text[self.copied..self.at]);
        self.out.push_str(by);
        self.at += length;
        self.copied = self.at;
    }

    fn escape(&mut self) {
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'u') => match unit(self.text, self.at) {
                Some(0xd800..=0xdbff) if matches!(unit(self.text, self.at + 6), Some(0xdc00..=0xdfff)) => {
                    self.at += 12;
                }
                Some(0xd800..=0xdfff) => {
                    self.with_loss = true;
                    self.replace(6, "\\ufffd");
                }
                Some(_) => self.at += 6,
                None => self.replace(1, "\\\\"),
            },
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            // It escapes nothing, so it stands for itself.
            Some(_) | None => self.replace(1, "\\\\"),
        }
    }

    fn number(&mut self) {
        let rest = &self.text[self.at..];
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = rest.bytes().take_while(is_part).count();
        let number = &rest[..length];
        if loses_digits(number) {
            self.replace(length, &format!("\"{number}\""));
        } else {
            self.at += length;
        }
    }
}

/// The code unit of a `\uXXXX` at this place.
pub(crate) fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u16::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

fn loses_digits(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.parse().is_ok_and(f64::is_infinite);
    }
    // JSON knows no leading zeros; in a code they count.
    let is_padded = digits.len() > 1 && digits.starts_with('0');
    is_padded || (number.parse::<u64>().is_err() && number.parse::<i64>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_is_not_touched() {
        for text in [
            r#"{"a":"\ud83d\ude00 \\ \" \/ 가","b":[1,-2,3.5e7,18446744073709551615]}"#,
            "",
            "가나다",
            "\"12345678901234567890123\"",
        ] {
            let repaired = repair(text);
            assert!(matches!(repaired.text, Cow::Borrowed(_)), "{text}");
            assert!(!repaired.with_loss);
        }
    }

    #[test]
    fn single_places_are_replaced() {
        for (broken, mended, with_loss) in [
            (r#""\ud83d""#, r#""\ufffd""#, true),
            (r#""\udc00\ud83d가""#, r#""\ufffd\ufffd가""#, true),
            (r#""\ud83d\u0041""#, r#""\ufffd\u0041""#, true),
            ("\"a\nb\"", r#""a\u000ab""#, false),
            (r#""C:\가 \x41 \u12""#, r#""C:\\가 \\x41 \\u12""#, false),
            (
                "[18446744073709551616,007,1e999]",
                r#"["18446744073709551616","007","1e999"]"#,
                false,
            ),
            ("\"\\", "\"\\\\", false),
        ] {
            let repaired = repair(broken);
            assert_eq!(
                (repaired.text.as_ref(), repaired.with_loss),
                (mended, with_loss),
                "{broken}"
            );
        }
    }
}
