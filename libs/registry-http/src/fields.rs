//! A JSON object, read field by field, so that a client learns everything that is wrong with it at once.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use registry_domain::Adjustment;
use serde_json::{Map, Value};

use crate::problem::{Code, Fault, FieldFault, Place, Problem};
use crate::unique::Unique;

/// Most faults that are told of one request.
const FAULTS_MAX: usize = 50;

/// Longest part of an unknown name that is repeated to the client, in characters.
const NAME_LENGTH_MAX: usize = 60;

/// What a null means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// The same as leaving the field out.
    Absent,
    /// Nothing: a change that leaves a field out keeps it, and there is no taking it away.
    Refused,
}

/// The fields of a JSON object that were not read yet, and the faults of those that were.
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
    null: Null,
    faults: Vec<FieldFault>,
    /// Where the object stands: empty for the body itself.
    place: String,
}

impl Fields {
    /// Reads a JSON object.
    pub fn read(bytes: &[u8], null: Null) -> Result<Self, Problem> {
        let unique = serde_json::from_slice::<Unique>(bytes).map_err(|_| Code::InvalidJson)?;
        let Value::Object(members) = unique.value else {
            let place = Place::Body(String::new());
            return Err(Problem::validation(vec![FieldFault {
                place,
                fault: Fault::WrongType,
            }]));
        };
        let mut fields = Self {
            members,
            null,
            faults: Vec::new(),
            place: String::new(),
        };
        for path in unique.repeated {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            fields.blame::<()>(&pointer(&path), Fault::Repeated);
        }
        Ok(fields)
    }

