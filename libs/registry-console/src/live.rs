//! What changes, told to pages that are open: only which merchants, never what. The feed of a tenant is followed once, however
//! many of its pages are open, and told in gusts: fifty people who look on must not cost fifty readings of every event.
//!
//! A page says up to where it knows the log: from where it was drawn, or from what it heard last. What changed since is told first,
//! so that nothing falls between drawing a page and listening, or between two connections.

mod pages;

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use registry_people::Scope;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender, WeakSender};
use tokio::time::{Instant, interval_at, sleep, timeout};

use crate::api::Trouble;
use crate::console::Console;
use crate::door::{SignedIn, still};
use crate::query::Query;

use pages::{Pages, Place};

/// Longest event that is read, in bytes. A longer one is passed over up to its end.
const EVENT_BYTES_MAX: usize = 256 * 1024;

/// How long is waited for what changes together with the first.
const GATHERING_TIME: Duration = Duration::from_millis(250);

/// A gust is over when nothing came for so long, or after the time for another one.
const LULL_TIME: Duration = Duration::from_millis(20);

/// How many gusts a page may be behind. One that is further behind begins anew.
const BEHIND_MAX: usize = 16;

/// How many pages of a tenant may be open at once.
const PAGES_PER_TENANT_MAX: usize = 500;

/// After how many seconds a page may come again that was one too many.
const TOO_MANY_SECONDS: HeaderValue = HeaderValue::from_static("30");

/// How often it is looked whether a page may still listen.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// For how long what one page found holds for the other pages of the same session.
const LOOKED_TIME: Duration = Duration::from_millis(900);

/// After how many looks a page hears that somebody is there.
const LOOKS_PER_HEARTBEAT: u32 = 15;

/// How much of the log is read at once, and how often, for what a page missed. One that missed more is drawn anew.
const MISSED_PAGE: &str = "500";
const MISSED_PAGES_MAX: usize = 4;

/// The call that tells where the log ends, and the one that follows it.
const HEAD: &str = "/v1/events?after=latest&limit=1";
const FEED: &str = "/v1/events?after=latest";

/// What changed together.
#[derive(Debug, PartialEq, Eq)]
struct Gust {
    /// Which merchants.
    merchants: BTreeSet<String>,
    /// Up to where the log is told by it.
    position: u64,
}

/// A tenant's follower, if there is one. Whoever opens one keeps others from opening a second.
type Following = Arc<tokio::sync::Mutex<Option<WeakSender<Arc<Gust>>>>>;

/// What changes, by tenant.
#[derive(Debug, Default)]
pub struct Changes {
    tenants: Mutex<HashMap<String, Following>>,
    people: Pages,
    /// Which sessions may listen to which tenant, and when that was looked at.
    looked: tokio::sync::Mutex<HashMap<(String, String), (Instant, bool)>>,
}

impl Changes {
    /// Whether a page may still listen. However many pages a session has open, it is looked at once.
    async fn still_listens(&self, page: &OpenPage) -> bool {
        let mut looked = self.looked.lock().await;
        let now = Instant::now();
        looked.retain(|_, (at, _)| now.duration_since(*at) < LOOKED_TIME);
        let whose = (page.session.clone(), page.tenant.clone());
        if let Some((_, may)) = looked.get(&whose) {
            return *may;
        }
        let scopes = still(&page.console, &page.headers, &page.tenant).await;
        let may = scopes.is_some_and(|scopes| scopes.contains(&Scope::EventsRead));
        looked.insert(whose, (now, may));
        may
    }

    /// Listens for somebody. None if too many do.
    async fn listen(&self, console: &Console, who: &SignedIn) -> Result<Option<Receiver<Arc<Gust>>>, Trouble> {
        let following = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tenants.entry(who.tenant.slug.clone()).or_default())
        };
        let mut following = following.lock().await;
        if let Some(sender) = following.as_ref().and_then(WeakSender::upgrade) {
            let has_room = sender.receiver_count() < PAGES_PER_TENANT_MAX;
            return Ok(has_room.then(|| sender.subscribe()));
        }
        let feed = console.api().stream(who, FEED).await?;
        let (sender, receiver) = broadcast::channel(BEHIND_MAX);
        *following = Some(sender.downgrade());
        tokio::spawn(follow(feed, sender));
        Ok(Some(receiver))
    }
}

/// A stretch of the log, as far as it matters here.
#[derive(Deserialize)]
struct Stretch {
    data: Vec<Changed>,
    page: StretchEnd,
}

#[derive(Deserialize)]
struct StretchEnd {
    next_after: u64,
    has_more: bool,
}

