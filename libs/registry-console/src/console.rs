//! The routes of the console.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use chrono::{DateTime, Utc};
use registry_people::People;
use registry_web::room::Room;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use uuid::Uuid;

use crate::answer;
use crate::api::Api;
use crate::form::Form;
use crate::live::Changes;
use crate::preferences::Preferences;
use crate::routes::{self, routed};

/// What pages stand on.
pub struct Console {
    api: Api,
    people: People,
    bodies: Room,
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
    /// A console in front of this API, for these people, with room for what they send, a clock and a source of ids.
    pub fn new(
        api: Api,
        people: People,
        bodies: Room,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        id: impl Fn() -> Uuid + Send + Sync + 'static,
    ) -> Self {
        Self {
            api,
            people,
            bodies,
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

    /// The room for bodies.
    pub fn bodies(&self) -> &Room {
        &self.bodies
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
    let pages = routed(routes::of_nobody())
        .merge(routed(routes::of_tenants()))
        .route_layer(from_fn(name_route))
        .fallback(stray)
        .layer(CsrfLayer::new())
        .layer(from_fn(tell_from_elsewhere))
        .layer(CompressionLayer::new());
    // Files are compressed in the binary. As a service, because below this path even what is not there is a page.
    let others = routed(routes::of_programs()).route_layer(from_fn(name_route));
    let pages = pages.merge(others).with_state(console);
    Router::new().nest_service("/console", pages)
}

/// Whoever was sent here by the form of another site reads why nothing was done.
async fn tell_from_elsewhere(look: Preferences, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.extensions().get::<ProtectionError>().is_some() {
        answer::from_elsewhere(look)
    } else {
        response
    }
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
pub async fn look(before: Preferences, form: Form) -> Response {
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
    if is_ours && !path.contains(['\\', '\r', '\n']) && !path.contains("/.") {
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

    use crate::routes;

    /// The first word of each route that stands where a tenant's slug does.
    #[test]
    fn no_tenant_may_have_the_name_of_a_page() {
        let routes = routes::all();
        let words = routes.iter().filter_map(|(_, path)| path.split('/').nth(2));
        let words: BTreeSet<_> = words.filter(|word| !word.starts_with('{')).collect();
        assert_eq!(words, RESERVED_SLUGS.into_iter().collect());
    }
}
