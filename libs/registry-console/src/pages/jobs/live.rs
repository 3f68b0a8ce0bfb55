//! How far a job is, told to its page as the API tells it, for as long as whoever looks is signed in.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use tokio::time::{Instant, interval_at};

use super::LIST;
use super::one::Place;
use crate::api::Trouble;
use crate::console::Console;
use crate::door::{SignedIn, still};
use crate::query::segment;

/// How often it is looked whether somebody is still signed in.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// `GET /console/{tenant}/jobs/{id}/live`
pub async fn live(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    Path((_, id)): Place,
    headers: HeaderMap,
) -> Response {
    let call = format!("{LIST}/{}/progress", segment(&id));
    let told = match console.api().stream(&who, &call).await {
        Ok(told) => told,
        Err(Trouble::Refused(problem)) => {
            let status = StatusCode::from_u16(problem.status);
            return status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE).into_response();
        }
        Err(Trouble::Unreadable(_) | Trouble::Form | Trouble::NotFound) => {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let looks = interval_at(Instant::now() + LOOK_TIME, LOOK_TIME);
    let page = (told.into_data_stream(), looks, console, headers, who.tenant.slug);
    let told = stream::unfold(page, |(mut told, mut looks, console, headers, tenant)| async move {
        loop {
            tokio::select! {
                part = told.next() => {
                    let part = part?.ok()?;
                    return Some((Ok::<_, Infallible>(part), (told, looks, console, headers, tenant)));
                }
                _ = looks.tick() => {
                    still(&console, &headers, &tenant).await?;
                }
            }
        }
    });
    let mut answer = HeaderMap::new();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (answer, Body::from_stream(told)).into_response()
}
