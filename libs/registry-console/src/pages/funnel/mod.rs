//! How far the shops of each week have come.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use registry_tables::Cell as TableCell;

use crate::answer;
use crate::console::Console;
use crate::documents::{Cohort, Funnel, FunnelStep, Told};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::pages::insight::{Cell, Choice, about, call, days_cell, file_name, query_of};
use crate::parts::charts::{Histogram, Series, Shade};
use crate::parts::{filters, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// A milestone.
struct StepLine {
    name: &'static str,
    count: String,
    percent: Option<u8>,
    median: String,
    lost: Option<Cell>,
}

/// A week.
struct Week {
    name: String,
    title: String,
    registered: Cell,
    shares: Vec<String>,
    p50: String,
    p90: String,
    under_way: Cell,
    is_settled: bool,
}

/// What the page shows.
struct Sheet {
    summary: String,
    steps: Vec<StepLine>,
    weeks: Vec<Week>,
    heads: Vec<&'static str>,
    series: Series,
    chart: Option<Histogram>,
    chart_title: String,
    has_unsettled: bool,
    choice: Choice,
}

#[derive(Template)]
#[template(path = "funnel/page.html")]
struct FunnelPage {
    frame: Frame,
    sheet: Sheet,
}

/// `GET /console/{tenant}/funnel`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = query_of(raw.as_deref());
    let path = call(&query, "/v1/stats/funnel");
    let here = query.on(&format!("/console/{}/funnel", segment(&who.tenant.slug)));
    let frame = Frame::new(&who, look, Section::Funnel, look.words().insight.funnel, console.now());
    let frame = frame.at(here).calls("GET", &path);
    match console.api().get::<Told<Funnel>>(&who, &path).await {
        Ok(told) => {
            let sheet = Sheet::new(&frame, &query, &told.data);
            answer::page(frame.status(), &FunnelPage { frame, sheet })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

/// `GET /console/{tenant}/funnel/csv`: the tables of the page as a file, one below the other. It holds numbers and no shop.
pub async fn csv(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = query_of(raw.as_deref());
    let frame = Frame::new(&who, look, Section::Funnel, look.words().insight.funnel, console.now());
    let path = call(&query, "/v1/stats/funnel");
    match console.api().get::<Told<Funnel>>(&who, &path).await {
        Ok(told) => {
            let name = file_name("funnel", &who.tenant.slug, told.as_of);
            let mut rows = vec![about(&frame, &query, told.as_of)];
            rows.extend(step_table(&frame, &told.data));
            rows.push(vec![TableCell::Empty, TableCell::Empty]);
            rows.extend(week_table(&frame, &told.data));
            answer::table(&name, &rows)
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn step_table(frame: &Frame, funnel: &Funnel) -> Vec<Vec<TableCell>> {
    let words = &frame.words().insight;
    let heads = [
        words.milestone,
        words.shops,
        words.of_registered,
        words.from_before,
        words.lost,
    ];
    let mut rows = vec![heads.map(TableCell::from).to_vec()];
    rows.extend(funnel.steps.iter().map(|step| {
        vec![
            TableCell::from(name(frame, &step.milestone)),
            TableCell::count(step.count),
            step.percent
                .map_or(TableCell::Empty, |percent| TableCell::count(percent.into())),
            days_cell(step.p50),
            step.lost
                .as_ref()
                .map_or(TableCell::Empty, |lost| TableCell::count(lost.count)),
        ]
    }));
    rows
}

fn week_table(frame: &Frame, funnel: &Funnel) -> Vec<Vec<TableCell>> {
    let words = &frame.words().insight;
    let mut heads = vec![TableCell::from(words.week)];
    heads.extend(
        funnel
            .steps
            .iter()
            .map(|step| TableCell::from(name(frame, &step.milestone))),
    );
    heads.extend(["p50", "p90", words.under_way, words.unsettled].map(TableCell::from));
    let mut rows = vec![heads];
    rows.extend(funnel.weeks.iter().map(|week| {
        let reached = |step: &FunnelStep| week.reached.get(&step.milestone).copied().unwrap_or(0);
        let mut row = vec![TableCell::from(week.week.as_str())];
        row.extend(funnel.steps.iter().map(|step| TableCell::count(reached(step))));
        let unsettled = if week.is_settled {
            TableCell::Empty
        } else {
            TableCell::from("✓")
        };
        row.extend([
            days_cell(week.p50),
            days_cell(week.p90),
            TableCell::count(week.under_way.count),
            unsettled,
        ]);
        row
    }));
    rows
}

fn days(frame: &Frame, days: Option<u32>) -> String {
    let words = &frame.words().insight;
    days.map_or_else(|| "–".to_owned(), |days| (words.days)(days.into()))
}

impl Sheet {
    fn new(frame: &Frame, query: &Query, funnel: &Funnel) -> Self {
        let words = &frame.words().insight;
        let first = funnel.weeks.first().map(|week| week.week.as_str()).unwrap_or_default();
        let last = funnel.weeks.last().map(|week| week.week.as_str()).unwrap_or_default();
        let registered = funnel.steps.first().map_or(0, |step| step.count);
        let opening = &funnel.opening;
        let chart_title = (words.opened_chart)(&thousands(opening.count));
        let chart = (opening.count > 0).then(|| {
            let chart = Histogram::new(&opening.days, Shade::Main, None, words.today, chart_title.clone()).narrow();
            let mark = |name: &str, of: Option<u32>| format!("{name} {}", days(frame, of));
            chart
                .mark(opening.p50, mark("p50", opening.p50))
                .mark(opening.p90, mark("p90", opening.p90))
        });
        let point = |week: &Cohort| (week.week.clone(), week.p50, week.p90, week.is_settled);
        Self {
            summary: (words.funnel_summary)(first, last, &thousands(registered)),
            steps: funnel
                .steps
                .iter()
                .map(|step| StepLine::new(frame, query, step))
                .collect(),
            heads: funnel
                .steps
                .iter()
                .skip(1)
                .map(|step| name(frame, &step.milestone))
                .collect(),
            weeks: funnel
                .weeks
                .iter()
                .map(|week| Week::new(frame, query, funnel, week))
                .collect(),
            has_unsettled: funnel.weeks.iter().any(|week| !week.is_settled),
            series: Series {
                points: funnel.weeks.iter().map(point).collect(),
                label: words.by_week.to_owned(),
                unsettled: words.unsettled,
            },
            chart,
            chart_title,
            choice: Choice::new(frame, query, &frame.path("/funnel")),
        }
    }
}

/// What people call a milestone.
fn name(frame: &Frame, milestone: &str) -> &'static str {
    let names = frame.words().insight.milestones;
    let found = names.iter().find(|(word, _)| *word == milestone);
    found.map_or("?", |(_, name)| name)
}

impl StepLine {
    fn new(frame: &Frame, query: &Query, step: &FunnelStep) -> Self {
        let words = &frame.words().insight;
        Self {
            name: name(frame, &step.milestone),
            count: thousands(step.count),
            percent: step.percent,
            median: step
                .p50
                .map_or_else(String::new, |days| (words.median)(&(words.days)(days.into()))),
            lost: step.lost.as_ref().map(|lost| Cell::new(frame, query, lost)),
        }
    }
}

impl Week {
    fn new(frame: &Frame, query: &Query, funnel: &Funnel, week: &Cohort) -> Self {
        let registered = week.registered.count;
        let share = |step: &FunnelStep| {
            let reached = week.reached.get(&step.milestone).copied().unwrap_or(0);
            let percent = (reached * 100 + registered / 2).checked_div(registered);
            percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent}%"))
        };
        Self {
            name: week.week.rsplit('-').next().unwrap_or(&week.week).to_owned(),
            title: format!("{} – {}", week.from, week.to),
            registered: Cell::new(frame, query, &week.registered),
            shares: funnel.steps.iter().skip(1).map(share).collect(),
            p50: days(frame, week.p50),
            p90: days(frame, week.p90),
            under_way: Cell::new(frame, query, &week.under_way),
            is_settled: week.is_settled,
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use chrono::{Datelike, Days, NaiveDate};
    use serde_json::json;

    use super::{Frame, Funnel, FunnelPage, Preferences, Section, Sheet, Told, query_of};
    use crate::pages::shops::{self, Sample};

    fn funnel(is_empty: bool) -> Told<Funnel> {
        let of = |count: u64| if is_empty { 0 } else { count };
        let first = NaiveDate::from_ymd_opt(2026, 9, 7).expect("a day");
        let week = |number: u64| {
            let from = first + Days::new(7 * number);
            let (registered, opened) = (
                of(36 + number % 5),
                of(if number < 7 { 30 } else { 30 - 5 * (number - 6) }),
            );
            json!({ "week": format!("2026-W{}", from.iso_week().week()), "from": from, "to": from + Days::new(6),
                "registered": { "count": registered, "merchants": "/v1/merchants" },
                "reached": { "registered": registered, "linked": of(35), "begun": of(34), "submitted": of(33), "opened": opened },
                "p50": (opened > 0).then_some(6 - number / 4), "p90": (opened > 0).then_some(12 - number / 2),
                "under_way": { "count": registered.saturating_sub(opened), "merchants": "/v1/merchants" },
                "is_settled": number < 7 || is_empty })
        };
        let step = |milestone: &str, count: u64, percent: u8, p50: Option<u32>, lost: Option<u64>| {
            json!({ "milestone": milestone, "count": of(count), "percent": (!is_empty).then_some(percent),
                "p50": p50.filter(|_| !is_empty), "p90": p50,
                "lost": lost.map(|count| json!({ "count": of(count), "merchants": "/v1/merchants?milestone=begun" })) })
        };
        let day = |(from, count): (u32, u64)| json!({ "from": from, "to": from, "count": count });
        let days: Vec<_> = [
            (1, 2),
            (2, 8),
            (3, 19),
            (4, 30),
            (5, 34),
            (6, 36),
            (7, 26),
            (8, 19),
            (12, 8),
            (19, 3),
            (33, 1),
        ]
        .into_iter()
        .map(day)
        .collect();
        serde_json::from_value(json!({ "as_of": shops::now(), "data": {
            "steps": [
                step("registered", 1_412, 100, None, None),
                step("linked", 1_371, 97, Some(0), Some(41)),
                step("begun", 1_350, 96, Some(1), Some(21)),
                step("submitted", 1_330, 94, Some(1), Some(20)),
                step("opened", 221, 16, Some(3), Some(1_109)),
            ],
            "opening": { "count": of(186), "p50": (!is_empty).then_some(6), "p90": (!is_empty).then_some(12),
                "days": if is_empty { Vec::new() } else { days } },
            "weeks": (0..12).map(week).collect::<Vec<_>>() } }))
        .expect("a sample reads")
    }

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, raw: &str, is_empty: bool| {
            let query = query_of(Some(raw));
            let title = look.words().insight.funnel;
            let frame = Frame::new(&shops::person(look), look, Section::Funnel, title, shops::now());
            let frame = frame.calls("GET", "/v1/stats/funnel");
            let sheet = Sheet::new(&frame, &query, &funnel(is_empty).data);
            Sample::new(name, &FunnelPage { frame, sheet })
        };
        vec![
            sample("funnel", "", false),
            sample("funnel-empty", "as_of=2026-11-20T15:00", true),
        ]
    }
}