    /// A text that must be there.
    pub fn required<T, E: Into<Fault>>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.members.get(name).is_none_or(Value::is_null) {
            self.members.remove(name);
            return self.blame(&pointer(&[name]), Fault::Required);
        }
        self.optional(name, read)
    }

    /// A text that may be there.
    pub fn optional<T, E: Into<Fault>>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.take(name)?;
        self.text(&[name], &value, read)
    }

    /// True or false, if it is there.
    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let value = self.take(name)?;
        match value.as_bool() {
            Some(value) => Some(value),
            None => self.blame(&pointer(&[name]), Fault::WrongType),
        }
    }

    /// True or false, which must be there.
    pub fn required_boolean(&mut self, name: &'static str) -> Option<bool> {
        if self.members.get(name).is_none_or(Value::is_null) {
            self.members.remove(name);
            return self.blame(&pointer(&[name]), Fault::Required);
        }
        self.boolean(name)
    }

    /// Whether something is wrong with what was read so far.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Blames a field for being there.
    pub fn refuse(&mut self, name: &'static str, fault: Fault) {
        if self.take(name).is_some() {
            self.blame::<()>(&pointer(&[name]), fault);
        }
    }

    /// A fault that shows only when several fields are looked at together.
    pub fn blame_there(&mut self, name: &'static str, fault: Fault) {
        self.blame::<()>(&pointer(&[name]), fault);
    }

    /// A whole number within a range, if it is there.
    pub fn number(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.take(name)?;
        match value.as_i64() {
            Some(number) if range.contains(&number) => Some(number),
            Some(_) => self.blame(&pointer(&[name]), Fault::OutOfRange),
            None if value.is_number() => self.blame(&pointer(&[name]), Fault::OutOfRange),
            None => self.blame(&pointer(&[name]), Fault::WrongType),
        }
    }

    /// A field that null unsets, whatever null means elsewhere.
    pub fn adjustment<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Adjustment<T> {
        if self.members.get(name).is_some_and(Value::is_null) {
            self.members.remove(name);
            return Adjustment::Unset;
        }
        read(self, name).map_or(Adjustment::Keep, Adjustment::Set)
    }

    /// An object that may be there, read by its own fields. Whatever is wrong with them is told together.
    pub fn object<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let Value::Object(members) = self.take(name)? else {
            return self.blame(&pointer(&[name]), Fault::WrongType);
        };
        Some(self.inside(&pointer(&[name]), members, read))
    }

    /// A list of at most `max` texts that may be there.
    pub fn texts<T, E: Into<Fault>>(
        &mut self,
        name: &'static str,
        max: usize,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let Value::Array(values) = self.take(name)? else {
            return self.blame(&pointer(&[name]), Fault::WrongType);
        };
        if values.len() > max {
            return self.blame(&pointer(&[name]), Fault::TooMany);
        }
        let numbered = values.iter().enumerate();
        let texts: Vec<_> = numbered
            .map(|(index, value)| self.text(&[name, &index.to_string()], value, &read))
            .collect();
        texts.into_iter().collect()
    }

    /// A list of 1 to `max` texts, which must be there.
    pub fn required_texts<T, E: Into<Fault>>(
        &mut self,
        name: &'static str,
        max: usize,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let is_there = match self.members.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Array(values)) => !values.is_empty(),
            Some(_wrong_type) => true,
        };
        if !is_there {
            self.members.remove(name);
            return self.blame(&pointer(&[name]), Fault::Required);
        }
        self.texts(name, max, read)
    }

    /// An object of at most `max` texts that may be there.
    pub fn text_map<T, E: Into<Fault>>(
        &mut self,
        name: &'static str,
        max: usize,
        check_key: impl Fn(&str) -> Result<(), Fault>,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<BTreeMap<String, T>> {
        self.entries(name, max, check_key, |fields, path, value| {
            fields.text(path, value, &read)
        })
    }

    /// An object of at most `max` texts that may be there; null takes one away.
    pub fn text_changes<T, E: Into<Fault>>(
        &mut self,
        name: &'static str,
        max: usize,
        check_key: impl Fn(&str) -> Result<(), Fault>,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<BTreeMap<String, Option<T>>> {
        self.entries(name, max, check_key, |fields, path, value| {
            if value.is_null() {
                return Some(None);
            }
            fields.text(path, value, &read).map(Some)
        })
    }

    fn entries<T>(
        &mut self,
        name: &'static str,
        max: usize,
        check_key: impl Fn(&str) -> Result<(), Fault>,
        read: impl Fn(&mut Self, &[&str], &Value) -> Option<T>,
    ) -> Option<BTreeMap<String, T>> {
        let Value::Object(members) = self.take(name)? else {
            return self.blame(&pointer(&[name]), Fault::WrongType);
        };
        if members.len() > max {
            return self.blame(&pointer(&[name]), Fault::TooMany);
        }
        let mut entries = Vec::new();
        for (key, value) in members {
            entries.push(match check_key(&key) {
                Ok(()) => read(self, &[name, &key], &value).map(|entry| (key, entry)),
                Err(fault) => self.blame(&pointer(&[name, &key]), fault),
            });
        }
        entries.into_iter().collect()
    }

    /// An object that may be there, of at most `max` objects by names that say something, each read by its own fields; null
    /// takes one away.
    pub fn objects<K: Ord, T>(
        &mut self,
        name: &'static str,
        max: usize,
        read_key: impl Fn(&str) -> Result<K, Fault>,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<BTreeMap<K, Option<T>>> {
        let Value::Object(members) = self.take(name)? else {
            return self.blame(&pointer(&[name]), Fault::WrongType);
        };
        if members.len() > max {
            return self.blame(&pointer(&[name]), Fault::TooMany);
        }
        let mut objects = BTreeMap::new();
        for (key, value) in members {
            let place = pointer(&[name, &key]);
            match (read_key(&key), value) {
                (Err(fault), _) => {
                    self.blame::<()>(&place, fault);
                }
                (Ok(key), Value::Null) => {
                    objects.insert(key, None);
                }
                (Ok(key), Value::Object(members)) => {
                    let object = self.inside(&place, members, &read).map(|object| (key, Some(object)));
                    objects.extend(object);
                }
                (Ok(_), _) => {
                    self.blame::<()>(&place, Fault::WrongType);
                }
            }
        }
        Some(objects)
    }

    /// Blames every field that is left, and fails if there is any fault.
    pub fn finish(mut self) -> Result<(), Problem> {
        self.blame_unknown();
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::validation(self.faults))
        }
    }

    /// What stands in an object within this one.
    fn inside<T>(&mut self, pointer: &str, members: Map<String, Value>, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner = Self {
            members,
            null: self.null,
            faults: Vec::new(),
            place: format!("{}{pointer}", self.place),
        };
        let value = read(&mut inner);
        inner.blame_unknown();
        self.faults.extend(inner.faults);
        self.faults.truncate(FAULTS_MAX);
        value
    }

    /// The value of a field that is there and not null.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        match (self.members.remove(name)?, self.null) {
            (Value::Null, Null::Absent) => None,
            (Value::Null, Null::Refused) => self.blame(&pointer(&[name]), Fault::NotNullable),
            (value, _) => Some(value),
        }
    }

    fn text<T, E: Into<Fault>>(
        &mut self,
        path: &[&str],
        value: &Value,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Value::String(text) = value else {
            return self.blame(&pointer(path), Fault::WrongType);
        };
        match read(text) {
            Ok(value) => Some(value),
            Err(error) => self.blame(&pointer(path), error.into()),
        }
    }

    fn blame_unknown(&mut self) {
        let unknown: Vec<_> = self.members.keys().map(|name| pointer(&[name])).collect();
        for pointer in unknown {
            self.blame::<()>(&pointer, Fault::Unknown);
        }
    }

    fn blame<T>(&mut self, pointer: &str, fault: Fault) -> Option<T> {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(FieldFault {
                place: Place::Body(format!("{}{pointer}", self.place)),
                fault,
            });
        }
        None
    }
}

