//! Bytes to text. Upstream declares no charset that could be believed, and one unreadable byte must not hide the rest.

use std::borrow::Cow;

use encoding_rs::{EUC_KR, Encoding, UTF_16BE, UTF_16LE};

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// What bytes say.
pub(crate) struct Decoded<'a> {
    /// The text, without a byte order mark and without NUL.
    pub(crate) text: Cow<'a, str>,
    /// Something could not be read: U+FFFD stands in its place.
    pub(crate) with_loss: bool,
}

impl<'a> Decoded<'a> {
    fn by(encoding: &'static Encoding, bytes: &'a [u8]) -> Self {
        let (text, with_loss) = encoding.decode_without_bom_handling(bytes);
        Self { text, with_loss }
    }
}

/// Reads UTF-8, UTF-16 by its mark or by its look, and otherwise CP949 (which `encoding_rs` calls EUC-KR, as the web does).
pub(crate) fn decode(bytes: &[u8]) -> Decoded<'_> {
    let decoded = match utf_16(bytes) {
        Some((encoding, rest)) => Decoded::by(encoding, rest),
        None => eight_bit(bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes)),
    };
    without_nul(decoded)
}

/// What bytes that were taken for UTF-16 say if they are none, as a mark in front of other text would have it.
pub(crate) fn decode_as_eight_bit(bytes: &[u8]) -> Option<Decoded<'_>> {
    utf_16(bytes).map(|_| without_nul(eight_bit(bytes)))
}

/// JSON and forms begin with two characters of ASCII, of which UTF-16 shows every other byte as zero.
fn utf_16(bytes: &[u8]) -> Option<(&'static Encoding, &[u8])> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => Some((UTF_16LE, rest)),
        [0xfe, 0xff, rest @ ..] => Some((UTF_16BE, rest)),
        [1..=255, 0, 1..=255, 0, ..] => Some((UTF_16LE, bytes)),
        [0, 1..=255, 0, 1..=255, ..] => Some((UTF_16BE, bytes)),
        _ => None,
    }
}

fn eight_bit(bytes: &[u8]) -> Decoded<'_> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Decoded {
            text: Cow::Borrowed(text),
            with_loss: false,
        };
    }
    let utf_8 = || Decoded {
        text: String::from_utf8_lossy(bytes),
        with_loss: true,
    };
    if looks_like_utf_8(bytes) {
        return utf_8();
    }
    let korean = Decoded::by(EUC_KR, bytes);
    if !korean.with_loss {
        return korean;
    }
    let utf_8 = utf_8();
    if losses(&korean) < losses(&utf_8) {
        korean
    } else {
        utf_8
    }
}

fn losses(decoded: &Decoded<'_>) -> usize {
    decoded.text.matches(char::REPLACEMENT_CHARACTER).count()
}

/// UTF-8 with something broken in it still has whole characters of three bytes, as all of Hangul are; in CP949 they come
/// about by chance only among rare Hanja, and almost every second byte fits nowhere.
fn looks_like_utf_8(bytes: &[u8]) -> bool {
    let (mut speaks_for, mut speaks_against) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        let lengths = chunk.valid().chars().map(char::len_utf8);
        speaks_for += lengths.filter(|length| *length >= 3).sum::<usize>();
        match chunk.invalid().len() {
            1 => speaks_against += 1,
            // The beginning of a character, as it stays when a text is cut.
            cut => speaks_for += cut,
        }
    }
    speaks_for > 0 && speaks_for >= speaks_against
}

/// Padding at the end is dropped. NUL between characters stands in no JSON; it is what is left of a wider encoding.
fn without_nul(mut decoded: Decoded<'_>) -> Decoded<'_> {
    if !decoded.text.contains(['\0', '\u{feff}']) {
        return decoded;
    }
    let text = decoded.text.trim_start_matches('\u{feff}').trim_end_matches('\0');
    let is_wider = text.contains('\0');
    let text = if is_wider {
        text.replace('\0', "")
    } else {
        text.to_owned()
    };
    decoded.with_loss |= is_wider;
    decoded.text = Cow::Owned(text);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, bool) {
        let decoded = decode(bytes);
        (decoded.text.into_owned(), decoded.with_loss)
    }

    fn utf_16(text: &str, to_bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn what_is_whole_is_read_without_loss() {
        let text = r#"{"companyName":"가나다 학원 뷁","a":"𝄞"}"#;
        let mapped = r#"{"companyName":"가나다 학원 뷁"}"#;
        let (korean, _, _) = EUC_KR.encode(mapped);
        assert_eq!(read(&korean), (mapped.to_owned(), false));
        for bytes in [
            text.as_bytes().to_vec(),
            [UTF_8_MARK, text.as_bytes()].concat(),
            [text.as_bytes(), &[0; 5]].concat(),
            [&b"\xff\xfe"[..], &utf_16(text, u16::to_le_bytes)].concat(),
            [&b"\xfe\xff"[..], &utf_16(text, u16::to_be_bytes)].concat(),
            utf_16(text, u16::to_le_bytes),
            utf_16(text, u16::to_be_bytes),
        ] {
            assert_eq!(read(&bytes), (text.to_owned(), false));
        }
    }

    #[test]
    fn what_is_broken_in_one_place_is_read_everywhere_else() {
        for cut in 1..3 {
            let bytes = [
                b"{\"a\":\"".as_slice(),
                "서".as_bytes(),
                &"류".as_bytes()[..cut],
                b"\",\"b\":1}",
            ]
            .concat();
            assert_eq!(read(&bytes), ("{\"a\":\"서\u{fffd}\",\"b\":1}".to_owned(), true));
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}"), ("{\"a\":\"\u{fffd}\"}".to_owned(), true));
        // 서류 in CP949, cut after three of four bytes.
        assert_eq!(
            read(b"{\"a\":\"\xbc\xad\xb7\"}"),
            ("{\"a\":\"서\u{fffd}\"}".to_owned(), true)
        );
        let half = [
            utf_16("{\"a\":\"", u16::to_le_bytes),
            vec![0x3d, 0xd8],
            utf_16("\"}", u16::to_le_bytes),
        ]
        .concat();
        assert_eq!(read(&half), ("{\"a\":\"\u{fffd}\"}".to_owned(), true));
    }

    #[test]
    fn zeros_between_characters_hide_nothing() {
        let wide: Vec<u8> = "{\"apiKey\":1}".bytes().flat_map(|byte| [byte, 0, 0, 0]).collect();
        assert_eq!(read(&wide), ("{\"apiKey\":1}".to_owned(), true));
    }
}
