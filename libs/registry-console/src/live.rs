//! What changes, told to a page that is open: only which merchants, never what.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;

use crate::console::Console;
use crate::door::SignedIn;
use crate::query::Query;

/// Longest event that is read, in bytes. A longer one is passed over up to its end.
const EVENT_BYTES_MAX: usize = 256 * 1024;

/// What of an event matters here.
#[derive(Deserialize)]
struct Changed {
    merchant_id: Option<String>,
}

/// `GET /console/{tenant}/live`: the API's stream of events, with nothing left but the ids of merchants. With `merchant` only
/// what happens to that one.
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = Query::read(raw.as_deref());
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or("latest");
    let path = Query::default().with("after", after).on("/v1/events");
    let Ok(body) = console.api().stream(&who, &path).await else {
        // The browser tries again by itself.
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let only = query.get("merchant").map(str::to_owned);
    let body = Body::from_stream(told(body, only).map(Ok::<_, Infallible>));
    let mut answer = HeaderMap::new();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (answer, body).into_response()
}

/// The events of a stream, each as the few bytes that a page gets.
fn told(body: Body, only: Option<String>) -> impl Stream<Item = Bytes> {
    let parts = stream::unfold(
        (body.into_data_stream(), BytesMut::new()),
        |(mut body, mut waiting)| async {
            loop {
                if let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
                    let event = waiting.split_to(end + 2).freeze();
                    return Some((event, (body, waiting)));
                }
                let part = body.next().await?.ok()?;
                if waiting.len() + part.len() > EVENT_BYTES_MAX {
                    waiting.clear();
                }
                waiting.extend_from_slice(&part);
            }
        },
    );
    parts.filter_map(move |event| {
        let said = say(&event, only.as_deref());
        async move { said }
    })
}

fn say(event: &[u8], only: Option<&str>) -> Option<Bytes> {
    let text = std::str::from_utf8(event).ok()?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let Some(data) = field("data:") else {
        // It says that somebody is still there, or where the stream begins.
        let id = field("id:").map_or_else(String::new, |id| format!("id: {id}\n"));
        return Some(format!(": here\n{id}\n").into());
    };
    let id = field("id:").unwrap_or_default();
    let changed: Changed = serde_json::from_str(data).ok()?;
    let merchant = changed.merchant_id?;
    if only.is_some_and(|only| only != merchant) {
        return None;
    }
    Some(format!("id: {id}\nevent: changed\ndata: {merchant}\n\n").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_leaves_but_which_merchant_changed() {
        let parts = [
            ": hello\n\nid: 7\nevent: review.cha",
            "nged\ndata: {\"merchant_id\":\"mer_1\",\"data\":{\"message\":\"secret\"}}\n\n",
            "id: 8\ndata: {\"merchant_id\":null}\n\nid: 9\ndata: {\"merchant_id\":\"mer_2\"}\n\n",
        ];
        let whole = |only: Option<&str>| {
            let body = Body::from_stream(stream::iter(parts.map(Ok::<_, Infallible>)));
            told(body, only.map(str::to_owned)).collect::<Vec<_>>()
        };
        let all = whole(None).await.concat();
        let text = String::from_utf8(all).unwrap();
        assert_eq!(
            text,
            ": here\n\nid: 7\nevent: changed\ndata: mer_1\n\nid: 9\nevent: changed\ndata: mer_2\n\n"
        );
        let one = String::from_utf8(whole(Some("mer_2")).await.concat()).unwrap();
        assert!(!one.contains("mer_1") && one.contains("mer_2"), "{one}");
    }
}
