//! The way in.

pub mod links;
pub mod oidc;
pub mod sign_out;

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use registry_people::{PasswordError, SignInError, WaysIn};
use registry_web::{RequestContext, causes};

use crate::answer;
use crate::console::{Console, local};
use crate::door;
use crate::form::Form;
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::words::{SignInWords, Words};

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
    is_refused: bool,
    providers: Vec<Provider>,
    /// Where one signs out at the provider too.
    provider_out: Option<String>,
    has_local: bool,
    email: String,
}

impl SignInPage {
    fn new(look: Preferences, ways: WaysIn, next: &str) -> Self {
        let w = look.words();
        let next = local(next).to_owned();
        let provider = ways.oidc.then(|| Provider {
            name: "SSO".to_owned(),
            href: format!("/console/sign-in/oidc?next={}", segment(&next)),
        });
        Self {
            title: w.sign_in.title,
            tag: look.language.tag(),
            theme: look.theme.word(),
            w,
            here: format!("/console/sign-in?next={}", segment(&next)),
            next,
            note: (!ways.oidc && !ways.password).then_some(w.sign_in.closed),
            is_refused: false,
            providers: provider.into_iter().collect(),
            provider_out: None,
            has_local: ways.password,
            email: String::new(),
        }
    }

    /// The same, with why somebody did not come in.
    fn refusing(mut self, error: &SignInError) -> Response {
        self.note = Some(said(&self.w.sign_in, error));
        self.is_refused = true;
        let mut response = answer::page(status_of(error), &self);
        if let SignInError::Slowed { retry_after } = error {
            let seconds = HeaderValue::from(retry_after.num_seconds().max(1));
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}

/// Why somebody did not come in, for them. It never says whether there is such an account.
fn said(words: &SignInWords, error: &SignInError) -> &'static str {
    match error {
        SignInError::Refused => words.refused,
        SignInError::Slowed { .. } => words.slowed,
        SignInError::Busy => words.busy,
        SignInError::PasswordsOff | SignInError::OidcOff => words.passwords_off,
        SignInError::LinkUnusable => words.link_unusable,
        SignInError::PasswordUnfit(PasswordError::TooShort) => words.too_short,
        SignInError::PasswordUnfit(PasswordError::TooLong) => words.too_long,
        SignInError::PasswordUnfit(PasswordError::LikeTheAddress) => words.own_name,
        SignInError::PasswordUnfit(PasswordError::Repetitive) => words.repetitive,
        SignInError::NoRights { .. } => words.no_rights,
        SignInError::Disabled => words.disabled,
        SignInError::ProviderUnreachable(_) => words.provider_away,
        SignInError::ProviderRefused(_) => words.provider_refused,
        SignInError::RoundTripLost => words.lost,
        SignInError::Read(_) | SignInError::Write(_) | SignInError::Hashing => words.failed,
    }
}

/// The status of the page that says so. What is a fault of ours is logged here, once.
fn status_of(error: &SignInError) -> StatusCode {
    if error.is_ours() {
        tracing::error!(error = %causes(error), "somebody could not sign in");
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    match error {
        SignInError::Slowed { .. } | SignInError::Busy => StatusCode::TOO_MANY_REQUESTS,
        SignInError::NoRights { .. } | SignInError::Disabled => StatusCode::FORBIDDEN,
        SignInError::LinkUnusable => StatusCode::NOT_FOUND,
        SignInError::Refused
        | SignInError::PasswordsOff
        | SignInError::OidcOff
        | SignInError::PasswordUnfit(_)
        | SignInError::ProviderRefused(_)
        | SignInError::RoundTripLost
        | SignInError::ProviderUnreachable(_)
        | SignInError::Read(_)
        | SignInError::Write(_)
        | SignInError::Hashing => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// `GET /console`: to the first tenant of the person.
pub async fn front(State(console): State<Arc<Console>>, look: Preferences, headers: HeaderMap) -> Response {
    let session = match door::session(&console, &headers).await {
        Ok(session) => session,
        Err(response) => return response,
    };
    let Some(session) = session else {
        return answer::see("/console/sign-in");
    };
    if let Some(first) = door::tenants(&session).first() {
        return answer::see(&format!("/console/{}", segment(&first.slug)));
    }
    let mut page = SignInPage::new(look, console.people().ways_in(), "/console");
    page.note = Some(page.w.sign_in.nothing);
    answer::page(StatusCode::FORBIDDEN, &page)
}

/// `GET /console/sign-in`
pub async fn get(State(console): State<Arc<Console>>, look: Preferences, RawQuery(raw): RawQuery) -> Response {
    let query = Query::read(raw.as_deref());
    let next = query.get("next").unwrap_or("/console");
    let mut page = SignInPage::new(look, console.people().ways_in(), next);
    if query.get("why") == Some("expired") {
        page.note = Some(page.w.sign_in.expired);
    }
    answer::page(StatusCode::OK, &page)
}

/// `POST /console/sign-in`
pub async fn post(
    State(console): State<Arc<Console>>,
    look: Preferences,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let people = console.people();
    let browser = door::browser(&headers, Some(&context));
    let (email, next) = (form.get("email"), local(form.get("next")));
    match people
        .sign_in_with_password(email, form.whole("password"), &browser)
        .await
    {
        Ok(session) => door::let_in(&session, next),
        Err(error) => {
            let mut page = SignInPage::new(look, people.ways_in(), next);
            email.clone_into(&mut page.email);
            page.refusing(&error)
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use registry_people::WaysIn;

    use super::links::LinkPage;
    use super::{Preferences, SignInPage};
    use crate::pages::shops::Sample;

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let ways = |password, oidc| WaysIn { password, oidc };
        let words = &look.words().sign_in;
        let mut with_provider = SignInPage::new(look, ways(true, true), "/console/acme/merchants");
        with_provider.note = Some(words.expired);
        let mut refused = SignInPage::new(look, ways(true, false), "/console");
        refused.note = Some(words.refused);
        refused.is_refused = true;
        "kim@example.com".clone_into(&mut refused.email);
        let closed = SignInPage::new(look, ways(false, false), "/console");
        vec![
            Sample::new("sign-in", &with_provider),
            Sample::new("sign-in-refused", &refused),
            Sample::new("sign-in-closed", &closed),
            Sample::new("join", &LinkPage::sample(look, true)),
            Sample::new("enter", &LinkPage::sample(look, false)),
        ]
    }
}
