//! `GET /v1/stats/quarantine`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use registry_domain::tenant::Scope;
use registry_journal::port::QuarantineCount;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::Problem;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[],
    };
    operation.document(routes!(count_quarantine))
}

/// Count quarantined callbacks
///
/// How many are open, by reason; reasons without any are left out.
#[utoipa::path(
    get,
    path = "/v1/stats/quarantine",
    tag = "Quarantine",
    responses((status = 200, description = "The counts", body = QuarantineStats))
)]
async fn count_quarantine(
    State(state): State<Arc<AppState>>,
    caller: Caller,
) -> Result<Json<QuarantineStats>, Problem> {
    caller.require(SCOPE)?;
    let counts = state.archive.reader().quarantine_counts(caller.tenant_id()).await?;
    Ok(Json(QuarantineStats {
        total: counts.iter().map(|count| count.count).sum(),
        data: counts.iter().map(ReasonCount::new).collect(),
    }))
}

/// How many callbacks are in quarantine.
#[derive(Serialize, ToSchema)]
struct QuarantineStats {
    /// By reason.
    data: Vec<ReasonCount>,
    /// All of them.
    #[schema(example = 3)]
    total: u64,
}

/// How many callbacks are in quarantine for one reason.
#[derive(Serialize, ToSchema)]
#[schema(as = QuarantineReasonCount)]
struct ReasonCount {
    /// The reason.
    #[schema(example = "codes_mismatch")]
    reason: &'static str,
    /// How many.
    #[schema(example = 3)]
    count: u64,
    /// When the oldest of them arrived.
    oldest_received_at: DateTime<Utc>,
}

impl ReasonCount {
    fn new(count: &QuarantineCount) -> Self {
        Self {
            reason: count.reason.as_str(),
            count: count.count,
            oldest_received_at: count.oldest_received_at,
        }
    }
}
