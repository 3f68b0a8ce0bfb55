//! Bytes to text. Upstream declares no charset that could be believed, and one unreadable byte must not hide the rest.

use std::borrow::Cow;

use encoding_rs::{EUC_KR, Encoding, UTF_16BE, UTF_16LE};

/// How many bytes tell what the others are.
const LOOKED_AT: usize = 256;

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
    let decoded = match (utf_32(bytes), utf_16(bytes)) {
        (Some(decoded), _) => decoded,
        (None, Some((encoding, rest))) => Decoded::by(encoding, rest),
        (None, None) => eight_bit(bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes)),
    };
    without_nul(decoded)
}

/// Characters of four bytes, which nothing else looks like.
fn utf_32(bytes: &[u8]) -> Option<Decoded<'static>> {
    let (to_code, bytes): (fn([u8; 4]) -> u32, _) = match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => (u32::from_le_bytes, rest),
        [0, 0, 0xfe, 0xff, rest @ ..] => (u32::from_be_bytes, rest),
        _ if is_wide(bytes, |[a, b, c, d]| d == 0 && c <= 0x10 && (a, b) != (0, 0)) => (u32::from_le_bytes, bytes),
        _ if is_wide(bytes, |[a, b, c, d]| a == 0 && b <= 0x10 && (c, d) != (0, 0)) => (u32::from_be_bytes, bytes),
        _ => return None,
    };
    let (units, odd) = bytes.as_chunks();
    let mut with_loss = !odd.is_empty();
    let read = |unit: &[u8; 4]| {
        char::from_u32(to_code(*unit)).unwrap_or_else(|| {
            with_loss = true;
            char::REPLACEMENT_CHARACTER
        })
    };
    let mut text: String = units.iter().map(read).collect();
    text.extend(
        with_loss
            .then_some(char::REPLACEMENT_CHARACTER)
            .filter(|_| !odd.is_empty()),
    );
    Some(Decoded {
        text: Cow::Owned(text),
        with_loss,
    })
}

/// At least two characters, and nothing else but NUL.
fn is_wide(bytes: &[u8], is_character: fn([u8; 4]) -> bool) -> bool {
    let (units, _) = bytes[..bytes.len().min(LOOKED_AT)].as_chunks();
    let mut characters = units.iter().filter(|unit| **unit != [0; 4]);
    characters.clone().nth(1).is_some() && characters.all(|unit| is_character(*unit))
}

/// What bytes say if they are not what they were taken for: none if they are UTF-8, which nothing else looks like but a few
/// syllables in CP949.
pub(crate) fn decode_otherwise(bytes: &[u8]) -> Option<Decoded<'_>> {
    if utf_32(bytes).is_some() || utf_16(bytes).is_some() {
        return Some(without_nul(eight_bit(bytes)));
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let by_syllable = |character: char| matches!(character, '\u{80}'..='\u{7ff}');
        let is_short = !text.is_ascii() && text.chars().filter(|character| !character.is_ascii()).all(by_syllable);
        return is_short.then(|| without_nul(Decoded::by(EUC_KR, bytes)));
    }
    Some(without_nul(if is_taken_for_utf_8(bytes) {
        Decoded::by(EUC_KR, bytes)
    } else {
        lossy_utf_8(bytes)
    }))
}

/// JSON and forms begin with two characters of ASCII, of which UTF-16 shows every other byte as zero.
fn utf_16(bytes: &[u8]) -> Option<(&'static Encoding, &[u8])> {
    shifted(bytes).or(match bytes {
        [0xff, 0xfe, rest @ ..] => Some((UTF_16LE, rest)),
        [0xfe, 0xff, rest @ ..] => Some((UTF_16BE, rest)),
        [1..=255, 0, 1..=255, 0, ..] => Some((UTF_16LE, bytes)),
        [0, 1..=255, 0, 1..=255, ..] => Some((UTF_16BE, bytes)),
        _ => by_zeros(bytes).map(|encoding| (encoding, bytes)),
    })
}