/// Where a tenant's log ends. Asked for before a page reads anything, so that its stream can begin there.
pub async fn position(console: &Console, who: &SignedIn) -> Result<u64, Trouble> {
    let end = console.api().get::<Stretch>(who, HEAD).await?;
    Ok(end.page.next_after)
}

/// What a page missed.
#[derive(Debug, PartialEq, Eq)]
enum Missed {
    /// This; perhaps nothing.
    These(Gust),
    /// More than is worth telling, or its log was another. Up to where.
    Much(u64),
}

/// What changed behind a position. It is asked on behalf of whoever listens, so that nobody does who may not.
async fn missed(console: &Console, who: &SignedIn, after: Option<u64>) -> Result<Missed, Trouble> {
    let api = console.api();
    let mut gust = Gust {
        merchants: BTreeSet::new(),
        position: after.unwrap_or(0),
    };
    if after.is_some() {
        for _ in 0..MISSED_PAGES_MAX {
            let query = Query::default()
                .with("limit", MISSED_PAGE)
                .with("after", &gust.position.to_string());
            let stretch = match api.get::<Stretch>(who, &query.on("/v1/events")).await {
                Ok(stretch) => stretch,
                // A position of a log that is not there any more.
                Err(Trouble::Refused(problem)) if problem.head.is_some() => break,
                Err(trouble) => return Err(trouble),
            };
            let changed = stretch.data.into_iter().filter_map(|changed| changed.merchant_id);
            gust.merchants.extend(changed);
            gust.position = stretch.page.next_after;
            if !stretch.page.has_more {
                return Ok(Missed::These(gust));
            }
        }
    }
    let end = position(console, who).await?;
    if after.is_some() {
        return Ok(Missed::Much(end));
    }
    gust.position = end;
    Ok(Missed::These(gust))
}

/// Tells what changes until the feed ends or nobody listens. When it ends, the pages that listened come again, and the first of
/// them follows anew: the feed is that of whoever opened it, and ends with what they may do.
async fn follow(feed: Body, sender: Sender<Arc<Gust>>) {
    let mut events = Box::pin(events(feed));
    let mut position = 0;
    while let Some(first) = events.next().await {
        // What shows nothing but that the feed is alive is the moment to look whether anybody listens.
        if sender.receiver_count() == 0 {
            return;
        }
        position = first.position.unwrap_or(position);
        let Some(first) = first.merchant else { continue };
        let mut merchants = BTreeSet::from([first]);
        sleep(GATHERING_TIME).await;
        let begun = Instant::now();
        let mut is_over = false;
        while begun.elapsed() < GATHERING_TIME {
            match timeout(LULL_TIME, events.next()).await {
                Ok(Some(event)) => {
                    position = event.position.unwrap_or(position);
                    merchants.extend(event.merchant);
                }
                Ok(None) => is_over = true,
                Err(_lull) => break,
            }
            if is_over {
                break;
            }
        }
        let gust = Gust { merchants, position };
        if sender.send(Arc::new(gust)).is_err() || is_over {
            return;
        }
    }
}

/// What of an event matters here.
#[derive(Deserialize)]
struct Changed {
    merchant_id: Option<String>,
}

/// A part of a feed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    /// Up to where the log is told by it.
    position: Option<u64>,
    /// The merchant that it is about.
    merchant: Option<String>,
}

/// The parts of a feed.
fn events(feed: Body) -> impl Stream<Item = Told> {
    stream::unfold(
        (feed.into_data_stream(), BytesMut::new()),
        |(mut feed, mut waiting)| async {
            loop {
                if let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
                    let event = waiting.split_to(end + 2);
                    return Some((told(&event), (feed, waiting)));
                }
                let part = feed.next().await?.ok()?;
                if waiting.len() + part.len() > EVENT_BYTES_MAX {
                    waiting.clear();
                }
                waiting.extend_from_slice(&part);
            }
        },
    )
}

fn told(event: &[u8]) -> Told {
    let Ok(text) = std::str::from_utf8(event) else {
        return Told::default();
    };
    let field = |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim()));
    let changed = field("data:").and_then(|data| serde_json::from_str::<Changed>(data).ok());
    Told {
        position: field("id:").and_then(|id| id.parse().ok()),
        merchant: changed.and_then(|changed| changed.merchant_id),
    }
}

