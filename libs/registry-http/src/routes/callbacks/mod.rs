//! What Paymint sends.

pub mod door;
pub mod get;
pub mod payload;
mod reading;
pub mod redrive;

use registry_domain::EventId;
use registry_domain::merchant::Event as MerchantEvent;
use registry_domain::tenant::Event as TenantEvent;
use registry_journal::{RecordedEvent, StreamEvent};

use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// The event that recorded a callback of the caller's tenant.
async fn recorded(state: &AppState, caller: &Caller, event_id: &str) -> Result<RecordedEvent, Problem> {
    let event_id: EventId = event_id.parse().map_err(|_| Code::CallbackNotFound)?;
    let found = state.archive.first_event(caller.tenant_id(), event_id).await?;
    let callback = found.filter(|recorded| is_callback(&recorded.event));
    callback.ok_or_else(|| Code::CallbackNotFound.into())
}

fn is_callback(event: &StreamEvent) -> bool {
    matches!(
        event,
        StreamEvent::Merchant(MerchantEvent::CallbackReceived { .. } | MerchantEvent::PaymentApprovalReceived { .. })
            | StreamEvent::Tenant(TenantEvent::UnclaimedMerchantSeen { .. } | TenantEvent::CallbackQuarantined { .. })
    )
}
