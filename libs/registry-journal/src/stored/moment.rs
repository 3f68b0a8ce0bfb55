//! Moments as rows of merchants keep them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Microseconds since 1970, as exact as the log is: every callback reads and writes the state of its merchant, and a
/// dozen dates in words were a good part of that work. Rows written before have dates in words, and are read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl Moment {
    pub(super) fn at(self) -> DateTime<Utc> {
        self.0
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.timestamp_micros())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm)
    }
}

struct EitherForm;

impl Visitor<'_> for EitherForm {
    type Value = Moment;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("microseconds since 1970, or a date as RFC 3339 has it")
    }

    fn visit_i64<E: de::Error>(self, micros: i64) -> Result<Moment, E> {
        let at = DateTime::from_timestamp_micros(micros);
        at.map(Moment).ok_or_else(|| E::custom("a moment out of range"))
    }

    fn visit_u64<E: de::Error>(self, micros: u64) -> Result<Moment, E> {
        let micros = i64::try_from(micros).map_err(|_| E::custom("a moment out of range"))?;
        self.visit_i64(micros)
    }

    fn visit_str<E: de::Error>(self, date: &str) -> Result<Moment, E> {
        date.parse().map(Moment).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_the_same_moment() {
        let written = serde_json::to_string(&Moment(DateTime::UNIX_EPOCH)).unwrap();
        assert_eq!(written, "0");
        for form in ["1785585600000001", "\"2026-08-01T12:00:00.000001Z\""] {
            let read: Moment = serde_json::from_str(form).unwrap();
            assert_eq!(read.0.to_rfc3339(), "2026-08-01T12:00:00.000001+00:00");
            assert_eq!(serde_json::to_string(&read).unwrap(), "1785585600000001");
        }
        for bad in ["-9223372036854775808", "99999999999999999999", "\"soon\"", "true"] {
            assert!(serde_json::from_str::<Moment>(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<Moment>("-1").unwrap().0.timestamp_micros(), -1);
    }
}
