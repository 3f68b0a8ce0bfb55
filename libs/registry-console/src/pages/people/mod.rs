//! The tenant's people: who they are, what they may do, where they are signed in.

mod account;
mod groups;
mod one;
mod rights;
mod sessions;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use registry_people::Scope;
use serde_json::{Value, json};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Invited, Person, Rows};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::{Ago, At, filters};
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::words::Words;

use rights::RightsForm;

pub use account::{account, end_own};
pub use groups::{groups, remove_group, set_group};
pub use one::{change, end, get, invite_again, remove};

const LIST: &str = "/v1/people";

/// Somebody in the list.
struct Row {
    href: String,
    name: String,
    is_you: bool,
    email: String,
    role: String,
    extras: Vec<String>,
    state: String,
    mark: &'static str,
    signed_in: Option<Ago>,
    since: At,
}

/// What the page shows.
struct List {
    summary: String,
    rows: Vec<Row>,
    /// Whether the person who looks may see addresses and sign-ins.
    is_whole: bool,
}

#[derive(Template)]
#[template(path = "people/page.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

/// What the form for an invitation shows.
struct Sheet {
    email: String,
    email_wrong: Option<String>,
    name: String,
    name_wrong: Option<String>,
    rights: RightsForm,
}

#[derive(Template)]
#[template(path = "people/new.html")]
struct InvitePage {
    frame: Frame,
    sheet: Sheet,
}

/// `GET /console/{tenant}/people`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let frame = frame(&console, &who, look)
        .calls("GET", LIST)
        .noticed(query.get("done"));
    match console.api().get::<Rows<Person>>(&who, LIST).await {
        Ok(people) => {
            let list = List::new(&frame, &who, &people.data);
            answer::page(StatusCode::OK, &ListPage { frame, list })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

/// `GET …/people/new`
pub async fn new(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let frame = frame(&console, &who, look).calls("POST", LIST);
    let frame = Frame {
        here: frame.path("/people/new"),
        ..frame
    };
    let sheet = Sheet::new(&frame, &who, &Form::default());
    answer::page(StatusCode::OK, &InvitePage { frame, sheet })
}

/// `POST …/people`: invites somebody. The link stands in this answer and in no other, so no redirect follows.
pub async fn invite(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    let mut body = rights::read(&typed);
    body["email"] = json!(typed.get("email"));
    body["name"] = json!(typed.get("name"));
    match invited(&console, &who, body).await {
        Ok(invited) => one::show_invited(&console, &who, look, invited).await,
        Err(trouble) => {
            let frame = frame(&console, &who, look).calls("POST", LIST).troubled(&trouble);
            let sheet = Sheet::new(&frame, &who, &typed);
            answer::page(frame.status(), &InvitePage { frame, sheet })
        }
    }
}

async fn invited(console: &Console, who: &SignedIn, body: Value) -> Result<Invited, Trouble> {
    console.api().send(who, Ask::post(LIST).body(body)).await
}

fn frame(console: &Console, who: &SignedIn, look: Preferences) -> Frame {
    Frame::new(who, look, Section::People, look.words().frame.people, console.now())
}

/// A path of the API about one of them.
fn of_api(id: &str, below: &str) -> String {
    format!("{LIST}/{}{below}", segment(id))
}

/// The colour of a state.
fn mark(state: &str) -> &'static str {
    match state {
        "active" => "ok",
        "invited" => "warn",
        _ => "bad",
    }
}

/// What somebody may do beside the role, and what of it not.
fn extras(person: &Person, words: &Words) -> Vec<String> {
    let granted = person
        .granted
        .iter()
        .map(|word| (words.people.granted)(words.scope(word)));
    let withheld = person
        .withheld
        .iter()
        .map(|word| (words.people.withheld)(words.scope(word)));
    granted.chain(withheld).collect()
}

impl List {
    fn new(frame: &Frame, who: &SignedIn, people: &[Person]) -> Self {
        let words = frame.words();
        let row = |person: &Person| Row {
            href: frame.path(&format!("/people/{}", segment(&person.id))),
            name: person.name.clone(),
            is_you: person.id == who.id,
            email: person.email.clone().unwrap_or_default(),
            role: words.role(&person.role).to_owned(),
            extras: extras(person, words),
            state: words.person_state(&person.state).to_owned(),
            mark: mark(&person.state),
            signed_in: person.signed_in_at.map(|moment| Ago {
                moment,
                now: frame.now,
                words,
            }),
            since: At {
                moment: person.since,
                now: frame.now,
            },
        };
        Self {
            summary: (words.people.summary)(people.len() as u64),
            rows: people.iter().map(row).collect(),
            is_whole: frame.may(Scope::PeopleWrite) || frame.may(Scope::AuditRead),
        }
    }
}

impl Sheet {
    fn new(frame: &Frame, who: &SignedIn, typed: &Form) -> Self {
        let problem = frame.problem.as_ref();
        let wrong = |name| problem.and_then(|problem| problem.of_field(name)).map(str::to_owned);
        Self {
            email: typed.get("email").to_owned(),
            email_wrong: wrong("email"),
            name: typed.get("name").to_owned(),
            name_wrong: wrong("name"),
            rights: RightsForm::typed(frame, who, typed),
        }
    }
}

/// Samples of the pages.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Form, Frame, InvitePage, List, ListPage, Preferences, Section, Sheet, SignedIn, account, groups, one};
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff;

    /// The pages in all their states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let title = look.words().frame.people;
        let frame = |who: &SignedIn| Frame::new(who, look, Section::People, title, shops::now());
        let list = |name: &'static str, who: &SignedIn| {
            let frame = frame(who).calls("GET", super::LIST);
            let list = List::new(&frame, who, &staff::people());
            Sample::new(name, &ListPage { frame, list })
        };
        let form = |name: &'static str, raw: &str, is_refused: bool| {
            let who = shops::person(look);
            let mut frame = frame(&who);
            frame.problem = is_refused.then(staff::not_an_address);
            let sheet = Sheet::new(&frame, &who, &Form::of(raw));
            Sample::new(name, &InvitePage { frame, sheet })
        };
        let mut pages = vec![
            list("people", &shops::person(look)),
            list("people-viewer", &shops::viewer(look)),
            form("invite", "", false),
            form(
                "invite-refused",
                "email=kim&name=%EA%B9%80&role=operator&personal=granted",
                true,
            ),
        ];
        pages.extend(one::samples::samples(look));
        pages.extend(account::samples::samples(look));
        pages.extend(groups::samples::samples(look));
        pages
    }
}
