//! Taking out of a payload what must never be stored, not even sealed: somebody else's key, card numbers, signatures.

use serde_json::Value;

/// Fields that are dropped, in both spellings of upstream.
const DROPPED: [&str; 6] = ["apiKey", "apikey", "apprSign", "appr_sign", "udItem", "ud_item"];

/// Fields of which only the first six and the last four digits stay.
const MASKED: [&str; 2] = ["apprIssuerNum", "appr_issuer_num"];

/// The body as it may be stored, of bytes and what they say, if they are JSON. Unless there was something to take out, these
/// are the very bytes that came.
pub(crate) fn scrub(body: &[u8], json: Option<Value>) -> Vec<u8> {
    let Some(mut payload) = json else {
        return cut_before_secret(body).to_vec();
    };
    if scrub_value(&mut payload) {
        payload.to_string().into_bytes()
    } else {
        body.to_vec()
    }
}

/// Whether something was taken out. Upstream nests nothing; a gateway in between might.
fn scrub_value(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|name, _| !DROPPED.contains(&name.as_str()));
            let mut changed = fields.len() < before;
            for (name, value) in fields {
                if MASKED.contains(&name.as_str()) {
                    *value = Value::String(mask(value));
                    changed = true;
                } else {
                    changed |= scrub_value(value);
                }
            }
            changed
        }
        Value::Array(values) => values
            .iter_mut()
            .fold(false, |changed, value| scrub_value(value) | changed),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// In what cannot be read nobody can say where a value ends: everything from the first such name on goes.
fn cut_before_secret(body: &[u8]) -> &[u8] {
    let is_secret = |rest: &[u8]| {
        DROPPED
            .iter()
            .chain(&MASKED)
            .any(|name| rest.starts_with(name.as_bytes()))
    };
    let end = (0..body.len()).find(|start| is_secret(&body[*start..]));
    &body[..end.unwrap_or(body.len())]
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

    fn scrub(body: &[u8]) -> Vec<u8> {
        super::scrub(body, serde_json::from_slice(body).ok())
    }

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
        let nested = scrub(br#"[{"data":{"apiKey":"k","a":1}}]"#);
        assert_eq!(nested, br#"[{"data":{"a":1}}]"#);
        let short = scrub(br#"{"appr_issuer_num": 12345}"#);
        assert_eq!(short, br#"{"appr_issuer_num":"*****"}"#);
    }

    #[test]
    fn what_cannot_be_read_ends_before_its_first_secret() {
        for (body, kept) in [
            (
                r#"{"billId":"b","apiKey":"k","apprIssuerNum":"1234567890123456""#,
                r#"{"billId":"b",""#,
            ),
            (r#"{"billId":"b","apprIssuerNum":"12345678"#, r#"{"billId":"b",""#),
            ("billId=b&apiKey=k", "billId=b&"),
            ("apikey", ""),
        ] {
            assert_eq!(scrub(body.as_bytes()), kept.as_bytes());
        }
    }
}
