//! What came in: the callbacks of the tenant, one with its bytes, and the approvals of a merchant.

mod approvals;
mod day;
mod one;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use registry_documents::{EventData, PublicEvent};

use crate::answer;
use crate::api::Trouble;
use crate::console::Console;
use crate::documents::Feed;
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::live;
use crate::parts::{At, filters, short_id};
use crate::preferences::Preferences;
use crate::query::Query;
use crate::words::Words;

use day::{Day, Stretch};

pub use approvals::{approval_url, approvals};
pub use one::{get, payload};

/// How far back the log is read at once: as much as the API gives.
const WINDOW: u64 = 500;

/// How many windows are read for one page.
const WINDOWS_MAX: usize = 5;

/// How many callbacks are enough for a page.
const ENOUGH: usize = 50;

const TYPES: &str = "callback.received,callback.quarantined,unclaimed_merchant.seen,payment.approved";

/// A callback.
pub struct Row {
    received: At,
    event: String,
    href: String,
    merchant: Option<(String, String)>,
    verdict: String,
    reason: String,
    is_bad: bool,
    letter: String,
    sender: &'static str,
    has_body: bool,
}

/// What the page shows.
pub struct List {
    summary: String,
    day: String,
    rows: Vec<Row>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "callbacks/page.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

/// Callbacks, the newest first, and up to where older ones are.
#[derive(Default)]
struct Found {
    rows: Vec<Row>,
    older: Option<u64>,
}

/// `GET /console/{tenant}/callbacks`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref()).only(&["day", "until"]);
    let title = look.words().frame.callbacks;
    let frame = Frame::new(&who, look, Section::Callbacks, title, console.now());
    let here = query.only(&["day"]).on(&frame.path("/callbacks"));
    let call = Query::default().with("types", TYPES).on("/v1/events");
    let frame = frame.at(here).calls("GET", &call);
    let position = match live::position(&console, &who).await {
        Ok(position) => position,
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let frame = frame.listening(None, Some(position));
    let (found, frame) = match asked(&console, &who, &frame, &query, position).await {
        Ok(found) => (found, frame),
        // A day that does not read is shown again, to be mended.
        Err(trouble) if trouble.is_the_askers() => (Found::default(), frame.troubled(&trouble)),
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let list = List::new(&frame, &query, found);
    answer::page(frame.status(), &ListPage { frame, list })
}

/// The callbacks that a query asks for, in a log that ends there.
async fn asked(console: &Console, who: &SignedIn, frame: &Frame, query: &Query, end: u64) -> Result<Found, Trouble> {
    let until = query.get("until").and_then(|until| until.parse().ok()).unwrap_or(end);
    let Some(day) = query.get("day") else {
        return newest(console, who, frame, Stretch { after: 0, until }, None).await;
    };
    let day = Day::parse(day).ok_or(Trouble::Form)?;
    let whole = day.stretch(console, who, end).await?;
    let stretch = Stretch {
        until: until.min(whole.until),
        ..whole
    };
    newest(console, who, frame, stretch, Some(day)).await
}

/// The newest callbacks of a stretch of the log, of a day if one is named.
async fn newest(
    console: &Console,
    who: &SignedIn,
    frame: &Frame,
    stretch: Stretch,
    day: Option<Day>,
) -> Result<Found, Trouble> {
    let api = console.api();
    let mut until = stretch.until;
    let mut rows = Vec::new();
    for _ in 0..WINDOWS_MAX {
        let after = until.saturating_sub(WINDOW).max(stretch.after);
        let query = Query::default().with("types", TYPES).with("limit", &WINDOW.to_string());
        let feed: Feed = api
            .get(who, &query.with("after", &after.to_string()).on("/v1/events"))
            .await?;
        let events = feed.data.iter().rev().filter(|event| event.seq <= until);
        let came = events.filter_map(|event| row(frame, event));
        rows.extend(came.filter(|row| day.is_none_or(|day| day.has(row.received.moment))));
        until = after;
        if until <= stretch.after || rows.len() >= ENOUGH {
            break;
        }
    }
    Ok(Found {
        rows,
        older: (until > stretch.after).then_some(until),
    })
}

impl List {
    fn new(frame: &Frame, query: &Query, found: Found) -> Self {
        let words = frame.words();
        let older = found.older.map(|until| query.with("until", &until.to_string()));
        Self {
            summary: (words.callbacks.summary)(&crate::parts::thousands(found.rows.len() as u64)),
            day: query.get("day").unwrap_or_default().to_owned(),
            rows: found.rows,
            older: older.map(|query| query.on(&frame.path("/callbacks"))),
        }
    }
}

/// What an event says of the callback that it records.
struct Came<'a> {
    at: DateTime<Utc>,
    verdict: &'a str,
    reason: Option<&'a str>,
    is_bad: bool,
    letter: Option<&'a str>,
    is_listed: Option<bool>,
    has_body: bool,
}

impl<'a> Came<'a> {
    fn of(data: &'a EventData, words: &'static Words) -> Option<Self> {
        let unused = |at, reason: &'a str, is_listed| Self {
            at,
            verdict: words.verdict("quarantined"),
            reason: Some(words.quarantine_reason(reason)),
            is_bad: true,
            letter: None,
            is_listed,
            has_body: true,
        };
        if let EventData::CallbackReceived(callback) = data {
            Some(Self {
                at: callback.received_at,
                verdict: words.verdict(&callback.verdict),
                reason: callback.reason.as_deref().map(|word| words.quarantine_reason(word)),
                is_bad: callback.verdict == "quarantined",
                letter: callback.code.as_deref(),
                is_listed: callback.sender_listed,
                has_body: true,
            })
        } else if let EventData::CallbackQuarantined(callback) = data {
            Some(unused(callback.received_at, &callback.reason, callback.sender_listed))
        } else if let EventData::UnclaimedMerchantSeen(callback) = data {
            Some(unused(callback.received_at, "unknown_merchant", callback.sender_listed))
        } else if let EventData::PaymentApproved(approval) = data {
            Some(Self {
                at: approval.received_at,
                verdict: words.events.approved,
                reason: None,
                is_bad: approval.api_key == "differs",
                letter: approval.state.as_deref(),
                is_listed: None,
                has_body: false,
            })
        } else {
            None
        }
    }
}

