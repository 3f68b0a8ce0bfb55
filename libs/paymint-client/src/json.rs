//! Lenient reading of upstream's JSON, shared by answers and callbacks.

use serde_json::{Map, Value};

/// A JSON object as upstream sent it.
pub(crate) type Object = Map<String, Value>;

/// A field holds an object or an array where a text belongs, or something else where an object belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongType;

/// The text of the first of these fields that is there. Null is absent, numbers and booleans give their text.
pub(crate) fn text(object: &Object, names: &[&str]) -> Result<Option<String>, WrongType> {
    match first(object, names) {
        None => Ok(None),
        Some(value) => scalar(value).map(Some).ok_or(WrongType),
    }
}

/// The object in this field. Null is absent.
pub(crate) fn object<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Object>, WrongType> {
    match first(object, &[name]) {
        None => Ok(None),
        Some(value) => value.as_object().map(Some).ok_or(WrongType),
    }
}

/// The text of a value that is not null, not an object and not an array.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("true".to_owned()),
        Value::Bool(false) => Some("false".to_owned()),
        Value::Null | Value::Object(_) | Value::Array(_) => None,
    }
}

fn first<'a>(object: &'a Object, names: &[&str]) -> Option<&'a Value> {
    names
        .iter()
        .filter_map(|name| object.get(*name))
        .find(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Object {
        serde_json::from_str(r#"{"text":"a","number":12,"yes":true,"nothing":null,"list":[],"object":{}}"#).unwrap()
    }

    #[test]
    fn scalars_are_read_as_their_text() {
        let sample = sample();
        assert_eq!(text(&sample, &["text"]), Ok(Some("a".to_owned())));
        assert_eq!(text(&sample, &["number"]), Ok(Some("12".to_owned())));
        assert_eq!(text(&sample, &["yes"]), Ok(Some("true".to_owned())));
        assert_eq!(text(&sample, &["nothing"]), Ok(None));
        assert_eq!(text(&sample, &["absent"]), Ok(None));
        assert_eq!(text(&sample, &["list"]), Err(WrongType));
        assert_eq!(text(&sample, &["object"]), Err(WrongType));
    }

    #[test]
    fn null_gives_way_to_the_other_spelling() {
        assert_eq!(text(&sample(), &["nothing", "text"]), Ok(Some("a".to_owned())));
    }

    #[test]
    fn only_an_object_is_an_object() {
        let sample = sample();
        assert!(object(&sample, "object").unwrap().is_some());
        assert!(object(&sample, "nothing").unwrap().is_none());
        assert_eq!(object(&sample, "text"), Err(WrongType));
    }
}
