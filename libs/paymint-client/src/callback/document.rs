//! What a body is before it is a callback: JSON, a form, JSON in a form, JSON in a text of JSON.

use percent_encoding::percent_decode;
use serde::de::IgnoredAny;

use super::Shape;
use crate::text::decode;
use crate::wire::{self, Wire};

/// How often JSON may stand in a text of JSON.
const WRAPS_MAX: usize = 4;

/// Most fields of a form.
const FORM_FIELDS_MAX: usize = 100;

/// Longest name of a field of a form, in bytes.
const FORM_NAME_MAX_BYTES: usize = 64;

/// A body that has fields, or is at least JSON.
pub(super) struct Document {
    pub(super) root: Wire,
    pub(super) with_loss: bool,
}

impl Document {
    /// Reads a whole body, but for what stands around it and says nothing: blanks, controls, marks, bytes that are no
    /// character. What says something makes it another text.
    pub(super) fn read(text: &str) -> Option<Self> {
        Self::of(text).or_else(|| {
            let trimmed = text.trim_matches(says_nothing);
            (trimmed.len() < text.len()).then(|| Self::of(trimmed)).flatten()
        })
    }

    fn of(text: &str) -> Option<Self> {
        let json = wire::parse(text).map(|parsed| Self {
            root: parsed.wire,
            with_loss: parsed.with_loss,
        });
        json.or_else(|| form(text))
    }
}

fn says_nothing(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            char::REPLACEMENT_CHARACTER | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'
        )
}

/// The callback that stands in the root as a text, and whether something of it could not be read. None if the root looks
/// like a callback itself, or if nothing in it does.
pub(super) fn wrapped_in(root: &Wire) -> Option<(Wire, bool)> {
    wrapped(root, WRAPS_MAX)
}

fn wrapped(wire: &Wire, wraps: usize) -> Option<(Wire, bool)> {
    if wraps == 0 || has_shape(wire) {
        return None;
    }
    match wire {
        Wire::Text(text) => unwrapped(text, wraps),
        Wire::Object(fields) => fields.iter().find_map(|(_, value)| match value {
            Wire::Text(text) => unwrapped(text, wraps),
            Wire::Null | Wire::Bool(_) | Wire::Number(_) | Wire::List(_) | Wire::Object(_) => None,
        }),
        Wire::Null | Wire::Bool(_) | Wire::Number(_) | Wire::List(_) => None,
    }
}

fn unwrapped(text: &str, wraps: usize) -> Option<(Wire, bool)> {
    if !text.trim_start().starts_with(['{', '"']) {
        return None;
    }
    let parsed = wire::parse(text)?;
    if has_shape(&parsed.wire) {
        return Some((parsed.wire, parsed.with_loss));
    }
    let (claim, with_loss) = wrapped(&parsed.wire, wraps - 1)?;
    Some((claim, with_loss || parsed.with_loss))
}

fn has_shape(wire: &Wire) -> bool {
    Shape::of(|name| wire.get(name).is_some()).is_some()
}

/// `memberId=…&merchant.reviewStatus=…`, or `payload=<JSON>`. Only what then looks like a callback is a form: every text
/// with a `=` in it could be one.
fn form(text: &str) -> Option<Document> {
    let mut rest = text.trim();
    let mut fields: Vec<(String, Wire)> = Vec::new();
    let mut with_loss = false;
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=')?;
        let is_name =
            !name.is_empty() && !name.contains(|character: char| character.is_whitespace() || character == '&');
        if !is_name || name.len() > FORM_NAME_MAX_BYTES || fields.len() == FORM_FIELDS_MAX {
            return None;
        }
        let (name, _) = form_text(name);
        let (value, length) = if let Some(length) = plain_json(behind) {
            (behind[..length].to_owned(), length)
        } else {
            let length = behind.find('&').unwrap_or(behind.len());
            let (value, value_with_loss) = form_text(&behind[..length]);
            with_loss |= value_with_loss;
            (value, length)
        };
        put(&mut fields, &name, Wire::Text(value));
        rest = &behind[length..];
        if let Some(next) = rest.strip_prefix('&') {
            // Behind it another field must follow.
            (!next.is_empty()).then_some(())?;
            rest = next;
        }
    }
    let root = Wire::Object(fields);
    let is_callback = has_shape(&root) || wrapped_in(&root).is_some();
    is_callback.then_some(Document { root, with_loss })
}

