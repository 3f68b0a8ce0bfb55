//! What a body is before it is a callback: JSON, a form, JSON in a form, JSON in a text of JSON.

use percent_encoding::percent_decode;

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
    pub(super) fn read(text: &str) -> Option<Self> {
        let json = wire::parse(text).map(|parsed| Self {
            root: parsed.wire,
            with_loss: parsed.with_loss,
        });
        json.or_else(|| form(text))
    }
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
    let text = text.trim();
    if text.is_empty() || text.split('&').count() > FORM_FIELDS_MAX {
        return None;
    }
    let mut fields: Vec<(String, Wire)> = Vec::new();
    let mut with_loss = false;
    for field in text.split('&') {
        let (name, value) = field.split_once('=')?;
        if name.is_empty() || name.len() > FORM_NAME_MAX_BYTES || name.contains(char::is_whitespace) {
            return None;
        }
        let (name, _) = form_text(name);
        let (value, value_with_loss) = form_text(value);
        with_loss |= value_with_loss;
        put(&mut fields, &name, Wire::Text(value));
    }
    let root = Wire::Object(fields);
    let is_callback = has_shape(&root) || wrapped_in(&root).is_some();
    is_callback.then_some(Document { root, with_loss })
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
