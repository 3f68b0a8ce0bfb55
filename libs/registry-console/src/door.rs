//! Who is signed in.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri, RawPathParams, Request};
use axum::http::header::{ACCEPT, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use registry_people::{Browser, Membership, NewSession, Principal, Role, Scope, SignedIn as Session};
use registry_web::{Language, RequestContext, causes};

use crate::answer;
use crate::console::Console;
use crate::documents::AlertCounts;
use crate::preferences::{Preferences, cookie};
use crate::query::segment;

/// Holds the session. The prefix has browsers take it from this host only, and only over a connection that nobody reads.
const SESSION: &str = "__Host-session";

/// Holds what a browser takes along to the OpenID provider and back.
const ROUND_TRIP: &str = "__Host-sign-in";

/// How long a round trip may take, in seconds.
const ROUND_TRIP_SECONDS: u32 = 600;

/// A tenant of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantChoice {
    /// How it stands in addresses: its short name, behind a `~` where a page of all tenants has that name.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// A person who is signed in, at a tenant of theirs.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person's id.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// Names the session, and opens nothing.
    pub session: String,
    /// The tenant that the page is about.
    pub tenant: TenantChoice,
    /// All tenants of the person.
    pub tenants: Vec<TenantChoice>,
    /// In which language the API shall say what is wrong.
    pub language: Language,
    /// What the person may do here.
    pub scopes: Vec<Scope>,
    /// How many alerts are open at the tenant, where a page is asked for.
    pub open_alerts: u64,
    /// How many of them sleep.
    pub asleep_alerts: u64,
    is_administrator: bool,
    context: Option<RequestContext>,
    principal: Option<Principal>,
}

impl SignedIn {
    fn of(session: &Session, place: &str, parts: &Parts) -> Option<Self> {
        let membership = session.memberships.iter().find(|it| place_of(it) == place)?;
        let principal = session.in_console(membership.slug.as_str())?;
        let tenants = tenants(session);
        let tenant = tenants.iter().find(|tenant| tenant.slug == place)?.clone();
        Some(Self {
            id: session.person.id.to_string(),
            name: session.person.name.as_str().to_owned(),
            session: session.session.id.to_string(),
            tenant,
            tenants,
            language: Preferences::of(&parts.headers).language,
            scopes: membership.scopes.clone(),
            open_alerts: 0,
            asleep_alerts: 0,
            is_administrator: session.person.is_administrator,
            context: parts.extensions.get().cloned(),
            principal: Some(principal),
        })
    }

    /// Whether the person may do this here. The API looks at it again: this is for leaving out what would be refused.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether the person may make somebody this: nobody gives more than they have, but whoever administers the
    /// installation.
    pub fn may_give(&self, role: Role) -> bool {
        self.is_administrator || role.scopes().into_iter().all(|scope| self.may(scope))
    }

    /// Says to the API who asks.
    pub fn vouch<B>(&self, request: &mut Request<B>) {
        if let Some(context) = &self.context {
            let language = self.language;
            let context = RequestContext {
                language,
                ..context.clone()
            };
            request.extensions_mut().insert(context);
        }
        if let Some(principal) = &self.principal {
            request.extensions_mut().insert(principal.clone());
        }
    }
}

/// Where the pages of a tenant are. One that was called so before the console was there may have the name of a page.
fn place_of(membership: &Membership) -> String {
    let slug = &membership.slug;
    if slug.is_reserved() {
        format!("~{slug}")
    } else {
        slug.to_string()
    }
}

/// The tenants that somebody belongs to, by slug.
pub fn tenants(session: &Session) -> Vec<TenantChoice> {
    let choices = session.memberships.iter().map(|membership| TenantChoice {
        slug: place_of(membership),
        name: membership.name.as_str().to_owned(),
    });
    choices.collect()
}

impl FromRequestParts<Arc<Console>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Response> {
        let path = RawPathParams::from_request_parts(parts, console).await.ok();
        let slug = path
            .as_ref()
            .and_then(|path| path.iter().find(|(name, _)| *name == "tenant"));
        let (_, slug) = slug.unwrap_or_default();
        let Some(session) = session(console, &parts.headers).await? else {
            return Err(to_sign_in(parts));
        };
        // Another tenant's is nobody's.
        let who = Self::of(&session, slug, parts);
        let mut who = who.ok_or_else(|| answer::nowhere(Preferences::of(&parts.headers)))?;
        if is_page(parts) && who.may(Scope::MerchantsRead) {
            // A number that cannot be had is left out: the page says what it can.
            let counts = console.api().get::<AlertCounts>(&who, "/v1/stats/alerts").await;
            let by_state = counts.map(|counts| counts.by_state).unwrap_or_default();
            let count = |state| by_state.get(state).copied().unwrap_or(0);
            (who.open_alerts, who.asleep_alerts) = (count("open"), count("snoozed"));
        }
        Ok(who)
    }
}

