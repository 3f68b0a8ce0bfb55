//! `GET /v1/callbacks/{event_id}/payload`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use registry_domain::EventId;
use registry_domain::merchant::{Event as MerchantEvent, RawPayload};
use registry_domain::tenant::{Access as Accessed, Command, Event as TenantEvent, Scope};
use registry_journal::StreamEvent;
use registry_web::RequestContext;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::recorded;
use crate::caller::Caller;
use crate::commands::run_of_tenant;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// A body names persons and holds their business number.
const SCOPES: &[Scope] = &[Scope::PayloadsRead, Scope::PersonalRead];

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[
            Code::CallbackNotFound,
            Code::PayloadErased,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(get_callback_payload))
}

/// Read the body of a callback
///
/// The bytes as Paymint sent them. Where an apiKey, a signature or a card number stood in them, it was struck out before
/// anything was stored, and the rest is kept as UTF-8. Every reading is written down as `payload.opened` in your audit log.
#[utoipa::path(
    get,
    path = "/v1/callbacks/{event_id}/payload",
    tag = "Callbacks",
    params(("event_id" = String, Path, description = "The id of the event that recorded the callback", example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The body", body = PayloadDocument))
)]
async fn get_callback_payload(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(event_id): Path<String>,
) -> Result<Json<PayloadDocument>, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let recorded = recorded(&state, &caller, &event_id).await?;
    let event_id = recorded.event_id;
    let (payload, received_at) = payload_of(&recorded.event).ok_or(Code::CallbackNotFound)?;
    if recorded.erased {
        return Err(Code::PayloadErased.into());
    }
    // First the fact, then the body.
    let access = Accessed::PayloadOpened {
        event_id,
        merchant_id: recorded.stream.merchant_id(),
    };
    run_of_tenant(&state, &caller, &context, Command::RecordAccess(access)).await?;
    Ok(Json(PayloadDocument::new(event_id, received_at, payload)))
}

fn payload_of(event: &StreamEvent) -> Option<(&RawPayload, DateTime<Utc>)> {
    match event {
        StreamEvent::Merchant(MerchantEvent::CallbackReceived {
            payload, received_at, ..
        })
        | StreamEvent::Tenant(
            TenantEvent::UnclaimedMerchantSeen {
                payload, received_at, ..
            }
            | TenantEvent::CallbackQuarantined {
                payload, received_at, ..
            },
        ) => Some((payload, *received_at)),
        StreamEvent::Merchant(_) | StreamEvent::Tenant(_) => None,
    }
}

/// The body of a callback.
#[derive(Serialize, ToSchema)]
#[schema(as = CallbackPayload)]
struct PayloadDocument {
    /// Always `callback_payload`.
    #[schema(example = "callback_payload")]
    object: &'static str,
    /// The event that recorded the callback.
    #[schema(example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    event_id: String,
    /// When its last byte arrived.
    received_at: DateTime<Utc>,
    /// How many bytes it has.
    #[schema(example = 16)]
    size: usize,
    /// SHA-256 of the bytes, in hexadecimal digits.
    #[schema(example = "0d6b4a0bfbf4ed1bd1b9bd97a9e2aa1ef0a2d7f2b1c0a7d8b7a3a1a6e0d3d0aa")]
    sha256: String,
    /// The bytes as text; null if they are not UTF-8.
    #[schema(required = true, example = "{\"merchantId\":…}")]
    text: Option<String>,
    /// The bytes in base64.
    #[schema(example = "eyJtZXJjaGFudElkIjoi4oCmIn0=")]
    base64: String,
}

impl PayloadDocument {
    fn new(event_id: EventId, received_at: DateTime<Utc>, RawPayload(bytes): &RawPayload) -> Self {
        Self {
            object: "callback_payload",
            event_id: event_id.to_string(),
            received_at,
            size: bytes.len(),
            sha256: hex::encode(Sha256::digest(bytes)),
            text: std::str::from_utf8(bytes).ok().map(str::to_owned),
            base64: STANDARD.encode(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::merchant::QuarantineReason;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn bytes_are_shown_exactly() {
        let event_id = EventId::from_uuid(Uuid::from_u128(1));
        let shown = PayloadDocument::new(event_id, DateTime::UNIX_EPOCH, &RawPayload(b"\xFF\0".to_vec()));
        assert_eq!((shown.size, shown.text, shown.base64.as_str()), (2, None, "/wA="));
        let shown = PayloadDocument::new(event_id, DateTime::UNIX_EPOCH, &RawPayload(b"abc".to_vec()));
        assert_eq!(shown.text.as_deref(), Some("abc"));
        assert_eq!(
            shown.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn only_callbacks_have_a_payload() {
        let quarantined = TenantEvent::CallbackQuarantined {
            reason: QuarantineReason::Unparseable,
            received_at: DateTime::UNIX_EPOCH,
            payload: RawPayload(vec![1]),
            sender_listed: None,
            decoded_with_loss: false,
        };
        assert!(payload_of(&StreamEvent::Tenant(quarantined)).is_some());
        assert!(payload_of(&StreamEvent::Tenant(TenantEvent::TenantSuspended)).is_none());
        assert!(payload_of(&StreamEvent::Merchant(MerchantEvent::MerchantArchived)).is_none());
    }
}
