//! What is counted of merchants. Each number comes with the list that it counts.

pub mod ageing;
pub mod durations;
pub mod funnel;
pub mod review_status;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use registry_domain::calendar::{day_in_korea, start_in_korea};
use registry_domain::merchant::{Milestone, Stage};
use registry_domain::tenant::Tenant;
use registry_domain::waits::Durations;
use registry_journal::port::{MerchantFilter, Span};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::routes::merchants::filter::{self, Ages, Asked};
use crate::routes::merchants::list::past;
use crate::state::AppState;

/// From so many business days on, durations are told together.
const LONG: u32 = 60;

/// What stands in a query as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b':');

/// What a question about many merchants has in common with the others.
struct Question {
    tenant: Tenant,
    asked: Asked,
    as_of: Option<DateTime<Utc>>,
    /// Now, or the moment as of which is asked.
    until: DateTime<Utc>,
    /// That moment, if what was then may differ from what is now.
    at: Option<DateTime<Utc>>,
}

impl Question {
    /// Reads filters and moment; `read` reads what is left.
    async fn read<Rest>(
        state: &AppState,
        caller: &Caller,
        mut query: Parameters,
        read: impl FnOnce(&mut Parameters, NaiveDate) -> Rest,
    ) -> Result<(Self, Rest), Problem> {
        let now = state.ambient.now();
        let as_of = query.past_moment("as_of", now);
        let until = as_of.unwrap_or(now);
        let asked = filter::asked(state, caller, &mut query, as_of, now).await?;
        let rest = read(&mut query, day_in_korea(until));
        query.finish()?;
        let tenant_id = caller.tenant_id();
        let tenant = state.archive.reader().tenant(tenant_id).await?;
        let question = Self {
            tenant: tenant.ok_or(Code::Unauthenticated)?,
            asked,
            as_of,
            until,
            at: past(state, tenant_id, as_of, now).await?,
        };
        Ok((question, rest))
    }

    fn today(&self) -> NaiveDate {
        day_in_korea(self.until)
    }

    /// The filter, where those who were put away count as long as nobody asks for stages: what they did was done.
    fn filter_of_all(&self) -> MerchantFilter {
        let mut filter = self.asked.filter.clone();
        if filter.stages.is_empty() {
            filter.stages = Stage::ALL.to_vec();
        }
        filter
    }

    /// Of these stages, those that were asked for.
    fn stages(&self, of: impl Iterator<Item = Stage>) -> Vec<Stage> {
        let asked = &self.asked.filter.stages;
        of.filter(|stage| asked.is_empty() || asked.contains(stage)).collect()
    }

    fn business_days(&self, from: NaiveDate, until: NaiveDate) -> i32 {
        self.tenant.settings.calendar.business_days(from, until)
    }

    /// The list with the filters that were asked for, but for these.
    fn list(&self, others: &[(&str, String)]) -> String {
        let mut pairs: Vec<_> = self
            .asked
            .canonical
            .lines()
            .filter_map(|line| line.split_once('='))
            .collect();
        pairs.retain(|(name, _)| !others.iter().any(|(other, _)| other == name));
        pairs.extend(others.iter().map(|(name, value)| (*name, value.as_str())));
        let moment = self.as_of.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true));
        pairs.extend(moment.as_deref().map(|moment| ("as_of", moment)));
        let pair = |(name, value): (&str, &str)| format!("{name}={}", utf8_percent_encode(value, PLAIN));
        let query: Vec<_> = pairs.into_iter().map(pair).collect();
        format!("/v1/merchants?{}", query.join("&"))
    }

    /// The list of those who stand in these stages for between so many business days.
    fn list_of_stages(&self, stages: &[Stage], ages: Ages) -> Option<String> {
        let asked = self.asked.ages;
        let least = asked.least.max(ages.least.filter(|least| *least > 0));
        let most = match (asked.most, ages.most) {
            (Some(asked), Some(most)) => Some(asked.min(most)),
            (asked, most) => asked.or(most),
        };
        let mut others = vec![("stage", words(stages)?)];
        others.extend(least.map(|least| ("age_min", least.to_string())));
        others.extend(most.map(|most| ("age_max", most.to_string())));
        Some(self.list(&others))
    }

    /// The list of those who were registered on these days, stand in these stages and have come so far.
    fn list_of_registered(
        &self,
        (from, until): (NaiveDate, NaiveDate),
        stages: &[Stage],
        milestone: Option<Milestone>,
    ) -> Option<String> {
        let Span {
            from: after,
            until: before,
        } = self.asked.filter.created;
        let behind = start_in_korea(until.succ_opt().unwrap_or(until));
        let from = after.map_or(start_in_korea(from), |after| after.max(start_in_korea(from)));
        let until = before.map_or(behind, |before| before.min(behind));
        let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let mut others = vec![
            ("created_from", moment(from)),
            ("created_until", moment(until)),
            ("stage", words(stages)?),
        ];
        let asked = &self.asked.filter.milestones;
        if milestone.is_some_and(|milestone| !asked.is_empty() && !asked.contains(&milestone)) {
            return None;
        }
        others.extend(milestone.map(|milestone| ("milestone", milestone.as_str().to_owned())));
        Some(self.list(&others))
    }
}