/// Other texts have some ASCII in them too: a zero in every fourth unit, and on the same side but for a rare character.
fn by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    let beginning = &bytes[..bytes.len().min(LOOKED_AT)];
    // Every other encoding has zeros at its end at most.
    let end = beginning.iter().rposition(|byte| *byte != 0)?;
    let beginning = &beginning[..end];
    if !beginning.contains(&0) {
        return None;
    }
    let (pairs, _) = beginning.as_chunks();
    let first = pairs.iter().filter(|[first, _]| *first == 0).count();
    let second = pairs.iter().filter(|[_, second]| *second == 0).count();
    let speaks_for = |zeros: usize, others: usize| zeros * 4 >= pairs.len() && zeros >= others * 4;
    if speaks_for(second, first) {
        Some(UTF_16LE)
    } else {
        speaks_for(first, second).then_some(UTF_16BE)
    }
}

/// One byte too many in front shifts all others. (One behind is lost by itself.)
fn shifted(bytes: &[u8]) -> Option<(&'static Encoding, &[u8])> {
    let [b'\n' | b'\r' | b' ' | b'\t', rest @ ..] = bytes else {
        return None;
    };
    match rest {
        [b'{' | b'[' | b'"', 0, 1..=255, 0, ..] => Some((UTF_16LE, rest)),
        [0, b'{' | b'[' | b'"', 0, 1..=255, .., 0, b'}' | b']' | b'"'] if rest.len().is_multiple_of(2) => {
            Some((UTF_16BE, rest))
        }
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
    if is_taken_for_utf_8(bytes) {
        lossy_utf_8(bytes)
    } else {
        Decoded::by(EUC_KR, bytes)
    }
}

fn lossy_utf_8(bytes: &[u8]) -> Decoded<'_> {
    Decoded {
        text: String::from_utf8_lossy(bytes),
        with_loss: true,
    }
}

fn is_taken_for_utf_8(bytes: &[u8]) -> bool {
    looks_like_utf_8(bytes) || {
        let korean = Decoded::by(EUC_KR, bytes);
        korean.with_loss && losses(&korean) >= losses(&lossy_utf_8(bytes))
    }
}

fn losses(decoded: &Decoded<'_>) -> usize {
    decoded.text.matches(char::REPLACEMENT_CHARACTER).count()
}

/// UTF-8 with something broken in it still has whole characters of three bytes, as all of Hangul are; in CP949 they come
/// about by chance only among rare Hanja, and almost every second byte fits nowhere.
fn looks_like_utf_8(bytes: &[u8]) -> bool {
    let (mut whole, mut cuts, mut cut, mut speaks_against) = (0, 0, 0, 0);
    for chunk in bytes.utf8_chunks() {
        let lengths = chunk.valid().chars().map(char::len_utf8);
        whole += lengths.filter(|length| *length >= 3).sum::<usize>();
        match chunk.invalid().len() {
            0 => {}
            1 => speaks_against += 1,
            // The beginning of a character, as it stays when a text is cut: once, or among more that are whole.
            length => (cuts, cut) = (cuts + 1, cut + length),
        }
    }
    (whole > cut || cuts == 1) && whole + cut >= speaks_against
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
    fn characters_of_four_bytes_are_read() {
        let text = "{\"a\":\"가𝄞\"}";
        let wide =
            |to_bytes: fn(u32) -> [u8; 4]| -> Vec<u8> { text.chars().map(u32::from).flat_map(to_bytes).collect() };
        let (little, big) = (wide(u32::to_le_bytes), wide(u32::to_be_bytes));
        for bytes in [
            [b"\xff\xfe\0\0".to_vec(), little.clone()].concat(),
            [b"\0\0\xfe\xff".to_vec(), big.clone()].concat(),
            big,
            little.clone(),
        ] {
            assert_eq!(read(&bytes), (text.to_owned(), false));
        }
        let odd = [little, vec![b'\n']].concat();
        assert_eq!(read(&odd), (format!("{text}\u{fffd}"), true));
    }

    #[test]
    fn one_byte_too_many_shifts_no_other() {
        let text = "{\"a\":\"학원\",\"한\":\"b\"}";
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let whole = utf_16(text, to_bytes);
            let in_front = [b"\n", whole.as_slice()].concat();
            assert_eq!(read(&in_front), (text.to_owned(), false));
            let behind = [whole.as_slice(), b"\n"].concat();
            assert_eq!(read(&behind), (format!("{text}\u{fffd}"), true));
        }
    }

    #[test]
    fn zeros_between_characters_hide_nothing() {
        let wide: Vec<u8> = "{\"apiKey\":1}".bytes().flat_map(|byte| [byte, 0, 0]).collect();
        assert_eq!(read(&wide), ("{\"apiKey\":1}".to_owned(), true));
    }
}
