//! What a tenant says of single days, and what holidays are called in English.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::Calendar;
use crate::text::{Label, LabelError};

/// Most days of its own that a tenant may have: some dozens a year, for the years that the table knows.
pub const OWN_DAYS_MAX: usize = 400;

/// Longest name of such a day, in characters.
pub const DAY_NAME_LENGTH_MAX: usize = 40;

/// What a day of a tenant's own is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayName(Label);

impl DayName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        Self::of(Label::parse(text)?)
    }

    /// Reads one that was written down.
    pub fn recorded(text: &str) -> Result<Self, LabelError> {
        Self::of(Label::recorded(text)?)
    }

    fn of(label: Label) -> Result<Self, LabelError> {
        if label.as_str().chars().count() > DAY_NAME_LENGTH_MAX {
            return Err(LabelError::TooLong);
        }
        Ok(Self(label))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What a tenant says of a day of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnDay {
    /// It works, whatever the table says.
    Business {
        /// Why, if somebody wrote that.
        name: Option<DayName>,
    },
    /// It does not.
    Holiday {
        /// What that day is.
        name: DayName,
    },
}

impl OwnDay {
    /// Whether people work on it.
    pub const fn is_business(&self) -> bool {
        match self {
            Self::Business { .. } => true,
            Self::Holiday { .. } => false,
        }
    }

    /// What it is called.
    pub fn name(&self) -> Option<&DayName> {
        match self {
            Self::Business { name } => name.as_ref(),
            Self::Holiday { name } => Some(name),
        }
    }
}

/// More days of its own than a tenant may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {OWN_DAYS_MAX} days of one's own are kept")]
pub struct TooManyOwnDays;

/// What becomes of days: `None` is as the table has it again. Days that are not named stay as they are.
pub type OwnDaysChange = BTreeMap<NaiveDate, Option<OwnDay>>;

impl Calendar {
    /// Whether the table knows a day, so that something can be said against it.
    pub fn knows(date: NaiveDate) -> bool {
        Self::covers().contains(&date.year())
    }

    /// The tenant's own days, in order.
    pub fn own_days(&self) -> impl Iterator<Item = (NaiveDate, &OwnDay)> {
        self.own.iter().map(|(date, own)| (*date, own))
    }

    /// The calendar after a change.
    pub fn changed(mut self, change: OwnDaysChange) -> Result<Self, TooManyOwnDays> {
        for (date, own) in change {
            match own {
                Some(own) => self.own.insert(date, own),
                None => self.own.remove(&date),
            };
        }
        if self.own.len() > OWN_DAYS_MAX {
            return Err(TooManyOwnDays);
        }
        Ok(self)
    }
}

/// What the names of the table are in English. Two holidays may fall on one day.
const ENGLISH: [(&str, &str); 22] = [
    ("1월 1일", "New Year's Day"),
    ("개천절", "National Foundation Day"),
    ("광복절", "Liberation Day"),
    ("국군의 날", "Armed Forces Day"),
    ("국회의원 선거일", "National Assembly election"),
    ("기독탄신일", "Christmas Day"),
    ("노동절", "Labour Day"),
    ("대통령 선거일", "Presidential election"),
    ("부처님 오신 날", "Buddha's Birthday"),
    ("삼일절", "Independence Movement Day"),
    ("설날", "Lunar New Year"),
    ("설날 다음날", "Day after Lunar New Year"),
    ("설날 전날", "Day before Lunar New Year"),
    ("어린이날", "Children's Day"),
    ("임시공휴일", "Temporary holiday"),
    ("제헌절", "Constitution Day"),
    ("지방선거일", "Local elections"),
    ("추석", "Chuseok"),
    ("추석 다음날", "Day after Chuseok"),
    ("추석 전날", "Day before Chuseok"),
    ("한글날", "Hangul Day"),
    ("현충일", "Memorial Day"),
];

/// What stands around the name of the holiday that a day is the substitute of.
const SUBSTITUTE: (&str, &str) = ("대체공휴일(", ")");

/// The name of a holiday of the table in English; as it is, where there is none.
pub fn english(name: &str) -> String {
    let names: Vec<_> = name.split(", ").map(english_of_one).collect();
    names.join(", ")
}

fn english_of_one(name: &str) -> String {
    let of = |name: &str| {
        let found = ENGLISH.iter().find(|(korean, _)| *korean == name);
        found.map_or(name, |(_, english)| english).to_owned()
    };
    let substituted = name
        .strip_prefix(SUBSTITUTE.0)
        .and_then(|name| name.strip_suffix(SUBSTITUTE.1));
    substituted.map_or_else(|| of(name), |name| format!("Substitute holiday ({})", of(name)))
}
