//! The open data of each type.

use std::ops::Not;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::stored::scopes::{StoredRights, StoredScopes};
use crate::stored::settings::StoredSettings;

#[derive(Serialize, Deserialize)]
pub(super) struct Created {
    pub(super) slug: String,
    pub(super) name: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct UpstreamConfigured {
    pub(super) base_url: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Nothing {}

#[derive(Serialize, Deserialize)]
pub(super) struct KeyIssued {
    pub(super) key_id: Uuid,
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) rights: StoredScopes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) networks: Vec<IpNet>,
    pub(super) secret_hash: String,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct KeyRotated {
    pub(super) key_id: Uuid,
    pub(super) works_until: DateTime<Utc>,
    pub(super) successor: Uuid,
    pub(super) secret_hash: String,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfKey {
    pub(super) key_id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfMember {
    pub(super) person_id: Uuid,
    #[serde(flatten)]
    pub(super) rights: StoredRights,
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(super) by_groups: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfPerson {
    pub(super) person_id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub(super) struct UnclaimedSeen {
    pub(super) member_code: String,
    pub(super) merchant_code: String,
    pub(super) received_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sender_listed: Option<bool>,
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(super) decoded_with_loss: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Quarantined {
    pub(super) reason: String,
    pub(super) received_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sender_listed: Option<bool>,
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(super) decoded_with_loss: bool,
}

/// A pair in upstream's list.
#[derive(Serialize, Deserialize)]
pub(super) struct UnclaimedListed {
    pub(super) member_code: String,
    pub(super) merchant_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mapping_status: Option<String>,
    pub(super) read_at: DateTime<Utc>,
}

/// What became of a pair.
#[derive(Serialize, Deserialize)]
pub(super) struct UnclaimedSettled {
    pub(super) member_code: String,
    pub(super) merchant_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) merchant_id: Option<Uuid>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfEvent {
    pub(super) event_id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SettingsChanged {
    pub(super) settings: StoredSettings,
}

#[derive(Serialize, Deserialize)]
pub(super) struct OfCode {
    pub(super) code: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct NumberRevealed {
    pub(super) merchant_id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PayloadOpened {
    pub(super) event_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) merchant_id: Option<Uuid>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct MerchantsExported {
    pub(super) format: String,
    pub(super) rows: u64,
    pub(super) filters: Vec<String>,
    pub(super) with_numbers: bool,
    pub(super) export_id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ExportTaken {
    pub(super) export_id: Uuid,
    pub(super) from: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AccessRefused {
    pub(super) operation: String,
    pub(super) scope: String,
    pub(super) count: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SignInRefused {
    pub(super) count: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SignedOut {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) person_id: Option<Uuid>,
}

/// Points.
#[derive(Serialize, Deserialize)]
pub(super) struct OfBalance {
    pub(super) threshold: i64,
    pub(super) seen: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CallbacksMissing {
    pub(super) since: DateTime<Utc>,
    pub(super) links: u64,
    pub(super) after_days: u16,
}
