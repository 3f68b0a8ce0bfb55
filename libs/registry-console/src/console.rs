//! The routes of the console.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use registry_people::People;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use uuid::Uuid;

use crate::answer;
use crate::api::Api;
use crate::assets;
use crate::form::Form;
use crate::live::Changes;
use crate::pages::sign_in::{links, oidc, sign_out};
use crate::pages::{
    audit, callbacks, health, home, keys, licences, merchant, merchants, people, quarantine, register, settings,
    sign_in, unclaimed,
};
use crate::preferences::Preferences;

/// What pages stand on.
pub struct Console {
    api: Api,
    people: People,
    changes: Changes,
    now: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    id: Box<dyn Fn() -> Uuid + Send + Sync>,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl Console {
    /// A console in front of this API, for these people, with a clock and a source of ids.
    pub fn new(
        api: Api,
        people: People,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        id: impl Fn() -> Uuid + Send + Sync + 'static,
    ) -> Self {
        Self {
            api,
            people,
            changes: Changes::default(),
            now: Box::new(now),
            id: Box::new(id),
        }
    }

    /// The API.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Who may come in.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// What changes, for pages that are open.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    /// A key under which something is done once.
    pub fn new_key(&self) -> String {
        (self.id)().to_string()
    }
}

/// Everything below `/console`.
pub fn router(console: Arc<Console>) -> Router {
    let tenant = Router::new()
        .route("/", get(home::get))
        .route("/figures", get(home::figures))
        .route("/live", get(crate::live::get))
        .route("/merchants", get(merchants::list).post(register::create))
        .route("/merchants/tabs", get(merchants::tabs))
        .route("/merchants/new", get(register::new))
        .nest("/merchants/{id}", one_merchant())
        .route("/callbacks", get(callbacks::list))
        .route("/callbacks/{event}", get(callbacks::get))
        .route("/callbacks/{event}/payload", post(callbacks::payload))
        .route("/quarantine", get(quarantine::list))
        .route("/quarantine/redrives", post(quarantine::redrive_many))
        .route("/quarantine/{event}", get(quarantine::get))
        .route("/quarantine/{event}/redrive", post(quarantine::redrive))
        .route("/quarantine/{event}/resolution", post(quarantine::resolve))
        .route("/unclaimed", get(unclaimed::list))
        .route("/unclaimed/{id}/adoption", post(unclaimed::adopt))
        .route("/unclaimed/{id}/dismissal", post(unclaimed::dismiss))
        .nest("/people", all_people())
        .route("/account", get(people::account))
        .route("/account/sessions", post(people::end_own))
        .route("/keys", get(keys::list).post(keys::create))
        .route("/keys/new", get(keys::new))
        .route("/keys/{id}", get(keys::get))
        .route("/keys/{id}/rotation", post(keys::rotate))
        .route("/keys/{id}/revocation", post(keys::revoke))
        .route("/audit", get(audit::list))
        .route("/health", get(health::get))
        .route("/settings", get(settings::get).post(settings::change))
        .route("/settings/balance", post(settings::balance));
    let pages = Router::new()
        .route("/", get(sign_in::front))
        .route("/sign-in", get(sign_in::get).post(sign_in::post))
        .route("/sign-in/oidc", get(oidc::begin))
        .route("/sign-in/callback", get(oidc::finish))
        .route("/join/{token}", get(links::join).post(links::accept))
        .route("/enter/{token}", get(links::enter).post(links::come_in))
        .route("/sign-out", post(sign_out::post))
        .route("/signed-out", get(sign_out::get))
        .route("/look", post(look))
        .route("/licences", get(licences::get))
        .nest("/{tenant}", tenant)
        .route_layer(from_fn(name_route))
        .fallback(stray)
        .layer(CsrfLayer::new())
        .layer(CompressionLayer::new());
    // Files are compressed in the binary. As a service, because below this path even what is not there is a page.
    // The provider has no page of ours that it could post from.
    let others = Router::new()
        .route("/assets/{file}", get(assets::get))
        .route("/sign-out/backchannel", post(sign_out::backchannel))
        .route_layer(from_fn(name_route));
    let pages = pages.merge(others).with_state(console);
    Router::new().nest_service("/console", pages)
}

fn all_people() -> Router<Arc<Console>> {
    Router::new()
        .route("/", get(people::list).post(people::invite))
        .route("/new", get(people::new))
        .route("/groups", get(people::groups).post(people::set_group))
        .route("/groups/removal", post(people::remove_group))
        .route("/{id}", get(people::get).post(people::change))
        .route("/{id}/removal", post(people::remove))
        .route("/{id}/invitation", post(people::invite_again))
        .route("/{id}/sessions", post(people::end))
}

fn one_merchant() -> Router<Arc<Console>> {
    Router::new()
        .route("/", get(merchant::get).post(register::change))
        .route("/edit", get(register::edit))
        .route("/links", post(merchant::issue))
        .route("/links/{link}/url", post(merchant::url))
        .route("/links/{link}/revoke", post(merchant::revoke))
        .route("/ask", post(merchant::ask))
        .route("/archive", post(merchant::archive))
        .route("/restore", post(merchant::restore))
        .route("/number", post(merchant::number))
        .route("/notes", post(merchant::note))
        .route("/approvals", get(callbacks::approvals))
        .route("/approvals/url", post(callbacks::approval_url))
}

/// Says on the answer which route it was: outside, all of this is one service, and requests are counted there.
async fn name_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// `POST /console/look`: what a person chooses about the look, and back to where they were.
async fn look(before: Preferences, form: Form) -> Response {
    let names = ["language", "theme", "rows", "keys"];
    let after = names.iter().fold(before, |look, name| look.with(name, form.get(name)));
    let mut response = answer::see(local(form.get("next")));
    if let Ok(cookie) = HeaderValue::from_str(&after.cookie()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// A path of the console; its beginning, if the text is none.
pub fn local(path: &str) -> &str {
    let is_ours = path == "/console" || path.starts_with("/console/");
    if is_ours && !path.contains(['\\', '\r', '\n']) {
        path
    } else {
        "/console"
    }
}

/// A path that no page has.
async fn stray(look: Preferences) -> Response {
    answer::nowhere(look)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use registry_people::RESERVED_SLUGS;

    /// The first word of each route that stands where a tenant's slug does.
    #[test]
    fn no_tenant_may_have_the_name_of_a_page() {
        let source = include_str!("console.rs");
        let (_, pages) = source.split_once("let pages = Router::new()").unwrap();
        let (pages, _) = pages.split_once(".with_state(console)").unwrap();
        let routes = pages.split(".route(\"/").skip(1);
        let words: BTreeSet<_> = routes
            .filter_map(|rest| rest.split(['/', '"']).next())
            .filter(|word| !word.is_empty())
            .collect();
        assert_eq!(words, RESERVED_SLUGS.into_iter().collect());
    }
}
