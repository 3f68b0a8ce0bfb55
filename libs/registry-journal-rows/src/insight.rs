//! Rows of what ageing, durations and funnels are counted from.

use chrono::NaiveDate;
use registry_domain::merchant::Stage;
use registry_journal::port::{
    CountKey, CountTable, Inconsistency, StandingCount, Stay, StayCount, Step, StepCount, WrongCount,
};

use crate::{BadColumn, RawRow, RawValue};

fn day(number: i64, column: &'static str) -> Result<NaiveDate, BadColumn> {
    let day = i32::try_from(number).ok().and_then(NaiveDate::from_epoch_days);
    day.ok_or(BadColumn(column))
}

/// A day as storage counts it: the inverse of how rows are read.
pub fn day_number(day: NaiveDate) -> i64 {
    i64::from(day.to_epoch_days())
}

/// How many merchants stand in a stage since a day.
#[expect(missing_docs, reason = "columns")]
pub struct RawStandingCount {
    pub stage: String,
    pub since_on: i64,
    pub count: i64,
}

impl RawRow for RawStandingCount {
    type Row = StandingCount;

    fn into_row(self) -> Result<StandingCount, Inconsistency> {
        let row = || -> Result<StandingCount, BadColumn> {
            Ok(StandingCount {
                stage: Stage::from_word(&self.stage).ok_or(BadColumn("stage"))?,
                since_on: day(self.since_on, "since_on")?,
                count: self.count.read("count")?,
            })
        };
        row().map_err(|error| Inconsistency::of("standing_counts", &self.stage, error))
    }
}

/// How many stays began on one day and ended on another.
#[expect(missing_docs, reason = "columns")]
pub struct RawStayCount {
    pub stage: String,
    pub since_on: i64,
    pub ended_on: i64,
    pub count: i64,
}

impl RawRow for RawStayCount {
    type Row = StayCount;

    fn into_row(self) -> Result<StayCount, Inconsistency> {
        let row = || -> Result<StayCount, BadColumn> {
            Ok(StayCount {
                stay: Stay::from_word(&self.stage).ok_or(BadColumn("stage"))?,
                since_on: day(self.since_on, "since_on")?,
                ended_on: day(self.ended_on, "ended_on")?,
                count: self.count.read("count")?,
            })
        };
        row().map_err(|error| Inconsistency::of("stay_counts", &self.stage, error))
    }
}

/// How many merchants of a cohort took a step.
#[expect(missing_docs, reason = "columns")]
pub struct RawStepCount {
    pub cohort_on: i64,
    pub step: String,
    pub from_on: i64,
    pub to_on: i64,
    pub count: i64,
}

impl RawRow for RawStepCount {
    type Row = StepCount;

    fn into_row(self) -> Result<StepCount, Inconsistency> {
        let row = || -> Result<StepCount, BadColumn> {
            Ok(StepCount {
                cohort_on: day(self.cohort_on, "cohort_on")?,
                step: Step::from_word(&self.step).ok_or(BadColumn("step"))?,
                from_on: day(self.from_on, "from_on")?,
                to_on: day(self.to_on, "to_on")?,
                count: self.count.read("count")?,
            })
        };
        row().map_err(|error| Inconsistency::of("cohort_counts", &self.step, error))
    }
}

/// A count that is not what the rows come to: its table, and the columns of its key, the word first.
#[expect(missing_docs, reason = "columns")]
pub struct RawWrongCount {
    pub generation: i64,
    pub counts: String,
    pub word: Option<String>,
    pub one: i64,
    pub two: Option<i64>,
    pub three: Option<i64>,
    pub by: i64,
}

impl RawRow for RawWrongCount {
    type Row = WrongCount;

    fn into_row(self) -> Result<WrongCount, Inconsistency> {
        let generation = self.generation;
        let by = self.by;
        let counts = self.counts.clone();
        let key = self.key().map_err(|error| Inconsistency::of("counts", counts, error))?;
        Ok(WrongCount { generation, key, by })
    }
}

impl RawWrongCount {
    fn key(self) -> Result<CountKey, BadColumn> {
        let word = self.word.ok_or(BadColumn("word"));
        let two = self.two.ok_or(BadColumn("two"));
        let three = self.three.ok_or(BadColumn("three"));
        Ok(match CountTable::from_word(&self.counts).ok_or(BadColumn("counts"))? {
            CountTable::Merchants => CountKey::Merchants { facets: self.one },
            CountTable::Standing => CountKey::Standing {
                stage: word?,
                since_on: self.one,
            },
            CountTable::Stays => CountKey::Stays {
                stage: word?,
                ended_on: self.one,
                since_on: two?,
            },
            CountTable::Cohorts => CountKey::Cohorts {
                step: word?,
                cohort_on: self.one,
                from_on: two?,
                to_on: three?,
            },
        })
    }
}
