//! What makes a callback URL one: whoever knows it may say what Paymint says.

use super::STRUCK;

/// What stands before it.
const PATH: &str = "/cb/v1/";

/// No token is shorter.
const LENGTH_MIN: usize = 20;

/// A text in which the tokens of callback URLs are struck. `None` if there is none.
pub(super) fn strike(text: &str) -> Option<String> {
    if text.len() < PATH.len() + LENGTH_MIN {
        return None;
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let (mut out, mut copied) = (String::new(), 0);
    for (at, path) in text.match_indices(PATH) {
        let start = at + path.len();
        let length = text.as_bytes()[start..].iter().take_while(|byte| is_part(byte)).count();
        if length >= LENGTH_MIN {
            out.push_str(&text[copied..start]);
            out.push_str(STRUCK);
            copied = start + length;
        }
    }
    (copied > 0).then(|| out + &text[copied..])
}
