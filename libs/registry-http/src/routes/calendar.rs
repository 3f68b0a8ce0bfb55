//! `GET /v1/calendar`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use registry_domain::TenantId;
use registry_domain::calendar::{Calendar, Day, GAZETTE_UNTIL, OwnDay, day_in_korea, english, public_day};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

/// How many days behind the first are answered at most: three years.
const DAYS_MAX: u64 = 1_100;

/// How many days behind the first are answered if nobody says up to which.
const DAYS_DEFAULT: u64 = 30;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::AnyKey,
        problems: &[Code::ValidationFailed],
    };
    operation.document(routes!(get_calendar))
}

/// Read your calendar
///
/// Which days you work on, by Korea's public holidays and by what you have said of single days (`own_days` of your settings), and
/// how many business days there are. Days are those of Korea. Holidays are known from `known_from` to `known_until`; a range
/// that goes beyond is refused. Temporary holidays, which the government sets at short notice, are in no table: add them to
/// your own days. Any API key may ask.
#[utoipa::path(
    get,
    path = "/v1/calendar",
    tag = "Account",
    params(
        ("from" = Option<NaiveDate>, Query, description = "The first day; today if left out", example = "2026-09-21"),
        ("to" = Option<NaiveDate>, Query, description = "The last day, at most 1,100 days after the first; 30 days after it if left out", example = "2026-09-30"),
    ),
    responses((status = 200, description = "The days", body = CalendarDocument))
)]
async fn get_calendar(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<CalendarDocument>, Problem> {
    let today = day_in_korea(state.ambient.now());
    let (from, to) = read_range(&mut query, today);
    query.finish()?;
    let calendar = calendar_of(&state, caller.tenant_id()).await?;
    Ok(Json(CalendarDocument::new(&calendar, from, to)))
}

/// The calendar by which a tenant counts business days.
pub async fn calendar_of(state: &AppState, tenant_id: TenantId) -> Result<Calendar, Problem> {
    let tenant = state.archive.reader().tenant(tenant_id).await?;
    Ok(tenant.ok_or(Code::Unauthenticated)?.settings.calendar)
}

/// A day as it stands in a request.
pub fn read_date(text: &str) -> Result<NaiveDate, Fault> {
    // The library takes less than is written here: `2026-1-1`.
    let is_whole = text.len() == "2026-12-24".len();
    text.parse().ok().filter(|_| is_whole).ok_or(Fault::NotADay)
}

/// The first and the last day. Where a fault is found, it does not matter which they are.
fn read_range(query: &mut Parameters, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let (given_from, given_to) = (query.optional("from", read_known), query.optional("to", read_known));
    let from = given_from.unwrap_or(today);
    let default = from.checked_add_days(Days::new(DAYS_DEFAULT)).unwrap_or(from);
    let to = given_to.unwrap_or(default.min(known().1));
    if to < from {
        query.blame("to", Fault::EndsBeforeItBegins);
    } else if to.signed_duration_since(from).num_days().unsigned_abs() > DAYS_MAX {
        query.blame("to", Fault::TooManyDays);
    }
    (from, to)
}

fn read_known(text: &str) -> Result<NaiveDate, Fault> {
    let date = read_date(text)?;
    if Calendar::knows(date) {
        Ok(date)
    } else {
        Err(Fault::BeyondCalendar)
    }
}

/// The first and the last day of the table.
fn known() -> (NaiveDate, NaiveDate) {
    let (first, last) = Calendar::covers().into_inner();
    (beginning_of(first), end_of(last))
}

fn beginning_of(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MIN)
}

fn end_of(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// On which days you work.
#[derive(Serialize, ToSchema)]
#[schema(as = Calendar)]
struct CalendarDocument {
    /// Always `calendar`.
    #[schema(example = "calendar")]
    object: &'static str,
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// How many business days there are, the first and the last day included.
    #[schema(example = 6)]
    business_days: u32,
    /// From when on public holidays are known.
    #[schema(example = "2018-01-01")]
    known_from: NaiveDate,
    /// Until when they are known.
    #[schema(example = "2036-12-31")]
    known_until: NaiveDate,
    /// Until when the official gazette has named them. Later ones are computed by the law of today.
    #[schema(example = "2027-12-31")]
    named_until: NaiveDate,
    /// The days, in order.
    data: Vec<DayDocument>,
}

/// One day.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CalendarDay)]
struct DayDocument {
    /// The date, in Korea.
    #[schema(example = "2026-09-25")]
    date: NaiveDate,
    /// `monday` to `sunday`.
    #[schema(example = "friday")]
    weekday: &'static str,
    /// Whether you work on it.
    #[schema(example = false)]
    business_day: bool,
    /// Who says so: `table` for Korea's calendar, `tenant` for your own days.
    #[schema(example = "table")]
    source: &'static str,
    /// The public holiday that it is, also if you work on it; null for none.
    #[schema(required = true)]
    holiday: Option<HolidayDocument>,
    /// What you call it; null if it is none of your own days, or has no name.
    #[schema(required = true, example = json!(null))]
    own_name: Option<String>,
}

/// A public holiday.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Holiday)]
struct HolidayDocument {
    /// Its name.
    #[schema(example = "추석")]
    name: &'static str,
    /// Its name in English.
    #[schema(example = "Chuseok")]
    name_en: String,
    /// True if the gazette has not named it yet: by the law of today it will be one.
    #[schema(example = false)]
    expected: bool,
}

impl CalendarDocument {
    fn new(calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Self {
        let days = from.iter_days().take_while(|date| *date <= to);
        let data: Vec<_> = days.map(|date| DayDocument::new(calendar, date)).collect();
        let (known_from, known_until) = known();
        let before = from.pred_opt().unwrap_or(from);
        Self {
            object: "calendar",
            from,
            to,
            business_days: u32::try_from(calendar.business_days(before, to)).unwrap_or(0),
            known_from,
            known_until,
            named_until: end_of(GAZETTE_UNTIL),
            data,
        }
    }
}

impl DayDocument {
    fn new(calendar: &Calendar, date: NaiveDate) -> Self {
        let own = calendar.own_day(date);
        let holiday = match public_day(date) {
            Day::Holiday { name, is_expected } => Some(HolidayDocument {
                name,
                name_en: english(name),
                expected: is_expected,
            }),
            Day::Business | Day::Weekend | Day::OwnBusiness | Day::OwnHoliday => None,
        };
        Self {
            date,
            weekday: word(date.weekday()),
            business_day: calendar.day(date).is_business(),
            source: if own.is_some() { "tenant" } else { "table" },
            holiday,
            own_name: own.and_then(OwnDay::name).map(|name| name.as_str().to_owned()),
        }
    }
}

const fn word(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "monday",
        Weekday::Tue => "tuesday",
        Weekday::Wed => "wednesday",
        Weekday::Thu => "thursday",
        Weekday::Fri => "friday",
        Weekday::Sat => "saturday",
        Weekday::Sun => "sunday",
    }
}
