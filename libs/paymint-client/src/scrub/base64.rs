//! Runs of base64 in a text, in either alphabet.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::STRUCK;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The text that a run stands for, if it is one.
pub(super) fn decoded(run: &str) -> Option<String> {
    let standard: Vec<u8> = run.bytes().map(standard).collect();
    String::from_utf8(LENIENT.decode(standard).ok()?).ok()
}

/// A character in the alphabet that knows `+` and `/`.
pub(super) fn standard(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

/// What runs of base64 are made of.
pub(super) fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// How long the longest run is.
pub(super) fn longest_run(text: &str) -> usize {
    let (mut longest, mut length) = (0, 0);
    for byte in text.bytes() {
        length = if is_part(byte) { length + 1 } else { 0 };
        longest = longest.max(length);
    }
    longest
}

/// Strikes the runs of at least so many such ASCII characters that hold something. `None` if there is none.
pub(super) fn replace_runs(
    text: &str,
    length_min: usize,
    is_part: impl Fn(u8) -> bool,
    mut holds: impl FnMut(&str) -> bool,
) -> Option<String> {
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while at < text.len() {
        let length = text.as_bytes()[at..].iter().take_while(|byte| is_part(**byte)).count();
        let end = at + length;
        if length >= length_min && holds(&text[at..end]) {
            out.push_str(&text[copied..at]);
            out.push_str(STRUCK);
            copied = end;
        }
        at = end + 1;
    }
    (copied > 0).then(|| out + &text[copied..])
}
