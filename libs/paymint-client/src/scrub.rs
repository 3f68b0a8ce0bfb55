//! Taking out of what upstream sends what must never be stored, not even sealed: the partner's key, card and account
//! numbers, signatures, the partner's own data.
//!
//! A secret is found by the name that it stands under, however that is spelt or wrapped; the partner's own key, numbers of
//! cards and callback URLs by their value too. Only the secret goes; what stands around it stays readable.
//!
//! A name carries what is assigned to it, and what it is paired with: beside a text that is nothing but such a name, the
//! other values of an object are taken for its value, and in a list the next one. Tables, whose names stand in another row
//! than their values, are not looked through.

mod base64;
mod cards;
mod known;
mod names;
mod spans;
mod text;
mod tokens;
mod told;
mod unwrap;

use std::borrow::Cow;

use self::known::KnownKey;
use self::names::{Treatment, treatment, treatment_within};
use self::unwrap::unwrap;
use crate::api_key::ApiKey;
use crate::masked_number::MaskedNumber;
use crate::wire::{self, Wire};

/// What stands in the place of a secret.
const STRUCK: &str = "***";

/// How many layers (JSON in a text, percent-encoding, escapes) are looked through. A text with more of them goes whole.
const LAYERS_MAX: u8 = 8;

/// How often a value is looked at, until nothing more is found: where a secret was, the next one may begin to show, or its end
/// another way. Only one that was made for it shows more after that.
const ROUNDS_MAX: u8 = 6;

/// How many of them one of base64 or of hexadecimal digits counts for: what is below it is looked at beside the text, and not instead of it.
const BASE64_LAYERS: u8 = 3;

/// The shortest run that may be base64 of a secret under its name.
const BASE64_MIN: usize = 16;

/// And the shortest of hexadecimal digits.
const HEXADECIMAL_MIN: usize = 24;

/// Takes secrets out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scrubber<'a> {
    known: Option<KnownKey<'a>>,
    /// What is looked at is an identifier: a number that could be one of a card is none.
    is_identifier: bool,
}

impl<'a> Scrubber<'a> {
    /// A scrubber that also knows the partner's key by its value.
    pub fn knowing(key: Option<&'a ApiKey>) -> Self {
        Self {
            known: key.map(ApiKey::expose).and_then(KnownKey::new),
            is_identifier: false,
        }
    }

    /// The same for what is an identifier.
    pub(crate) fn for_identifiers(self) -> Self {
        self.of(true)
    }

    fn of(self, is_identifier: bool) -> Self {
        Self { is_identifier, ..self }
    }

    /// A text without secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.scrub_text(text, LAYERS_MAX)
            .map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// How many secrets a text shows, as far as that can be counted: at least one if there is any.
    pub(crate) fn secrets_in(&self, text: &str) -> usize {
        let marks = |text: &str| text.matches(STRUCK).count();
        let clean = self.scrub_text(text, LAYERS_MAX);
        clean.map_or(0, |clean| marks(&clean).saturating_sub(marks(text)).max(1))
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
        let look = |wire: &Wire| self.scrub(wire, "", LAYERS_MAX);
        let mut left = look(wire)?;
        for _ in 1..ROUNDS_MAX {
            let Some(less) = look(&left) else { break };
            left = less;
        }
        Some(left)
    }

    fn scrub(&self, wire: &Wire, under: &str, layers: u8) -> Option<Wire> {
        match wire {
            Wire::Null | Wire::Bool(_) => None,
            Wire::Number(number) => {
                let number = number.to_string();
                let is_card = || cards::is_card(&number) && !names::is_identifier(under);
                let is_secret = self.known.is_some_and(|key| key.is(&number)) || is_card();
                is_secret.then(|| Wire::Text(STRUCK.to_owned()))
            }
            Wire::Text(text) => {
                let is_identifier = cards::may_be_in(text) && names::is_identifier(under);
                self.of(is_identifier).scrub_text(text, layers).map(Wire::Text)
            }
            Wire::List(values) => self.scrub_list(values, under, layers),
            Wire::Object(fields) => self.scrub_object(fields, under, layers),
        }
    }

