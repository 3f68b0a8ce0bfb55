//! Calls of which no public page shows the fields, or not even the path. Whoever has Paymint's papers says here how they
//! are made; without that they are off. The key goes along, so paths and names are checked as for mapping-status.

use serde_json::{Map, Value};
use url::Url;

use crate::address::address;
use crate::json::Object;
use crate::scrub::Scrubber;
use crate::status_call::{is_plain_name, is_plain_path};

/// Fields around the object, in small letters: no field of a call may take their place.
const ENVELOPE: [&str; 3] = ["member", "merchant", "apikey"];

/// How one call is made: its path, the object its fields go in, and their names where they differ from ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredCall {
    address: Url,
    container: Option<String>,
    names: Vec<(String, String)>,
}

/// Why a call cannot be made so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfiguredCallError {
    /// The path is not plain, or what it leads to is not below the base URL.
    #[error("the path of the call does not stay below the base URL")]
    Path,
    /// The object or a field has no plain name, or one that stands around it.
    #[error("a name in the call is not plain, or is taken")]
    Name,
}

impl ConfiguredCall {
    /// The call at this path below the base, such as `read/partner`. Its fields stand beside the key.
    pub fn below(base: &Url, path: &str) -> Result<Self, ConfiguredCallError> {
        if !is_plain_path(path) {
            return Err(ConfiguredCallError::Path);
        }
        Ok(Self {
            address: address(base, path).map_err(|_| ConfiguredCallError::Path)?,
            container: None,
            names: Vec::new(),
        })
    }

    /// The same with its fields in an object of this name, such as `rp`.
    pub fn in_object(mut self, name: &str) -> Result<Self, ConfiguredCallError> {
        self.container = Some(free_name(name)?.to_owned());
        Ok(self)
    }

    /// The same with its fields beside the key.
    #[must_use]
    pub fn without_object(mut self) -> Self {
        self.container = None;
        self
    }

    /// The same with a field under another name: `ours` is the name that the method's page gives.
    pub fn with_name(mut self, ours: &str, theirs: &str) -> Result<Self, ConfiguredCallError> {
        let renamed = (ours.to_owned(), free_name(theirs)?.to_owned());
        self.names.retain(|(name, _)| name != ours);
        self.names.push(renamed);
        Ok(self)
    }

    pub(crate) fn address(&self) -> &Url {
        &self.address
    }

    /// What is sent beside key and codes.
    pub(crate) fn body(&self, fields: Object, extra: &ExtraFields) -> Object {
        let mut named = Map::new();
        for (name, value) in fields {
            let other = self.names.iter().find(|(ours, _)| *ours == name);
            named.insert(other.map_or(name, |(_, theirs)| theirs.clone()), value);
        }
        for (name, value) in &extra.0 {
            // What the method says is not overruled.
            named.entry(name.clone()).or_insert_with(|| value.clone());
        }
        match &self.container {
            Some(container) => Map::from_iter([(container.clone(), Value::Object(named))]),
            None => named,
        }
    }
}

/// The name, if it is plain and free.
fn free_name(name: &str) -> Result<&str, ConfiguredCallError> {
    if is_free_name(name) {
        Ok(name)
    } else {
        Err(ConfiguredCallError::Name)
    }
}

fn is_free_name(name: &str) -> bool {
    is_plain_name(name) && !ENVELOPE.contains(&name.replace('_', "").to_ascii_lowercase().as_str())
}

/// Fields that a call is given beside those of its method, because nobody knows yet which there are.
///
/// Never a card number: nothing shows that upstream wants one, and who sends one falls under the rules for card data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExtraFields(Object);

/// Why a field is not taken. It never repeats the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExtraFieldError {
    /// The name is not plain, or stands around the fields.
    #[error("the name of the field is not plain, or is taken")]
    Name,
    /// The value looks like a card number or another secret.
    #[error("the value of the field looks like a card number or another secret")]
    Secret,
}

impl ExtraFields {
    /// The same with one more text. A name that is there already gets the new value.
    pub fn with(mut self, name: &str, value: &str) -> Result<Self, ExtraFieldError> {
        if !is_free_name(name) {
            return Err(ExtraFieldError::Name);
        }
        if Scrubber::default().secrets_in(value) > 0 {
            return Err(ExtraFieldError::Secret);
        }
        self.0.insert(name.to_owned(), Value::String(value.to_owned()));
        Ok(self)
    }
}

impl std::fmt::Debug for ExtraFields {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nobody knows what the values are.
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base() -> Url {
        Url::parse("https://up.example/partner").unwrap()
    }

    fn fields(value: &Value) -> Object {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn fields_stand_where_and_as_they_are_configured() {
        let call = ConfiguredCall::below(&base(), "rp/delete")
            .unwrap()
            .in_object("rp")
            .unwrap();
        assert_eq!(call.address().as_str(), "https://up.example/partner/rp/delete");
        let extra = ExtraFields::default()
            .with("rpKey", "r1")
            .unwrap()
            .with("phone", "x")
            .unwrap();
        let body = call.body(fields(&json!({"phone": "01012345678"})), &extra);
        assert_eq!(
            Value::Object(body),
            json!({"rp": {"phone": "01012345678", "rpKey": "r1"}})
        );
        let flat = call.without_object().with_name("phone", "hp").unwrap();
        let body = flat.body(fields(&json!({"phone": "01012345678"})), &ExtraFields::default());
        assert_eq!(Value::Object(body), json!({"hp": "01012345678"}));
    }

    #[test]
    fn neither_path_nor_name_can_reach_the_key() {
        for path in ["", "../x", "a//b", "https://elsewhere.example", "a?b"] {
            assert_eq!(
                ConfiguredCall::below(&base(), path),
                Err(ConfiguredCallError::Path),
                "{path}"
            );
        }
        let call = ConfiguredCall::below(&base(), "x").unwrap();
        for name in ["apiKey", "api_key", "member", "Merchant", "", "a b"] {
            assert_eq!(call.clone().in_object(name), Err(ConfiguredCallError::Name), "{name}");
            assert_eq!(
                call.clone().with_name("phone", name),
                Err(ConfiguredCallError::Name),
                "{name}"
            );
            assert_eq!(
                ExtraFields::default().with(name, "x"),
                Err(ExtraFieldError::Name),
                "{name}"
            );
        }
    }

    #[test]
    fn no_card_number_is_sent() {
        for number in ["4111111111111111", "4111-1111-1111-1111"] {
            assert_eq!(ExtraFields::default().with("x", number), Err(ExtraFieldError::Secret));
        }
        let extra = ExtraFields::default().with("rpKey", "r-secret-1").unwrap();
        assert_eq!(format!("{extra:?}"), "{\"rpKey\"}");
    }
}
