//! One file per operation.

mod callbacks;
mod events;
mod links;
mod me;
mod merchants;
mod operation;
mod stats;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::openapi;
use crate::state::AppState;

/// Every operation, in the order in which it is documented.
pub fn all() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::with_openapi(openapi::frame())
        .routes(merchants::create::route())
        .routes(merchants::list::route())
        .routes(merchants::get::route())
        .routes(merchants::change::route())
        .routes(merchants::archive::route())
        .routes(merchants::restore::route())
        .routes(merchants::by_reference::route())
        .routes(merchants::events::route())
        .routes(stats::route())
        .routes(links::issue::route())
        .routes(links::list::route())
        .routes(links::get::route())
        .routes(links::revoke::route())
        .routes(events::feed::route())
        .routes(callbacks::payload::route())
        .routes(callbacks::door::route())
        .routes(me::route())
        .routes(operation::livez::route())
        .routes(operation::readyz::route())
        .routes(operation::metrics::route())
}