/// `GET /console/{tenant}/live`: the ids of merchants that change. With `merchant` only whether that one does. `after` says up to
/// where the page knows the log; a browser that comes again by itself says what it heard last.
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = Query::read(raw.as_deref());
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last.or(query.get("after")).and_then(|text| text.parse().ok());
    let Some(place) = console.changes().people.open(&who.id) else {
        return too_many();
    };
    // First it listens, then it looks back: what comes meanwhile is told twice rather than never.
    let receiver = match console.changes().listen(&console, &who).await {
        Ok(Some(receiver)) => receiver,
        Ok(None) => return too_many(),
        Err(_trouble) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let Ok(missed) = missed(&console, &who, after).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let page = OpenPage {
        receiver,
        _place: place,
        only: query.get("merchant").map(str::to_owned),
        console,
        headers,
        session: who.session,
        tenant: who.tenant.slug,
    };
    let mut answer = HeaderMap::new();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (answer, Body::from_stream(page.told(&missed).map(Ok::<_, Infallible>))).into_response()
}

fn too_many() -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, TOO_MANY_SECONDS)]).into_response()
}

/// A page that listens.
struct OpenPage {
    receiver: Receiver<Arc<Gust>>,
    _place: Place,
    only: Option<String>,
    console: Arc<Console>,
    headers: HeaderMap,
    session: String,
    tenant: String,
}

impl OpenPage {
    /// What the page hears: what it missed, and what comes. It ends with the session, with the right to listen, and when the page
    /// is too far behind; a browser that may comes again.
    fn told(self, missed: &Missed) -> impl Stream<Item = Bytes> + use<> {
        let looks = interval_at(Instant::now() + LOOK_TIME, LOOK_TIME);
        let first = match missed {
            Missed::These(gust) => say(gust, self.only.as_deref()),
            Missed::Much(position) => Some(format!("event: again\nid: {position}\ndata: again\n\n").into()),
        };
        let hello = stream::iter([Some(Bytes::from_static(b": here\n\n")), first].into_iter().flatten());
        let rest = stream::unfold((self, looks, 0), |(mut page, mut looks, mut looked)| async move {
            loop {
                tokio::select! {
                    gust = page.receiver.recv() => {
                        let gust = match gust {
                            Ok(gust) => gust,
                            Err(RecvError::Closed | RecvError::Lagged(_)) => return None,
                        };
                        if let Some(said) = say(&gust, page.only.as_deref()) {
                            return Some((said, (page, looks, looked)));
                        }
                    }
                    _ = looks.tick() => {
                        page.console.changes().still_listens(&page).await.then_some(())?;
                        looked += 1;
                        if looked % LOOKS_PER_HEARTBEAT == 0 {
                            return Some((Bytes::from_static(b": here\n\n"), (page, looks, looked)));
                        }
                    }
                }
            }
        });
        hello.chain(rest)
    }
}

fn say(gust: &Gust, only: Option<&str>) -> Option<Bytes> {
    let mut said = String::new();
    let position = gust.position.to_string();
    for merchant in gust.merchants.iter().filter(|it| only.is_none_or(|only| only == *it)) {
        said.extend(["event: changed\nid: ", &position, "\ndata: ", merchant, "\n\n"]);
    }
    (!said.is_empty()).then(|| said.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nothing_leaves_but_which_merchants_changed_and_each_once_in_a_gust() {
        let parts = [
            ": hello\n\nid: 7\nevent: review.cha",
            "nged\ndata: {\"merchant_id\":\"mer_1\",\"data\":{\"message\":\"secret\"}}\n\n",
            "id: 8\ndata: {\"merchant_id\":null}\n\nid: 9\ndata: {\"merchant_id\":\"mer_2\"}\n\n",
            "id: 10\ndata: {\"merchant_id\":\"mer_1\"}\n\n",
        ];
        let (sender, mut receiver) = broadcast::channel(BEHIND_MAX);
        let feed = Body::from_stream(stream::iter(parts.map(Ok::<_, Infallible>)));
        follow(feed, sender).await;
        let gust = receiver.recv().await.unwrap();
        assert_eq!(
            say(&gust, None).unwrap(),
            "event: changed\nid: 10\ndata: mer_1\n\nevent: changed\nid: 10\ndata: mer_2\n\n"
        );
        assert_eq!(
            say(&gust, Some("mer_2")).unwrap(),
            "event: changed\nid: 10\ndata: mer_2\n\n"
        );
        assert_eq!(say(&gust, Some("mer_3")), None);
        assert!(
            matches!(receiver.recv().await, Err(RecvError::Closed)),
            "the feed has ended"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_feed_that_nobody_hears_is_left() {
        let (sender, receiver) = broadcast::channel(BEHIND_MAX);
        drop(receiver);
        let beats = stream::iter([": heartbeat\n\n"]).chain(stream::pending());
        follow(Body::from_stream(beats.map(Ok::<_, Infallible>)), sender).await;
    }
}
