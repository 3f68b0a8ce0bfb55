//! Callbacks that could not be used, and what can be made of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// A callback in quarantine.
#[derive(Debug, Clone, Deserialize)]
pub struct Quarantined {
    /// The event that recorded it.
    pub event_id: String,
    /// The merchant through whose URL it came.
    pub merchant_id: Option<String>,
    /// The codes of which it speaks, if nobody registered them.
    pub unclaimed: Option<Pair>,
    /// Why it could not be used.
    pub reason: String,
    /// When its last byte arrived.
    pub received_at: DateTime<Utc>,
    /// `open`, `redriven` or `discarded`.
    pub state: String,
}

/// The codes of a shop.
#[derive(Debug, Clone, Deserialize)]
pub struct Pair {
    /// The member's.
    pub member_code: String,
    /// The shop's.
    pub merchant_code: String,
}

/// What a callback comes to when it is driven again.
#[derive(Debug, Clone, Deserialize)]
pub struct Redrive {
    /// The event that recorded it.
    pub event_id: String,
    /// What came of it.
    pub outcome: String,
    /// Why it is quarantined, if it still is.
    pub reason: Option<String>,
    /// The merchant that it is for.
    pub merchant_id: Option<String>,
    /// The merchant's stage after it.
    pub stage: Option<String>,
}

/// What many come to.
#[derive(Debug, Clone, Deserialize)]
pub struct RedriveReport {
    /// Nothing was written.
    pub dry_run: bool,
    /// How many were looked at.
    pub tried: u64,
    /// How many came to what.
    pub outcomes: BTreeMap<String, u64>,
    /// Some of them.
    pub sample: Vec<Redrive>,
}

/// A callback whose case was closed.
#[derive(Debug, Clone, Deserialize)]
pub struct Resolved {
    /// What binding it came to.
    pub redrive: Option<Redrive>,
}

/// The bytes of a callback.
#[derive(Debug, Clone, Deserialize)]
pub struct Payload {
    /// When its last byte arrived.
    pub received_at: DateTime<Utc>,
    /// How many bytes it has.
    pub size: u64,
    /// Their fingerprint.
    pub sha256: String,
    /// The bytes as text.
    pub text: Option<String>,
    /// The bytes in base64.
    pub base64: String,
}

/// Codes of which Paymint spoke although nobody registered them.
#[derive(Debug, Clone, Deserialize)]
pub struct Unclaimed {
    /// Its id.
    pub id: String,
    /// The member's code.
    pub member_code: String,
    /// The shop's code.
    pub merchant_code: String,
    /// When Paymint first spoke of it.
    pub first_seen_at: DateTime<Utc>,
    /// When it last did.
    pub last_seen_at: DateTime<Utc>,
    /// How many callbacks named it.
    pub callbacks: u64,
    /// The word of that list.
    pub mapping_status: Option<String>,
}
