//! What programs of the tenant sign in with.

mod one;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::answer;
use crate::api::Ask;
use crate::console::Console;
use crate::documents::{ApiKey, NewApiKey, Page};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::kst;
use crate::parts::{Ago, At, filters, short_id};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

pub use one::{get, revoke, rotate};

const LIST: &str = "/v1/api-keys";

/// A key in the list.
struct Row {
    href: String,
    name: String,
    id: String,
    short_id: String,
    scopes: usize,
    scopes_title: String,
    networks: String,
    issued: At,
    used: Option<Ago>,
    expires: Option<At>,
    state: String,
}

/// What the page shows.
struct List {
    summary: String,
    usable: Vec<Row>,
    ended: Vec<Row>,
    ended_title: String,
}

#[derive(Template)]
#[template(path = "keys/page.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

/// Something that a key may do: the word, what it means, whether it is ticked.
type Choice = (&'static str, String, bool);

/// What the form for a new key shows.
struct Sheet {
    key: String,
    name: String,
    scopes: Vec<Choice>,
    networks: String,
    expires: String,
    today: String,
    name_wrong: Option<String>,
    scopes_wrong: Option<String>,
    networks_wrong: Option<String>,
    expires_wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "keys/new.html")]
struct NewPage {
    frame: Frame,
    sheet: Sheet,
}

/// `GET /console/{tenant}/keys`
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
    match console.api().get::<Page<ApiKey>>(&who, LIST).await {
        Ok(keys) => {
            let list = List::new(&frame, &keys.data);
            answer::page(StatusCode::OK, &ListPage { frame, list })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

/// `GET …/keys/new`
pub async fn new(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let mut frame = frame(&console, &who, look).calls("POST", LIST);
    frame.here = frame.path("/keys/new");
    let sheet = Sheet::new(&frame, console.new_key(), &Form::default());
    answer::page(StatusCode::OK, &NewPage { frame, sheet })
}

/// `POST …/keys`: makes a key. Its secret stands in this answer and in no other, so no redirect follows.
pub async fn create(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    let ask = Ask::post(LIST).body(wanted(&typed)).once(typed.get("key"));
    match console.api().send::<NewApiKey>(&who, ask).await {
        Ok(made) => one::show_made(&console, &who, look, made),
        Err(trouble) => {
            let frame = frame(&console, &who, look).calls("POST", LIST).troubled(&trouble);
            // What was refused may be sent again, changed: that is another request.
            let sheet = Sheet::new(&frame, console.new_key(), &typed);
            answer::page(frame.status(), &NewPage { frame, sheet })
        }
    }
}

fn frame(console: &Console, who: &SignedIn, look: Preferences) -> Frame {
    Frame::new(who, look, Section::Keys, look.words().frame.api_keys, console.now())
}

/// What a form asks for.
fn wanted(typed: &Form) -> Value {
    let networks = typed.get("networks").lines().map(str::trim);
    let networks: Vec<_> = networks.filter(|line| !line.is_empty()).collect();
    let mut body = json!({
        "name": typed.get("name"),
        "scopes": typed.all("scope").collect::<Vec<_>>(),
        "networks": networks,
    });
    if let Some(end) = end_of_day(typed) {
        body["expires_at"] = json!(end);
    }
    body
}

/// The end of the day that was typed, in Korea. What is no day is left to the API to refuse.
fn end_of_day(typed: &Form) -> Option<String> {
    let day = typed.typed("expires")?;
    let end = kst::parse(day).map(|begin| begin + chrono::TimeDelta::days(1));
    Some(end.map_or_else(|| day.to_owned(), |end| end.to_rfc3339()))
}

impl List {
    fn new(frame: &Frame, keys: &[ApiKey]) -> Self {
        let words = &frame.words().keys;
        let rows = |is_usable: bool| {
            let found = keys.iter().rev().filter(|key| (key.state == "usable") == is_usable);
            found.map(|key| row(frame, key)).collect::<Vec<_>>()
        };
        let (usable, ended) = (rows(true), rows(false));
        Self {
            summary: (words.summary)(usable.len() as u64),
            ended_title: (words.ended)(&ended.len().to_string()),
            usable,
            ended,
        }
    }
}

fn row(frame: &Frame, key: &ApiKey) -> Row {
    let (words, now) = (frame.words(), frame.now);
    let at = |moment| At { moment, now };
    Row {
        href: frame.path(&format!("/keys/{}", segment(&key.id))),
        name: key.name.clone(),
        short_id: short_id(&key.id),
        id: key.id.clone(),
        scopes: key.scopes.len(),
        scopes_title: key.scopes.join(", "),
        networks: if key.networks.is_empty() {
            words.keys.anywhere.to_owned()
        } else {
            key.networks.join(", ")
        },
        issued: at(key.issued_at),
        used: key.last_used_at.map(|moment| Ago { moment, now, words }),
        expires: key.expires_at.map(at),
        state: words.key_state(&key.state).to_owned(),
    }
}

impl Sheet {
    fn new(frame: &Frame, key: String, typed: &Form) -> Self {
        let problem = frame.problem.as_ref();
        let wrong = |name| problem.and_then(|problem| problem.of_field(name)).map(str::to_owned);
        let ticked: Vec<_> = typed.all("scope").collect();
        let own = frame.scopes.iter().map(|scope| {
            let word = scope.as_str();
            (word, frame.words().scope(word).to_owned(), ticked.contains(&word))
        });
        Self {
            key,
            name: typed.get("name").to_owned(),
            scopes: own.collect(),
            networks: typed.get("networks").to_owned(),
            expires: typed.get("expires").to_owned(),
            today: kst::date(frame.now),
            name_wrong: wrong("name"),
            scopes_wrong: wrong("scopes"),
            networks_wrong: wrong("networks"),
            expires_wrong: wrong("expires_at"),
        }
    }
}

/// Samples of the pages.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Form, Frame, List, ListPage, NewPage, Preferences, Section, Sheet, one};
    use crate::documents::ApiKey;
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff;

    /// The pages in all their states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let title = look.words().frame.api_keys;
        let frame =
            || Frame::new(&shops::person(look), look, Section::Keys, title, shops::now()).calls("GET", super::LIST);
        let list = |name: &'static str, keys: &[ApiKey]| {
            let frame = frame();
            let list = List::new(&frame, keys);
            Sample::new(name, &ListPage { frame, list })
        };
        let new = frame();
        let sheet = Sheet::new(
            &new,
            "key".to_owned(),
            &Form::of("name=a&scope=links:write&networks=10.0.0"),
        );
        let mut pages = vec![
            list("keys", &staff::keys()),
            list("keys-none", &[]),
            Sample::new("key-new", &NewPage { frame: new, sheet }),
        ];
        pages.extend(one::samples::samples(look));
        pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_with_the_day_that_was_typed() {
        let typed =
            Form::of("name=a&scope=links:write&scope=notes:write&networks=10.0.0.1%0D%0A%0D%0A+::1&expires=2026-12-31");
        assert_eq!(
            wanted(&typed),
            json!({ "name": "a", "scopes": ["links:write", "notes:write"], "networks": ["10.0.0.1", "::1"],
                "expires_at": "2026-12-31T15:00:00+00:00" })
        );
        assert_eq!(wanted(&Form::of("name=b"))["expires_at"], Value::Null);
        assert_eq!(wanted(&Form::of("expires=soon"))["expires_at"], "soon");
    }
}