    fn scrub_object(&self, fields: &[(String, Wire)], under: &str, layers: u8) -> Option<Wire> {
        let paired = Paired::of(fields);
        let mut scrubbed: Option<Vec<_>> = None;
        for (at, (name, value)) in fields.iter().enumerate() {
            let kept = match treatment(name).or_else(|| treatment_within(under, name)) {
                // What stands there now says already that something stood there.
                Some(Treatment::Drop) => Kept::Not,
                Some(Treatment::Mask) => Kept::of(masked(value)),
                None => Kept::of(match paired.and_then(|paired| paired.with(at, name)) {
                    Some(Treatment::Drop) => struck(value),
                    Some(Treatment::Mask) => masked(value),
                    None => self.scrub(value, name, layers),
                }),
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
    fn scrub_list(&self, values: &[Wire], under: &str, layers: u8) -> Option<Wire> {
        let mut scrubbed: Option<Vec<_>> = None;
        let mut named = None;
        for (at, value) in values.iter().enumerate() {
            let new = match named {
                Some(_) if names::is_mark(value) => None,
                Some(Treatment::Drop) => struck(value),
                Some(Treatment::Mask) => masked(value),
                None => self.scrub(value, under, layers),
            };
            if !names::is_mark(value) {
                named = names::named_by(value);
            }
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
            return self.scrub(&parsed, "", layers - 1).map(|wire| wire.to_text());
        }
        let struck = self.strike(text, layers);
        let now = struck.as_deref().unwrap_or(text);
        let Some(below) = unwrap(now) else { return struck };
        if layers == 0 {
            return Some(STRUCK.to_owned());
        }
        // If there is a secret below, the text stays as it reads there.
        self.scrub_text(&below, layers - 1).or(struck)
    }

    /// What this layer shows, and what is below base64 and hexadecimal digits.
    fn strike(&self, text: &str, layers: u8) -> Option<String> {
        let named = text::strike(text);
        let now = named.as_deref().unwrap_or(text);
        let known = self.known.and_then(|key| key.strike(now)).or(named);
        let now = known.as_deref().unwrap_or(text);
        let opened = tokens::strike(now).or(known);
        let now = opened.as_deref().unwrap_or(text);
        let spent = if self.is_identifier { None } else { cards::strike(now) };
        let spent = spent.or(opened);
        let now = spent.as_deref().unwrap_or(text);
        self.strike_encoded(now, layers).or(spent)
    }

    fn strike_encoded(&self, text: &str, layers: u8) -> Option<String> {
        if base64::longest_run(text) < BASE64_MIN {
            return None;
        }
        let hides = |below: Option<String>| {
            below.is_some_and(|below| match layers.checked_sub(BASE64_LAYERS) {
                Some(layers) => self.scrub_text(&below, layers).is_some(),
                None => true,
            })
        };
        let in_base64 = |run: &str| hides(base64::decoded(run));
        let struck = base64::replace_runs(text, BASE64_MIN, base64::is_part, in_base64);
        let now = struck.as_deref().unwrap_or(text);
        let is_digit = |byte: u8| byte.is_ascii_hexdigit();
        let in_digits = |run: &str| hides(hex::decode(run).ok().and_then(|bytes| String::from_utf8(bytes).ok()));
        base64::replace_runs(now, HEXADECIMAL_MIN, is_digit, in_digits).or(struck)
    }
}

/// A field of an object that holds nothing but the name of a secret.
#[derive(Clone, Copy)]
struct Paired {
    at: usize,
    treatment: Treatment,
}

impl Paired {
    fn of(fields: &[(String, Wire)]) -> Option<Self> {
        if fields.len() < 2 {
            return None;
        }
        let mut named = fields.iter().enumerate();
        named.find_map(|(at, (_, value))| {
            let treatment = names::named_by(value)?;
            Some(Self { at, treatment })
        })
    }

    /// What becomes of another field beside it.
    fn with(self, at: usize, name: &str) -> Option<Treatment> {
        (at != self.at && !names::is_documented(name)).then_some(self.treatment)
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
