//! JSON in which each name stands once. Two values for one name are an accident or an attack: parsers differ in which one they
//! take.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Most places that are told. A small body can hold very many, each far down.
const PLACES_MAX: usize = 50;

/// A value, and the places of names that stand twice in it, however deep.
pub struct Unique {
    /// The value; of two with one name the later one.
    pub value: Value,
    /// Where a name stands twice, as names and indexes from the top.
    pub repeated: Vec<Vec<String>>,
}

impl Unique {
    fn of(value: impl Into<Value>) -> Self {
        Self {
            value: value.into(),
            repeated: Vec::new(),
        }
    }
}

/// Puts the places below a step together.
fn below(step: &str, inner: Vec<Vec<String>>) -> impl Iterator<Item = Vec<String>> {
    inner.into_iter().map(move |mut path| {
        path.insert(0, step.to_owned());
        path
    })
}

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Unique, E> {
        Ok(Unique::of(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Unique, E> {
        Ok(Unique::of(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Unique, E> {
        Ok(Unique::of(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Unique, E> {
        Ok(Unique::of(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Unique, E> {
        Ok(Unique::of(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Unique, E> {
        Ok(Unique::of(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Unique, E> {
        Ok(Unique::of(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
        let (mut values, mut repeated) = (Vec::new(), Vec::new());
        while let Some(entry) = entries.next_element::<Unique>()? {
            repeated.extend(below(&values.len().to_string(), entry.repeated));
            repeated.truncate(PLACES_MAX);
            values.push(entry.value);
        }
        Ok(Unique {
            value: Value::Array(values),
            repeated,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
        let (mut members, mut repeated) = (Map::new(), Vec::new());
        while let Some((name, member)) = entries.next_entry::<String, Unique>()? {
            repeated.extend(below(&name, member.repeated));
            if members.insert(name.clone(), member.value).is_some() {
                repeated.push(vec![name]);
            }
            repeated.truncate(PLACES_MAX);
        }
        Ok(Unique {
            value: Value::Object(members),
            repeated,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> (Value, Vec<String>) {
        let unique: Unique = serde_json::from_str(text).unwrap();
        (
            unique.value,
            unique.repeated.iter().map(|path| path.join("/")).collect(),
        )
    }

    #[test]
    fn a_name_that_stands_twice_is_found_however_deep() {
        let (value, repeated) = read(r#"{"a":1,"b":[{"c":{"d":1,"d":2}},{"e":1,"\u0065":2}],"a":3}"#);
        assert_eq!(value, json!({"a": 3, "b": [{"c": {"d": 2}}, {"e": 2}]}));
        assert_eq!(repeated, ["b/0/c/d", "b/1/e", "a"]);
        // The same name in two objects is no repeat.
        assert_eq!(read(r#"[{"a":{"a":1}},{"a":1}]"#).1, Vec::<String>::new());
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_has_no_such_name_is_read_as_it_is(value in json_value()) {
            let text = value.to_string();
            let (read, repeated) = read(&text);
            // Digits of a fraction may be read back as its neighbour, here as elsewhere.
            prop_assert_eq!(read, serde_json::from_str::<Value>(&text).unwrap());
            prop_assert!(repeated.is_empty());
        }
    }
}
