//! One callback: what it came to, and on demand the bytes that came.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use registry_documents::PublicEvent;

use super::{Row, row};
use crate::answer;
use crate::api::Trouble;
use crate::console::Console;
use crate::documents::Payload;
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::parts::{At, filters, thousands};
use crate::preferences::Preferences;
use crate::query::segment;

/// The bytes, to be shown.
struct Shown {
    received: At,
    size: String,
    sha256: String,
    text: String,
    is_base64: bool,
}

#[derive(Template)]
#[template(path = "callbacks/one.html")]
struct CallbackPage {
    frame: Frame,
    row: Row,
    shown: Option<Shown>,
}

fn frame(console: &Console, who: &SignedIn, look: Preferences, event: &str, below: &str) -> Frame {
    let words = look.words();
    let frame = Frame::new(who, look, Section::Callbacks, words.callbacks.payload, console.now());
    let here = frame.path(&format!("/callbacks/{}", segment(event)));
    frame.at(here).calls("GET", &path(event, below))
}

fn path(event: &str, below: &str) -> String {
    format!("/v1/callbacks/{}{below}", segment(event))
}

/// `GET /console/{tenant}/callbacks/{event}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, event)): Path<(String, String)>,
) -> Response {
    let frame = frame(&console, &who, look, &event, "");
    draw(&console, &who, frame, &event, None).await
}

/// `POST /console/{tenant}/callbacks/{event}/payload`: shows the bytes. It changes nothing, but it is not done by accident.
pub async fn payload(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, event)): Path<(String, String)>,
) -> Response {
    let frame = frame(&console, &who, look, &event, "/payload");
    match console.api().get::<Payload>(&who, &path(&event, "/payload")).await {
        Ok(payload) => {
            let shown = Shown::new(payload, &frame);
            draw(&console, &who, frame, &event, Some(shown)).await
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

async fn draw(console: &Console, who: &SignedIn, frame: Frame, event: &str, shown: Option<Shown>) -> Response {
    let found = console.api().get::<PublicEvent>(who, &path(event, "")).await;
    let found = found.and_then(|event| row(&frame, &event).ok_or(Trouble::NotFound));
    match found {
        Ok(row) => answer::page(StatusCode::OK, &CallbackPage { frame, row, shown }),
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl Shown {
    fn new(payload: Payload, frame: &Frame) -> Self {
        let is_base64 = payload.text.is_none();
        Self {
            received: At {
                moment: payload.received_at,
                now: frame.now,
            },
            size: thousands(payload.size),
            sha256: payload.sha256,
            text: payload.text.unwrap_or(payload.base64),
            is_base64,
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{CallbackPage, Frame, Payload, Shown, row};
    use crate::pages::shops::{self, Sample};

    /// The page before and after somebody asks for the bytes.
    pub fn samples(before: Frame, after: Frame) -> Vec<Sample> {
        let payload = Payload {
            received_at: shops::now(),
            size: 412,
            sha256: "00ff".repeat(16),
            text: Some("{ \"memberId\": \"acad-99\", \"reviewMessage\": \"<b>\" }".to_owned()),
            base64: String::new(),
        };
        let shown = Some(Shown::new(payload, &after));
        let events = shops::timeline(true).data;
        let of = |frame: &Frame| events.iter().find_map(|event| row(frame, event));
        let page = |frame: Frame, shown| Some((of(&frame)?, frame, shown));
        let named = [("callback", page(before, None)), ("callback-open", page(after, shown))];
        let pages = named.into_iter().filter_map(|(name, page)| {
            let (row, frame, shown) = page?;
            Some(Sample::new(name, &CallbackPage { frame, row, shown }))
        });
        pages.collect()
    }
}
