//! The partner's own key by its value: in other case, without the letter that a stray byte has swallowed, and in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::STRUCK;

/// The partner's key is looked for by its value if it is at least this long: a shorter one would be found in words.
const LENGTH_MIN: usize = 6;

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
        self.strike_base64(now).or(plain)
    }

    fn strike_plain(self, text: &str) -> Option<String> {
        let (bytes, key) = (text.as_bytes(), self.0.as_bytes());
        let (first, rest) = key.split_first()?;
        let (mut out, mut copied, mut at) = (String::new(), 0, 0);
        while at + rest.len() < bytes.len() {
            // In front of the rest of the key, any character that is not ASCII may have swallowed its first.
            let begins = bytes[at].eq_ignore_ascii_case(first) || !bytes[at].is_ascii();
            let end = at + key.len();
            if begins && bytes[at + 1..end].eq_ignore_ascii_case(rest) {
                let start = at + usize::from(!bytes[at].is_ascii());
                out.push_str(&text[copied..start]);
                out.push_str(STRUCK);
                (copied, at) = (end, end);
            } else {
                at += 1;
            }
        }
        (copied > 0).then(|| out + &text[copied..])
    }

    fn strike_base64(self, text: &str) -> Option<String> {
        let mut needles: Option<[Vec<u8>; 3]> = None;
        super::base64::replace_runs(text, self.0.len(), |run| {
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
}