/// None for no stage: nobody can stand there.
fn words(stages: &[Stage]) -> Option<String> {
    let words: Vec<_> = stages.iter().map(|stage| stage.as_str()).collect();
    (!words.is_empty()).then(|| words.join(","))
}

/// How many of how many, in percent, rounded to the nearest.
fn percent(part: u64, whole: u64) -> Option<u8> {
    let percent = (part * 100 + whole / 2).checked_div(whole)?;
    u8::try_from(percent).ok()
}

/// A number with the list that it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct Listed {
    /// How many merchants.
    #[schema(example = 11)]
    count: u64,
    /// Where they are listed; null where the filters leave nobody who could be.
    #[schema(required = true, example = "/v1/merchants?stage=in_review&age_min=6&age_max=10")]
    merchants: Option<String>,
}

/// How many took between so many business days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct DayCount {
    /// At least so many business days.
    #[schema(example = 4)]
    from: u32,
    /// At most so many; null for the last entry, which holds all that took longer.
    #[schema(required = true, example = 4)]
    to: Option<u32>,
    /// How many.
    #[schema(example = 8)]
    count: u64,
}

/// How long something took, in business days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct DurationsDocument {
    /// How often.
    #[schema(example = 221)]
    count: u64,
    /// Half of them took so many business days at most; null if there are none.
    #[schema(required = true, example = 6)]
    p50: Option<u32>,
    /// Nine of ten of them took so many business days at most; null if there are none.
    #[schema(required = true, example = 12)]
    p90: Option<u32>,
    /// By business days, the shortest first, without those that none took.
    days: Vec<DayCount>,
}

impl DurationsDocument {
    fn of(durations: &Durations) -> Self {
        Self {
            count: durations.total(),
            p50: durations.percentile(50),
            p90: durations.percentile(90),
            days: by_days(durations),
        }
    }
}

fn by_days(durations: &Durations) -> Vec<DayCount> {
    let short = durations.counts().take_while(|(days, _)| *days < LONG);
    let short = short.map(|(days, count)| DayCount {
        from: days,
        to: Some(days),
        count,
    });
    let long = DayCount {
        from: LONG,
        to: None,
        count: durations.at_least(LONG),
    };
    short.chain((long.count > 0).then_some(long)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_rounded() {
        assert_eq!(
            [percent(1, 3), percent(2, 3), percent(5, 5), percent(0, 0)],
            [Some(33), Some(67), Some(100), None]
        );
    }

    #[test]
    fn what_takes_long_is_told_together() {
        let mut durations = Durations::default();
        for days in [0, 3, 3, 59, 60, 300] {
            durations.add(days, 1);
        }
        let day = |from, to, count| DayCount { from, to, count };
        assert_eq!(
            by_days(&durations),
            [
                day(0, Some(0), 1),
                day(3, Some(3), 2),
                day(59, Some(59), 1),
                day(60, None, 2)
            ]
        );
    }
}
