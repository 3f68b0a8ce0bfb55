//! Lists as files: one is wanted from the list of shops, made meanwhile, and taken here.

mod make;
mod one;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use crate::answer;
use crate::colleagues::Colleagues;
use crate::console::Console;
use crate::documents::{Export, Page};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::parts::filters;
use crate::parts::{At, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::words::{Names, Words};

pub use make::{chosen, create, new};
pub use one::{cancel, get, take};

const LIST: &str = "/v1/exports";

/// Where they lie below the tenant's path.
const PATH: &str = "/exports";

/// Files that are shown at once.
const LIMIT: &str = "50";

/// A file in the list.
struct Row {
    id: String,
    href: String,
    what: String,
    state: &'static str,
    class: &'static str,
    rows: String,
    reason: String,
    who: String,
    when: At,
}

#[derive(Template)]
#[template(path = "exports/page.html")]
struct ExportsPage {
    frame: Frame,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

/// `GET /console/{tenant}/exports`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref()).only(&["cursor"]);
    let call = query.with("limit", LIMIT).on(LIST);
    let frame = frame(&who, look, &console).calls("GET", &call);
    let (page, names) = futures::join!(
        console.api().get::<Page<Export>>(&who, &call),
        Colleagues::read(&console, &who)
    );
    match page {
        Ok(page) => answer::page(frame.status(), &ExportsPage::new(frame, &query, &names, &page)),
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn frame(who: &SignedIn, look: Preferences, console: &Console) -> Frame {
    Frame::new(who, look, Section::Merchants, look.words().exports.title, console.now())
}

impl ExportsPage {
    fn new(frame: Frame, query: &Query, names: &Colleagues, page: &Page<Export>) -> Self {
        let path = frame.path(PATH);
        let words = frame.words();
        let row = |export: &Export| Row {
            id: export.id.clone(),
            href: format!("{path}/{}", segment(&export.id)),
            what: named(words.exports.formats, &export.format),
            state: standing(words, &export.state),
            class: class(&export.state),
            rows: thousands(export.rows.max(export.rows_expected)),
            reason: export.reason.clone(),
            who: names.who(&export.actor, words),
            when: At {
                moment: export.created_at,
                now: frame.now,
            },
        };
        Self {
            rows: page.data.iter().map(row).collect(),
            first: query.get("cursor").map(|_| path.clone()),
            next: page
                .page
                .next
                .as_ref()
                .map(|cursor| query.with("cursor", cursor).on(&path)),
            frame,
        }
    }
}

/// What people call a word of the API.
fn named(names: Names, word: &str) -> String {
    let found = names.iter().find(|(known, _)| *known == word);
    found.map_or(word, |(_, name)| name).to_owned()
}

fn standing(words: &Words, state: &str) -> &'static str {
    let states = words.exports.states;
    let found = states.iter().find(|(known, _)| *known == state);
    found.map_or("", |(_, name)| name)
}

/// How a state looks.
fn class(state: &str) -> &'static str {
    match state {
        "ready" => "ok",
        "failed" => "bad",
        _ => "meta",
    }
}

/// What the pages look like.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::{Value, json};

    use super::make::samples::new_page;
    use super::one::OnePage;
    use super::{Colleagues, Export, ExportsPage, Frame, LIST, Page, Preferences, Query, Section};
    use crate::documents::Next;
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff::{people, person_id};

    fn export(number: u32, state: &str, error: &Value) -> Export {
        let is_over = !["queued", "running"].contains(&state);
        let one = json!({ "id": format!("exp_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "state": state,
            "format": if number == 2 { "csv_cp949" } else { "xlsx" }, "filter": "stage=opened&sort=merchant_code",
            "with_numbers": true, "reason": "월말 정산 확인", "actor": { "type": "user", "id": person_id(0), "channel": "console" },
            "rows_expected": 12_345, "rows": if is_over { 12_345 } else { 4_608 }, "bytes": 1_872_344, "error": error,
            "created_at": shops::now().to_rfc3339(), "expires_at": is_over.then(|| shops::now().to_rfc3339()) });
        serde_json::from_value(one).expect("a sample reads")
    }

    pub fn samples(look: Preferences) -> Vec<Sample> {
        let title = look.words().exports.title;
        let frame = |path: &str| {
            Frame::new(&shops::person(look), look, Section::Merchants, title, shops::now()).calls("GET", path)
        };
        let failed = json!({ "code": "not_in_cp949", "row": 17 });
        let page = Page {
            data: vec![
                export(1, "running", &Value::Null),
                export(2, "failed", &failed),
                export(3, "ready", &Value::Null),
            ],
            page: Next::default(),
        };
        let none = Page {
            data: Vec::new(),
            page: Next::default(),
        };
        let query = Query::default();
        vec![
            Sample::new("exports", &ExportsPage::new(frame(LIST), &query, &names(), &page)),
            Sample::new("exports-none", &ExportsPage::new(frame(LIST), &query, &names(), &none)),
            Sample::new("export-new", &new_page(frame(LIST))),
            Sample::new("export-running", &one(frame(LIST), &export(1, "running", &Value::Null))),
            Sample::new("export-failed", &one(frame(LIST), &export(2, "failed", &failed))),
            Sample::new("export-ready", &one(frame(LIST), &export(3, "ready", &Value::Null))),
        ]
    }

    fn one(frame: Frame, export: &Export) -> OnePage {
        OnePage::new(frame, export, &names())
    }

    fn names() -> Colleagues {
        Colleagues::of(&people())
    }
}
