//! Reading the `data` of answers about bills, receipts and customers. No field is promised in every answer, some come
//! under two names, and integrators saw all of it one level deeper (`data.data`), so that all of that is looked at in
//! one place.

use serde_json::Value;

use crate::answer::{BillLink, RawData};
use crate::api_key::ApiKey;
use crate::call_error::AnswerFault;
use crate::json::{self, Object};
use crate::masked_number::MaskedNumber;
use crate::scrub::Scrubber;
use crate::values::{Amount, BillId, Reported, SeoulTime};

/// The fields of one object of an answer, without secrets as they are read.
pub(crate) struct AnswerFields<'a> {
    outer: Option<&'a Object>,
    inner: Option<&'a Object>,
    scrubber: Scrubber<'a>,
}

impl<'a> AnswerFields<'a> {
    /// What is no object has no fields: the code has said already that the call succeeded.
    pub(crate) fn of(data: &'a Value, key: &'a ApiKey) -> Self {
        Self {
            outer: data.as_object(),
            inner: data.get("data").and_then(Value::as_object),
            scrubber: Scrubber::knowing(Some(key)),
        }
    }

    /// The value under the first of these names that is there and not null.
    pub(crate) fn value(&self, names: &[&str]) -> Option<&'a Value> {
        let objects = [self.inner, self.outer];
        let mut found = objects
            .into_iter()
            .flatten()
            .flat_map(|object| names.iter().filter_map(|name| object.get(*name)));
        found.find(|value| !value.is_null())
    }

    /// A text. An empty one is absent, and so is what is no text at all.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        let text = self.plain(names)?;
        Some(self.scrubber.text(&text).into_owned())
    }

    /// A text that identifies something, and may look like the number of a card.
    pub(crate) fn identifier(&self, names: &[&str]) -> Option<String> {
        let text = self.plain(names)?;
        Some(self.scrubber.for_identifiers().text(&text).into_owned())
    }

    pub(crate) fn masked(&self, names: &[&str]) -> Option<MaskedNumber> {
        let clean = self.identifier(names)?;
        Some(MaskedNumber::mask(&clean))
    }

    pub(crate) fn amount(&self, names: &[&str]) -> Option<Reported<Amount>> {
        self.reported(names, |text| Amount::parse(text).ok())
    }

    pub(crate) fn time(&self, names: &[&str]) -> Option<Reported<SeoulTime>> {
        self.reported(names, |text| SeoulTime::parse(text).ok())
    }

    pub(crate) fn reported<T>(&self, names: &[&str], read: impl FnOnce(&str) -> Option<T>) -> Option<Reported<T>> {
        let text = self.plain(names)?;
        let unreadable = || Reported::Unreadable(self.scrubber.text(&text).into_owned());
        Some(read(&text).map_or_else(unreadable, Reported::Known))
    }

    /// A page that a customer is to open.
    pub(crate) fn link(&self, names: &[&str]) -> Option<BillLink> {
        self.value(names).and_then(Value::as_str).and_then(BillLink::parse)
    }

    /// An answer that repeats another bill's id says nothing about ours. The case of letters is not looked at: nobody
    /// knows what upstream makes of it.
    pub(crate) fn check_bill(&self, asked: &BillId) -> Result<(), AnswerFault> {
        match self.plain(&["billId", "bill_id"]) {
            Some(told) if !told.eq_ignore_ascii_case(asked.as_str()) => Err(AnswerFault::Field("data.billId")),
            Some(_) | None => Ok(()),
        }
    }

    fn plain(&self, names: &[&str]) -> Option<String> {
        let text = json::scalar(self.value(names)?)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// The list in an answer: all of `data`, or under one of these names in it.
pub(crate) fn list<'a>(data: &'a Value, names: &[&str]) -> Option<&'a Vec<Value>> {
    if let Value::Array(items) = data {
        return Some(items);
    }
    let mut found = names.iter().chain(&["data"]).filter_map(|name| data.get(*name));
    found.find_map(|value| match value {
        Value::Array(items) => Some(items),
        Value::Object(object) => names
            .iter()
            .find_map(|name| object.get(*name))
            .and_then(Value::as_array),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// All of an answer's `data`, to be kept.
pub(crate) fn raw(data: &Value, key: &ApiKey) -> RawData {
    RawData::of(data, Scrubber::knowing(Some(key)))
}
