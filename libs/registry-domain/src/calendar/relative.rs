//! Days that are told from today: a question that is asked again tomorrow then means other days.

use std::fmt;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{BUSINESS_DAYS_MAX, Calendar, start_in_korea};

/// A day, told from today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelativeDay {
    /// Today.
    Today,
    /// So many days before today.
    Days(u16),
    /// So many business days before today: on a Monday, one is the Friday before.
    BusinessDays(u16),
}

impl RelativeDay {
    /// Reads `today`, `-7d` or `-7bd`: 1 to [`BUSINESS_DAYS_MAX`] days. None for everything else; each day has one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "today" {
            return Some(Self::Today);
        }
        let count = text.strip_prefix('-')?.strip_suffix('d')?;
        match count.strip_suffix('b') {
            Some(count) => number(count).map(Self::BusinessDays),
            None => number(count).map(Self::Days),
        }
    }

    /// Which day that is.
    pub fn day(self, calendar: &Calendar, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Today => today,
            // The calendar of the library begins in the year -262143.
            Self::Days(count) => today.checked_sub_days(Days::new(count.into())).unwrap_or(today),
            Self::BusinessDays(count) => {
                let yesterday = today.pred_opt().unwrap_or(today);
                let behind = calendar.before(yesterday, count);
                behind.succ_opt().unwrap_or(behind)
            }
        }
    }

    /// When that day begins in Korea.
    pub fn start(self, calendar: &Calendar, today: NaiveDate) -> DateTime<Utc> {
        start_in_korea(self.day(calendar, today))
    }

    /// Whether it depends on who works when.
    pub const fn counts_business_days(self) -> bool {
        match self {
            Self::Today | Self::Days(_) => false,
            Self::BusinessDays(_) => true,
        }
    }
}

impl fmt::Display for RelativeDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => f.write_str("today"),
            Self::Days(count) => write!(f, "-{count}d"),
            Self::BusinessDays(count) => write!(f, "-{count}bd"),
        }
    }
}

/// A number of days as it is written here.
fn number(digits: &str) -> Option<u16> {
    let number = digits.parse::<u16>().ok()?;
    let is_usual = number.to_string() == digits && (1..=BUSINESS_DAYS_MAX).contains(&number);
    is_usual.then_some(number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::calendar::{DayName, OwnDay};

    fn relative() -> impl Strategy<Value = RelativeDay> {
        prop_oneof![
            Just(RelativeDay::Today),
            (1..=BUSINESS_DAYS_MAX).prop_map(RelativeDay::Days),
            (1..=60_u16).prop_map(RelativeDay::BusinessDays),
        ]
    }

    /// Some year of the table, with days that a tenant works or does not.
    fn calendars() -> impl Strategy<Value = (Calendar, NaiveDate)> {
        let begin = NaiveDate::from_ymd_opt(2026, 6, 1).expect("a day");
        let day = move |after: u64| begin + Days::new(after);
        let own = prop::collection::btree_map(0..250_u64, any::<bool>(), 0..40);
        (own, 120..250_u64).prop_map(move |(own, today)| {
            let own: BTreeMap<_, _> = own
                .into_iter()
                .map(|(after, works)| {
                    let name = DayName::parse("창립기념일").expect("a name");
                    let own = if works {
                        OwnDay::Business { name: None }
                    } else {
                        OwnDay::Holiday { name }
                    };
                    (day(after), own)
                })
                .collect();
            (Calendar::with(own), day(today))
        })
    }

    /// Day by day back from today.
    fn walked(relative: RelativeDay, calendar: &Calendar, today: NaiveDate) -> NaiveDate {
        let (mut day, mut left) = match relative {
            RelativeDay::Today => (today, 0),
            RelativeDay::Days(count) | RelativeDay::BusinessDays(count) => (today, count),
        };
        while left > 0 {
            day = day.pred_opt().expect("a day");
            if !relative.counts_business_days() || calendar.day(day).is_business() {
                left -= 1;
            }
        }
        day
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(relative in relative()) {
            prop_assert_eq!(RelativeDay::parse(&relative.to_string()), Some(relative));
        }

        #[test]
        fn nothing_reads_but_what_is_written_so(text in "[-+ 0-9a-z]{0,6}") {
            if let Some(relative) = RelativeDay::parse(&text) {
                prop_assert_eq!(relative.to_string(), text);
            }
        }

        #[test]
        fn it_is_the_day_that_one_walks_to((calendar, today) in calendars(), relative in relative()) {
            prop_assert_eq!(relative.day(&calendar, today), walked(relative, &calendar, today));
        }
    }

    #[test]
    fn business_days_pass_over_weekends_and_holidays() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let calendar = Calendar::default();
        let back = |count, today: &str| RelativeDay::BusinessDays(count).day(&calendar, day(today));
        assert_eq!(back(1, "2026-11-30"), day("2026-11-27"), "from Monday to Friday");
        assert_eq!(back(1, "2026-11-29"), day("2026-11-27"), "from Sunday to Friday");
        // 2026-10-05 takes the place of a holiday on a Saturday.
        assert_eq!(back(1, "2026-10-06"), day("2026-10-02"));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "", "-", "-d", "-bd", "-0d", "-0bd", "-07d", "7d", "+7d", "-7", "-7D", "- 7d", "-7 bd", "-10001d",
            "-99999d", "Today", "-7bdd",
        ] {
            assert_eq!(RelativeDay::parse(text), None, "{text}");
        }
    }
}