/// The length of a value that was put into the form as it is. JSON has `&`, `+` and `%` in it: read as a form would have
/// them, they would end the value or become something else without a trace.
fn plain_json(value: &str) -> Option<usize> {
    if !value.starts_with(['{', '[', '"']) {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(value).into_iter::<IgnoredAny>();
    let is_json = matches!(values.next(), Some(Ok(IgnoredAny)));
    let length = values.byte_offset();
    if is_json && (length == value.len() || value[length..].starts_with('&')) {
        return Some(length);
    }
    // With single places in it that want repair it must be the last field: nobody else could tell where it ends.
    wire::parse(value).map(|_| value.len())
}

fn form_text(encoded: &str) -> (String, bool) {
    let encoded = encoded.replace('+', " ");
    let bytes: Vec<u8> = percent_decode(encoded.as_bytes()).collect();
    let decoded = decode(&bytes);
    (decoded.text.into_owned(), decoded.with_loss)
}

/// `merchant.reviewStatus` and `merchant[reviewStatus]` are a field in an object.
fn put(fields: &mut Vec<(String, Wire)>, name: &str, value: Wire) {
    let inner = name
        .split_once(['.', '['])
        .map(|(outer, inner)| (outer, inner.trim_end_matches(']')));
    let Some((outer, inner)) = inner.filter(|(outer, inner)| !outer.is_empty() && !inner.is_empty()) else {
        fields.push((name.to_owned(), value));
        return;
    };
    let field = (inner.to_owned(), value);
    for (name, known) in fields.iter_mut() {
        if let Wire::Object(known) = known
            && name == outer
        {
            known.push(field);
            return;
        }
    }
    fields.push((outer.to_owned(), Wire::Object(vec![field])));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claim(text: &str) -> Option<Wire> {
        let root = Document::read(text)?.root;
        Some(wrapped_in(&root).map_or(root, |(claim, _)| claim))
    }

    #[test]
    fn json_in_a_form_is_read_to_the_letter() {
        let json = r#"{"memberId":"a&b+c=d%2B","merchant":{"reviewMessage":"1+1 & 100%25"}}"#;
        let expected = wire::parse(json).unwrap().wire;
        for form in [
            format!("payload={json}"),
            format!("a=b&payload={json}"),
            format!("payload={json}&a=b"),
            format!("payload={json}&a={{\"x\":\"y&z\"}}"),
        ] {
            assert_eq!(claim(&form), Some(expected.clone()), "{form}");
        }
        // A raw line break wants repair.
        let broken = format!("payload={}", json.replace("1+1", "1+\n1"));
        let read = claim(&broken).unwrap();
        assert_eq!(
            read.get("merchant").unwrap().get("reviewMessage"),
            Some(&Wire::Text("1+\n1 & 100%25".to_owned()))
        );
        // In parts, as some encoders do it.
        assert_eq!(
            claim("payload={%22memberId%22:%22a+b%22}"),
            Some(wire::parse(r#"{"memberId":"a b"}"#).unwrap().wire)
        );
        for cut in [
            &format!("payload={json}x"),
            r#"payload={"memberId":"a&b+c"#,
            "payload={\"memberId\":1}&",
            "&a=b",
        ] {
            assert_eq!(claim(cut), None, "{cut}");
        }
    }

    #[test]
    fn what_says_something_beside_it_makes_it_another_text() {
        for text in [
            "{\"memberId\":1}x",
            "){\"memberId\":1}",
            "{\"memberId\":1}{}",
            "{\"memberId\":1},",
            "가{\"memberId\":1}",
        ] {
            assert_eq!(claim(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_says_nothing_beside_it_is_passed_over(
            before in "[\u{0}-\u{20}\u{7f}-\u{a0}\u{feff}\u{fffd}\u{200b}\u{3000}]{0,6}",
            behind in "[\u{0}-\u{20}\u{7f}-\u{a0}\u{feff}\u{fffd}\u{200b}\u{3000}]{0,6}",
            member in "\\PC{0,20}",
        ) {
            let json = serde_json::json!({ "memberId": member }).to_string();
            let read = claim(&format!("{before}{json}{behind}"));
            prop_assert_eq!(read, Some(wire::parse(&json).unwrap().wire));
        }

        #[test]
        fn a_form_never_changes_what_json_says(member in any::<String>(), message in "[&+%=a-f0-9 ]{0,30}") {
            let json = serde_json::json!({ "memberId": member, "merchant": { "reviewMessage": message } }).to_string();
            let read = claim(&format!("a=b&payload={json}&c=d"));
            prop_assert_eq!(read, Some(wire::parse(&json).unwrap().wire));
        }
    }
}
