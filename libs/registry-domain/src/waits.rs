//! How long shops wait, in business days, and how unusual that is among a tenant's own shops.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::calendar::{Calendar, start_in_korea};
use crate::merchant::Stage;

/// Over how many days before today it is looked what is usual. Today does not count: it has not passed.
pub const USUAL_DAYS: u64 = 180;

/// How many waits there must be before anything is said about what is usual.
pub const EXAMPLES_MIN: u64 = 30;

/// The first and the last day of those over which it is looked what is usual.
pub fn usual_days(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = today.checked_sub_days(Days::new(USUAL_DAYS)).unwrap_or(today);
    (first, today.pred_opt().unwrap_or(today))
}

/// How often something took how many business days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    counts: BTreeMap<u32, u64>,
    total: u64,
}

impl Durations {
    /// Counts some more. What took fewer days than none took none.
    pub fn add(&mut self, business_days: i32, count: u64) {
        *self
            .counts
            .entry(u32::try_from(business_days).unwrap_or(0))
            .or_default() += count;
        self.total += count;
    }

    /// How many there are.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// How often it took so many days, the shortest first.
    pub fn counts(&self) -> impl Iterator<Item = (u32, u64)> {
        self.counts.iter().map(|(days, count)| (*days, *count))
    }

    /// How many took fewer days.
    pub fn shorter_than(&self, days: u32) -> u64 {
        self.counts.range(..days).map(|(_, count)| count).sum()
    }

    /// How many took so many days or more.
    pub fn at_least(&self, days: u32) -> u64 {
        self.total - self.shorter_than(days)
    }

    /// The days within which so many percent were done: the shortest time that is long enough for them. None if there is nothing.
    pub fn percentile(&self, percent: u64) -> Option<u32> {
        let wanted = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.counts().find_map(|(days, count)| {
            seen += count;
            (seen >= wanted).then_some(days)
        })
    }

    /// Of how many percent of the others a wait of so many days is longer, rounded down. None where there are too few examples.
    pub fn longer_than_percent(&self, days: u32) -> Option<u8> {
        if self.total < EXAMPLES_MIN {
            return None;
        }
        u8::try_from(self.shorter_than(days) * 100 / self.total).ok()
    }

    /// How many days it takes to be longer than so many percent: the inverse of [`Self::longer_than_percent`]. None where there are too
    /// few examples.
    pub fn days_longer_than(&self, percent: u8) -> Option<u32> {
        let ends = self.counts.keys().map(|days| days + 1);
        let mut candidates = std::iter::once(0).chain(ends);
        candidates.find(|days| {
            self.longer_than_percent(*days)
                .is_some_and(|reached| reached >= percent)
        })
    }
}

/// What is usual for a tenant's shops, as of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usual {
    stages: Vec<(Stage, Durations)>,
}

/// How unusual a wait is that began before a moment. See [`Usual::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitStep {
    /// The moment.
    pub before: DateTime<Utc>,
    /// Of how many percent of the others it is longer.
    pub percent: u8,
}

impl Usual {
    /// How long shops stood in each stage.
    pub const fn new(stages: Vec<(Stage, Durations)>) -> Self {
        Self { stages }
    }

    /// How long they stood in one; none if nothing is known of it.
    pub fn of(&self, stage: Stage) -> Option<&Durations> {
        self.stages
            .iter()
            .find_map(|(other, durations)| (*other == stage).then_some(durations))
    }

    /// Of how many percent of the others a wait of so many business days is longer. None where there are too few examples.
    pub fn longer_than_percent(&self, stage: Stage, days: u32) -> Option<u8> {
        self.of(stage)?.longer_than_percent(days)
    }

    /// How unusual the waits in a stage are on a day, by when they began: the longest first, each step up to the one before. The last
    /// step holds all that are left. Empty where there are too few examples.
    pub fn steps(&self, stage: Stage, calendar: &Calendar, today: NaiveDate) -> Vec<WaitStep> {
        let Some(durations) = self.of(stage).filter(|durations| durations.total() >= EXAMPLES_MIN) else {
            return Vec::new();
        };
        let ends = durations.counts().map(|(days, _)| days + 1);
        let mut steps: Vec<WaitStep> = Vec::new();
        for days in std::iter::once(0).chain(ends) {
            let percent = durations.longer_than_percent(days).unwrap_or(0);
            let before = match u16::try_from(days) {
                Ok(0) | Err(_) => DateTime::<Utc>::MAX_UTC,
                Ok(days) => {
                    let last = calendar.before(today, days);
                    start_in_korea(last.succ_opt().unwrap_or(last))
                }
            };
            if steps.last().is_none_or(|step| step.percent != percent) {
                steps.push(WaitStep { before, percent });
            }
        }
        steps.reverse();
        steps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn durations(days: &[u8]) -> Durations {
        let mut durations = Durations::default();
        for days in days {
            durations.add(i32::from(*days), 1);
        }
        durations
    }

    #[test]
    fn few_examples_say_nothing() {
        let mut few = durations(&[1; 29]);
        assert_eq!((few.longer_than_percent(5), few.days_longer_than(90)), (None, None));
        few.add(9, 1);
        assert_eq!(
            (
                few.longer_than_percent(1),
                few.longer_than_percent(5),
                few.longer_than_percent(10)
            ),
            (Some(0), Some(96), Some(100))
        );
        assert_eq!(
            (few.days_longer_than(96), few.days_longer_than(97)),
            (Some(2), Some(10))
        );
        assert_eq!(few.percentile(50), Some(1));
        assert_eq!(Durations::default().percentile(50), None);
    }

    proptest! {
        #[test]
        fn a_percentile_is_what_sorting_gives(mut days in prop::collection::vec(any::<u8>(), 1..200), percent in 1..=100_u64) {
            let durations = durations(&days);
            days.sort_unstable();
            let place = (days.len() as u64 * percent).div_ceil(100);
            let expected = days[usize::try_from(place).unwrap() - 1];
            prop_assert_eq!(durations.percentile(percent), Some(u32::from(expected)));
        }

        #[test]
        fn the_days_of_a_percentage_are_the_first_that_reach_it(
            days in prop::collection::vec(0..40_u8, 30..200),
            percent in 1..=100_u8,
        ) {
            let durations = durations(&days);
            let first = durations.days_longer_than(percent).expect("enough examples");
            prop_assert!(durations.longer_than_percent(first).unwrap() >= percent);
            prop_assert!(durations.longer_than_percent(first - 1).unwrap() < percent);
        }
    }

    #[test]
    fn the_steps_say_what_each_wait_says() {
        let (calendar, today) = (Calendar::default(), NaiveDate::from_ymd_opt(2026, 11, 27).unwrap());
        let mut waits = durations(&[0, 1, 1, 2, 5, 5, 9]);
        waits.add(3, 30);
        let usual = Usual::new(vec![(Stage::InReview, waits)]);
        let steps = usual.steps(Stage::InReview, &calendar, today);
        for back in 0..40 {
            let day = today - Days::new(back);
            let since = start_in_korea(day);
            let waited = u32::try_from(calendar.business_days(day, today)).unwrap();
            let step = steps.iter().find(|step| since < step.before).unwrap();
            assert_eq!(
                Some(step.percent),
                usual.longer_than_percent(Stage::InReview, waited),
                "{day}"
            );
        }
        assert_eq!(usual.steps(Stage::Drafting, &calendar, today), []);
    }
}
