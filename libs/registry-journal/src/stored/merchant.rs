//! The stored shapes of a merchant's events.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{
    Doubt, Event, LinkFailure, LinkOutcome, QuarantineReason, Resolution, SecretText, Surroundings, Verdict,
};
use registry_domain::review::{ClaimSource, DeletionMark, Observation, ReviewCode, ReviewStatus, Verification};
use registry_domain::{BusinessNumber, FreeText, LinkId, MemberCode, MerchantCode, Reference, ReportedNumber};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::observation::{
    approval_key, approval_key_word, digest_from_hex, digest_to_hex, free_text, text,
};
use super::personal::{self, Personal, encode_payload};
use super::{Stored, StoredError, read, to_json};

#[derive(Serialize, Deserialize)]
struct Registered {
    member_code: String,
    merchant_code: String,
    #[serde(default)]
    merchant_code_shared: bool,
    #[serde(default)]
    business_number_shared: bool,
}

#[derive(Serialize, Deserialize)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
struct OfLink {
    link_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct LinkFailed {
    link_id: Uuid,
    outcome: StoredOutcome,
    upstream_code: Option<String>,
    retryable: bool,
    who_fixes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredOutcome {
    NotSent,
    Refused,
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct CallbackReceived {
    link_id: Option<Uuid>,
    received_at: DateTime<Utc>,
    verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender_listed: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct StatusObserved {
    source: StoredSource,
    read_at: DateTime<Utc>,
    healed: bool,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum StoredSource {
    Callback,
    ReadBack,
    Reconciliation,
    List,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredVerification {
    Verified,
    Unverified,
    Held,
    Conflicting,
}

#[derive(Serialize, Deserialize)]
struct ReviewChanged {
    from: String,
    to: String,
    code: String,
    source: StoredSource,
    verification: StoredVerification,
}

#[derive(Serialize, Deserialize)]
struct OfSource {
    source: StoredSource,
}

#[derive(Serialize, Deserialize)]
struct ConfirmationRequested {
    doubt: StoredDoubt,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredDoubt {
    LeavesOpened,
    Deletes,
    Redelivered,
}

#[derive(Serialize, Deserialize)]
struct ConfirmationResolved {
    resolution: StoredResolution,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredResolution {
    Confirmed,
    Refuted,
    Unanswered,
}

#[derive(Serialize, Deserialize)]
struct ApprovalReceived {
    link_id: Option<Uuid>,
    received_at: DateTime<Utc>,
    api_key: String,
}

fn stored(event_type: &'static str, data: String, personal: Option<Personal>) -> Stored {
    Stored { event_type, data, personal }
}
