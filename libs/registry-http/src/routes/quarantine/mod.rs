//! Callbacks that could not be used: look at them, drive them again, say whose they are, give them up.

pub mod count;
pub mod get;
pub mod list;
pub mod redrive;
pub mod redrive_many;
pub(crate) mod report;
pub mod resolve;

use chrono::{DateTime, Utc};
use registry_domain::EventId;
use registry_journal::port::QuarantineRow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// A callback that is or was in quarantine. Its body is at `/v1/callbacks/{event_id}/payload`.
#[derive(Serialize, ToSchema)]
#[schema(as = QuarantinedCallback)]
struct QuarantinedDocument {
    /// Always `quarantined_callback`.
    #[schema(example = "quarantined_callback")]
    object: &'static str,
    /// The event that recorded it.
    #[schema(example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    event_id: String,
    /// Position of that event in your log.
    #[schema(example = 41)]
    seq: u64,
    /// The merchant through whose URL it came; null if it belongs to none.
    #[schema(required = true)]
    merchant_id: Option<String>,
    /// The pair of codes that it names, if nobody had registered that.
    #[schema(required = true)]
    unclaimed: Option<PairDocument>,
    /// Why it could not be used: `unparseable`, `unknown_shape`, `wrong_type`, `codes_mismatch`, `codes_disguised`
    /// (they look like those of the merchant, but hold something hidden or letters of another script), `link_revoked`, `unknown_link`,
    /// `unknown_merchant`, `no_such_merchant`, `sender_not_allowed`, `too_large`. Others may appear.
    #[schema(example = "codes_mismatch")]
    reason: &'static str,
    /// When its last byte arrived.
    received_at: DateTime<Utc>,
    /// `open`, `redriven` or `discarded`. Others may appear.
    #[schema(example = "open")]
    state: &'static str,
    /// The event that settled it.
    #[schema(required = true)]
    settled_by: Option<String>,
}

/// A pair of codes.
#[derive(Serialize, ToSchema)]
#[schema(as = Pair)]
struct PairDocument {
    /// 파트너 사용자 코드.
    #[schema(example = "acad-12")]
    member_code: String,
    /// 파트너 매장 코드.
    #[schema(example = "store-3")]
    merchant_code: String,
}

impl QuarantinedDocument {
    fn new(row: &QuarantineRow) -> Self {
        Self {
            object: "quarantined_callback",
            event_id: row.event_id.to_string(),
            seq: row.seq.0,
            merchant_id: row.stream.merchant_id().map(|id| id.to_string()),
            unclaimed: row.reference.as_ref().map(|reference| PairDocument {
                member_code: reference.member_code.as_str().to_owned(),
                merchant_code: reference.merchant_code.as_str().to_owned(),
            }),
            reason: row.reason.as_str(),
            received_at: row.received_at,
            state: row.state.as_str(),
            settled_by: row.settled_by.map(|id| id.to_string()),
        }
    }
}

/// The callback that a path names. What does not read as an id is nobody's.
async fn find(state: &AppState, caller: &Caller, text: &str) -> Result<QuarantineRow, Problem> {
    let event_id: EventId = text.parse().map_err(|_| Problem::from(Code::NotQuarantined))?;
    let row = state.archive.reader().quarantined(caller.tenant_id(), event_id).await?;
    row.ok_or_else(|| Code::NotQuarantined.into())
}
