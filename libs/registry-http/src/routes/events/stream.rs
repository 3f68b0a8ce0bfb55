//! The feed as Server-Sent Events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use registry_documents::PublicEvent;
use registry_domain::{Seq, TenantId};
use registry_journal::port::PageSize;
use registry_shares::room::Place;
use tokio::time::Instant;

use super::log::{Follower, Start, place, read_position};
use crate::caller::Caller;
use crate::problem::{Fault, Problem};
use crate::state::AppState;

/// How often a silent stream shows that it is alive.
pub const HEARTBEAT_TIME: Duration = Duration::from_secs(15);

/// How often it is looked whether the log is still the one that is followed.
const LOG_CHECK_TIME: Duration = Duration::from_secs(15);

/// How often the API key of an open stream is looked at again: a revoked one must not listen on for two seconds.
pub const KEY_CHECK_TIME: Duration = Duration::from_millis(1_500);

/// How many events of one stream are in memory at most.
const BUFFER_EVENTS: u32 = 100;

/// Reverse proxies that buffer answers would hold events back.
pub const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The `seq` that a reconnecting client received last. One that cannot be read is refused: the client would get everything
/// again.
fn last_event_id(headers: &HeaderMap) -> Result<Option<Seq>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let position = value.to_str().ok().and_then(|text| read_position(text.trim()));
    let unreadable = || Problem::malformed_header("Last-Event-ID", Fault::NotAPosition);
    position.map(Some).ok_or_else(unreadable)
}

/// Opens a stream, if not too many are open. What a reconnecting client received last wins over where it would begin.
pub async fn open(
    state: &Arc<AppState>,
    caller: Caller,
    headers: &HeaderMap,
    follower: Follower,
    start: Start,
) -> Result<Response, Problem> {
    let start = last_event_id(headers)?.map_or(start, Start::After);
    let (after, is_told) = match start {
        Start::After(position) => {
            follower.require_reached(position).await?;
            (position, false)
        }
        Start::Latest => (follower.head().await?, true),
    };
    let subscription = Subscription {
        open: OpenStream::begin(state, caller.tenant_id())?,
        caller,
        follower,
        after,
        start_to_tell: is_told.then_some(after),
        buffer: VecDeque::new(),
        has_news: true,
        key_checked_at: Instant::now(),
        log_checked_at: Instant::now(),
    };
    let keep_alive = KeepAlive::new().interval(HEARTBEAT_TIME).text("heartbeat");
    let mut response = Sse::new(events(subscription)).keep_alive(keep_alive).into_response();
    response
        .headers_mut()
        .insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

fn events(subscription: Subscription) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(subscription, async |mut subscription| {
        let event = subscription.next().await?;
        Some((Ok(event), subscription))
    })
}

/// One client that listens. It reads only as fast as the client takes, and keeps one small page in memory.
struct Subscription {
    open: OpenStream,
    caller: Caller,
    follower: Follower,
    after: Seq,
    /// Where the stream begins, if the client does not know yet: without it, one that breaks before the first event would
    /// begin somewhere else when it is opened again.
    start_to_tell: Option<Seq>,
    buffer: VecDeque<PublicEvent>,
    /// There may be more in the log than was read.
    has_news: bool,
    key_checked_at: Instant,
    log_checked_at: Instant,
}

impl Subscription {
    /// The next event; none when the stream ends, after which the client connects again.
    async fn next(&mut self) -> Option<Event> {
        if let Some(start) = self.start_to_tell.take() {
            return Some(Event::default().id(start.0.to_string()));
        }
        while !self.open.state.stopping.is_cancelled() {
            if let Some(event) = self.buffer.pop_front() {
                return write(&event);
            }
            if self.key_checked_at.elapsed() >= KEY_CHECK_TIME {
                self.check_key().await?;
            }
            if self.log_checked_at.elapsed() >= LOG_CHECK_TIME {
                self.log_checked_at = Instant::now();
                // A database that was put back under an open stream: the client hears why when it connects again.
                if self.follower.seems_beyond(self.after) {
                    self.follower.require_reached(self.after).await.ok()?;
                }
            }
            if !self.has_news {
                let look_up = self.key_checked_at + KEY_CHECK_TIME;
                self.has_news = self.follower.wait(self.after, look_up).await;
                continue;
            }
            // The conversion into a problem has logged the cause.
            let slice = self
                .follower
                .read(self.after, PageSize::clamped(BUFFER_EVENTS))
                .await
                .ok()?;
            self.after = slice.seen;
            self.buffer.extend(slice.events);
            self.has_news = !slice.at_end;
        }
        None
    }

    async fn check_key(&mut self) -> Option<()> {
        self.key_checked_at = Instant::now();
        self.caller.is_still_good(&self.open.state).await.then_some(())
    }
}

fn write(event: &PublicEvent) -> Option<Event> {
    let json = serde_json::to_string(event).ok()?;
    Some(
        Event::default()
            .id(event.seq.to_string())
            .event(event.data.event_type())
            .data(json),
    )
}

/// Counts a stream as open for as long as it is.
pub struct OpenStream {
    state: Arc<AppState>,
    _place: Place,
}

impl OpenStream {
    /// Opens one for a tenant, if not too many are open.
    pub fn begin(state: &Arc<AppState>, tenant: TenantId) -> Result<Self, Problem> {
        Ok(Self {
            state: Arc::clone(state),
            _place: place(&state.event_streams, tenant)?,
        })
    }

    /// Of what it is a stream.
    pub fn state(&self) -> &AppState {
        &self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn a_client_goes_on_where_it_was() {
        let read = |text| {
            let mut headers = HeaderMap::new();
            headers.insert("last-event-id", HeaderValue::from_static(text));
            last_event_id(&headers)
        };
        assert_eq!(read("41").unwrap(), Some(Seq(41)));
        for text in ["", "-1", "+1", "x", "18446744073709551615"] {
            assert_eq!(read(text).unwrap_err().code(), Code::MalformedRequest, "{text}");
        }
    }
}
