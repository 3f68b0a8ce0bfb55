//! To whom and what alerts are carried.

mod log;
mod one;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Destination, NewDestination, Rows};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::stage::Stage;

pub use one::{change, get, redeliver, remove, rotate, test};

const LIST: &str = "/v1/event-destinations";

/// Where it lies below the tenant's path.
const PATH: &str = "/settings/destinations";

/// Stages and conditions that there are rules for.
const CONDITIONS: [&str; 5] = [
    "callbacks_missing",
    "upstream_paused",
    "balance_low",
    "quarantine_growing",
    "publishing_behind",
];

/// Levels, the mildest first.
const LEVELS: [&str; 3] = ["warn", "late", "critical"];

/// Something to choose: its word, what it is called, whether it is chosen.
type Choice = (&'static str, String, bool);

/// A destination in the list.
struct Row {
    href: String,
    name: String,
    kind: String,
    address: String,
    rules: String,
    least: String,
    state: String,
    reason: String,
    class: &'static str,
}

/// What a form for a destination shows.
struct Sheet {
    name: String,
    kinds: Vec<Choice>,
    address: String,
    rules: Vec<Choice>,
    levels: Vec<Choice>,
    name_wrong: Option<String>,
    kind_wrong: Option<String>,
    address_wrong: Option<String>,
}

/// What the page shows.
struct List {
    rows: Vec<Row>,
    key: String,
    sheet: Sheet,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "destinations/page.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

/// `GET /console/{tenant}/settings/destinations`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    draw(&console, &who, look, query.get("done"), None, &Form::default()).await
}

/// `POST …/settings/destinations`: makes one. Its secret stands in this answer and in no other, so no redirect follows.
pub async fn create(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    let mut body = wanted(&typed);
    body["kind"] = json!(typed.get("kind"));
    body["address"] = json!(typed.get("address"));
    let ask = Ask::post(LIST).body(body).once(typed.get("key"));
    match console.api().send::<NewDestination>(&who, ask).await {
        Ok(made) => one::show_made(&console, &who, look, made).await,
        Err(trouble) => draw(&console, &who, look, None, Some(&trouble), &typed).await,
    }
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    done: Option<&str>,
    trouble: Option<&Trouble>,
    typed: &Form,
) -> Response {
    let mut frame = frame(console, who, look).calls("GET", LIST).noticed(done);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<Rows<Destination>>(who, LIST).await {
        Ok(made) => {
            let list = List::new(&frame, &made.data, console.new_key(), typed);
            answer::page(frame.status(), &ListPage { frame, list })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn frame(console: &Console, who: &SignedIn, look: Preferences) -> Frame {
    let title = look.words().destinations.title;
    let frame = Frame::new(who, look, Section::Settings, title, console.now());
    let here = frame.path(PATH);
    frame.at(here)
}

/// What a form asks for, but for where it leads.
fn wanted(typed: &Form) -> Value {
    json!({
        "name": typed.get("name"),
        "rules": typed.all("rule").collect::<Vec<_>>(),
        "least_severity": typed.get("least"),
    })
}

impl List {
    fn new(frame: &Frame, made: &[Destination], key: String, typed: &Form) -> Self {
        let rows: Vec<_> = made.iter().map(|made| Row::new(frame, made)).collect();
        Self {
            is_open: rows.is_empty() || frame.status() != StatusCode::OK,
            rows,
            key,
            sheet: Sheet::typed(frame, typed),
        }
    }
}

impl Row {
    fn new(frame: &Frame, made: &Destination) -> Self {
        let words = frame.words();
        let reason = made.disabled_reason.as_deref();
        Self {
            href: frame.path(&format!("{PATH}/{}", segment(&made.id))),
            name: made.name.clone(),
            kind: words.destination_kind(&made.kind).to_owned(),
            address: made.address.clone().unwrap_or_default(),
            rules: rules(frame, &made.rules),
            least: words.severity(&made.least_severity).to_owned(),
            state: words.destination_state(&made.state).to_owned(),
            reason: reason
                .map(|reason| words.destination_reason(reason).to_owned())
                .unwrap_or_default(),
            class: if reason.is_some() { "bad" } else { "ok" },
        }
    }
}

/// The names of rules.
fn rules(frame: &Frame, rules: &[String]) -> String {
    if rules.is_empty() {
        return frame.words().destinations.rules_all.to_owned();
    }
    let names = rules.iter().map(|rule| frame.words().alert_rule(rule).to_owned());
    names.collect::<Vec<_>>().join(", ")
}

impl Sheet {
    /// What was typed.
    fn typed(frame: &Frame, typed: &Form) -> Self {
        let chosen: Vec<_> = typed.all("rule").map(str::to_owned).collect();
        let mut sheet = Self::of(frame, typed.get("name"), &chosen, typed.get("least"));
        typed.get("address").clone_into(&mut sheet.address);
        for (word, _, is_on) in &mut sheet.kinds {
            *is_on = *word == typed.get("kind");
        }
        sheet
    }

    /// What there is.
    fn of(frame: &Frame, name: &str, chosen: &[String], least: &str) -> Self {
        let words = frame.words();
        let problem = frame.problem.as_ref();
        let wrong = |name| problem.and_then(|problem| problem.of_field(name)).map(str::to_owned);
        let stages = Stage::ALL.iter().map(|stage| stage.as_str());
        let waiting = stages.filter(|word| !matches!(*word, "opened" | "archived"));
        let rules = waiting.chain(CONDITIONS).map(|word| {
            let is_on = chosen.iter().any(|chosen| chosen == word);
            (word, words.alert_rule(word).to_owned(), is_on)
        });
        let levels = LEVELS.map(|word| (word, words.severity(word).to_owned(), word == least));
        let kinds = words.destinations.kinds.iter();
        Self {
            name: name.to_owned(),
            kinds: kinds.map(|(word, name)| (*word, (*name).to_owned(), false)).collect(),
            address: String::new(),
            rules: rules.collect(),
            levels: levels.into(),
            name_wrong: wrong("name"),
            kind_wrong: wrong("kind"),
            address_wrong: wrong("address"),
        }
    }
}

/// Samples of the pages.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::{Value, json};

    use super::{Destination, Form, Frame, List, ListPage, Preferences, Section, one};
    use crate::pages::shops::{self, Sample};

    /// Destinations of every kind and in every state.
    pub fn destinations() -> Vec<Destination> {
        let at = "2026-11-02T00:00:00Z";
        let one = |number: u32, name: &str, kind: &str, address: &str, reason: Value| {
            json!({ "id": format!("dst_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "name": name, "kind": kind,
                "address": address, "rules": if number == 0 { json!([]) } else { json!(["in_review", "upstream_paused"]) },
                "least_severity": "late", "state": if reason.is_null() { "enabled" } else { "disabled" },
                "disabled_reason": reason, "old_secret_works_until": (number == 3).then_some("2026-11-29T09:00:00Z"),
                "created_at": at, "version": 3 + number })
        };
        let all = json!([
            one(0, "당직", "mail", "ops@partner.example", Value::Null),
            one(1, "가맹점 채널", "slack", "https://hooks.slack.com/…", Value::Null),
            one(
                2,
                "사내 메신저",
                "chat",
                "https://chat.partner.example/…",
                json!("failing")
            ),
            one(
                3,
                "포털",
                "webhook",
                "https://hooks.partner.example/registry/a-path-that-is-rather-long",
                Value::Null
            ),
        ]);
        serde_json::from_value(all).expect("a sample reads")
    }

    /// The pages in all their states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let title = look.words().destinations.title;
        let frame = || {
            let frame = Frame::new(&shops::person(look), look, Section::Settings, title, shops::now());
            frame.calls("GET", super::LIST)
        };
        let list = |name: &'static str, made: &[Destination]| {
            let frame = frame();
            let list = List::new(&frame, made, "key".to_owned(), &Form::default());
            Sample::new(name, &ListPage { frame, list })
        };
        let mut refused = frame();
        let mut problem = shops::problem();
        problem.errors.truncate(1);
        problem.errors[0].pointer = Some("/address".to_owned());
        refused.problem = Some(problem);
        let typed = Form::of("name=a&kind=webhook&address=http://x&rule=in_review&least=late");
        let again = List::new(&refused, &destinations(), "key".to_owned(), &typed);
        let mut pages = vec![
            list("destinations", &destinations()),
            list("destinations-none", &[]),
            Sample::new(
                "destinations-refused",
                &ListPage {
                    frame: refused,
                    list: again,
                },
            ),
        ];
        pages.extend(one::samples::samples(look));
        pages
    }
}
