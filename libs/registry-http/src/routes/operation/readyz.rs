//! `GET /readyz`

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use registry_publish::RelayStatus;
use registry_publish::relay::RelayFailure;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::openapi::{Access, Operation, Route};
use crate::state::AppState;

/// How long storage may take to answer.
const PING_TIME: Duration = Duration::from_secs(2);

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Anybody,
        problems: &[],
    };
    operation.document(routes!(get_readiness))
}

/// Whether the process can do its work
///
/// 503 if storage does not answer or nothing can be written. Publishing does not count: callbacks are taken without it,
/// and what was not published waits in the log. Then the status is `degraded`.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Operation",
    responses(
        (status = 200, description = "It can", body = Readiness),
        (status = 503, description = "It cannot", body = Readiness),
    )
)]
async fn get_readiness(State(state): State<Arc<AppState>>) -> (StatusCode, Json<Readiness>) {
    let ping = tokio::time::timeout(PING_TIME, state.archive.reader().ping()).await;
    let storage = StorageReadiness {
        available: matches!(ping, Ok(Ok(()))),
    };
    let writer = WriterReadiness {
        running: state.writer.is_running(),
        queued: state.writer.stats().queued,
    };
    let publishing = state
        .relay
        .as_ref()
        .map(|relay| PublishingReadiness::of(*relay.borrow()));
    let works = storage.available && writer.running;
    let status = match &publishing {
        _ if !works => "unavailable",
        Some(publishing) if !publishing.works => "degraded",
        Some(_) | None => "ready",
    };
    let code = if works {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        code,
        Json(Readiness {
            status,
            storage,
            writer,
            publishing,
        }),
    )
}

/// Whether the process can do its work.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready`, `degraded` or `unavailable`.
    #[schema(example = "ready")]
    status: &'static str,
    /// Storage.
    storage: StorageReadiness,
    /// The task that writes.
    writer: WriterReadiness,
    /// Publishing; null if it is not configured.
    publishing: Option<PublishingReadiness>,
}

/// Storage.
#[derive(Serialize, ToSchema)]
struct StorageReadiness {
    /// Whether it answers.
    available: bool,
}

/// The task that writes.
#[derive(Serialize, ToSchema)]
struct WriterReadiness {
    /// Whether it takes commands.
    running: bool,
    /// How many wait.
    queued: u64,
}

/// Publishing.
#[derive(Serialize, ToSchema)]
struct PublishingReadiness {
    /// Whether events reach the message broker.
    works: bool,
    /// Whether there is a connection to it.
    connected: bool,
    /// How many events the relay has not read yet.
    lag_events: u64,
    /// What the last failed attempt was about: `storage`, `out_of_step`, `unavailable`, `refused`; null while nothing
    /// fails.
    failure: Option<&'static str>,
}

impl PublishingReadiness {
    fn of(relay: RelayStatus) -> Self {
        Self {
            works: relay.connected && relay.failing_tenants == 0,
            connected: relay.connected,
            lag_events: relay.lag,
            failure: relay.failure.map(RelayFailure::as_str),
        }
    }
}
