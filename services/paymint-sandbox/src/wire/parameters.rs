//! The parameters of a call.

use serde_json::{Map, Value};
use url::Url;

use super::envelope::Refusal;
use crate::world::Rules;

/// The codes of all calls but `/auth/mapping` (release notes of v2.0.1).
const CODE_MAX_CHARACTERS: usize = 60;

/// The parameters of a call, or the fields of the object in it. Null is absent.
pub(super) struct Parameters {
    fields: Map<String, Value>,
    rules: Rules,
}

impl Parameters {
    pub(super) fn new(fields: Map<String, Value>, rules: Rules) -> Self {
        Self { fields, rules }
    }

    /// What upstream leaves open, as it was decided when the call came.
    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The fields of the object that a call is about.
    pub(super) fn object(&self, name: &'static str) -> Result<Self, Refusal> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Err(self.missing(name)),
            Some(Value::Object(fields)) => Ok(Self::new(fields.clone(), self.rules.clone())),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Err(Refusal::Parameter(name))
            }
        }
    }

    /// The key and the codes as they came: many answers repeat them.
    pub(super) fn echo(&self, names: &[&str]) -> Map<String, Value> {
        let found = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.fields.get(*name)?.clone())));
        found.collect()
    }

    /// A text that must be there and not be empty.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.missing(name))
    }

    /// The refusal for a field that is not there.
    pub(super) fn missing(&self, name: &'static str) -> Refusal {
        if self.rules.missing_is_malformed {
            Refusal::Parameter(name)
        } else {
            Refusal::Missing(name)
        }
    }

    /// A code of the partner's, not empty and not too long.
    pub(super) fn code(&self, name: &'static str, max_characters: usize) -> Result<String, Refusal> {
        let code = self
            .text(name)?
            .filter(|code| !code.is_empty() && code.chars().count() <= max_characters);
        code.map(str::to_owned).ok_or(Refusal::Parameter(name))
    }

    /// Both codes under the names that all calls but `/auth/mapping` use.
    pub(super) fn pair(&self) -> Result<(String, String), Refusal> {
        Ok((
            self.code("member", CODE_MAX_CHARACTERS)?,
            self.code("merchant", CODE_MAX_CHARACTERS)?,
        ))
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(Refusal::Parameter(name)),
        }
    }

    /// An `http` or `https` address of at most so many bytes.
    pub(super) fn web_address(&self, name: &'static str, max_bytes: usize) -> Result<Option<Url>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        url.filter(|_| text.len() <= max_bytes)
            .map(Some)
            .ok_or(Refusal::Parameter(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }
}
