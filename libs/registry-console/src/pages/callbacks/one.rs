//! One callback, and on demand the bytes that came.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer;
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
    event: String,
    shown: Option<Shown>,
}

fn frame(console: &Console, who: &SignedIn, look: Preferences, event: &str) -> Frame {
    let words = look.words();
    let frame = Frame::new(who, look, Section::Callbacks, words.callbacks.payload, console.now());
    let here = frame.path(&format!("/callbacks/{}", segment(event)));
    frame.at(here).calls("GET", &path(event))
}

fn path(event: &str) -> String {
    format!("/v1/callbacks/{}/payload", segment(event))
}

/// `GET /console/{tenant}/callbacks/{event}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, event)): Path<(String, String)>,
) -> Response {
    let frame = frame(&console, &who, look, &event);
    let shown = None;
    answer::page(StatusCode::OK, &CallbackPage { frame, event, shown })
}

/// `POST /console/{tenant}/callbacks/{event}/payload`: shows the bytes. It changes nothing, but it is not done by accident.
pub async fn payload(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, event)): Path<(String, String)>,
) -> Response {
    let frame = frame(&console, &who, look, &event);
    match console.api().get::<Payload>(&who, &path(&event)).await {
        Ok(payload) => {
            let shown = Some(Shown::new(payload, &frame));
            answer::page(StatusCode::OK, &CallbackPage { frame, event, shown })
        }
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
    use super::{CallbackPage, Frame, Payload, Shown};
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
        let event = || "evt_1".to_owned();
        let closed = CallbackPage {
            frame: before,
            event: event(),
            shown: None,
        };
        let open = CallbackPage {
            frame: after,
            event: event(),
            shown,
        };
        vec![Sample::new("callback", &closed), Sample::new("callback-open", &open)]
    }
}
