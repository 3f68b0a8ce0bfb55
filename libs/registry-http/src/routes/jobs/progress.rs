//! `GET /v1/jobs/{id}/progress`

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use registry_domain::JobId;
use registry_domain::tenant::Scope;
use tokio::time::{Instant, sleep};
use utoipa_axum::routes;

use super::{JobDocument, found, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::routes::events::stream::{HEARTBEAT_TIME, KEY_CHECK_TIME, OpenStream, X_ACCEL_BUFFERING};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// How often it is looked how a job stands.
const LOOK_TIME: Duration = Duration::from_millis(500);

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::JobNotFound, Code::TooManyOwnStreams, Code::TooManyStreams],
    };
    operation.document(routes!(follow_job))
}

/// Follow a job
///
/// A stream (SSE) of events `progress`, each with the job as it stands: the first at once, then one whenever that has changed. It ends
/// when nothing of the job is left to do, and when the service stops: connect again.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/progress",
    tag = "Jobs",
    params(("id" = String, Path, description = "The job's id", example = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The stream", body = String, content_type = "text/event-stream"))
)]
async fn follow_job(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let job = found(&state, &caller, parse_id(&id)?).await?;
    let following = Following {
        open: OpenStream::begin(&state, caller.tenant_id())?,
        caller,
        id: job.id,
        told: None,
        is_over: false,
        key_checked_at: Instant::now(),
    };
    let keep_alive = KeepAlive::new().interval(HEARTBEAT_TIME).text("heartbeat");
    let mut response = Sse::new(events(following)).keep_alive(keep_alive).into_response();
    response
        .headers_mut()
        .insert(X_ACCEL_BUFFERING, axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

fn events(following: Following) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(following, async |mut following| {
        let event = following.next().await?;
        Some((Ok(event), following))
    })
}

/// Somebody who looks how a job goes.
struct Following {
    open: OpenStream,
    caller: Caller,
    id: JobId,
    told: Option<String>,
    is_over: bool,
    key_checked_at: Instant,
}

impl Following {
    /// What is told next; none when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        while !self.is_over && !self.open.state().stopping.is_cancelled() {
            if self.key_checked_at.elapsed() >= KEY_CHECK_TIME {
                self.key_checked_at = Instant::now();
                self.caller.is_still_good(self.open.state()).await.then_some(())?;
            }
            // The conversion into a problem has logged the cause.
            let job = found(self.open.state(), &self.caller, self.id).await.ok()?;
            let document = JobDocument::read(self.open.state(), &self.caller, &job).await.ok()?;
            let text = serde_json::to_string(&document).ok()?;
            self.is_over = job.ended_at.is_some();
            if self.told.as_ref() != Some(&text) {
                self.told = Some(text.clone());
                return Some(Event::default().event("progress").data(text));
            }
            sleep(LOOK_TIME).await;
        }
        None
    }
}