/// A JSON Pointer (RFC 6901). Names come from the client, so their length is bounded.
fn pointer(path: &[&str]) -> String {
    let mut pointer = String::new();
    for name in path {
        pointer.push('/');
        let short: String = name.chars().take(NAME_LENGTH_MAX).collect();
        pointer.push_str(&short.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

#[cfg(test)]
mod tests {
    use registry_domain::{Label, MemberCode};
    use serde_json::json;

    use super::*;
    use registry_web::language::Language;

    fn faults(problem: &Problem) -> Vec<(String, &'static str)> {
        let document = problem.document(Language::English, String::new(), None);
        document
            .errors
            .into_iter()
            .map(|error| (error.pointer.unwrap(), error.code))
            .collect()
    }

    fn read(value: &Value, null: Null) -> Result<(), Problem> {
        let mut fields = Fields::read(value.to_string().as_bytes(), null)?;
        fields.required("member_code", MemberCode::parse);
        fields.optional("company_name", Label::parse);
        fields.texts("tags", 2, Label::parse);
        let check_key = |key: &str| if key.is_empty() { Err(Fault::Blank) } else { Ok(()) };
        fields.text_map("metadata", 2, check_key, Label::parse);
        fields.finish()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let body = json!({
            "member_code": "", "company_name": 7, "tags": ["a", " "], "metadata": {"": "x", "a/b~c": null}, "other": 1,
        });
        let problem = read(&body, Null::Absent).unwrap_err();
        assert_eq!(problem.code(), Code::ValidationFailed);
        let expected = [
            ("/member_code", "blank"),
            ("/company_name", "wrong_type"),
            ("/tags/1", "blank"),
            ("/metadata/", "blank"),
            ("/metadata/a~1b~0c", "wrong_type"),
            ("/other", "unknown_field"),
        ];
        assert_eq!(
            faults(&problem),
            expected.map(|(pointer, code)| (pointer.to_owned(), code))
        );
    }

    #[test]
    fn null_is_nothing_or_refused() {
        let body = json!({"member_code": "a", "company_name": null});
        assert!(read(&body, Null::Absent).is_ok());
        let problem = read(&body, Null::Refused).unwrap_err();
        assert_eq!(faults(&problem), [("/company_name".to_owned(), "not_nullable")]);
        let problem = read(&json!({"member_code": null}), Null::Absent).unwrap_err();
        assert_eq!(faults(&problem), [("/member_code".to_owned(), "required")]);
    }

    #[test]
    fn what_stands_inside_is_named_with_its_place() {
        let read = |value: Value| {
            let mut fields = Fields::read(value.to_string().as_bytes(), Null::Refused).unwrap();
            let inner = fields.object("read_back", |inner| {
                let path = inner.adjustment("path", |inner, name| inner.optional(name, Label::parse));
                (path, inner.boolean("enabled"), inner.number("days", 1..=90))
            });
            fields.finish().map(|()| inner)
        };
        let good = read(json!({"read_back": {"enabled": false, "path": null, "days": 90}}));
        assert_eq!(good.unwrap(), Some((Adjustment::Unset, Some(false), Some(90))));
        assert_eq!(read(json!({})).unwrap(), None);
        let problem = read(json!({"read_back": {"enabled": 1, "days": 1.5, "other": 2}})).unwrap_err();
        let expected = [
            ("/read_back/enabled", "wrong_type"),
            ("/read_back/days", "out_of_range"),
            ("/read_back/other", "unknown_field"),
        ];
        assert_eq!(
            faults(&problem),
            expected.map(|(pointer, code)| (pointer.to_owned(), code))
        );
        assert_eq!(
            faults(&read(json!({"read_back": null})).unwrap_err()),
            [("/read_back".to_owned(), "not_nullable")]
        );
    }

    #[test]
    fn lists_are_bounded() {
        let problem = read(
            &json!({"member_code": "a", "tags": ["1", "2", "3"], "metadata": []}),
            Null::Absent,
        )
        .unwrap_err();
        assert_eq!(
            faults(&problem),
            [("/tags".to_owned(), "too_many"), ("/metadata".to_owned(), "wrong_type")]
        );
    }

    #[test]
    fn a_name_must_not_stand_twice() {
        let mut fields = Fields::read(br#"{"member_code":"a","member_code":"b"}"#, Null::Absent).unwrap();
        fields.required("member_code", MemberCode::parse);
        assert_eq!(
            faults(&fields.finish().unwrap_err()),
            [("/member_code".to_owned(), "repeated")]
        );
    }

    #[test]
    fn what_is_not_json_is_told_apart_from_what_is_no_object() {
        let deep = format!("{{\"a\":{}", "[".repeat(60_000));
        let bad: [&[u8]; 7] = [
            b"",
            b"{",
            b"{}x",
            b"\xFF",
            br#"{"a":"\ud800"}"#,
            b"{\"a\":\"\0\"}",
            deep.as_bytes(),
        ];
        for bytes in bad {
            assert_eq!(Fields::read(bytes, Null::Absent).unwrap_err().code(), Code::InvalidJson);
        }
        for bytes in [b"[]".as_slice(), b"null", b"7", b"\"a\""] {
            assert_eq!(
                faults(&Fields::read(bytes, Null::Absent).unwrap_err()),
                [(String::new(), "wrong_type")]
            );
        }
    }

    #[test]
    fn the_answer_is_bounded_whatever_is_sent() {
        let body: Map<String, Value> = (0..1_000)
            .map(|index| (format!("{index:0>100}"), Value::Null))
            .collect();
        let problem = read(&Value::Object(body), Null::Absent).unwrap_err();
        let faults = faults(&problem);
        assert_eq!(faults.len(), FAULTS_MAX);
        assert!(faults.iter().all(|(pointer, _)| pointer.len() <= NAME_LENGTH_MAX + 1));
    }
}
