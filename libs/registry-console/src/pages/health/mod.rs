//! How well things go: callbacks, asking, publishing, storage.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::answer;
use crate::console::Console;
use crate::documents::{Health, Me, Readiness};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::kst;
use crate::parts::{filters, thousands};
use crate::preferences::Preferences;

/// Things that belong together.
struct Group {
    name: &'static str,
    is_good: bool,
    facts: Vec<(&'static str, String)>,
}

/// What the page shows.
struct Shown {
    summary: String,
    is_good: bool,
    groups: Vec<Group>,
}

#[derive(Template)]
#[template(path = "health/page.html")]
struct HealthPage {
    frame: Frame,
    health: Shown,
}

/// `GET /console/{tenant}/health`
pub async fn get(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let title = look.words().frame.health;
    let frame = Frame::new(&who, look, Section::Health, title, console.now()).calls("GET", "/v1/me");
    let api = console.api();
    let (me, ready) = futures::join!(api.get::<Me>(&who, "/v1/me"), api.readiness(&who));
    match (me, ready) {
        (Ok(me), Ok(ready)) => {
            let health = Shown::new(&frame, &me.health, &ready);
            answer::page(StatusCode::OK, &HealthPage { frame, health })
        }
        (Err(trouble), _) | (_, Err(trouble)) => answer::trouble(frame, &trouble),
    }
}

impl Shown {
    fn new(frame: &Frame, health: &Health, ready: &Readiness) -> Self {
        let page = &frame.words().settings;
        let summary = page.health_summary.iter().find(|(word, _)| *word == ready.status);
        let groups = vec![
            callbacks(frame, health),
            asking(frame, health, ready),
            publishing(frame, ready),
            Group {
                name: page.storage,
                is_good: ready.storage.available && ready.writer.works,
                facts: vec![
                    (page.storage, said(frame, ready.storage.available)),
                    (page.writing, said(frame, ready.writer.works)),
                    (page.queued, thousands(ready.writer.queued)),
                ],
            },
        ];
        Self {
            summary: summary.map_or_else(|| ready.status.clone(), |(_, name)| (*name).to_owned()),
            is_good: ready.status == "ready" && groups.iter().all(|group| group.is_good),
            groups,
        }
    }
}

fn said(frame: &Frame, works: bool) -> String {
    let page = &frame.words().settings;
    if works { page.works } else { page.fails }.to_owned()
}

fn moment(frame: &Frame, moment: Option<DateTime<Utc>>, none: &str) -> String {
    moment.map_or_else(|| none.to_owned(), |moment| kst::minute(moment, frame.now))
}

fn callbacks(frame: &Frame, health: &Health) -> Group {
    let page = &frame.words().settings;
    Group {
        name: page.callbacks,
        is_good: health.callbacks_missing_since.is_none(),
        facts: vec![
            (page.last_callback, moment(frame, health.last_callback_at, page.never)),
            (
                page.missing_since,
                moment(frame, health.callbacks_missing_since, page.no_trouble),
            ),
            (page.by_callback, thousands(health.changes_by_callback)),
            (page.by_asking, thousands(health.changes_by_asking)),
            (frame.words().frame.quarantine, thousands(health.open_quarantine)),
        ],
    }
}

fn asking(frame: &Frame, health: &Health, ready: &Readiness) -> Group {
    let page = &frame.words().settings;
    let paused = health
        .upstream_paused
        .as_ref()
        .map(|pause| format!("{} · {}", pause.code, kst::minute(pause.since, frame.now)));
    Group {
        name: page.asking,
        is_good: ready.asking.works && health.upstream_paused.is_none(),
        facts: vec![
            (page.paused, paused.unwrap_or_else(|| page.no_trouble.to_owned())),
            (
                page.can_verify,
                if health.can_verify { page.yes } else { page.no }.to_owned(),
            ),
            (page.held, thousands(health.held)),
            (page.due, thousands(ready.asking.due_merchants)),
        ],
    }
}

fn publishing(frame: &Frame, ready: &Readiness) -> Group {
    let page = &frame.words().settings;
    let facts = match &ready.publishing {
        Some(publishing) => vec![(page.lag, thousands(publishing.lag_events))],
        None => vec![(page.publishing, page.no_broker.to_owned())],
    };
    Group {
        name: page.publishing,
        is_good: ready.publishing.as_ref().is_none_or(|publishing| publishing.works),
        facts,
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Frame, HealthPage, Preferences, Readiness, Section, Shown};
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, ready: &Readiness| {
            let title = look.words().frame.health;
            let frame = Frame::new(&shops::person(look), look, Section::Health, title, shops::now());
            let health = Shown::new(&frame, &shops::health(), ready);
            Sample::new(name, &HealthPage { frame, health })
        };
        let mut ill = shops::readiness();
        "degraded".clone_into(&mut ill.status);
        ill.writer.works = false;
        vec![sample("health", &shops::readiness()), sample("health-ill", &ill)]
    }
}
