//! The open data of each type. Words, not numbers, for every enum: the log is read by people too.

use std::ops::Not;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The names of what may be taken away.
pub(super) const COMPANY_NAME: &str = "company_name";
pub(super) const BRANCH_NAME: &str = "branch_name";
pub(super) const BUSINESS_NUMBER: &str = "business_number";

#[derive(Serialize, Deserialize)]
pub(super) struct Nothing {}

#[derive(Serialize, Deserialize)]
pub(super) struct Registered {
    pub(super) member_code: String,
    pub(super) merchant_code: String,
    pub(super) merchant_code_shared: bool,
    pub(super) business_number_shared: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DetailsChanged {
    /// The names of the fields that were taken away: what they are is sealed, that they are is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) cleared: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfLink {
    pub(super) link_id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LinkContinued {
    pub(super) link_id: Uuid,
    pub(super) reused: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LinkFailed {
    pub(super) link_id: Uuid,
    pub(super) outcome: String,
    pub(super) upstream_code: Option<String>,
    pub(super) retryable: bool,
    pub(super) who_fixes: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) http_status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CallbackReceived {
    pub(super) link_id: Option<Uuid>,
    pub(super) received_at: DateTime<Utc>,
    pub(super) kind: String,
    pub(super) verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sender_listed: Option<bool>,
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(super) decoded_with_loss: bool,
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(super) by_bills_url: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) redrive_of: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) redrive_seq: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CallbackDiscarded {
    pub(super) event_id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StatusObserved {
    pub(super) source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asked_seq: Option<u64>,
    pub(super) asked_at: DateTime<Utc>,
    pub(super) read_at: DateTime<Utc>,
    /// Upstream does not know the merchant.
    pub(super) missing: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mapping_status: Option<String>,
    pub(super) verification: String,
    pub(super) healed: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ReviewChanged {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) code: String,
    pub(super) source: String,
    pub(super) verification: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfSource {
    pub(super) source: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfDoubt {
    pub(super) doubt: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfResolution {
    pub(super) resolution: String,
    /// Versions of this stream.
    pub(super) claims: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) applied: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ApprovalReceived {
    pub(super) link_id: Option<Uuid>,
    pub(super) received_at: DateTime<Utc>,
    pub(super) api_key: String,
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(super) decoded_with_loss: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) redrive_of: Option<Uuid>,
}
