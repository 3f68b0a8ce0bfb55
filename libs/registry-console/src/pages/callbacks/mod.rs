//! What came in: the callbacks of the tenant, one with its bytes, and the approvals of a merchant.

mod approvals;
mod one;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use registry_documents::{EventData, PublicEvent};

use crate::answer;
use crate::api::Trouble;
use crate::console::Console;
use crate::documents::Feed;
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::parts::{At, filters};
use crate::preferences::Preferences;
use crate::query::Query;

pub use approvals::{approval_url, approvals};
pub use one::{get, payload};

/// How far back the log is read at once: as much as the API gives.
const WINDOW: u64 = 500;

/// How many windows are read for one page.
const WINDOWS_MAX: usize = 5;

/// How many callbacks are enough for a page.
const ENOUGH: usize = 50;

const TYPES: &str = "callback.received,callback.quarantined,payment.approved";

/// A callback in the list.
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
}

/// What the page shows.
pub struct List {
    summary: String,
    rows: Vec<Row>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "callbacks/page.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

/// `GET /console/{tenant}/callbacks`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let until = query.get("until").and_then(|until| until.parse().ok());
    let title = look.words().frame.callbacks;
    let frame = Frame::new(&who, look, Section::Callbacks, title, console.now());
    let call = Query::default().with("types", TYPES).on("/v1/events");
    let frame = frame.calls("GET", &call).listening(None);
    match newest(&console, &who, until).await {
        Ok((events, older)) => {
            let list = List::new(&frame, &events, older);
            answer::page(StatusCode::OK, &ListPage { frame, list })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

/// The newest callbacks up to a position of the log, and up to where older ones are.
async fn newest(
    console: &Console,
    who: &SignedIn,
    until: Option<u64>,
) -> Result<(Vec<PublicEvent>, Option<u64>), Trouble> {
    let api = console.api();
    let mut until = match until {
        Some(until) => until,
        None => {
            api.get::<Feed>(who, "/v1/events?after=latest&limit=1")
                .await?
                .page
                .next_after
        }
    };
    let mut found = Vec::new();
    for _ in 0..WINDOWS_MAX {
        let after = until.saturating_sub(WINDOW);
        let query = Query::default().with("types", TYPES).with("limit", &WINDOW.to_string());
        let feed: Feed = api
            .get(who, &query.with("after", &after.to_string()).on("/v1/events"))
            .await?;
        let events = feed.data.into_iter().filter(|event| event.seq <= until);
        found.extend(events.collect::<Vec<_>>().into_iter().rev());
        until = after;
        if until == 0 || found.len() >= ENOUGH {
            break;
        }
    }
    Ok((found, (until > 0).then_some(until)))
}

impl List {
    fn new(frame: &Frame, events: &[PublicEvent], older: Option<u64>) -> Self {
        let words = frame.words();
        let older = older.map(|until| Query::default().with("until", &until.to_string()));
        Self {
            summary: (words.callbacks.summary)(&crate::parts::thousands(events.len() as u64)),
            rows: events.iter().filter_map(|event| row(frame, event)).collect(),
            older: older.map(|query| query.on(&frame.path("/callbacks"))),
        }
    }
}

fn row(frame: &Frame, event: &PublicEvent) -> Option<Row> {
    let words = frame.words();
    let reason = |word: Option<&str>| {
        word.map(|word| words.quarantine_reason(word).to_owned())
            .unwrap_or_default()
    };
    let (received_at, verdict, reason, is_bad, letter, listed) =
        if let EventData::CallbackReceived(callback) = &event.data {
            (
                callback.received_at,
                words.verdict(&callback.verdict),
                reason(callback.reason.as_deref()),
                callback.verdict == "quarantined",
                callback.code.clone(),
                callback.sender_listed,
            )
        } else if let EventData::CallbackQuarantined(callback) = &event.data {
            let why = reason(Some(&callback.reason));
            (
                callback.received_at,
                words.verdict("quarantined"),
                why,
                true,
                None,
                callback.sender_listed,
            )
        } else if let EventData::PaymentApproved(approval) = &event.data {
            let differs = approval.api_key == "differs";
            (
                approval.received_at,
                words.events.approved,
                String::new(),
                differs,
                approval.state.clone(),
                None,
            )
        } else {
            return None;
        };
    Some(Row {
        received: At {
            moment: received_at,
            now: frame.now,
        },
        event: event.id.clone(),
        href: frame.path(&format!("/callbacks/{}", event.id)),
        merchant: event.merchant_id.as_ref().map(|id| {
            let tail: String = id.chars().skip(id.chars().count().saturating_sub(8)).collect();
            (frame.path(&format!("/merchants/{id}")), format!("mer_…{tail}"))
        }),
        verdict: verdict.to_owned(),
        reason,
        is_bad,
        letter: letter.unwrap_or_default(),
        sender: match listed {
            Some(true) => words.merchant.listed,
            Some(false) => words.merchant.not_listed,
            None => "–",
        },
    })
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Frame, List, ListPage, Preferences, Section, one};
    use crate::pages::shops::{self, Sample};

    /// The pages in all their states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let frame = || {
            let title = look.words().frame.callbacks;
            Frame::new(&shops::person(look), look, Section::Callbacks, title, shops::now()).listening(None)
        };
        let (full, empty) = (frame(), frame());
        let list = List::new(&full, &shops::timeline(true).data, Some(7));
        let none = List::new(&empty, &[], None);
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
