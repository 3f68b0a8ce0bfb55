//! Callbacks that could not be used: why, what would come of them today, and what becomes of them.

mod acts;
mod row;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::answer;
use crate::api::Trouble;
use crate::console::Console;
use crate::documents::{Page, Quarantined, RedriveReport, Rows};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::live;
use crate::parts::{At, filters, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

pub use acts::{redrive, redrive_many, resolve};
use row::{Outcome, Row};

/// How many of a reason there are.
#[derive(Debug, Clone, Deserialize)]
struct ReasonCount {
    reason: String,
    count: u64,
    oldest_received_at: DateTime<Utc>,
}

/// A reason with what can be done about it.
pub struct Reason {
    word: String,
    name: String,
    count: String,
    oldest: At,
    what: &'static str,
    href: String,
}

/// What driving many again comes to.
pub struct Report {
    word: String,
    name: String,
    is_dry: bool,
    outcomes: Vec<(String, String)>,
    rows: Vec<Outcome>,
    submit: String,
}

/// What the page shows.
pub struct List {
    summary: String,
    is_all: bool,
    reasons: Vec<Reason>,
    report: Option<Report>,
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "quarantine/page.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

#[derive(Template)]
#[template(path = "quarantine/one.html")]
struct OnePage {
    frame: Frame,
    row: Row,
    outcome: Option<Outcome>,
    key: String,
}

/// `GET /console/{tenant}/quarantine`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    draw(&console, &who, look, &query, None, None).await
}

/// Draws the list, with what came of something or why it did not.
async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    query: &Query,
    report: Option<(String, RedriveReport)>,
    trouble: Option<&Trouble>,
) -> Response {
    let is_all = query.get("state") == Some("all");
    let asked = query
        .only(&["reason", "cursor"])
        .with("state", if is_all { "" } else { "open" });
    let call = asked.on("/v1/quarantine");
    let title = look.words().frame.quarantine;
    let mut frame = Frame::new(who, look, Section::Quarantine, title, console.now()).calls("GET", &call);
    let position = live::position(console, who).await.ok();
    frame = frame.listening(None, position).noticed(query.get("done"));
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    let api = console.api();
    let (page, reasons) = futures::join!(
        api.get::<Page<Quarantined>>(who, &call),
        api.get::<Rows<ReasonCount>>(who, "/v1/stats/quarantine"),
    );
    match (page, reasons) {
        (Ok(page), Ok(reasons)) => {
            let list = List::new(&frame, query, &page, reasons.data, report);
            answer::page(frame.status(), &ListPage { frame, list })
        }
        (Err(trouble), _) | (_, Err(trouble)) => answer::trouble(frame, &trouble),
    }
}

/// `GET /console/{tenant}/quarantine/{event}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, event)): Path<(String, String)>,
) -> Response {
    one(&console, &who, look, &event, None, None).await
}

/// Draws one, with what would come of it or why something did not work.
async fn one(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    event: &str,
    outcome: Option<crate::documents::Redrive>,
    trouble: Option<&Trouble>,
) -> Response {
    let path = format!("/v1/quarantine/{}", segment(event));
    let title = look.words().frame.quarantine;
    let mut frame = Frame::new(who, look, Section::Quarantine, title, console.now()).calls("GET", &path);
    let here = frame.path(&format!("/quarantine/{}", segment(event)));
    frame = frame.at(here);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<Quarantined>(who, &path).await {
        Ok(quarantined) => {
            let page = OnePage {
                row: Row::new(&frame, &quarantined),
                outcome: outcome.map(|outcome| Outcome::new(&frame, &outcome)),
                key: console.new_key(),
                frame,
            };
            answer::page(page.frame.status(), &page)
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl List {
    fn new(
        frame: &Frame,
        query: &Query,
        page: &Page<Quarantined>,
        reasons: Vec<ReasonCount>,
        report: Option<(String, RedriveReport)>,
    ) -> Self {
        let words = frame.words();
        let total: u64 = reasons.iter().map(|reason| reason.count).sum();
        let path = frame.path("/quarantine");
        let reason = |reason: ReasonCount| Reason {
            name: words.quarantine_reason(&reason.reason).to_owned(),
            count: thousands(reason.count),
            oldest: At {
                moment: reason.oldest_received_at,
                now: frame.now,
            },
            what: words.what_to_do(&reason.reason).unwrap_or_default(),
            href: Query::default().with("reason", &reason.reason).on(&path),
            word: reason.reason,
        };
        Self {
            summary: (words.callbacks.quarantine_summary)(&thousands(total)),
            is_all: query.get("state") == Some("all"),
            reasons: reasons.into_iter().map(reason).collect(),
            report: report.map(|(word, report)| Report::new(frame, word, &report)),
            rows: page
                .data
                .iter()
                .map(|quarantined| Row::new(frame, quarantined))
                .collect(),
            next: page
                .page
                .next
                .as_deref()
                .map(|cursor| query.without("done").with("cursor", cursor).on(&path)),
        }
    }
}

impl Report {
    fn new(frame: &Frame, word: String, report: &RedriveReport) -> Self {
        let words = frame.words();
        let outcomes = report
            .outcomes
            .iter()
            .map(|(word, count)| (words.outcome(word).to_owned(), thousands(*count)));
        Self {
            name: words.quarantine_reason(&word).to_owned(),
            word,
            is_dry: report.dry_run,
            outcomes: outcomes.collect(),
            rows: report
                .sample
                .iter()
                .map(|redrive| Outcome::new(frame, redrive))
                .collect(),
            submit: (words.callbacks.redrive_all)(&thousands(report.tried)),
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Frame, List, ListPage, OnePage, Outcome, Page, Preferences, Query, ReasonCount, Row, Section};
    use crate::pages::shops::{self, Sample};

    /// The pages in all their states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let frame = || {
            let title = look.words().frame.quarantine;
            let frame = Frame::new(&shops::person(look), look, Section::Quarantine, title, shops::now());
            frame.calls("GET", "/v1/quarantine").listening(None, None)
        };
        let page = || Page {
            data: shops::quarantined(),
            page: crate::documents::Next::default(),
        };
        let reasons = || {
            let count = |reason: &str, count| ReasonCount {
                reason: reason.to_owned(),
                count,
                oldest_received_at: shops::now(),
            };
            vec![count("unknown_merchant", 2), count("unparseable", 1)]
        };
        let (full, empty, one) = (frame(), frame(), frame());
        let report = ("unknown_merchant".to_owned(), shops::redrive_report());
        let list = List::new(&full, &Query::default(), &page(), reasons(), Some(report));
        let none = Page {
            data: Vec::new(),
            page: crate::documents::Next::default(),
        };
        let nothing = List::new(&empty, &Query::default(), &none, Vec::new(), None);
        let quarantined = shops::quarantined().remove(0);
        let single = OnePage {
            row: Row::new(&one, &quarantined),
            outcome: shops::redrive_report()
                .sample
                .first()
                .map(|redrive| Outcome::new(&one, redrive)),
            key: "key".to_owned(),
            frame: one,
        };
        vec![
            Sample::new("quarantine", &ListPage { frame: full, list }),
            Sample::new(
                "quarantine-none",
                &ListPage {
                    frame: empty,
                    list: nothing,
                },
            ),
            Sample::new("quarantine-one", &single),
        ]
    }
}
