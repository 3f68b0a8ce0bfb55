//! The router: all routes, the documentation pages, and the envelope around everything.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::docs;
use crate::envelope::envelope;
use crate::routes;
use crate::routes::callbacks;
use crate::state::AppState;

/// Everything that can be called over HTTP.
pub fn router(state: Arc<AppState>) -> Router {
    let (routes, openapi) = routes::all().split_for_parts();
    routes
        .merge(docs::pages(openapi))
        .fallback(callbacks::door::stray)
        .layer(from_fn_with_state(Arc::clone(&state), envelope))
        .with_state(state)
}
