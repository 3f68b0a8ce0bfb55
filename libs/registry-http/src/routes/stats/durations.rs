//! `GET /v1/stats/durations`

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Days, NaiveDate, Utc};
use registry_domain::merchant::Stage;
use registry_domain::tenant::Scope;
use registry_domain::waits::{Durations, USUAL_DAYS};
use registry_journal::port::{Stay, StayCount, StayQuery};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{DurationsDocument, Question};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::routes::calendar::read_date;
use crate::routes::merchants::filter::FilterParameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// Over how many days durations are told at most: three years.
const DAYS_MAX: u64 = 1_100;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::ValidationFailed],
    };
    operation.document(routes!(tell_durations))
}

/// Tell how long things took
///
/// For how many business days of your calendar merchants stood in each stage that they left, and how many they took from being
/// registered to opening for the first time: all that ended on these days. Merchants are those that pass the filters now, or at the
/// moment of `as_of`; archived ones count too, unless `stage` asks otherwise. A merchant that stood in a stage twice counts twice.
#[utoipa::path(
    get,
    path = "/v1/stats/durations",
    tag = "Insight",
    params(
        FilterParameters,
        ("from" = Option<NaiveDate>, Query, description = "The first day on which it ended; 180 days before the last if left out", example = "2026-06-01"),
        ("to" = Option<NaiveDate>, Query, description = "The last day, at most 1,100 days after the first; today if left out", example = "2026-11-27"),
        ("as_of" = Option<DateTime<Utc>>, Query, description = "As it was known at this moment, not later than now"),
    ),
    responses((status = 200, description = "How long it took", body = DurationStats))
)]
async fn tell_durations(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    query: Parameters,
) -> Result<Json<DurationStats>, Problem> {
    caller.require(SCOPE)?;
    let (question, (from, to)) = Question::read(&state, &caller, query, read_days).await?;
    let query = StayQuery {
        filter: question.filter_of_all(),
        from,
        until: to,
        at: question.at,
    };
    let counts = state.archive.reader().stays(caller.tenant_id(), &query).await?;
    Ok(Json(DurationStats {
        data: AllDurations::of(&question, &counts),
        from,
        to,
        as_of: question.until,
    }))
}

/// The first and the last day. Where a fault is found, it does not matter which they are.
fn read_days(query: &mut Parameters, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let (from, to) = (query.optional("from", read_date), query.optional("to", read_date));
    let to = to.unwrap_or(today);
    let usual = to.checked_sub_days(Days::new(USUAL_DAYS)).unwrap_or(to);
    let from = from.unwrap_or(usual);
    if to < from {
        query.blame("to", Fault::EndsBeforeItBegins);
    } else if to.signed_duration_since(from).num_days().unsigned_abs() > DAYS_MAX {
        query.blame("to", Fault::TooManyDays);
    }
    (from, to)
}

/// How long things took.
#[derive(Serialize, ToSchema)]
struct DurationStats {
    /// What was found.
    data: AllDurations,
    /// The first day on which it ended.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// The moment that it is about.
    as_of: DateTime<Utc>,
}

/// How long things took.
#[derive(Serialize, ToSchema)]
struct AllDurations {
    /// How long merchants stood in each stage in which somebody waits, in the order of the way to opening.
    stages: Vec<StageDurations>,
    /// How long it took from being registered to opening for the first time.
    opening: DurationsDocument,
}

/// How long merchants stood in a stage.
#[derive(Serialize, ToSchema)]
struct StageDurations {
    /// The stage.
    #[schema(example = "in_review")]
    stage: &'static str,
    /// For how long.
    #[serde(flatten)]
    durations: DurationsDocument,
}

impl AllDurations {
    fn of(question: &Question, counts: &[StayCount]) -> Self {
        let mut durations: HashMap<Stay, Durations> = HashMap::new();
        for count in counts {
            let days = question.business_days(count.since_on, count.ended_on);
            durations.entry(count.stay).or_default().add(days, count.count);
        }
        let none = Durations::default();
        let of = |stay: Stay| DurationsDocument::of(durations.get(&stay).unwrap_or(&none));
        Self {
            stages: Stage::waiting()
                .map(|stage| StageDurations {
                    stage: stage.as_str(),
                    durations: of(Stay::In(stage)),
                })
                .collect(),
            opening: of(Stay::Opening),
        }
    }
}
