//! Days on which people work.

use chrono::NaiveDate;
use serde::Deserialize;

/// `GET /v1/calendar`
#[derive(Debug, Clone, Deserialize)]
pub struct Calendar {
    /// How many business days there are.
    pub business_days: u32,
    /// From when on public holidays are known.
    pub known_from: NaiveDate,
    /// Until when they are known.
    pub known_until: NaiveDate,
    /// Until when the gazette has named them.
    pub named_until: NaiveDate,
    /// The days.
    pub data: Vec<CalendarDay>,
}

/// One day.
#[derive(Debug, Clone, Deserialize)]
pub struct CalendarDay {
    /// The date.
    pub date: NaiveDate,
    /// Whether one works on it.
    pub business_day: bool,
    /// `table` or `tenant`.
    pub source: String,
    /// The public holiday that it is.
    pub holiday: Option<Holiday>,
    /// What the tenant calls it.
    pub own_name: Option<String>,
}

/// A public holiday.
#[derive(Debug, Clone, Deserialize)]
pub struct Holiday {
    /// Its name.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// The gazette has not named it yet.
    pub expected: bool,
}
