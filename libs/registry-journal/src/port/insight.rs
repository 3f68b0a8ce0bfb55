//! What ageing, durations and funnels are counted from: few groups by days in Korea. Business days are made of them by whoever knows
//! the tenant's calendar.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use registry_domain::TenantId;
use registry_domain::calendar::Calendar;
use registry_domain::merchant::{Milestone, Stage};
use registry_domain::waits::{Durations, Usual, usual_days};

use super::{MerchantFilter, ReadError, WrongCount};

/// How many merchants stand in a stage since a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandingCount {
    /// The stage.
    pub stage: Stage,
    /// The day on which they came into it.
    pub since_on: NaiveDate,
    /// How many.
    pub count: u64,
}

/// What has taken some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stay {
    /// Standing in a stage, until it was left.
    In(Stage),
    /// The whole way, from being registered to opening for the first time.
    Opening,
}

impl Stay {
    /// The word that it goes by. No stage is called like the whole way.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In(stage) => stage.as_str(),
            Self::Opening => "opening",
        }
    }

    /// The inverse of [`Self::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        if word == Self::Opening.as_str() {
            Some(Self::Opening)
        } else {
            Stage::from_word(word).map(Self::In)
        }
    }
}

/// How many stays began on one day and ended on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StayCount {
    /// What they were.
    pub stay: Stay,
    /// The day on which they began.
    pub since_on: NaiveDate,
    /// The day on which they ended.
    pub ended_on: NaiveDate,
    /// How many.
    pub count: u64,
}

/// Which stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayQuery {
    /// Of which merchants.
    pub filter: MerchantFilter,
    /// The first day on which they ended.
    pub from: NaiveDate,
    /// The last day on which they ended.
    pub until: NaiveDate,
    /// As known at this moment; none for now.
    pub at: Option<DateTime<Utc>>,
}

/// What to ask so as to learn what is usual on a day. It has passed: now or as of any later moment, the answer is the same.
pub fn usual_query(today: NaiveDate) -> StayQuery {
    let (from, until) = usual_days(today);
    StayQuery {
        filter: MerchantFilter::all(),
        from,
        until,
        at: None,
    }
}

/// What is usual, by the stays of those days.
pub fn usual_of(counts: &[StayCount], calendar: &Calendar) -> Usual {
    let mut stages: Vec<(Stage, Durations)> = Vec::new();
    for count in counts {
        let Stay::In(stage) = count.stay else { continue };
        let days = calendar.business_days(count.since_on, count.ended_on);
        let place = stages.iter().position(|(other, _)| *other == stage);
        let place = place.unwrap_or_else(|| {
            stages.push((stage, Durations::default()));
            stages.len() - 1
        });
        if let Some((_, durations)) = stages.get_mut(place) {
            durations.add(days, count.count);
        }
    }
    Usual::new(stages)
}

/// What is counted of a cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Coming from the milestone before to this one. The first one is reached on the day on which it is left.
    Reached(Milestone),
    /// The whole way, from being registered to opening.
    Whole,
    /// Being on the way still; the days are those of the cohort.
    UnderWay,
}

impl Step {
    /// The word that it goes by. No milestone is called like one of the others.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reached(milestone) => milestone.as_str(),
            Self::Whole => "whole",
            Self::UnderWay => "under_way",
        }
    }

    /// The inverse of [`Self::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        let others = [Self::Whole, Self::UnderWay];
        let other = others.into_iter().find(|step| step.as_str() == word);
        other.or_else(|| Milestone::from_word(word).map(Self::Reached))
    }
}

/// How many merchants of a cohort took a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepCount {
    /// The Monday of the week in which they were registered.
    pub cohort_on: NaiveDate,
    /// The step.
    pub step: Step,
    /// The day on which it began.
    pub from_on: NaiveDate,
    /// The day on which it was taken.
    pub to_on: NaiveDate,
    /// How many.
    pub count: u64,
}

/// Which cohorts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortQuery {
    /// Of which merchants.
    pub filter: MerchantFilter,
    /// The Monday of the first week.
    pub from: NaiveDate,
    /// The Monday of the last week.
    pub until: NaiveDate,
    /// As known at this moment; none for now.
    pub at: Option<DateTime<Utc>>,
}

/// Reading what is counted. The order of the answers is that of storage.
#[async_trait]
pub trait Insight: Send + Sync {
    /// How many merchants stand in which stage since which day, now or at a moment.
    async fn standing(
        &self,
        tenant: TenantId,
        filter: &MerchantFilter,
        at: Option<DateTime<Utc>>,
    ) -> Result<Vec<StandingCount>, ReadError>;

    /// How many stays ended.
    async fn stays(&self, tenant: TenantId, query: &StayQuery) -> Result<Vec<StayCount>, ReadError>;

    /// How far the merchants of some weeks have come.
    async fn cohorts(&self, tenant: TenantId, query: &CohortQuery) -> Result<Vec<StepCount>, ReadError>;

    /// The counts that are not what the rows of merchants, of their history and of their milestones come to, all of one moment; of very
    /// many only some ([`super::WRONG_COUNTS_MAX`]). All rows of the tenant are looked at: nobody asks this who has a reader waiting.
    async fn wrong_counts(&self, tenant: TenantId) -> Result<Vec<WrongCount>, ReadError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_what_it_was() {
        let stays = Stage::ALL.iter().map(|stage| Stay::In(*stage)).chain([Stay::Opening]);
        for stay in stays {
            assert_eq!(Stay::from_word(stay.as_str()), Some(stay));
        }
        let steps = Milestone::ALL.iter().map(|milestone| Step::Reached(*milestone));
        for step in steps.chain([Step::Whole, Step::UnderWay]) {
            assert_eq!(Step::from_word(step.as_str()), Some(step));
        }
    }
}
