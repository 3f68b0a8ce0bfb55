//! Which days Korea works, and how many of them lie between two moments: what a shop waits for is measured in business
//! days.
//!
//! The public holidays are a table; a tenant may say of single days otherwise. Where the table ends, only weekends are known
//! ([`Calendar::covers`]). Temporary holidays, which the government sets weeks before, are in no table: that is what a tenant's
//! own days are for.

mod kr;
mod own;
mod relative;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, Utc, Weekday};

use self::kr::{HOLIDAYS, YEARS};
pub use self::own::{DAY_NAME_LENGTH_MAX, DayName, OWN_DAYS_MAX, OwnDay, OwnDaysChange, TooManyOwnDays, english};
pub use self::relative::RelativeDay;

/// The years whose holidays the official gazette has named. Those behind are computed by the law of today.
pub const GAZETTE_UNTIL: i32 = 2027;

/// The most business days that [`Calendar::after`] counts: forty years.
pub const BUSINESS_DAYS_MAX: u16 = 10_000;

/// Korea Standard Time. There has been no summer time since 1988.
pub const KST: FixedOffset = match FixedOffset::east_opt(9 * 3600) {
    Some(offset) => offset,
    None => panic!("nine hours are an offset"),
};

/// The day in Korea at a moment.
pub fn day_in_korea(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&KST).date_naive()
}

/// When a day begins in Korea.
pub fn start_in_korea(date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_time(chrono::NaiveTime::MIN).and_local_timezone(KST);
    midnight
        .single()
        .map_or(DateTime::<Utc>::MIN_UTC, |midnight| midnight.to_utc())
}

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// People work.
    Business,
    /// Saturday or Sunday, and no holiday.
    Weekend,
    /// A public holiday.
    Holiday {
        /// Its Korean name.
        name: &'static str,
        /// The gazette has not named it yet: by the law of today it will be one.
        is_expected: bool,
    },
    /// The tenant says that it works.
    OwnBusiness,
    /// The tenant says that it does not work.
    OwnHoliday,
}

impl Day {
    /// Whether people work on it.
    pub const fn is_business(self) -> bool {
        match self {
            Self::Business | Self::OwnBusiness => true,
            Self::Weekend | Self::Holiday { .. } | Self::OwnHoliday => false,
        }
    }
}

/// Korea's calendar, with what a tenant says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    own: BTreeMap<NaiveDate, OwnDay>,
}

impl Calendar {
    /// The calendar of a tenant with these days of its own.
    pub fn with(own: BTreeMap<NaiveDate, OwnDay>) -> Self {
        Self { own }
    }

    /// The years whose holidays are known.
    pub const fn covers() -> RangeInclusive<i32> {
        YEARS
    }

    /// What a day is.
    pub fn day(&self, date: NaiveDate) -> Day {
        match self.own.get(&date) {
            Some(own) if own.is_business() => Day::OwnBusiness,
            Some(_) => Day::OwnHoliday,
            None => public_day(date),
        }
    }

    /// What a tenant has said of a day.
    pub fn own_day(&self, date: NaiveDate) -> Option<&OwnDay> {
        self.own.get(&date)
    }

    /// How many business days come after one day, up to another and with it; negative if that lies before. So it adds up:
    /// from Monday to Wednesday and on to Friday is as many as from Monday to Friday.
    pub fn business_days(&self, from: NaiveDate, until: NaiveDate) -> i32 {
        self.since_the_era(until) - self.since_the_era(from)
    }

    /// The same for moments, by their days in Korea.
    pub fn business_days_between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> i32 {
        self.business_days(day_in_korea(from), day_in_korea(until))
    }

    /// The day that so many business days come up to, the first of them behind `from`. At most [`BUSINESS_DAYS_MAX`] are
    /// counted; zero is `from` itself, whatever day that is.
    pub fn after(&self, from: NaiveDate, business_days: u16) -> NaiveDate {
        let (mut date, mut left) = (from, business_days.min(BUSINESS_DAYS_MAX));
        while left > 0 {
            // The calendar of the library ends in the year 262142.
            let Some(next) = date.checked_add_days(Days::new(1)) else {
                break;
            };
            date = next;
            left -= u16::from(self.day(date).is_business());
        }
        date
    }

    /// The last day from which so many business days lead up to `until`: whoever waits since then, or longer, has waited so long.
    /// The inverse of [`Self::after`]. At most [`BUSINESS_DAYS_MAX`] are counted; zero is `until` itself.
    pub fn before(&self, until: NaiveDate, business_days: u16) -> NaiveDate {
        let (mut date, mut left) = (until, business_days.min(BUSINESS_DAYS_MAX));
        while left > 0 {
            left -= u16::from(self.day(date).is_business());
            let Some(previous) = date.checked_sub_days(Days::new(1)) else {
                break;
            };
            date = previous;
        }
        date
    }

    /// Business days of our era up to a day and with it, as this calendar has them.
    fn since_the_era(&self, date: NaiveDate) -> i32 {
        let own = self.own.range(..=date).map(|(date, own)| {
            let (is, is_without) = (own.is_business(), public_day(*date).is_business());
            i32::from(is) - i32::from(is_without)
        });
        weekdays(date) - holidays_on_weekdays(date) + own.sum::<i32>()
    }
}

/// What a day is by the table alone.
pub fn public_day(date: NaiveDate) -> Day {
    if let Ok(at) = HOLIDAYS.binary_search_by_key(&key(date), |holiday| holiday.0) {
        return Day::Holiday {
            name: HOLIDAYS[at].1,
            is_expected: date.year() > GAZETTE_UNTIL,
        };
    }
    if is_weekend(date) { Day::Weekend } else { Day::Business }
}

fn key(date: NaiveDate) -> (i32, u32, u32) {
    (date.year(), date.month(), date.day())
}

/// Mondays to Fridays up to a day and with it, counted from the first Monday of our era, 0001-01-01.
fn weekdays(date: NaiveDate) -> i32 {
    let days = date.num_days_from_ce();
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

/// Of the table's days up to a day and with it, those that are no weekend.
fn holidays_on_weekdays(date: NaiveDate) -> i32 {
    static ON_WEEKDAYS: LazyLock<Vec<NaiveDate>> = LazyLock::new(|| {
        let days = HOLIDAYS
            .iter()
            .filter_map(|((year, month, day), _)| NaiveDate::from_ymd_opt(*year, *month, *day));
        days.filter(|date| !is_weekend(*date)).collect()
    });
    let count = ON_WEEKDAYS.partition_point(|holiday| *holiday <= date);
    // The table has some hundred days.
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests;