/// Whether a whole page is asked for, with its menu: no part of one, and no stream.
fn is_page(parts: &Parts) -> bool {
    let streams = parts
        .headers
        .get(ACCEPT)
        .is_some_and(|accepted| accepted == "text/event-stream");
    parts.method == Method::GET && !answer::is_fragment(&parts.headers) && !streams
}

/// The session that a browser shows, if it is one.
pub async fn session(console: &Console, headers: &HeaderMap) -> Result<Option<Session>, Response> {
    let Some(shown) = cookie(headers, SESSION) else {
        return Ok(None);
    };
    let found = console.people().authenticate(shown).await;
    found.map_err(|error| {
        tracing::error!(error = %causes(&error), "who is signed in cannot be looked up");
        answer::unavailable(Preferences::of(headers))
    })
}

/// What somebody may still do at a tenant's pages, without counting as use of the session; none if nothing any more.
pub async fn still(console: &Console, headers: &HeaderMap, place: &str) -> Option<Vec<Scope>> {
    let shown = cookie(headers, SESSION)?;
    let session = match console.people().recognise(shown).await {
        Ok(session) => session?,
        Err(error) => {
            tracing::error!(error = %causes(&error), "who is signed in cannot be looked up");
            return None;
        }
    };
    let membership = session.memberships.iter().find(|it| place_of(it) == place)?;
    session.in_console(membership.slug.as_str())?;
    Some(membership.scopes.clone())
}

/// To the way in, and from there back to where somebody wanted to go. A part of a page leads the whole page there.
fn to_sign_in(parts: &Parts) -> Response {
    let why = cookie(&parts.headers, SESSION).map_or("", |_| "&why=expired");
    let wanted = parts.extensions.get::<OriginalUri>().map(|OriginalUri(uri)| uri);
    let next = wanted.filter(|_| parts.method == Method::GET && !answer::is_fragment(&parts.headers));
    let next = next.map(|uri| segment(&uri.to_string())).unwrap_or_default();
    let target = format!("/console/sign-in?next={next}{why}");
    if answer::is_fragment(&parts.headers) {
        answer::lead_away(&target)
    } else {
        answer::see(&target)
    }
}

/// The browser with which somebody comes.
pub fn browser(headers: &HeaderMap, context: Option<&RequestContext>) -> Browser {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let address: Option<IpAddr> = context.and_then(|context| context.sender);
    Browser {
        address,
        request: context.map(|context| context.correlation_id),
        user_agent: headers.get(USER_AGENT).and_then(text),
        replaces: cookie(headers, SESSION).map(str::to_owned),
    }
}

/// Lets somebody in: the browser keeps the session until it is closed, and goes where they wanted to go.
pub fn let_in(session: &NewSession, path: &str) -> Response {
    let mut response = answer::see(path);
    set(&mut response, SESSION, &session.secret.expose(), None);
    set(&mut response, ROUND_TRIP, "", Some(0));
    response
}

/// The browser forgets the session.
pub fn forget(response: &mut Response) {
    set(response, SESSION, "", Some(0));
}

/// What the browser takes along to the OpenID provider and back.
pub fn take_along(response: &mut Response, round_trip: &str) {
    set(response, ROUND_TRIP, round_trip, Some(ROUND_TRIP_SECONDS));
}

/// What it brings back.
pub fn brought_back(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, ROUND_TRIP)
}

fn set(response: &mut Response, name: &str, value: &str, seconds: Option<u32>) {
    let age = seconds
        .map(|seconds| format!("; Max-Age={seconds}"))
        .unwrap_or_default();
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    if let Ok(mut cookie) = HeaderValue::from_str(&text) {
        cookie.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

#[cfg(any(test, feature = "samples"))]
impl SignedIn {
    /// A person for samples.
    pub fn sample(name: &str, tenant: TenantChoice, other: TenantChoice, language: Language, scopes: &[Scope]) -> Self {
        Self {
            id: "psn_0197f0a1b2c37d4e8f90a1b2c3d40001".to_owned(),
            name: name.to_owned(),
            session: "ses_0197f0a1b2c37d4e8f90a1b2c3d40001".to_owned(),
            tenants: vec![tenant.clone(), other],
            tenant,
            language,
            scopes: scopes.to_vec(),
            open_alerts: 2,
            asleep_alerts: 1,
            is_administrator: false,
            context: None,
            principal: None,
        }
    }
}
