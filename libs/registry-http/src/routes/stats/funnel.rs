//! `GET /v1/stats/funnel`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use registry_domain::merchant::{Milestone, Stage};
use registry_domain::tenant::Scope;
use registry_domain::waits::Durations;
use registry_journal::port::{CohortQuery, Step, StepCount};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{DurationsDocument, Listed, Question, percent};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::routes::calendar::read_date;
use crate::routes::merchants::filter::FilterParameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// How many weeks are told if nobody says how many.
const WEEKS_DEFAULT: u64 = 12;

/// How many weeks are told at most: two years.
const WEEKS_MAX: i64 = 106;

/// A week tells less than it will as long as more than one in so many of its merchants are under way.
const STILL_MOVING: u64 = 5;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::ValidationFailed],
    };
    operation.document(routes!(tell_funnel))
}

/// Tell how far merchants have come
///
/// Of the merchants that were registered in each week (from Monday to Sunday in Korea), how many have reached each milestone, and in how
/// many business days of your calendar. What was reached counts even if the merchant has fallen back since. Archived merchants count
/// too, unless `stage` asks otherwise. A week of which more than one in five merchants are still under way (neither open, nor
/// rejected, deleted or archived) is `is_settled: false`: its numbers will grow, so do not compare them with those of older weeks. Each
/// number of people lost or under way comes with the list that it counts.
#[utoipa::path(
    get,
    path = "/v1/stats/funnel",
    tag = "Insight",
    params(
        FilterParameters,
        ("from" = Option<NaiveDate>, Query, description = "A day of the first week; twelve weeks with the last one if left out", example = "2026-09-07"),
        ("to" = Option<NaiveDate>, Query, description = "A day of the last week, at most 106 weeks; today if left out", example = "2026-11-27"),
        ("as_of" = Option<DateTime<Utc>>, Query, description = "As it was known at this moment, not later than now"),
    ),
    responses((status = 200, description = "How far they have come", body = FunnelStats))
)]
async fn tell_funnel(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    query: Parameters,
) -> Result<Json<FunnelStats>, Problem> {
    caller.require(SCOPE)?;
    let (question, (from, until)) = Question::read(&state, &caller, query, read_weeks).await?;
    let query = CohortQuery {
        filter: question.filter_of_all(),
        from,
        until,
        at: question.at,
    };
    let counts = state.archive.reader().cohorts(caller.tenant_id(), &query).await?;
    Ok(Json(FunnelStats {
        data: Funnel::of(&question, from, until, &counts),
        as_of: question.until,
    }))
}

/// The Mondays of the first and of the last week. Where a fault is found, it does not matter which they are.
fn read_weeks(query: &mut Parameters, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let (from, to) = (query.optional("from", read_date), query.optional("to", read_date));
    let until = monday(to.unwrap_or(today));
    let usual = until
        .checked_sub_days(Days::new(7 * (WEEKS_DEFAULT - 1)))
        .unwrap_or(until);
    let from = from.map_or(usual, monday);
    if until < from {
        query.blame("to", Fault::EndsBeforeItBegins);
    } else if until.signed_duration_since(from).num_weeks() >= WEEKS_MAX {
        query.blame("to", Fault::TooManyDays);
    }
    (from, until)
}

fn monday(day: NaiveDate) -> NaiveDate {
    let back = Days::new(day.weekday().num_days_from_monday().into());
    day.checked_sub_days(back).unwrap_or(day)
}

fn sunday(monday: NaiveDate) -> NaiveDate {
    monday.checked_add_days(Days::new(6)).unwrap_or(monday)
}

/// How far merchants have come.
#[derive(Serialize, ToSchema)]
struct FunnelStats {
    /// What was found.
    data: Funnel,
    /// The moment that it is about.
    as_of: DateTime<Utc>,
}

/// How far merchants have come.
#[derive(Serialize, ToSchema)]
struct Funnel {
    /// The Monday of the first week.
    #[schema(example = "2026-09-07")]
    from: NaiveDate,
    /// The Sunday of the last week.
    #[schema(example = "2026-11-29")]
    to: NaiveDate,
    /// All weeks together, milestone by milestone.
    steps: Vec<FunnelStep>,
    /// How long it took from being registered to opening, of all weeks.
    opening: DurationsDocument,
    /// Week by week.
    weeks: Vec<Cohort>,
}

/// A milestone.
#[derive(Serialize, ToSchema)]
struct FunnelStep {
    /// `registered`, `linked` (a link was issued), `begun`, `submitted`, `opened`.
    #[schema(example = "submitted")]
    milestone: &'static str,
    /// How many have reached it.
    #[schema(example = 330)]
    count: u64,
    /// Of those who were registered, in percent; null if there is none.
    #[schema(required = true, example = 80)]
    percent: Option<u8>,
    /// Half of them took so many business days at most from the milestone before; null for the first one, and if there are none.
    #[schema(required = true, example = 1)]
    p50: Option<u32>,
    /// Nine of ten of them did; null as before.
    #[schema(required = true, example = 4)]
    p90: Option<u32>,
    /// Those who have reached the milestone before and not this one, so far; null for the first one.
    #[schema(required = true)]
    lost: Option<Listed>,
}

