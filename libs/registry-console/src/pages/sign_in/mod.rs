//! The way in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer;
use crate::console::{Console, local};
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::words::Words;

/// A way in through the account of somebody else.
pub struct Provider {
    /// What it is called.
    pub name: String,
    /// Where it begins.
    pub href: String,
}

#[derive(Template)]
#[template(path = "sign_in/page.html")]
struct SignInPage {
    title: &'static str,
    tag: &'static str,
    theme: &'static str,
    w: &'static Words,
    next: String,
    here: String,
    note: Option<&'static str>,
    providers: Vec<Provider>,
    has_local: bool,
    email: String,
}

impl SignInPage {
    fn new(look: Preferences, query: &Query, note: Option<&'static str>) -> Self {
        let w = look.words();
        Self {
            title: w.sign_in.title,
            tag: look.language.tag(),
            theme: look.theme.word(),
            w,
            next: local(query.get("next").unwrap_or("/console")).to_owned(),
            here: query.on("/console/sign-in"),
            note,
            providers: Vec::new(),
            has_local: false,
            email: String::new(),
        }
    }
}

/// `GET /console`
pub async fn front(State(console): State<Arc<Console>>) -> Response {
    match console.door().first_tenant() {
        Some(slug) => answer::see(&format!("/console/{}", segment(slug))),
        None => answer::see("/console/sign-in"),
    }
}

/// `GET /console/sign-in`
pub async fn get(State(_console): State<Arc<Console>>, look: Preferences, RawQuery(raw): RawQuery) -> Response {
    let query = Query::read(raw.as_deref());
    let words = &look.words().sign_in;
    let note = match query.get("why") {
        Some("expired") => Some(words.expired),
        Some("signed_out") => Some(words.signed_out),
        _ => None,
    };
    answer::page(
        StatusCode::OK,
        &SignInPage::new(look, &query, note.or(Some(words.closed))),
    )
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Preferences, Provider, Query, SignInPage};
    use crate::pages::shops::Sample;

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let words = &look.words().sign_in;
        let mut with_provider = SignInPage::new(look, &Query::default(), Some(words.expired));
        with_provider.has_local = true;
        with_provider.providers.push(Provider {
            name: "acme".to_owned(),
            href: "/console/sign-in/oidc".to_owned(),
        });
        let mut refused = SignInPage::new(look, &Query::default(), Some(words.signed_out));
        refused.has_local = true;
        "kim@example.com".clone_into(&mut refused.email);
        vec![
            Sample::new("sign-in", &with_provider),
            Sample::new("sign-in-refused", &refused),
        ]
    }
}
