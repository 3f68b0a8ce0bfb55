//! `GET /v1/merchants/{id}/callbacks`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::merchant::Event;
use registry_domain::tenant::Scope;
use registry_domain::{MerchantId, TenantId, Version};
use registry_journal::port::{PageSize, StreamQuery};
use registry_journal::{Archive, ArchiveError, RecordedEvent, StreamEvent, StreamId};
use registry_publish::{PublicEvent, public_event};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::events::TimelinePosition;
use super::parse_id;
use crate::caller::Caller;
use crate::commands::current;
use crate::openapi::{Access, Operation, Route};
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
        problems: &[Code::MerchantNotFound, Code::ValidationFailed],
    };
    operation.document(routes!(list_merchant_callbacks))
}

/// Read what came in for a merchant
///
/// The callbacks of one merchant with what the registry made of each, oldest first, and what became of those that were
/// held or quarantined. The bodies are at `/v1/callbacks/{event_id}/payload`, but for payment approvals, of which only
/// what is used is kept. A page may be shorter than asked for, even empty, before the last: go on as long as
/// `next_after_version` grows.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}/callbacks",
    tag = "Callbacks",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("after_version" = Option<u64>, Query, description = "Only what happened after this version", minimum = 0),
        ("limit" = Option<u32>, Query, description = "Most events on the page; 50 if left out", minimum = 1, maximum = 200),
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
    let after = query.position("after_version", 0).map_or(Version::ZERO, Version);
    let limit = query.limit();
    query.finish()?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    let (found, next) = search(&state.archive, caller.tenant_id(), merchant.id, after, limit).await?;
    Ok(Json(CallbackPage {
        data: found.iter().map(public_event).collect(),
        page: TimelinePosition {
            next_after_version: next.0,
        },
    }))
}

async fn search(
    archive: &Archive,
    tenant_id: TenantId,
    merchant_id: MerchantId,
    after: Version,
    limit: PageSize,
) -> Result<(Vec<RecordedEvent>, Version), ArchiveError> {
    let wanted = limit.get() as usize;
    let mut query = StreamQuery {
        stream: StreamId::Merchant(merchant_id),
        after,
        until_version: None,
        until_time: None,
        limit: PageSize::clamped(2 * limit.get()),
    };
    let mut found = Vec::new();
    for _ in 0..STRETCHES_MAX {
        let stretch = archive.stream(tenant_id, &query).await?;
        let is_full = stretch.len() == query.limit.get() as usize;
        for recorded in stretch {
            query.after = recorded.stamp.version;
            if is_about_callbacks(&recorded.event) {
                found.push(recorded);
            }
            if found.len() == wanted {
                return Ok((found, query.after));
            }
        }
        if !is_full {
            break;
        }
    }
    Ok((found, query.after))
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
    /// The events, oldest first.
    data: Vec<PublicEvent>,
    /// Where the next page begins.
    page: TimelinePosition,
}
