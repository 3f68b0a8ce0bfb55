//! Whether a shop may bill, what was approved, and how much is left.

use chrono::{DateTime, Utc};
use registry_documents::PublicEvent;
use serde::Deserialize;

/// `GET /v1/merchants/{id}/billing-eligibility`
#[derive(Debug, Clone, Deserialize)]
pub struct Eligibility {
    /// Whether it may.
    pub may_bill: bool,
    /// Why, or why not.
    pub reason: String,
    /// What that rests on.
    pub evidence: Evidence,
}

/// What an answer about billing rests on.
#[derive(Debug, Clone, Deserialize)]
pub struct Evidence {
    /// How far it can be trusted.
    pub verification: String,
    /// When Paymint last said anything about the shop.
    pub observed_at: Option<DateTime<Utc>>,
    /// When it was last asked.
    pub last_asked_at: Option<DateTime<Utc>>,
}

/// A balance, in points. One is worth one won.
#[derive(Debug, Clone, Deserialize)]
pub struct Balance {
    /// The points.
    pub points: i64,
    /// Whether it is below that.
    pub low: Option<bool>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
}

/// A URL for approval callbacks.
#[derive(Debug, Clone, Deserialize)]
pub struct CallbackUrl {
    /// The URL, which is a secret.
    pub url: String,
}

/// A page of approvals, the newest first.
#[derive(Debug, Clone, Deserialize)]
pub struct Approvals {
    /// The events.
    pub data: Vec<PublicEvent>,
    /// Where others begin.
    pub page: ApprovalsNext,
}

/// Where the next page of approvals begins.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ApprovalsNext {
    /// The version before which it ends.
    pub next_before_version: Option<u64>,
}
