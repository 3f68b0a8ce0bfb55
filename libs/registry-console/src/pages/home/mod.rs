//! Home: what there is to do today. The figures follow as a part of their own, because they are counted.

mod figures;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Datelike, Utc};
use futures::future::join_all;
use registry_documents::WaitingMerchant;

use crate::answer;
use crate::console::Console;
use crate::documents::{Counts, Health, Job, Me, Page, Rows, View};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::kst;
use crate::pages::jobs::OpenJob;
use crate::pages::merchants::Row;
use crate::parts::{filters, thousands};
use crate::preferences::Preferences;
use crate::query::Query;
use crate::stage::{self, Stage};
use crate::words::Words;
use figures::{Figures, ViewCount};
use registry_people::Scope;

/// How many shops are shown that wait longest.
const ROWS: &str = "10";

/// The stages in which a shop waits for somebody.
const WAITING: [Stage; 3] = [Stage::InReview, Stage::DocumentsRequired, Stage::Rejected];

/// Something that should be well.
pub struct Check {
    /// What it is.
    pub name: &'static str,
    /// How it is.
    pub value: String,
    /// Whether that is well.
    pub is_good: bool,
}

/// What the page shows.
pub struct Home {
    today: String,
    rows: Vec<Row>,
    is_new: bool,
    all: String,
    quarantine: String,
    unclaimed: String,
    held: String,
    checks: Vec<Check>,
    jobs: Vec<OpenJob>,
    keys: Vec<String>,
    words: &'static Words,
}

#[derive(Template)]
#[template(path = "home/page.html")]
struct HomePage {
    frame: Frame,
    home: Home,
    figures: Figures,
}

#[derive(Template)]
#[template(path = "home/figures.html")]
struct FiguresFragment {
    frame: Frame,
    figures: Figures,
}

/// `GET /console/{tenant}`
pub async fn get(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let frame = frame(&who, look, console.now());
    let oldest = waiting().with("limit", ROWS).on("/v1/merchants");
    let frame = frame.calls("GET", &oldest);
    let api = console.api();
    let jobs = OpenJob::call();
    let (me, merchants, jobs) = futures::join!(
        api.get::<Me>(&who, "/v1/me"),
        api.get::<Page<WaitingMerchant>>(&who, &oldest),
        api.get::<Page<Job>>(&who, &jobs),
    );
    let (me, merchants) = match (me, merchants) {
        (Ok(me), Ok(merchants)) => (me, merchants),
        (Err(trouble), _) | (_, Err(trouble)) => return answer::trouble(frame, &trouble),
    };
    let keys = merchants.data.iter().map(|_| console.new_key()).collect();
    let figures = Figures::new(&frame, None, Some(&me.health), Vec::new());
    let mut home = Home::new(&frame, &me.health, &merchants, keys);
    // Nobody comes here for them alone.
    home.jobs = jobs.map(|jobs| OpenJob::among(&frame, &jobs)).unwrap_or_default();
    answer::page(StatusCode::OK, &HomePage { frame, home, figures })
}

