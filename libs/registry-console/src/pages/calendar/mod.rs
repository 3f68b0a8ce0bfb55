//! On which days people work: the public holidays of a year, and what the tenant says of single days.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::Method;
use axum::response::Response;
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Calendar, CalendarDay, Problem};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::kst;
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// Where it lies below the tenant's path.
const PATH: &str = "/settings/calendar";

/// A day that is a holiday, or of which the tenant says something.
struct Row {
    date: String,
    weekday: &'static str,
    kind: &'static str,
    class: &'static str,
    name: String,
    /// What it would be without the tenant's word.
    otherwise: Option<String>,
    is_own: bool,
}

/// What the page shows.
struct Sheet {
    summary: String,
    named: String,
    earlier: Option<(String, i32)>,
    later: Option<(String, i32)>,
    year: i32,
    shown: String,
    first: NaiveDate,
    last: NaiveDate,
    rows: Vec<Row>,
    typed: Typed,
}

/// What was typed before and not accepted.
struct Typed {
    date: String,
    name: String,
    kind: String,
    wrong_date: Option<String>,
    wrong_name: Option<String>,
}

#[derive(Template)]
#[template(path = "calendar/page.html")]
struct CalendarPage {
    frame: Frame,
    sheet: Sheet,
}

/// `GET /console/{tenant}/settings/calendar`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let year = query.get("year").and_then(|year| year.parse().ok());
    draw(&console, &who, look, year, query.get("done"), None, &Form::default()).await
}

/// `POST …/settings/calendar`: says something of a day.
pub async fn set(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, form: Form) -> Response {
    let name = form.typed("name").map_or(Value::Null, |name| json!(name));
    let day = json!({ "business_day": form.get("kind") == "works", "name": name });
    changed(&console, &who, look, &form, day).await
}

/// `POST …/settings/calendar/removal`: leaves a day to the table again.
pub async fn remove(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, form: Form) -> Response {
    changed(&console, &who, look, &form, Value::Null).await
}

