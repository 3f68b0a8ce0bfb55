//! How long shops wait: stages by business days, each number with its list.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use registry_documents::WaitingMerchant;
use registry_tables::Cell as TableCell;

use crate::answer;
use crate::console::Console;
use crate::documents::{AgeColumn, Ageing, Page, StageAgeing, Told};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::kst;
use crate::pages::insight::{Cell, Choice, about, call, days_cell, file_name, query_of};
use crate::pages::merchants::Row;
use crate::parts::charts::{Histogram, Shade};
use crate::parts::{Glyph, filters, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::stage::Stage;

/// How many of those who wait longest are listed.
const LONGEST: &str = "20";

/// One stage.
struct Line {
    stage: Stage,
    glyph: Glyph,
    name: &'static str,
    cells: Vec<Shaded>,
    total: Cell,
    p50: String,
    p90: String,
    target: Option<(String, Cell)>,
    chart: Option<Histogram>,
}

/// A cell with how much of it is late.
struct Shaded {
    cell: Cell,
    class: &'static str,
}

/// What the page shows.
struct Board {
    summary: String,
    heads: Vec<String>,
    lines: Vec<Line>,
    sums: Vec<Cell>,
    total: Cell,
    over_target: String,
    has_targets: bool,
    holidays: Vec<(String, String)>,
    longest: Vec<Row>,
    all: String,
    choice: Choice,
}

#[derive(Template)]
#[template(path = "ageing/page.html")]
struct AgeingPage {
    frame: Frame,
    board: Board,
}

/// `GET /console/{tenant}/ageing`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = query_of(raw.as_deref());
    let now = console.now();
    let path = call(&query, "/v1/stats/ageing");
    let here = query.on(&format!("/console/{}/ageing", segment(&who.tenant.slug)));
    let frame = Frame::new(&who, look, Section::Ageing, look.words().insight.ageing, now);
    let frame = frame.at(here).calls("GET", &path);
    let told = match console.api().get::<Told<Ageing>>(&who, &path).await {
        Ok(told) => told,
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let longest = longest(&query).with("limit", LONGEST);
    let list = call(&longest, "/v1/merchants");
    let rows = console.api().get::<Page<WaitingMerchant>>(&who, &list).await;
    // Without the list the board still says what it says.
    let rows = rows.map(|page| page.data).unwrap_or_default();
    let board = Board::new(&frame, &query, &told, &rows);
    answer::page(frame.status(), &AgeingPage { frame, board })
}

/// `GET /console/{tenant}/ageing/csv`: the table of the page as a file. It holds numbers and no shop, so nobody writes down who has it.
pub async fn csv(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = query_of(raw.as_deref());
    let frame = Frame::new(&who, look, Section::Ageing, look.words().insight.ageing, console.now());
    let path = call(&query, "/v1/stats/ageing");
    match console.api().get::<Told<Ageing>>(&who, &path).await {
        Ok(told) => {
            let name = file_name("ageing", &who.tenant.slug, told.as_of);
            answer::table(&name, &table(&frame, &query, &told))
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn table(frame: &Frame, query: &Query, told: &Told<Ageing>) -> Vec<Vec<TableCell>> {
    let words = &frame.words().insight;
    let ageing = &told.data;
    let counts = |columns: &[AgeColumn]| -> Vec<_> {
        columns
            .iter()
            .map(|column| TableCell::count(column.listed.count))
            .collect()
    };
    let heads = ageing.columns.iter().map(|column| TableCell::from(head(frame, column)));
    let mut headings = vec![TableCell::from(frame.words().merchants.stage)];
    headings.extend(heads);
    headings.extend([words.total, "p50", "p90", words.target, words.over].map(TableCell::from));
    let line = |stage: &StageAgeing| {
        let mut row = vec![TableCell::from(Stage::of(&stage.stage).name(frame.words()))];
        row.extend(counts(&stage.columns));
        row.extend([
            TableCell::count(stage.total.count),
            days_cell(stage.p50),
            days_cell(stage.p90),
        ]);
        row.extend(
            stage
                .target
                .as_ref()
                .map_or([TableCell::Empty, TableCell::Empty], |target| {
                    [
                        TableCell::count(target.business_days.into()),
                        TableCell::count(target.over.count),
                    ]
                }),
        );
        row
    };
    let mut sums = vec![TableCell::from(words.total)];
    sums.extend(counts(&ageing.columns));
    sums.extend([
        TableCell::count(ageing.total.count),
        TableCell::Empty,
        TableCell::Empty,
        TableCell::Empty,
    ]);
    sums.push(TableCell::count(ageing.over_target));
    let mut rows = vec![about(frame, query, told.as_of), headings];
    rows.extend(ageing.stages.iter().map(line));
    rows.push(sums);
    rows
}

/// What stands over a column.
fn head(frame: &Frame, column: &AgeColumn) -> String {
    let words = &frame.words().insight;
    match (column.from, column.to) {
        (0, Some(0)) => words.today.to_owned(),
        (from, Some(to)) => (words.days_between)(from, to),
        (from, None) => (words.days_beyond)(from - 1),
    }
}

/// Those who wait, the longest first.
fn longest(query: &Query) -> Query {
    let stages: Vec<_> = Stage::ALL.into_iter().filter(|stage| stage.ages()).collect();
    let stages = query
        .get("stage")
        .map_or_else(|| crate::stage::list(&stages), str::to_owned);
    query.with("stage", &stages).with("sort", "stage_since")
}

impl Board {
    fn new(frame: &Frame, query: &Query, told: &Told<Ageing>, longest_rows: &[WaitingMerchant]) -> Self {
        let words = &frame.words().insight;
        let ageing = &told.data;
        let moment = query.get("as_of").map_or(frame.now, |_| told.as_of);
        let holiday = |day: &crate::documents::LeftOutDay| {
            let name = day.name_en.as_ref().filter(|_| !frame.is_korean()).unwrap_or(&day.name);
            (day.date.format("%m-%d").to_string(), name.clone())
        };
        let path = frame.path("/ageing");
        Self {
            summary: (words.ageing_summary)(&kst::minute(moment, frame.now), &thousands(ageing.total.count)),
            heads: ageing.columns.iter().map(|column| head(frame, column)).collect(),
            lines: ageing
                .stages
                .iter()
                .map(|stage| Line::new(frame, query, stage))
                .collect(),
            sums: ageing
                .columns
                .iter()
                .map(|column| Cell::new(frame, query, &column.listed))
                .collect(),
            total: Cell::new(frame, query, &ageing.total),
            over_target: thousands(ageing.over_target),
            has_targets: ageing.stages.iter().any(|stage| stage.target.is_some()),
            holidays: ageing.holidays.iter().map(holiday).collect(),
            longest: longest_rows
                .iter()
                .map(|document| Row::new(frame, document, moment))
                .collect(),
            all: longest(query).on(&frame.path("/merchants")),
            choice: Choice::new(frame, query, &path),
        }
    }
}

impl Line {
    fn new(frame: &Frame, query: &Query, ageing: &StageAgeing) -> Self {
        let words = &frame.words().insight;
        let stage = Stage::of(&ageing.stage);
        let name = stage.name(frame.words());
        let days = |days: Option<u32>| days.map_or_else(|| "–".to_owned(), |days| (words.days)(days.into()));
        let late = ageing.target.as_ref().map(|target| u32::from(target.business_days));
        let total = ageing.total.count;
        let target = ageing.target.as_ref().map(|target| {
            let over = Cell::new(frame, query, &target.over);
            ((words.within)(target.business_days), over)
        });
        let chart = (total > 0).then(|| {
            let title = (words.how_long)(name, &thousands(total));
            let chart = Histogram::new(&ageing.days, Shade::Plain, late, words.today, title);
            let over = target.as_ref().map(|(_, over)| over.text.clone()).unwrap_or_default();
            chart.mark(late, (words.target_line)(&late.unwrap_or(0).to_string(), &over))
        });
        Self {
            stage,
            glyph: Glyph(stage),
            name,
            cells: ageing
                .columns
                .iter()
                .map(|column| Shaded {
                    class: shade(column, late, total),
                    cell: Cell::new(frame, query, &column.listed),
                })
                .collect(),
            total: Cell::new(frame, query, &ageing.total),
            p50: days(ageing.p50),
            p90: days(ageing.p90),
            target,
            chart,
        }
    }
}

/// How dark a cell is in which all are late: by their share of the stage.
fn shade(column: &AgeColumn, late: Option<u32>, total: u64) -> &'static str {
    let is_late = late.is_some_and(|late| u32::from(column.from) >= late);
    match column.listed.count.saturating_mul(100).checked_div(total) {
        Some(share) if is_late && share > 20 => "heat3 over",
        Some(share) if is_late && share > 8 => "heat2 over",
        Some(share) if is_late && share > 0 => "heat1 over",
        _ if is_late && column.listed.count > 0 => "heat1 over",
        _ => "",
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::json;

    use super::{Ageing, AgeingPage, Board, Frame, Preferences, Section, Told, query_of};
    use crate::pages::shops::{self, Sample};

    fn ageing(is_empty: bool) -> Told<Ageing> {
        let columns = |counts: [u64; 5]| {
            let bounds = [(0, Some(0)), (1, Some(2)), (3, Some(5)), (6, Some(10)), (11, None)];
            let column = |((from, to), count): ((u16, Option<u16>), u64)| {
                let count = if is_empty { 0 } else { count };
                let merchants = format!("/v1/merchants?stage=in_review&age_min={from}");
                json!({ "from": from, "to": to, "count": count, "merchants": merchants })
            };
            bounds.into_iter().zip(counts).map(column).collect::<Vec<_>>()
        };
        let stage = |stage: &str, counts: [u64; 5], late: Option<u16>| {
            let total: u64 = if is_empty { 0 } else { counts.iter().sum() };
            let target = late.map(
                |late| json!({ "business_days": late, "over": { "count": counts[3] + counts[4], "merchants": null } }),
            );
            let day = |(from, count): (u32, u64)| json!({ "from": from, "to": from, "count": count });
            let days: Vec<_> = [
                (0, counts[0]),
                (1, counts[1]),
                (4, counts[2]),
                (7, counts[3]),
                (25, counts[4]),
            ]
            .into_iter()
            .filter(|(_, count)| !is_empty && *count > 0)
            .map(day)
            .collect();
            json!({ "stage": stage, "columns": columns(counts), "p50": (total > 0).then_some(3), "p90": (total > 0).then_some(9),
                "total": { "count": total, "merchants": "/v1/merchants?stage=in_review" }, "target": target, "days": days })
        };
        serde_json::from_value(json!({ "as_of": shops::now(), "data": {
            "stages": [
                stage("registered", [8, 17, 16, 14, 10], Some(5)),
                stage("link_issued", [11, 24, 22, 19, 12], None),
                stage("drafting", [14, 33, 29, 25, 19], Some(10)),
                stage("in_review", [9, 21, 18, 11, 1_205], Some(6)),
                stage("documents_required", [4, 10, 9, 6, 2], Some(6)),
                stage("rejected", [0, 0, 0, 0, 0], None),
            ],
            "columns": columns([46, 108, 98, 78, 1_250]), "over_target": if is_empty { 0 } else { 1_281 },
            "total": { "count": if is_empty { 0 } else { 1_580 }, "merchants": "/v1/merchants" },
            "holidays": [
                { "date": "2026-10-05", "name": "개천절 대체공휴일", "name_en": "Substitute holiday (National Foundation Day)" },
                { "date": "2026-10-09", "name": "한글날", "name_en": "Hangeul Day" },
            ] } }))
        .expect("a sample reads")
    }

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, raw: &str, is_empty: bool| {
            let query = query_of(Some(raw));
            let title = look.words().insight.ageing;
            let frame = Frame::new(&shops::person(look), look, Section::Ageing, title, shops::now());
            let frame = frame.calls("GET", "/v1/stats/ageing");
            let rows = if is_empty { Vec::new() } else { shops::merchants(5).data };
            let board = Board::new(&frame, &query, &ageing(is_empty), &rows);
            Sample::new(name, &AgeingPage { frame, board })
        };
        vec![
            sample("ageing", "", false),
            sample("ageing-then", "as_of=2026-11-20T15:00&tag=vip", false),
            sample("ageing-empty", "", true),
        ]
    }
}
