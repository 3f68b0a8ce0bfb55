//! Dates and times. Upstream writes them without a zone and means Seoul.

use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Serialize, Serializer};

/// Seoul is nine hours ahead all year; there has been no summer time since 1988.
const SEOUL_SECONDS: i32 = 9 * 60 * 60;

/// The years that four digits can write.
const YEARS: std::ops::RangeInclusive<i32> = 1000..=9999;

/// Why a text is no date or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// It has another form than the documented ones.
    #[error("the date has neither of the documented forms")]
    Form,
    /// There is no such day or time.
    #[error("there is no such date")]
    NoSuchDate,
}

/// A second in Seoul.
///
/// Upstream writes 14 digits, `yyyyMMddHHmmss` (integrators: sure). The history of cash receipts comes from the sandbox
/// in 12, `yyMMddHHmmss`, against its own page (sandbox: sure): those are read as years from 2000 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeoulTime(NaiveDateTime);

impl SeoulTime {
    /// Reads 14 or 12 digits.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DateError::Form);
        }
        let whole = match text.len() {
            14 => text.to_owned(),
            12 => format!("20{text}"),
            _ => return Err(DateError::Form),
        };
        let part = |from: usize, to: usize| whole[from..to].parse::<u32>().unwrap_or_default();
        let year = i32::try_from(part(0, 4)).map_err(|_| DateError::NoSuchDate)?;
        let date = NaiveDate::from_ymd_opt(year, part(4, 6), part(6, 8));
        let time = NaiveTime::from_hms_opt(part(8, 10), part(10, 12), part(12, 14));
        match (date, time) {
            (Some(date), Some(time)) if YEARS.contains(&year) => Ok(Self(date.and_time(time))),
            (Some(_) | None, Some(_) | None) => Err(DateError::NoSuchDate),
        }
    }

    /// What a clock in Seoul showed.
    pub fn in_seoul(self) -> NaiveDateTime {
        self.0
    }

    /// The moment, with Seoul's offset. None only at the end of all time.
    pub fn moment(self) -> Option<DateTime<FixedOffset>> {
        self.0
            .and_local_timezone(FixedOffset::east_opt(SEOUL_SECONDS)?)
            .single()
    }
}

/// As RFC 3339, such as `2026-08-01T12:00:00+09:00`.
impl fmt::Display for SeoulTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}+09:00", self.0.format("%Y-%m-%dT%H:%M:%S"))
    }
}

/// The last day on which a bill can be paid, until its midnight in Seoul (bill-sand: sure).
///
/// It is sent as `yyyy-MM-dd`. What a day in the past does, and what becomes of a bill afterwards, no source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpireDate(NaiveDate);

impl ExpireDate {
    /// Takes a day of the years 1000 to 9999.
    pub fn new(day: NaiveDate) -> Result<Self, DateError> {
        if YEARS.contains(&day.year()) {
            Ok(Self(day))
        } else {
            Err(DateError::NoSuchDate)
        }
    }

    /// Reads `yyyy-MM-dd`.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let is_in_form = |(at, byte): (usize, u8)| {
            if matches!(at, 4 | 7) {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        };
        if text.len() != 10 || !text.bytes().enumerate().all(is_in_form) {
            return Err(DateError::Form);
        }
        Self::new(text.parse().map_err(|_| DateError::NoSuchDate)?)
    }

    /// The day in Seoul.
    pub fn day(self) -> NaiveDate {
        self.0
    }
}

impl fmt::Display for ExpireDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%d").fmt(formatter)
    }
}

impl Serialize for ExpireDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_14_or_12_digits() {
        let whole = SeoulTime::parse("20260801235959").unwrap();
        assert_eq!(SeoulTime::parse("260801235959"), Ok(whole));
        assert_eq!(whole.to_string(), "2026-08-01T23:59:59+09:00");
        assert_eq!(whole.moment().unwrap().to_rfc3339(), "2026-08-01T23:59:59+09:00");
        for text in [
            "",
            "20260801",
            "2026080123595",
            "2026-08-01 12:00",
            "가나다라",
            "+2608012359590",
        ] {
            assert_eq!(SeoulTime::parse(text), Err(DateError::Form), "{text}");
        }
        for text in [
            "20260230000000",
            "20260801240000",
            "20260801236000",
            "261301000000",
            "00000801000000",
        ] {
            assert_eq!(SeoulTime::parse(text), Err(DateError::NoSuchDate), "{text}");
        }
    }

    #[test]
    fn a_last_day_is_written_with_hyphens() {
        let day = ExpireDate::parse("2026-12-31").unwrap();
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2026-12-31\"");
        assert_eq!(ExpireDate::new(day.day()), Ok(day));
        for text in ["", "20261231", "2026/12/31", "26-12-31", "2026-12-3", "2026-12-311"] {
            assert_eq!(ExpireDate::parse(text), Err(DateError::Form), "{text}");
        }
        assert_eq!(ExpireDate::parse("2026-02-30"), Err(DateError::NoSuchDate));
        assert_eq!(ExpireDate::new(NaiveDate::MAX), Err(DateError::NoSuchDate));
    }
}
