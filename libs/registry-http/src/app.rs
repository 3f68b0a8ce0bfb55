//! The routers: all routes, the documentation pages, and the envelope around everything.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::docs;
use crate::envelope::envelope;
use crate::routes;
use crate::routes::callbacks;
use crate::state::AppState;

/// Everything that can be called over HTTP. `pages` are served beside the API, in the same envelope: there each request
/// finds its [`RequestContext`](registry_web::RequestContext).
pub fn router(state: Arc<AppState>, pages: Option<Router>) -> Router {
    let (routes, openapi) = routes::all().split_for_parts();
    routes
        .merge(docs::pages(openapi))
        .merge(pages.unwrap_or_default().with_state(()))
        .fallback(callbacks::door::stray)
        .layer(from_fn_with_state(Arc::clone(&state), envelope))
        .with_state(state)
}

/// The API alone, to be called from within the process: by pages.
pub fn api(state: Arc<AppState>) -> Router {
    let (routes, _openapi) = routes::all().split_for_parts();
    routes
        .layer(from_fn_with_state(Arc::clone(&state), envelope))
        .with_state(state)
}
