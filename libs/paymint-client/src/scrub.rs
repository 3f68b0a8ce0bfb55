//! Taking out of what upstream sends what must never be stored, not even sealed: the partner's key, card and account
//! numbers, signatures, the partner's own data.
//!
//! A secret is found by the name that it stands under, however that is spelt or wrapped, and the partner's own key by
//! its value too. Only the secret goes; what stands around it stays readable.

mod names;
mod text;
mod unwrap;

use std::borrow::Cow;

use self::names::{Treatment, treatment};
use self::unwrap::unwrap;
use crate::api_key::ApiKey;
use crate::masked_number::MaskedNumber;
use crate::wire::{self, Wire};

/// What stands in the place of a secret.
const STRUCK: &str = "***";

/// How many layers (JSON in a text, percent-encoding, escapes) are looked through. A text with more of them goes whole.
const LAYERS_MAX: u8 = 8;

/// The partner's key is looked for by its value if it is at least this long: a shorter one would be found in words.
const KNOWN_KEY_MIN_BYTES: usize = 6;

/// Takes secrets out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scrubber<'a> {
    known: Option<&'a str>,
}

impl<'a> Scrubber<'a> {
    /// A scrubber that also knows the partner's key by its value.
    pub fn knowing(key: Option<&'a ApiKey>) -> Self {
        let known = key.map(ApiKey::expose);
        Self {
            known: known.filter(|key| key.len() >= KNOWN_KEY_MIN_BYTES),
        }
    }

    /// A text without secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.scrub_text(text, LAYERS_MAX)
            .map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Takes the secrets out of texts that are about to be kept.
    pub(crate) fn fields<const N: usize>(&self, fields: [&mut Option<String>; N]) {
        for text in fields.into_iter().flatten() {
            if let Some(clean) = self.scrub_text(text, LAYERS_MAX) {
                *text = clean;
            }
        }
    }

    /// A value without secrets. `None` if there is none in it.
    pub(crate) fn tree(&self, wire: &Wire) -> Option<Wire> {
        self.scrub(wire, LAYERS_MAX)
    }

    fn scrub(&self, wire: &Wire, layers: u8) -> Option<Wire> {
        match wire {
            Wire::Null | Wire::Bool(_) => None,
            Wire::Number(number) => {
                let is_key = self.known.is_some_and(|key| number.to_string() == key);
                is_key.then(|| Wire::Text(STRUCK.to_owned()))
            }
            Wire::Text(text) => self.scrub_text(text, layers).map(Wire::Text),
            Wire::List(values) => self.scrub_list(values, layers),
            Wire::Object(fields) => self.scrub_object(fields, layers),
        }
    }

    fn scrub_object(&self, fields: &[(String, Wire)], layers: u8) -> Option<Wire> {
        let named = names::named_in_pair(fields);
        let mut scrubbed: Option<Vec<_>> = None;
        for (at, (name, value)) in fields.iter().enumerate() {
            let kept = match treatment(name).or(named.filter(|_| names::is_value(name))) {
                // What stands there now says already that something stood there.
                Some(Treatment::Drop) => Kept::Not,
                Some(Treatment::Mask) => Kept::of(masked(value)),
                None => Kept::of(self.scrub(value, layers)),
            };
            let new_name = self.scrub_text(name, layers);
            if matches!(kept, Kept::AsItIs) && new_name.is_none() {
                if let Some(scrubbed) = &mut scrubbed {
                    scrubbed.push((name.clone(), value.clone()));
                }
                continue;
            }
            let scrubbed = scrubbed.get_or_insert_with(|| fields[..at].to_vec());
            let new_name = new_name.unwrap_or_else(|| name.clone());
            match kept {
                Kept::Not => {}
                Kept::AsItIs => scrubbed.push((new_name, value.clone())),
                Kept::Otherwise(value) => scrubbed.push((new_name, value)),
            }
        }
        scrubbed.map(Wire::Object)
    }

    /// In a list, a name may be followed by its value.
    fn scrub_list(&self, values: &[Wire], layers: u8) -> Option<Wire> {
        let mut scrubbed: Option<Vec<_>> = None;
        let mut named = None;
        for (at, value) in values.iter().enumerate() {
            let new = match named {
                Some(Treatment::Drop) => struck(value),
                Some(Treatment::Mask) => masked(value),
                None => self.scrub(value, layers),
            };
            named = names::named_by(value);
            if let Some(new) = new {
                scrubbed.get_or_insert_with(|| values.to_vec())[at] = new;
            }
        }
        scrubbed.map(Wire::List)
    }

    /// `None` if there is nothing to take out.
    fn scrub_text(&self, text: &str, layers: u8) -> Option<String> {
        if let Some(parsed) = nested(text) {
            if layers == 0 {
                return Some(STRUCK.to_owned());
            }
            return self.scrub(&parsed, layers - 1).map(|wire| wire.to_text());
        }
        let struck = text::strike(text, self.known);
        let now = struck.as_deref().unwrap_or(text);
        let Some(below) = unwrap(now) else { return struck };
        if layers == 0 {
            return Some(STRUCK.to_owned());
        }
        // If there is a secret below, the text stays as it reads there.
        self.scrub_text(&below, layers - 1).or(struck)
    }
}

/// What becomes of a field.
enum Kept {
    AsItIs,
    Otherwise(Wire),
    Not,
}

impl Kept {
    fn of(new: Option<Wire>) -> Self {
        new.map_or(Self::AsItIs, Self::Otherwise)
    }
}

/// A text that is JSON with something in it.
fn nested(text: &str) -> Option<Wire> {
    let begins = text.trim_start().starts_with(['{', '[', '"']);
    let parsed = begins.then(|| wire::parse(text)).flatten()?;
    Some(parsed.wire)
}

fn struck(value: &Wire) -> Option<Wire> {
    let by = match value {
        Wire::Null => return None,
        Wire::Bool(_) | Wire::Number(_) | Wire::Text(_) | Wire::List(_) | Wire::Object(_) => {
            Wire::Text(STRUCK.to_owned())
        }
    };
    (*value != by).then_some(by)
}

/// A masked number. What is of another kind keeps its kind and loses what is in it.
fn masked(value: &Wire) -> Option<Wire> {
    let by = match value {
        Wire::Null | Wire::Bool(_) => return None,
        Wire::Number(number) => Wire::Text(mask(&number.to_string())),
        Wire::Text(text) => Wire::Text(mask(text)),
        Wire::List(_) => Wire::List(Vec::new()),
        Wire::Object(_) => Wire::Object(Vec::new()),
    };
    (*value != by).then_some(by)
}

fn mask(number: &str) -> String {
    MaskedNumber::mask(number).as_str().to_owned()
}

#[cfg(test)]
mod tests;