/// `GET /console/{tenant}/figures`
pub async fn figures(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let frame = frame(&who, look, console.now());
    let api = console.api();
    let (counts, me, views) = futures::join!(
        api.get::<Counts>(&who, "/v1/stats/review-status"),
        api.get::<Me>(&who, "/v1/me"),
        views(&console, &who, &frame),
    );
    let health = me.ok().map(|me| me.health);
    let figures = match counts {
        Ok(counts) => Figures::new(&frame, Some(&counts), health.as_ref(), views),
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    answer::fragment(StatusCode::OK, &FiguresFragment { frame, figures })
}

/// The views that are shown here, each with how many it shows now. One that cannot be counted is shown without a number.
async fn views(console: &Console, who: &SignedIn, frame: &Frame) -> Vec<ViewCount> {
    let api = console.api();
    let views = api.get::<Rows<View>>(who, "/v1/views").await;
    let first = ViewCount::first(views.map(|views| views.data).unwrap_or_default());
    let counted = first.iter().map(async |view| {
        let counts = api.get::<Counts>(who, &ViewCount::call(view)).await;
        ViewCount::new(frame, view, counts.ok().as_ref())
    });
    join_all(counted).await
}

fn frame(who: &SignedIn, look: Preferences, now: DateTime<Utc>) -> Frame {
    Frame::new(who, look, Section::Home, look.words().frame.home, now)
}

fn waiting() -> Query {
    Query::default()
        .with("stage", &stage::list(&WAITING))
        .with("sort", "stage_since")
}

impl Home {
    fn new(frame: &Frame, health: &Health, merchants: &Page<WaitingMerchant>, keys: Vec<String>) -> Self {
        let words = frame.words();
        Self {
            today: today(frame.now, words),
            rows: merchants
                .data
                .iter()
                .map(|document| Row::new(frame, document, frame.now))
                .collect(),
            is_new: health.last_callback_at.is_none(),
            all: waiting().on(&frame.path("/merchants")),
            quarantine: thousands(health.open_quarantine),
            unclaimed: thousands(health.unclaimed_merchants),
            held: thousands(health.held),
            checks: checks(health, frame.now, words),
            jobs: Vec::new(),
            keys,
            words,
        }
    }

    /// What can be done at once about a shop that waits: its name, and where its form goes.
    fn act(&self, row: &Row) -> (&'static str, &'static str) {
        match row.stage {
            Stage::DocumentsRequired | Stage::Registered | Stage::LinkIssued | Stage::Drafting | Stage::Unlinked => {
                (self.words.merchant.issue_again, "links")
            }
            Stage::InReview | Stage::Rejected | Stage::Opened | Stage::Unknown | Stage::Archived => {
                (self.words.merchant.ask, "ask")
            }
        }
    }

    /// Whether the person who looks may do it.
    fn may_act(&self, frame: &Frame, row: &Row) -> bool {
        let (_, form) = self.act(row);
        frame.may(if form == "links" {
            Scope::LinksWrite
        } else {
            Scope::UpstreamAsk
        })
    }

    /// The key that makes it happen once.
    fn key(&self, row: &Row) -> &str {
        let place = self.rows.iter().position(|other| other.id == row.id);
        place
            .and_then(|place| self.keys.get(place))
            .map(String::as_str)
            .unwrap_or_default()
    }
}

fn today(now: DateTime<Utc>, words: &Words) -> String {
    let local = kst::local(now);
    let day = usize::try_from(local.weekday().num_days_from_monday()).unwrap_or(0);
    let name = words.home.weekdays.get(day).copied().unwrap_or_default();
    (words.home.today)(&local.format("%Y-%m-%d").to_string(), name)
}

fn checks(health: &Health, now: DateTime<Utc>, words: &'static Words) -> Vec<Check> {
    let page = &words.settings;
    let moment =
        |moment: Option<DateTime<Utc>>| moment.map_or_else(|| page.never.to_owned(), |moment| kst::minute(moment, now));
    let mut checks = vec![
        Check {
            name: page.last_callback,
            value: moment(health.last_callback_at),
            is_good: health.callbacks_missing_since.is_none(),
        },
        Check {
            name: page.can_verify,
            value: if health.can_verify { page.yes } else { page.no }.to_owned(),
            is_good: health.can_verify,
        },
        Check {
            name: page.paused,
            value: health
                .upstream_paused
                .as_ref()
                .map_or_else(|| page.no_trouble.to_owned(), |pause| pause.code.clone()),
            is_good: health.upstream_paused.is_none(),
        },
    ];
    if health.balance_low.is_some() {
        checks.push(Check {
            name: page.balance,
            value: page.low.to_owned(),
            is_good: false,
        });
    }
    checks
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Counts, Figures, Health, Home, HomePage, Preferences, ViewCount, frame};
    use crate::documents::{Job, Next, Page};
    use crate::pages::jobs::{self, OpenJob};
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let none = || Page {
            data: Vec::new(),
            page: Next::default(),
        };
        let sample = |name: &'static str, health: &Health, rows: usize, counts: Option<&Counts>| {
            let jobs: Page<Job> = if rows > 0 { jobs::samples::page() } else { none() };
            let frame = frame(&shops::person(look), look, shops::now()).calls("GET", "/v1/merchants");
            let views = shops::views();
            let views = views.iter().map(|view| ViewCount::new(&frame, view, counts));
            let views = views.collect();
            let figures = Figures::new(&frame, counts, Some(health), views);
            let keys = (0..rows).map(|row| format!("key-{row}")).collect();
            let mut home = Home::new(&frame, health, &shops::merchants(rows), keys);
            home.jobs = OpenJob::among(&frame, &jobs);
            Sample::new(name, &HomePage { frame, home, figures })
        };
        let well = shops::health();
        let ill = Health {
            can_verify: false,
            callbacks_missing_since: Some(shops::now()),
            ..well.clone()
        };
        let new = Health {
            last_callback_at: None,
            ..well.clone()
        };
        vec![
            sample("home", &well, 10, Some(&shops::counts())),
            sample("home-ill", &ill, 3, None),
            sample("home-new", &new, 0, None),
        ]
    }
}
