//! `GET /v1/events`

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response};
use registry_documents::PublicEvent;
use registry_domain::Seq;
use registry_domain::tenant::Scope;
use registry_journal::port::PageSize;
use registry_shares::room::Room;
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::log::{Follower, Start, read_wanted};
use super::stream;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::EventsRead;

/// Longest time that a request may wait for events, in seconds.
const WAIT_SECONDS_MAX: u64 = 30;

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
    operation.document(routes!(read_events))
}

/// Read the event feed
///
/// Everything that happened to all your merchants and to your account, in the order of your log: `seq` begins at 1 and
/// has no gaps. Ask again with `after` = `page.next_after`, which also moves over events that `types` leaves out. With
/// `wait` the answer comes as soon as there is an event, or empty after so many seconds.
///
/// `after=latest` begins at the end of the log as it is now: `page.next_after` tells where that is. A position behind the
/// end, which another installation gave or this one before it was restored from a backup, is refused
/// (`position_beyond_log`): read anew, from the beginning or from the `head` in the problem.
///
/// With `Accept: text/event-stream` it answers as `GET /v1/events/stream` does.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "Events",
    params(
        ("after" = Option<String>, Query, description = "Only events after this `seq`, or `latest`: only those that are still to come. From the beginning if left out", example = "41"),
        ("types" = Option<String>, Query, description = "Event types, separated by commas; all if left out. One that does not exist is refused", example = "review.changed,link.issued"),
        ("limit" = Option<u32>, Query, description = "Most events on the page; 50 if left out", minimum = 1, maximum = 500),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for an event; 0 if left out", minimum = 0, maximum = 30),
    ),
    responses((status = 200, description = "A page of events", body = EventPage))
)]
async fn read_events(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    mut query: Parameters,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let (start, types) = read_wanted(&mut query);
    let limit = query.limit();
    let wait = query.number("wait", 0..=WAIT_SECONDS_MAX).unwrap_or_default();
    query.finish()?;
    let follower = Follower::new(&state, &caller, types);
    if wants_stream(&headers) {
        return stream::open(&state, caller, &headers, follower, start).await;
    }
    let after = match start {
        Start::After(position) => position,
        Start::Latest => follower.head().await?,
    };
    let deadline = Instant::now() + Duration::from_secs(wait);
    let room = (wait > 0).then_some(&state.long_polls);
    Ok(Json(page(follower, after, limit, deadline, room).await?).into_response())
}

async fn page(
    mut follower: Follower,
    mut after: Seq,
    limit: PageSize,
    deadline: Instant,
    room: Option<&Room>,
) -> Result<EventPage, Problem> {
    let start = after;
    loop {
        let slice = follower.read(after, limit).await?;
        if slice.seen == start {
            // There is nothing behind it: only now is it worth a look whether there ever will be.
            follower.require_reached(start).await?;
        }
        after = slice.seen;
        // Not at the end and yet nothing: the client gets its answer in time and goes on from where we are.
        let is_answer = !slice.events.is_empty() || !slice.at_end;
        // Whoever finds something takes no place of those who wait.
        if !is_answer && let Some(room) = room {
            follower.take_place(room)?;
        }
        if is_answer || !follower.wait(after, deadline).await {
            return Ok(EventPage {
                data: slice.events,
                page: FeedPosition {
                    next_after: after.0,
                    has_more: !slice.at_end,
                },
            });
        }
    }
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all(ACCEPT)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut ranges = values.flat_map(|text| text.split(','));
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_stream = parts
            .next()
            .is_some_and(|essence| essence.eq_ignore_ascii_case("text/event-stream"));
        // A quality of zero says that it is not wanted.
        let is_refused = |part: &str| {
            let quality = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            quality.is_some_and(|quality| quality.parse() == Ok(0.0))
        };
        is_stream && !parts.any(is_refused)
    })
}

/// A page of the feed.
#[derive(Serialize, ToSchema)]
struct EventPage {
    /// The events, oldest first.
    data: Vec<PublicEvent>,
    /// Where the next page begins.
    page: FeedPosition,
}

/// Where the next page of the feed begins.
#[derive(Serialize, ToSchema)]
struct FeedPosition {
    /// The `after` of the next page.
    #[schema(example = 41)]
    next_after: u64,
    /// Whether there are more events to read now. A page may have none of the types asked for and yet not be the last.
    has_more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_for_whoever_wants_one() {
        for (accept, expected) in [
            ("text/event-stream", true),
            ("application/json;q=0.9, Text/Event-Stream", true),
            ("text/event-stream;q=0.001", true),
            ("text/event-stream;q=0", false),
            ("text/event-stream; Q=0.000, application/json", false),
            ("*/*", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            assert_eq!(wants_stream(&headers), expected, "{accept}");
        }
    }
}
