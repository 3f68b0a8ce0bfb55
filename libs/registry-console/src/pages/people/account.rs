//! One's own account: what one may do, and where one is signed in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::of_api;
use super::one::{ended, ending};
use super::sessions::{SessionRow, rows};
use crate::answer;
use crate::api::Trouble;
use crate::console::Console;
use crate::documents::{Person, Rows, Session};
use crate::door::{self, SignedIn};
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// What the page shows.
struct Own {
    id: String,
    name: String,
    email: Option<String>,
    role: String,
    scopes: Vec<(String, String)>,
    sessions: Vec<SessionRow>,
}

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountPage {
    frame: Frame,
    own: Own,
}

/// `GET /console/{tenant}/account`
pub async fn account(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    draw(&console, &who, look, query.get("done"), None).await
}

/// `POST …/account/sessions`: ends one of one's own sessions, or all. Whoever ends that of this browser is out.
pub async fn end_own(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, form: Form) -> Response {
    let session = form.typed("session");
    if let Err(trouble) = console.api().tell(&who, ending(&who.id, session)).await {
        return draw(&console, &who, look, None, Some(&trouble)).await;
    }
    if session.is_none_or(|session| session == who.session) {
        let mut response = answer::see("/console/signed-out");
        door::forget(&mut response);
        return response;
    }
    let tenant = segment(&who.tenant.slug);
    answer::see(&format!("/console/{tenant}/account?done={}", ended(session)))
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    done: Option<&str>,
    trouble: Option<&Trouble>,
) -> Response {
    let (api, call) = (console.api(), of_api(&who.id, "/sessions"));
    let title = look.words().frame.account;
    let mut frame = Frame::new(who, look, Section::Account, title, console.now())
        .calls("GET", &call)
        .noticed(done);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    let path = of_api(&who.id, "");
    let (person, sessions) = futures::join!(api.get::<Person>(who, &path), api.get::<Rows<Session>>(who, &call));
    match (person, sessions) {
        (Ok(person), Ok(sessions)) => {
            let own = Own::new(&frame, who, &person, &sessions.data);
            answer::page(frame.status(), &AccountPage { frame, own })
        }
        (Err(trouble), _) | (_, Err(trouble)) => answer::trouble(frame, &trouble),
    }
}

impl Own {
    fn new(frame: &Frame, who: &SignedIn, person: &Person, sessions: &[Session]) -> Self {
        let words = frame.words();
        let named = |word: &String| (words.scope(word).to_owned(), word.clone());
        Self {
            id: person.id.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            role: words.role(&person.role).to_owned(),
            scopes: person.scopes.iter().map(named).collect(),
            sessions: rows(frame, who, sessions),
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{AccountPage, Frame, Own, Preferences, Section};
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff;

    /// The page.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let who = shops::person(look);
        let title = look.words().frame.account;
        let frame = Frame::new(&who, look, Section::Account, title, shops::now());
        let own = Own::new(&frame, &who, &staff::people()[0], &staff::sessions());
        vec![Sample::new("account", &AccountPage { frame, own })]
    }
}
