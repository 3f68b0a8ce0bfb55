//! What is to stand in a file, as what, and why.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{LIST, PATH, frame};
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::Export;
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::Frame;
use crate::pages::merchants::{columns, conditions};
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// A format that can be chosen.
struct Format {
    word: &'static str,
    name: &'static str,
    is_on: bool,
}

#[derive(Template)]
#[template(path = "exports/new.html")]
pub(super) struct NewPage {
    frame: Frame,
    /// Of which shops.
    whom: String,
    /// The list's query.
    state: String,
    /// Shops that were chosen one by one.
    chosen: Vec<String>,
    formats: Vec<Format>,
    reason: String,
    wrong: Option<String>,
    back: String,
}

/// What is wanted, as the page was told.
struct Wanted {
    state: String,
    chosen: Vec<String>,
    format: String,
    reason: String,
}

/// `GET …/exports/new`: of the list of shops, with its filters, its order and its columns.
pub async fn new(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let wanted = Wanted {
        state: raw.unwrap_or_default(),
        chosen: Vec::new(),
        format: String::new(),
        reason: String::new(),
    };
    draw(&console, &who, look, wanted, None)
}

/// `POST …/exports/chosen`: of shops that are ticked. Nothing is done: the page asks why.
pub async fn chosen(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    draw(&console, &who, look, Wanted::of(&typed), None)
}

/// `POST …/exports`
pub async fn create(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    let wanted = Wanted::of(&typed);
    let query = Query::read(Some(&wanted.state));
    let mut body = json!({ "format": wanted.format, "reason": wanted.reason });
    let words = columns::of_file(&columns::of(&query));
    if !words.is_empty() {
        body["columns"] = words.split(',').map(Value::from).collect();
    }
    if wanted.chosen.is_empty() {
        let filter = conditions::for_api(&query).without("limit").without("cursor").on("");
        body["filter"] = json!(filter.trim_start_matches('?'));
    } else {
        body["merchant_ids"] = json!(wanted.chosen);
    }
    match console.api().send::<Export>(&who, Ask::post(LIST).body(body)).await {
        Ok(export) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!("/console/{tenant}{PATH}/{}", segment(&export.id)))
        }
        Err(trouble) if trouble.is_the_askers() => draw(&console, &who, look, wanted, Some(&trouble)),
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

fn draw(console: &Console, who: &SignedIn, look: Preferences, wanted: Wanted, trouble: Option<&Trouble>) -> Response {
    let mut frame = frame(who, look, console).calls("POST", LIST);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    let page = page(frame, wanted);
    answer::page(page.frame.status(), &page)
}

fn page(frame: Frame, wanted: Wanted) -> NewPage {
    let wrong = frame.problem.as_ref().and_then(|problem| problem.of_field("reason"));
    let wrong = wrong.map(str::to_owned);
    let words = &frame.words().exports;
    let query = Query::read(Some(&wanted.state));
    let is_filtered = conditions::NAMES.iter().any(|name| query.get(name).is_some());
    let count = wanted.chosen.len() as u64;
    let whom = match (count, is_filtered) {
        (0, false) => words.all.to_owned(),
        (0, true) => words.filtered.to_owned(),
        (count, _) => (words.chosen)(count),
    };
    let formats = words.formats.iter().map(|(word, name)| Format {
        word,
        name,
        is_on: *word == wanted.format,
    });
    NewPage {
        whom,
        formats: formats.collect(),
        back: query.on(&frame.path("/merchants")),
        state: wanted.state,
        chosen: wanted.chosen,
        reason: wanted.reason,
        wrong,
        frame,
    }
}

impl Wanted {
    fn of(typed: &Form) -> Self {
        Self {
            state: typed.whole("state").to_owned(),
            chosen: typed.all("merchant").map(str::to_owned).collect(),
            format: typed.get("format").to_owned(),
            reason: typed.whole("reason").to_owned(),
        }
    }
}

/// What the page looks like.
#[cfg(any(test, feature = "samples"))]
pub(super) mod samples {
    use super::{Frame, NewPage, Wanted, page};

    pub fn new_page(frame: Frame) -> NewPage {
        let wanted = Wanted {
            state: "stage=opened&sort=merchant_code".to_owned(),
            chosen: Vec::new(),
            format: "xlsx".to_owned(),
            reason: String::new(),
        };
        page(frame, wanted)
    }
}
