//! Links that work once: an invitation, and a link that signs in. Looking at one changes nothing.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use registry_people::{LinkSeen, SignInError};
use registry_web::RequestContext;

use super::{SignInPage, said, status_of};
use crate::answer;
use crate::console::Console;
use crate::door;
use crate::form::Form;
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::segment;
use crate::words::Words;

#[derive(Template)]
#[template(path = "sign_in/link.html")]
pub(super) struct LinkPage {
    title: &'static str,
    hint: &'static str,
    tag: &'static str,
    theme: &'static str,
    w: &'static Words,
    note: Option<&'static str>,
    action: String,
    sets_password: bool,
    email: String,
    name: String,
}

impl LinkPage {
    fn new(look: Preferences, token: &str, seen: &LinkSeen) -> Self {
        let (email, name) = (seen.email.as_str(), seen.name.as_str());
        Self::with(look, token, seen.sets_password(), email, name)
    }

    fn with(look: Preferences, token: &str, sets_password: bool, email: &str, name: &str) -> Self {
        let w = look.words();
        let (folder, title, hint) = if sets_password {
            ("join", w.sign_in.join, w.sign_in.join_hint)
        } else {
            ("enter", w.sign_in.title, w.sign_in.enter_hint)
        };
        Self {
            title,
            hint,
            tag: look.language.tag(),
            theme: look.theme.word(),
            w,
            note: None,
            action: format!("/console/{folder}/{}", segment(token)),
            sets_password,
            email: email.to_owned(),
            name: name.to_owned(),
        }
    }

    #[cfg(any(test, feature = "samples"))]
    pub(super) fn sample(look: Preferences, sets_password: bool) -> Self {
        Self::with(look, "token", sets_password, "kim@example.com", "김운영")
    }
}

/// `GET /console/join/{token}`
pub async fn join(State(console): State<Arc<Console>>, look: Preferences, Path(token): Path<String>) -> Response {
    look_at(&console, look, &token, true).await
}

/// `GET /console/enter/{token}`
pub async fn enter(State(console): State<Arc<Console>>, look: Preferences, Path(token): Path<String>) -> Response {
    look_at(&console, look, &token, false).await
}

async fn look_at(console: &Console, look: Preferences, token: &str, sets_password: bool) -> Response {
    match console.people().link(token).await {
        Ok(Some(seen)) if seen.sets_password() == sets_password => {
            answer::page(StatusCode::OK, &LinkPage::new(look, token, &seen))
        }
        Ok(_) => refused(console, look, &SignInError::LinkUnusable),
        Err(error) => refused(console, look, &SignInError::Read(error)),
    }
}

fn refused(console: &Console, look: Preferences, error: &SignInError) -> Response {
    SignInPage::new(look, console.people().ways_in(), "/console").refusing(error)
}

/// `POST /console/join/{token}`
pub async fn accept(
    State(console): State<Arc<Console>>,
    look: Preferences,
    Path(token): Path<String>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let people = console.people();
    let browser = door::browser(&headers, Some(&context));
    let error = match people.accept_invitation(&token, form.whole("password"), &browser).await {
        Ok(session) => return door::let_in(&session, &session.return_path),
        Err(error) => error,
    };
    // A password that cannot be taken has used nothing up.
    if let SignInError::PasswordUnfit(_) | SignInError::Busy = &error
        && let Ok(Some(seen)) = people.link(&token).await
    {
        let mut page = LinkPage::new(look, &token, &seen);
        page.note = Some(said(&page.w.sign_in, &error));
        return answer::page(status_of(&error), &page);
    }
    refused(&console, look, &error)
}

/// `POST /console/enter/{token}`
pub async fn come_in(
    State(console): State<Arc<Console>>,
    look: Preferences,
    Path(token): Path<String>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
) -> Response {
    let browser = door::browser(&headers, Some(&context));
    match console.people().sign_in_with_link(&token, &browser).await {
        Ok(session) => door::let_in(&session, &session.return_path),
        Err(error) => refused(&console, look, &error),
    }
}
