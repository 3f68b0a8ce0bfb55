//! `GET /v1/merchants/{id}/callbacks`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_documents::{PublicEvent, event_shown};
use registry_domain::TenantId;
use registry_domain::merchant::Event;
use registry_domain::merchant::Merchant;
use registry_domain::tenant::Scope;
use registry_journal::port::PageSize;
use registry_journal::{Archive, ArchiveError, RecordedEvent, StreamEvent};
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

/// Most stretches of the timeline that are looked through for one page.
const STRETCHES_MAX: usize = 5;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::MerchantNotFound, Code::PositionBeyondLog, Code::ValidationFailed],
    };
    operation.document(routes!(list_merchant_callbacks))
}

/// Read what came in for a merchant
///
/// The callbacks of one merchant with what the registry made of each, the oldest or the newest first, and what became of
/// those that were held or quarantined. The bodies are at `/v1/callbacks/{event_id}/payload`, but for payment approvals,
/// of which only what is used is kept. A page may be shorter than asked for, even empty, before the last: go on as long
/// as `next_after_version` grows, or until `next_before_version` is null.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}/callbacks",
    tag = "Callbacks",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("sort" = Option<String>, Query, description = timeline::SORT, example = "-version"),
        ("after_version" = Option<u64>, Query, description = timeline::AFTER, minimum = 0),
        ("before_version" = Option<u64>, Query, description = timeline::BEFORE, minimum = 1),
        ("limit" = Option<u32>, Query, description = "Most events on the page; 50 if left out", minimum = 1, maximum = 500),
    ),
    responses((status = 200, description = "A page of callbacks", body = CallbackPage))
)]
async fn list_merchant_callbacks(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
    mut query: Parameters,
) -> Result<Json<CallbackPage>, Problem> {
    caller.require(SCOPE)?;
    let walk = Walk::read(&mut query);
    let limit = query.limit();
    query.finish()?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    walk.require_reached(&merchant)?;
    let (found, walk) = search(&state.archive, caller.tenant_id(), &merchant, walk, limit).await?;
    Ok(Json(CallbackPage {
        data: found.iter().map(|event| event_shown(event, caller.sight())).collect(),
        page: walk.position(),
    }))
}

/// The callbacks ahead, and how far the walk has come.
async fn search(
    archive: &Archive,
    tenant: TenantId,
    merchant: &Merchant,
    mut walk: Walk,
    limit: PageSize,
) -> Result<(Vec<RecordedEvent>, Walk), ArchiveError> {
    let stretch = PageSize::clamped(2 * limit.get());
    let mut found = Vec::new();
    for _ in 0..STRETCHES_MAX {
        let (events, is_end) = walk.ahead(archive, tenant, merchant, stretch).await?;
        for recorded in events {
            walk = walk.past(&recorded);
            if is_about_callbacks(&recorded.event) {
                found.push(recorded);
            }
            if found.len() == limit.get() as usize {
                return Ok((found, walk));
            }
        }
        if is_end {
            break;
        }
    }
    Ok((found, walk))
}

fn is_about_callbacks(event: &StreamEvent) -> bool {
    matches!(
        event,
        StreamEvent::Merchant(
            Event::CallbackReceived { .. }
                | Event::PaymentApprovalReceived { .. }
                | Event::CallbackDiscarded { .. }
                | Event::ConfirmationRequested { .. }
                | Event::ConfirmationResolved { .. }
        )
    )
}

/// A page of a merchant's callbacks.
#[derive(Serialize, ToSchema)]
struct CallbackPage {
    /// The events, in the order that was asked for.
    data: Vec<PublicEvent>,
    /// Where the next page begins.
    page: TimelinePosition,
}
