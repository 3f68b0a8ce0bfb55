//! `GET /v1/merchants/{id}/events`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_documents::{PublicEvent, event_shown};
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::parse_id;
use super::timeline::{self, TimelinePosition, Walk};
use crate::caller::Caller;
use crate::commands::current;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::MerchantNotFound, Code::PositionBeyondLog, Code::ValidationFailed],
    };
    operation.document(routes!(list_merchant_events))
}

/// Read a merchant's timeline
///
/// Everything that happened to one merchant, the oldest or the newest first: what came in and when (`callback.received`),
/// what the registry made of it (its `verdict`, and the facts that name it as their `causation_id`), what Paymint said when
/// asked (`status.observed`, `confirmation.resolved`), and up to where it was published (`published_seq`).
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}/events",
    tag = "Merchants",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("sort" = Option<String>, Query, description = timeline::SORT, example = "-version"),
        ("after_version" = Option<u64>, Query, description = timeline::AFTER, minimum = 0),
        ("before_version" = Option<u64>, Query, description = timeline::BEFORE, minimum = 1),
        ("limit" = Option<u32>, Query, description = "Most events on the page; 50 if left out", minimum = 1, maximum = 500),
    ),
    responses((status = 200, description = "A page of the timeline", body = TimelinePage))
)]
async fn list_merchant_events(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
    mut query: Parameters,
) -> Result<Json<TimelinePage>, Problem> {
    caller.require(SCOPE)?;
    let walk = Walk::read(&mut query);
    let limit = query.limit();
    query.finish()?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    walk.require_reached(&merchant)?;
    let (recorded, _) = walk.ahead(&state.archive, caller.tenant_id(), &merchant, limit).await?;
    let published_seq = match state.relay {
        Some(_) => Some(state.archive.reader().publish_cursor(caller.tenant_id()).await?.seq.0),
        None => None,
    };
    let walk = recorded.last().map_or(walk, |last| walk.past(last));
    Ok(Json(TimelinePage {
        data: recorded
            .iter()
            .map(|event| event_shown(event, caller.sight()))
            .collect(),
        page: walk.position(),
        published_seq,
    }))
}

/// A page of a timeline.
#[derive(Serialize, ToSchema)]
struct TimelinePage {
    /// The events, in the order that was asked for.
    data: Vec<PublicEvent>,
    /// Where the next page begins.
    page: TimelinePosition,
    /// Everything of the merchant up to this `seq` was published to NATS. Null if this installation publishes nothing.
    #[schema(required = true, example = 41)]
    published_seq: Option<u64>,
}
