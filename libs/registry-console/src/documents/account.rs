//! Who one is, how well things go, and the settings.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// `GET /v1/me`
#[derive(Debug, Clone, Deserialize)]
pub struct Me {
    /// The tenant.
    pub tenant: Tenant,
    /// How well Paymint's word arrives.
    pub health: Health,
}

/// A tenant.
#[derive(Debug, Clone, Deserialize)]
pub struct Tenant {
    /// Whether Paymint can be called for it.
    pub upstream_configured: bool,
}

/// How well Paymint's word about a tenant's merchants arrives.
#[derive(Debug, Clone, Deserialize)]
pub struct Health {
    /// Whether Paymint can be asked about single merchants.
    pub can_verify: bool,
    /// When the last callback came.
    pub last_callback_at: Option<DateTime<Utc>>,
    /// Since when callbacks are missing.
    pub callbacks_missing_since: Option<DateTime<Utc>>,
    /// Latest changes that callbacks brought.
    pub changes_by_callback: u64,
    /// Those that were found by asking only.
    pub changes_by_asking: u64,
    /// The share of those.
    pub share_found_by_asking: Option<f64>,
    /// Paymint refuses the tenant itself.
    pub upstream_paused: Option<Pause>,
    /// The balance is low.
    pub balance_low: Option<IgnoredAny>,
    /// Callbacks in quarantine.
    pub open_quarantine: u64,
    /// Pairs of codes that nobody registered.
    pub unclaimed_merchants: u64,
    /// Merchants with a doubtful claim.
    pub held: u64,
}

/// Calls to Paymint are stopped.
#[derive(Debug, Clone, Deserialize)]
pub struct Pause {
    /// Paymint's code.
    pub code: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// `GET /v1/settings`
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// For how many seconds a doubtful claim is held.
    pub hold_seconds: u32,
    /// How Paymint is asked about single merchants.
    pub read_back: ReadBack,
    /// Below how many points the balance is low.
    pub low_balance_threshold: Option<i64>,
    /// After how many days callbacks are missed.
    pub callbacks_missing_days: u16,
    /// Where shops may be sent once they come back from Paymint.
    #[serde(default)]
    pub return_urls: Vec<String>,
}

/// How Paymint is asked about single merchants.
#[derive(Debug, Clone, Deserialize)]
pub struct ReadBack {
    /// Whether it is asked at all.
    pub enabled: bool,
    /// The path below the base URL.
    pub path: Option<String>,
    /// The field for the member code.
    pub member_field: Option<String>,
    /// The field for the merchant code.
    pub merchant_field: Option<String>,
}

/// `GET /readyz`
#[derive(Debug, Clone, Deserialize)]
pub struct Readiness {
    /// `ready`, `degraded` or `unavailable`.
    pub status: String,
    /// Storage.
    pub storage: StorageReadiness,
    /// The task that writes.
    pub writer: WriterReadiness,
    /// The relay; none without a broker.
    pub publishing: Option<PublishingReadiness>,
    /// Asking Paymint.
    pub asking: AskingReadiness,
}

/// Storage.
#[derive(Debug, Clone, Deserialize)]
pub struct StorageReadiness {
    /// Whether it answers.
    pub available: bool,
}

/// The task that writes.
#[derive(Debug, Clone, Deserialize)]
pub struct WriterReadiness {
    /// Whether what it takes can be written.
    pub works: bool,
    /// How many commands wait.
    pub queued: u64,
}

/// The relay.
#[derive(Debug, Clone, Deserialize)]
pub struct PublishingReadiness {
    /// Whether events reach the broker.
    pub works: bool,
    /// How many events wait.
    pub lag_events: u64,
}

/// Asking Paymint.
#[derive(Debug, Clone, Deserialize)]
pub struct AskingReadiness {
    /// Whether it works for all.
    pub works: bool,
    /// Merchants that wait to be asked about.
    pub due_merchants: u64,
}