/// The merchants that were registered in a week.
#[derive(Serialize, ToSchema)]
struct Cohort {
    /// The week, as ISO 8601 counts it.
    #[schema(example = "2026-W48")]
    week: String,
    /// Its Monday.
    #[schema(example = "2026-11-23")]
    from: NaiveDate,
    /// Its Sunday.
    #[schema(example = "2026-11-29")]
    to: NaiveDate,
    /// Those who were registered.
    registered: Listed,
    /// How many have reached each milestone. Every word is there, also with 0.
    #[schema(example = json!({"registered": 28, "linked": 15, "begun": 9, "submitted": 5, "opened": 0}))]
    reached: BTreeMap<&'static str, u64>,
    /// Half of those who opened took so many business days at most from being registered; null if there are none.
    #[schema(required = true, example = 6)]
    p50: Option<u32>,
    /// Nine of ten of them did; null if there are none.
    #[schema(required = true, example = 12)]
    p90: Option<u32>,
    /// Those who are still under way.
    under_way: Listed,
    /// Whether hardly any of them are: as long as that is not so, the week cannot be compared with others.
    is_settled: bool,
}

/// What is known of some cohorts, or of one.
#[derive(Default)]
struct Tally {
    steps: BTreeMap<&'static str, Durations>,
}

impl Tally {
    fn add(&mut self, question: &Question, step: &StepCount) {
        let days = question.business_days(step.from_on, step.to_on);
        self.steps.entry(step.step.as_str()).or_default().add(days, step.count);
    }

    fn of(&self, step: Step) -> Durations {
        self.steps.get(step.as_str()).cloned().unwrap_or_default()
    }

    fn reached(&self, milestone: Milestone) -> u64 {
        self.of(Step::Reached(milestone)).total()
    }
}

impl Funnel {
    fn of(question: &Question, from: NaiveDate, until: NaiveDate, counts: &[StepCount]) -> Self {
        let mut all = Tally::default();
        let mut weeks: BTreeMap<NaiveDate, Tally> = BTreeMap::new();
        let mondays = from.iter_weeks().take_while(|monday| *monday <= until);
        weeks.extend(mondays.map(|monday| (monday, Tally::default())));
        for step in counts {
            all.add(question, step);
            weeks.entry(step.cohort_on).or_default().add(question, step);
        }
        Self {
            from,
            to: sunday(until),
            steps: steps(question, from, until, &all),
            opening: DurationsDocument::of(&all.of(Step::Whole)),
            weeks: weeks
                .iter()
                .map(|(monday, tally)| Cohort::of(question, *monday, tally))
                .collect(),
        }
    }
}

fn steps(question: &Question, from: NaiveDate, until: NaiveDate, all: &Tally) -> Vec<FunnelStep> {
    let registered = all.reached(Milestone::Registered);
    let (days, stages) = ((from, sunday(until)), question.stages(Stage::ALL.iter().copied()));
    let mut before: Option<(Milestone, u64)> = None;
    let step = |milestone: &Milestone| {
        let durations = all.of(Step::Reached(*milestone));
        let count = durations.total();
        let (p50, p90) = (durations.percentile(50), durations.percentile(90));
        let lost = before.map(|(before, of)| Listed {
            count: of.saturating_sub(count),
            merchants: question.list_of_registered(days, &stages, Some(before)),
        });
        let told = FunnelStep {
            milestone: milestone.as_str(),
            count,
            percent: percent(count, registered),
            p50: p50.filter(|_| before.is_some()),
            p90: p90.filter(|_| before.is_some()),
            lost,
        };
        before = Some((*milestone, count));
        told
    };
    Milestone::ALL.iter().map(step).collect()
}

impl Cohort {
    fn of(question: &Question, monday: NaiveDate, tally: &Tally) -> Self {
        let (whole, to) = (tally.of(Step::Whole), sunday(monday));
        let (registered, under_way) = (tally.reached(Milestone::Registered), tally.of(Step::UnderWay).total());
        let reached = Milestone::ALL.iter().map(|it| (it.as_str(), tally.reached(*it)));
        let listed = |count, stages: Vec<Stage>| Listed {
            count,
            merchants: question.list_of_registered((monday, to), &stages, None),
        };
        let all = Stage::ALL.iter().copied();
        let under_way_stages = question.stages(all.clone().filter(|stage| stage.is_under_way()));
        Self {
            week: format!("{}-W{:02}", monday.iso_week().year(), monday.iso_week().week()),
            from: monday,
            to,
            registered: listed(registered, question.stages(all)),
            reached: reached.collect(),
            p50: whole.percentile(50),
            p90: whole.percentile(90),
            under_way: listed(under_way, under_way_stages),
            is_settled: under_way * STILL_MOVING <= registered,
        }
    }
}