fn row(frame: &Frame, event: &PublicEvent) -> Option<Row> {
    let words = frame.words();
    let came = Came::of(&event.data, words)?;
    Some(Row {
        received: At {
            moment: came.at,
            now: frame.now,
        },
        event: event.id.clone(),
        href: frame.path(&format!("/callbacks/{}", event.id)),
        merchant: event
            .merchant_id
            .as_ref()
            .map(|id| (frame.path(&format!("/merchants/{id}")), short_id(id))),
        verdict: came.verdict.to_owned(),
        reason: came.reason.unwrap_or_default().to_owned(),
        is_bad: came.is_bad,
        letter: came.letter.unwrap_or_default().to_owned(),
        sender: match came.is_listed {
            Some(true) => words.merchant.listed,
            Some(false) => words.merchant.not_listed,
            None => "–",
        },
        has_body: came.has_body,
    })
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Found, Frame, List, ListPage, Preferences, Query, Section, one, row};
    use crate::pages::shops::{self, Sample};

    /// The pages in all their states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let frame = || {
            let title = look.words().frame.callbacks;
            Frame::new(&shops::person(look), look, Section::Callbacks, title, shops::now()).listening(None, None)
        };
        let (full, empty) = (frame(), frame());
        let found = Found {
            rows: shops::timeline(true)
                .data
                .iter()
                .filter_map(|event| row(&full, event))
                .collect(),
            older: Some(7),
        };
        let list = List::new(&full, &Query::default(), found);
        let none = List::new(&empty, &Query::read(Some("day=2026-11-20")), Found::default());
        let mut pages = vec![
            Sample::new("callbacks", &ListPage { frame: full, list }),
            Sample::new(
                "callbacks-none",
                &ListPage {
                    frame: empty,
                    list: none,
                },
            ),
        ];
        pages.extend(one::samples::samples(frame(), frame()));
        pages
    }
}