async fn changed(console: &Console, who: &SignedIn, look: Preferences, form: &Form, day: Value) -> Response {
    let date = form.get("date");
    let year = date.get(..4).and_then(|year| year.parse().ok());
    let ask = Ask::new(Method::PATCH, "/v1/settings".to_owned()).body(json!({ "own_days": { date: day } }));
    match console.api().tell(who, ask).await {
        Ok(()) => {
            let done = Query::default().with("year", date.get(..4).unwrap_or_default());
            let path = format!("/console/{}{PATH}", segment(&who.tenant.slug));
            answer::see(&done.with("done", "calendar").on(&path))
        }
        Err(trouble) => draw(console, who, look, year, None, Some(&trouble), form).await,
    }
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    year: Option<i32>,
    done: Option<&str>,
    trouble: Option<&Trouble>,
    typed: &Form,
) -> Response {
    let now = console.now();
    let year = year.unwrap_or_else(|| kst::local(now).year());
    let call = format!("/v1/calendar?from={year:04}-01-01&to={year:04}-12-31");
    let title = look.words().calendar.title;
    let mut frame = Frame::new(who, look, Section::Settings, title, now).calls("GET", &call);
    frame.here = Query::default().with("year", &year.to_string()).on(&frame.path(PATH));
    frame = frame.noticed(done);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<Calendar>(who, &call).await {
        Ok(calendar) => {
            let sheet = Sheet::new(&frame, &calendar, year, typed);
            answer::page(frame.status(), &CalendarPage { frame, sheet })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl Sheet {
    fn new(frame: &Frame, calendar: &Calendar, year: i32, typed: &Form) -> Self {
        let words = &frame.words().calendar;
        let known = |year: i32| (calendar.known_from.year()..=calendar.known_until.year()).contains(&year);
        let said = |year: i32, say: fn(&str) -> String| known(year).then(|| (say(&year.to_string()), year));
        let rows = calendar.data.iter().filter_map(|day| Row::new(frame, day));
        Self {
            summary: (words.summary)(&year.to_string(), &calendar.business_days.to_string()),
            named: format!(
                "{} {}",
                (words.named)(&calendar.named_until.to_string()),
                words.computed
            ),
            earlier: said(year - 1, words.earlier),
            later: said(year + 1, words.later),
            year,
            shown: (words.later)(&year.to_string()),
            first: calendar.known_from,
            last: calendar.known_until,
            rows: rows.collect(),
            typed: Typed::new(frame.problem.as_ref(), typed),
        }
    }
}

impl Row {
    fn new(frame: &Frame, day: &CalendarDay) -> Option<Self> {
        let (words, is_own) = (&frame.words().calendar, day.source == "tenant");
        if !is_own && day.holiday.is_none() {
            return None;
        }
        let holiday = day.holiday.as_ref().map(|holiday| {
            let name = if frame.is_korean() {
                &holiday.name
            } else {
                &holiday.name_en
            };
            name.clone()
        });
        let is_expected = day.holiday.as_ref().is_some_and(|holiday| holiday.expected);
        let (kind, class) = match (is_own, day.business_day) {
            (true, true) => (words.own_works, "ok"),
            (true, false) => (words.own_off, "bad"),
            (false, _) if is_expected => (words.expected, "dim"),
            (false, _) => (words.holiday, ""),
        };
        let own = day.own_name.clone().unwrap_or_else(|| words.unnamed.to_owned());
        let weekday = usize::try_from(day.date.weekday().num_days_from_monday()).unwrap_or(0);
        Some(Self {
            date: day.date.to_string(),
            weekday: frame.words().home.weekdays[weekday % 7],
            kind,
            class,
            name: if is_own {
                own
            } else {
                holiday.clone().unwrap_or_default()
            },
            otherwise: holiday.filter(|_| is_own),
            is_own,
        })
    }
}

impl Typed {
    fn new(problem: Option<&Problem>, typed: &Form) -> Self {
        let pointers = |is_name: bool| {
            let mut errors = problem.map(|problem| problem.errors.iter()).into_iter().flatten();
            let of_it = |pointer: &str| pointer.starts_with("/own_days") && pointer.ends_with("/name") == is_name;
            let found = errors.find(|error| error.pointer.as_deref().is_some_and(of_it));
            found.map(|error| error.detail.clone())
        };
        Self {
            date: typed.get("date").to_owned(),
            name: typed.get("name").to_owned(),
            kind: typed.get("kind").to_owned(),
            wrong_date: pointers(false),
            wrong_name: pointers(true),
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::json;

    use super::{Calendar, CalendarPage, Form, Frame, Preferences, Section, Sheet};
    use crate::pages::shops::{self, Sample};

    /// A year with its holidays and two days of the tenant's own.
    fn calendar() -> Calendar {
        let day = |date: &str, holiday: Option<(&str, &str)>, own: Option<(bool, Option<&str>)>| {
            json!({ "date": date, "business_day": own.is_some_and(|(works, _)| works),
                "source": if own.is_some() { "tenant" } else { "table" },
                "holiday": holiday.map(|(name, name_en)| json!({ "name": name, "name_en": name_en, "expected": false })),
                "own_name": own.and_then(|(_, name)| name) })
        };
        let days = json!([
            day("2026-01-01", Some(("1월 1일", "New Year's Day")), None),
            day("2026-02-17", Some(("설날", "Lunar New Year")), None),
            day("2026-05-05", Some(("어린이날", "Children's Day")), None),
            day(
                "2026-05-25",
                Some(("대체공휴일(부처님 오신 날)", "Substitute holiday (Buddha's Birthday)")),
                None
            ),
            day("2026-07-17", Some(("제헌절", "Constitution Day")), Some((true, None))),
            day("2026-09-25", Some(("추석", "Chuseok")), None),
            day("2026-12-24", None, Some((false, Some("창립기념일")))),
        ]);
        serde_json::from_value(
            json!({ "business_days": 247, "known_from": "2018-01-01", "known_until": "2036-12-31",
            "named_until": "2027-12-31", "data": days }),
        )
        .expect("a sample reads")
    }

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let frame = |look: Preferences| {
            let title = look.words().calendar.title;
            let frame = Frame::new(&shops::person(look), look, Section::Settings, title, shops::now());
            frame.calls("GET", "/v1/calendar?from=2026-01-01&to=2026-12-31")
        };
        let sample = |name: &'static str, frame: Frame, typed: &Form| {
            let sheet = Sheet::new(&frame, &calendar(), 2026, typed);
            Sample::new(name, &CalendarPage { frame, sheet })
        };
        let mut refused = frame(look);
        let mut problem = shops::problem();
        problem.errors.truncate(1);
        problem.errors[0].pointer = Some("/own_days/2026-12-24/name".to_owned());
        refused.problem = Some(problem);
        vec![
            sample("calendar", frame(look), &Form::default()),
            sample("calendar-refused", refused, &Form::of("date=2026-12-24&kind=off&name=")),
        ]
    }
}
