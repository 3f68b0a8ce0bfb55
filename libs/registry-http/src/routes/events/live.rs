//! `GET /v1/events/stream`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use registry_domain::tenant::Scope;
use utoipa_axum::routes;

use super::log::{Follower, read_wanted};
use super::stream::open;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::EventsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::ValidationFailed,
            Code::PositionBeyondLog,
            Code::TooManyOwnStreams,
            Code::TooManyStreams,
        ],
    };
    operation.document(routes!(stream_events))
}

/// Follow the event feed
///
/// The feed as a stream that does not end (Server-Sent Events): `id` is the `seq`, `event` the type, `data` the event as
/// `GET /v1/events` shows it. Reconnect with `Last-Event-ID`. A comment is sent every 15 seconds. `after=latest` begins at the end
/// of the log as it is now, which is told by an `id` without data.
#[utoipa::path(
    get,
    path = "/v1/events/stream",
    tag = "Events",
    params(
        ("after" = Option<String>, Query, description = "Only events after this `seq`, or `latest`: only those that are still to come. From the beginning if left out", example = "41"),
        ("types" = Option<String>, Query, description = "Event types, separated by commas; all if left out. One that does not exist is refused", example = "review.changed,link.issued"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The `id` received last; wins over `after`"),
    ),
    responses((status = 200, description = "A stream of events", content((String = "text/event-stream"))))
)]
async fn stream_events(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    mut query: Parameters,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let (start, types) = read_wanted(&mut query);
    query.finish()?;
    let follower = Follower::new(&state, &caller, types);
    open(&state, caller, &headers, follower, start).await
}
