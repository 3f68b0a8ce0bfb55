//! `GET /v1/stats/ageing`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use registry_domain::alerts::Severity;
use registry_domain::calendar::{Calendar, Day, OwnDay, english};
use registry_domain::merchant::Stage;
use registry_domain::tenant::Scope;
use registry_domain::waits::Durations;
use registry_journal::port::{MerchantFilter, StandingCount};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{DayCount, Listed, Question, by_days};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::routes::merchants::filter::{Ages, FilterParameters};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The columns: at least and at most so many business days.
const COLUMNS: [(u16, Option<u16>); 5] = [(0, Some(0)), (1, Some(2)), (3, Some(5)), (6, Some(10)), (11, None)];

/// Over how many days the holidays are told that were left out.
const HOLIDAYS_BACK: u64 = 60;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::ValidationFailed],
    };
    operation.document(routes!(tell_ageing))
}

/// Tell how long merchants wait
///
/// How many merchants stand in each stage for how many business days of your calendar, now or at a moment, with the filters of the
/// list; in every stage in which somebody waits, so neither in `opened` nor in `archived`. The day on which a merchant came into its
/// stage is day 0. Each number comes with the list that it counts. `target` is the level `late` of your alert rule for the stage as
/// it is now.
#[utoipa::path(
    get,
    path = "/v1/stats/ageing",
    tag = "Insight",
    params(
        FilterParameters,
        ("as_of" = Option<DateTime<Utc>>, Query, description = "At this moment, not later than now: filters too mean what was known then"),
    ),
    responses((status = 200, description = "How long they wait", body = AgeingStats))
)]
async fn tell_ageing(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    query: Parameters,
) -> Result<Json<AgeingStats>, Problem> {
    caller.require(SCOPE)?;
    let (question, ()) = Question::read(&state, &caller, query, |_, _| ()).await?;
    let stages = question.stages(Stage::waiting());
    let counts = if stages.is_empty() {
        Vec::new()
    } else {
        let filter = MerchantFilter {
            stages: stages.clone(),
            ..question.asked.filter.clone()
        };
        let reader = state.archive.reader();
        reader.standing(caller.tenant_id(), &filter, question.at).await?
    };
    Ok(Json(AgeingStats {
        data: Ageing::of(&question, &stages, &counts),
        as_of: question.until,
    }))
}

/// How long merchants wait.
#[derive(Serialize, ToSchema)]
struct AgeingStats {
    /// What was found.
    data: Ageing,
    /// The moment that it is about.
    as_of: DateTime<Utc>,
}

/// How long merchants wait.
#[derive(Serialize, ToSchema)]
struct Ageing {
    /// The day in Korea up to which business days are counted.
    #[schema(example = "2026-11-27")]
    today: NaiveDate,
    /// Stage by stage, in the order of the way to opening.
    stages: Vec<StageAgeing>,
    /// All of them by business days.
    columns: Vec<AgeColumn>,
    /// All of them.
    total: Listed,
    /// How many of them stand in their stage for longer than its target.
    #[schema(example = 81)]
    over_target: u64,
    /// The holidays of the last 60 days on which you did not work, and which were no weekend.
    holidays: Vec<LeftOutDay>,
}

/// How long merchants wait in one stage.
#[derive(Serialize, ToSchema)]
struct StageAgeing {
    /// The stage.
    #[schema(example = "in_review")]
    stage: &'static str,
    /// Who must act: `merchant`, `upstream`, `partner`.
    #[schema(example = "upstream")]
    next_actor: &'static str,
    /// By business days.
    columns: Vec<AgeColumn>,
    /// All of them.
    total: Listed,
    /// Half of them wait for so many business days at most; null if there are none.
    #[schema(required = true, example = 3)]
    p50: Option<u32>,
    /// Nine of ten of them wait for so many business days at most; null if there are none.
    #[schema(required = true, example = 9)]
    p90: Option<u32>,
    /// What the alert rule for the stage calls late; null if it does not say so.
    #[schema(required = true)]
    target: Option<Target>,
    /// By single business days, without those on which none stands.
    days: Vec<DayCount>,
}

/// Those who wait for between so many business days.
#[derive(Serialize, ToSchema)]
struct AgeColumn {
    /// At least so many business days.
    #[schema(example = 6)]
    from: u16,
    /// At most so many; null for the last column.
    #[schema(required = true, example = 10)]
    to: Option<u16>,
    /// Who they are.
    #[serde(flatten)]
    listed: Listed,
}

