//! Taking out of a payload what must never be stored, not even sealed: somebody else's key, card numbers, signatures.

use serde_json::Value;

/// Top-level fields that are dropped, in both spellings of upstream.
const DROPPED: [&str; 6] = ["apiKey", "apikey", "apprSign", "appr_sign", "udItem", "ud_item"];

/// Top-level fields of which only the first six and the last four characters stay.
const MASKED: [&str; 2] = ["apprIssuerNum", "appr_issuer_num"];

/// The body as it may be stored. Unless there was something to take out, these are the very bytes that came.
pub(crate) fn scrub(body: &[u8]) -> Vec<u8> {
    let Ok(Value::Object(mut payload)) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    let mut changed = false;
    for field in DROPPED {
        changed |= payload.remove(field).is_some();
    }
    for field in MASKED {
        if let Some(value) = payload.get_mut(field) {
            *value = Value::String(mask(value));
            changed = true;
        }
    }
    if changed {
        Value::Object(payload).to_string().into_bytes()
    } else {
        body.to_vec()
    }
}

fn mask(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 12 {
        return "*".repeat(digits.len());
    }
    let (head, tail) = (&digits[..6], &digits[digits.len() - 4..]);
    head.iter()
        .copied()
        .chain("*".repeat(digits.len() - 10).chars())
        .chain(tail.iter().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_bytes_stay_as_they_came() {
        for body in [&b"{ \"memberId\" : 1e2 }"[..], b"not json", b"[]", b"\xff\x00"] {
            assert_eq!(scrub(body), body);
        }
    }

    #[test]
    fn secrets_and_card_numbers_go() {
        let body =
            br#"{"apiKey":"k","billId":"b","apprIssuerNum":"1234-5678-9012-3456","appr_sign":"x","udItem":{"a":1}}"#;
        let scrubbed: Value = serde_json::from_slice(&scrub(body)).unwrap();
        assert_eq!(
            scrubbed,
            serde_json::json!({"billId": "b", "apprIssuerNum": "123456******3456"})
        );
        let short = scrub(br#"{"appr_issuer_num": 12345}"#);
        assert_eq!(short, br#"{"appr_issuer_num":"*****"}"#);
    }
}
