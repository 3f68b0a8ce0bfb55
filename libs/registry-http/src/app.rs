//! The routers: all routes, the documentation pages, and the envelope around everything.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::docs;
use crate::envelope::envelope;
use crate::routes;
use crate::routes::callbacks;
use crate::state::AppState;

/// Everything that can be called over HTTP. `pages` is given the API alone, to be called from within the process, and returns what
/// is served beside it, in the same envelope: there each request finds its [`RequestContext`](registry_web::RequestContext).
pub fn router(state: Arc<AppState>, pages: impl FnOnce(Router) -> Option<Router>) -> Router {
    let routes = routes::all(Router::new());
    let envelope = from_fn_with_state(Arc::clone(&state), envelope);
    let api = routes.clone().layer(envelope.clone()).with_state(Arc::clone(&state));
    routes
        .merge(docs::pages())
        .merge(state.shops.router().with_state(()))
        .merge(pages(api).unwrap_or_default().with_state(()))
        .fallback(callbacks::door::stray)
        .layer(envelope)
        .with_state(state)
}
