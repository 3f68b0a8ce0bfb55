//! JSON as it stands in a body: every field in its place, repeated names too. What reads it as a map sees the last of a
//! name; what looks for secrets must see all.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Number, Value};

use crate::repair::repair;

/// A value of JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wire {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Wire>),
    Object(Vec<(String, Wire)>),
}

/// A text that is JSON, perhaps after repair.
pub(crate) struct Parsed {
    pub(crate) wire: Wire,
    /// Half a character stood in it: U+FFFD is in its place.
    pub(crate) with_loss: bool,
}

/// Reads a text. `None` if it is no JSON, or nested more than 128 deep.
pub(crate) fn parse(text: &str) -> Option<Parsed> {
    let loses_digits = Cell::new(false);
    let strict = parse_strictly(text, &loses_digits);
    if let Some(wire) = strict
        && !loses_digits.get()
    {
        return Some(Parsed { wire, with_loss: false });
    }
    let repaired = repair(text);
    let wire = parse_strictly(&repaired.text, &loses_digits)?;
    Some(Parsed {
        wire,
        with_loss: repaired.with_loss,
    })
}

fn parse_strictly(text: &str, loses_digits: &Cell<bool>) -> Option<Wire> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let wire = Reader { loses_digits }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(wire)
}

impl Wire {
    /// What stands last under this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields
            .iter()
            .rev()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    }

    /// The value as JSON text.
    pub(crate) fn to_text(&self) -> String {
        // Every name is a string, so that there is no error to make.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<Wire> for Value {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Null => Self::Null,
            Wire::Bool(value) => Self::Bool(value),
            Wire::Number(number) => Self::Number(number),
            Wire::Text(text) => Self::String(text),
            Wire::List(values) => Self::Array(values.into_iter().map(Into::into).collect()),
            Wire::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, value.into()));
                Self::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

impl Serialize for Wire {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => serializer.collect_seq(values),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// Reads a value, and notes whether a whole number was too large for one.
#[derive(Clone, Copy)]
struct Reader<'a> {
    loses_digits: &'a Cell<bool>,
}

/// From here on not every whole number is a float.
const WHOLE_FLOAT_MAX: f64 = 9_007_199_254_740_992.0;

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Wire;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Wire, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Wire;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Wire, E> {
        Ok(Wire::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Wire, E> {
        Ok(Wire::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Wire, E> {
        Ok(Wire::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Wire, E> {
        Ok(Wire::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Wire, E> {
        if value.abs() >= WHOLE_FLOAT_MAX {
            self.loses_digits.set(true);
        }
        Ok(Number::from_f64(value).map_or(Wire::Null, Wire::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Wire, E> {
        Ok(Wire::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Wire, E> {
        Ok(Wire::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Wire, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element_seed(self)? {
            list.push(value);
        }
        Ok(Wire::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Wire, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = entries.next_key()? {
            fields.push((name, entries.next_value_seed(self)?));
        }
        Ok(Wire::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stays_in_its_place() {
        for text in [
            r#"{"x":{"a":1},"b":[null,true,1.5,-2],"x":1,"":"가\n"}"#,
            "[]",
            "\"text\"",
            "18446744073709551615",
        ] {
            assert_eq!(parse(text).unwrap().wire.to_text(), text);
        }
        assert_eq!(
            parse(r#"{"x":1,"x":2}"#).unwrap().wire.get("x"),
            Some(&Wire::Number(2.into()))
        );
    }

    #[test]
    fn a_number_that_is_too_large_keeps_its_digits() {
        let read = |text: &str| Value::from(parse(text).unwrap().wire);
        assert_eq!(
            read("[18446744073709551616]"),
            serde_json::json!(["18446744073709551616"])
        );
        assert_eq!(
            read("[-9223372036854775809]"),
            serde_json::json!(["-9223372036854775809"])
        );
        assert_eq!(read("[1e999]"), serde_json::json!(["1e999"]));
        assert_eq!(read("[1e30]"), serde_json::json!([1e30]));
        assert_eq!(
            read("[1e2,-0,18446744073709551615]"),
            serde_json::json!([1e2, -0.0, u64::MAX])
        );
    }

    #[test]
    fn what_is_no_json_is_none() {
        let deep = "[".repeat(200_000);
        for text in ["", "{", "{} {}", "not json", "{a:1}", deep.as_str()] {
            assert!(parse(text).is_none());
        }
    }
}
