//! `GET /readyz`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use registry_publish::RelayStatus;
use registry_publish::relay::RelayFailure;
use registry_upstream::{BreakerReport, BreakerState, ReconcilerStatus};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::operation::{Access, Operation, Route};
use crate::state::AppState;

/// Further than this no log's time should lie ahead of the clock.
const LOG_AHEAD_SECONDS_MAX: u64 = 60;

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
/// 503 if nothing can be written: the last attempts failed, or one that is made for this question where nobody has written
/// for a while. All else does not count, because callbacks are taken without it; the status is `degraded` then. What was not
/// published waits in the log; where upstream is not asked, doubtful claims are held, and merchants are as callbacks tell;
/// where storage does not answer, no API key can be checked; and the time of a log may lie ahead of the clock by more than a
/// minute. Slow reads change nothing here.
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
    let (health, available) = tokio::join!(state.writer.health(), state.key_lookups.work());
    let storage = StorageReadiness { available };
    let counted = state.writer.stats();
    let writer = WriterReadiness {
        running: state.writer.is_running(),
        works: health.works,
        failing_since: health.failing_since,
        queued: counted.queued,
        log_ahead_seconds: counted.log_ahead_seconds,
    };
    let publishing = state
        .relay
        .as_ref()
        .map(|relay| PublishingReadiness::of(*relay.borrow()));
    let asking = AskingReadiness::of(&state.inquirer.breakers(), *state.reconciler.borrow());
    let works = writer.running && writer.works;
    let status = match &publishing {
        _ if !works => "unavailable",
        Some(publishing) if !publishing.works || publishing.diverged > 0 => "degraded",
        Some(_) | None if !asking.works || !storage.available => "degraded",
        Some(_) | None if writer.log_ahead_seconds > LOG_AHEAD_SECONDS_MAX => "degraded",
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
            asking,
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
    #[schema(required = true)]
    publishing: Option<PublishingReadiness>,
    /// Asking upstream what is true.
    asking: AskingReadiness,
}

/// Storage.
#[derive(Serialize, ToSchema)]
struct StorageReadiness {
    /// Whether it answers where API keys are looked up.
    available: bool,
}

/// The task that writes.
#[derive(Serialize, ToSchema)]
struct WriterReadiness {
    /// Whether it takes commands.
    running: bool,
    /// Whether what it takes can be written.
    works: bool,
    /// Since when it is known that nothing can be; null while it works.
    #[schema(required = true)]
    failing_since: Option<DateTime<Utc>>,
    /// How many wait.
    queued: u64,
    /// How far the time of some log lies ahead of the clock of this process. As long as it does, what is written bears the
    /// log's time; what is planned follows the clock.
    log_ahead_seconds: u64,
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
    /// How often a stream ended with an event that does not stand so in the log, since the process started. Above 0 the log
    /// was begun anew, restored or rewritten, and `registry verify --nats-url` says from where.
    diverged: u64,
    /// What the last failed attempt was about: `storage`, `out_of_step`, `unavailable`, `refused`, `unfit` (the
    /// broker is too old, or its `max_payload` too small); null while nothing fails.
    #[schema(required = true)]
    failure: Option<&'static str>,
}

impl PublishingReadiness {
    fn of(relay: RelayStatus) -> Self {
        Self {
            works: relay.works(),
            connected: relay.connected,
            lag_events: relay.lag,
            diverged: relay.diverged_total,
            failure: relay.failure.map(RelayFailure::as_str),
        }
    }
}

/// Asking upstream what is true.
#[derive(Serialize, ToSchema)]
struct AskingReadiness {
    /// Whether every upstream that was called answers, and reconciling works for every tenant of this process.
    works: bool,
    /// The breaker of the upstream that is worst off: `closed` (it is called), `half_open` (a single call is trying it
    /// out), `open` (it is down and is not called).
    #[schema(example = "closed")]
    breaker: &'static str,
    /// How many upstreams are not called at the moment, or only on trial.
    upstreams_down: u64,
    /// How many tenants upstream refuses as a whole: nothing of theirs is asked until it serves them again.
    paused_tenants: u64,
    /// How many merchants wait to be asked about.
    due_merchants: u64,
    /// How many merchants have a claim that waits for the word of upstream.
    open_confirmations: u64,
}

impl AskingReadiness {
    fn of(breakers: &[BreakerReport], reconciler: ReconcilerStatus) -> Self {
        let has = |state| breakers.iter().any(|breaker| breaker.state == state);
        let worst = [BreakerState::Open, BreakerState::HalfOpen]
            .into_iter()
            .find(|state| has(*state));
        let down = breakers.iter().filter(|breaker| breaker.state != BreakerState::Closed);
        Self {
            works: worst.is_none() && reconciler.failing_tenants == 0 && reconciler.unreadable_tenants == 0,
            breaker: worst.unwrap_or(BreakerState::Closed).as_str(),
            upstreams_down: down.count() as u64,
            paused_tenants: reconciler.paused_tenants,
            due_merchants: reconciler.due,
            open_confirmations: reconciler.open_confirmations,
        }
    }
}