/// After how many business days somebody is late.
#[derive(Serialize, ToSchema)]
struct Target {
    /// From so many business days on.
    #[schema(example = 5)]
    business_days: u16,
    /// Those who are late.
    over: Listed,
}

/// A day that was left out.
#[derive(Serialize, ToSchema)]
struct LeftOutDay {
    /// The day.
    #[schema(example = "2026-10-05")]
    date: NaiveDate,
    /// Its Korean name, or what you call it.
    #[schema(example = "개천절 대체 휴일")]
    name: String,
    /// Its English name, where it is a public holiday.
    #[schema(required = true)]
    name_en: Option<String>,
}

impl Ageing {
    fn of(question: &Question, stages: &[Stage], counts: &[StandingCount]) -> Self {
        let today = question.today();
        let mut waits: BTreeMap<&str, Durations> = BTreeMap::new();
        let mut all = Durations::default();
        for StandingCount { stage, since_on, count } in counts {
            let days = question.business_days(*since_on, today);
            waits.entry(stage.as_str()).or_default().add(days, *count);
            all.add(days, *count);
        }
        let nobody = Durations::default();
        let of = |stage: &Stage| StageAgeing::of(question, *stage, waits.get(stage.as_str()).unwrap_or(&nobody));
        let stages_told: Vec<_> = stages.iter().map(of).collect();
        let over = stages_told.iter().filter_map(|stage| stage.target.as_ref());
        Self {
            today,
            over_target: over.map(|target| target.over.count).sum(),
            columns: columns(question, stages, &all),
            total: listed(question, stages, Ages::default(), &all),
            stages: stages_told,
            holidays: holidays(question, today),
        }
    }
}

impl StageAgeing {
    fn of(question: &Question, stage: Stage, waits: &Durations) -> Self {
        let stages = [stage];
        let levels = question.tenant.alert_ground().levels(stage);
        let late = levels.and_then(|levels| levels.of(Severity::Late));
        Self {
            stage: stage.as_str(),
            next_actor: stage.next_actor().as_str(),
            columns: columns(question, &stages, waits),
            total: listed(question, &stages, Ages::default(), waits),
            p50: waits.percentile(50),
            p90: waits.percentile(90),
            target: late.map(|late| Target {
                business_days: late,
                over: listed(
                    question,
                    &stages,
                    Ages {
                        least: Some(late),
                        most: None,
                    },
                    waits,
                ),
            }),
            days: by_days(waits),
        }
    }
}

fn columns(question: &Question, stages: &[Stage], waits: &Durations) -> Vec<AgeColumn> {
    let column = |(from, to): (u16, Option<u16>)| AgeColumn {
        from,
        to,
        listed: listed(
            question,
            stages,
            Ages {
                least: Some(from),
                most: to,
            },
            waits,
        ),
    };
    COLUMNS.into_iter().map(column).collect()
}

fn listed(question: &Question, stages: &[Stage], ages: Ages, waits: &Durations) -> Listed {
    let at_least = waits.at_least(ages.least.unwrap_or(0).into());
    let longer = ages.most.map_or(0, |most| waits.at_least(u32::from(most) + 1));
    Listed {
        count: at_least - longer,
        merchants: question.list_of_stages(stages, ages),
    }
}

fn holidays(question: &Question, today: NaiveDate) -> Vec<LeftOutDay> {
    let calendar = &question.tenant.settings.calendar;
    let back = (0..HOLIDAYS_BACK)
        .rev()
        .filter_map(|days| today.checked_sub_days(Days::new(days)));
    let left_out = back.filter_map(|date| match calendar.day(date) {
        Day::Holiday { name, .. } if !is_weekend(date) => Some(LeftOutDay {
            date,
            name: name.to_owned(),
            name_en: Some(english(name)),
        }),
        Day::OwnHoliday => Some(LeftOutDay {
            date,
            name: own_name(calendar, date),
            name_en: None,
        }),
        Day::Holiday { .. } | Day::Business | Day::Weekend | Day::OwnBusiness => None,
    });
    left_out.collect()
}

fn own_name(calendar: &Calendar, date: NaiveDate) -> String {
    let name = calendar.own_day(date).and_then(OwnDay::name);
    name.map(|name| name.as_str().to_owned()).unwrap_or_default()
}

fn is_weekend(date: NaiveDate) -> bool {
    date.weekday().number_from_monday() > 5
}
