//! Days on which people work, and what they are told of.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

/// `GET /v1/calendar`
#[derive(Debug, Clone, Deserialize)]
pub struct Calendar {
    /// How many business days there are.
    pub business_days: u32,
    /// From when on public holidays are known.
    pub known_from: NaiveDate,
    /// Until when they are known.
    pub known_until: NaiveDate,
    /// Until when the gazette has named them.
    pub named_until: NaiveDate,
    /// The days.
    pub data: Vec<CalendarDay>,
}

/// One day.
#[derive(Debug, Clone, Deserialize)]
pub struct CalendarDay {
    /// The date.
    pub date: NaiveDate,
    /// Whether one works on it.
    pub business_day: bool,
    /// `table` or `tenant`.
    pub source: String,
    /// The public holiday that it is.
    pub holiday: Option<Holiday>,
    /// What the tenant calls it.
    pub own_name: Option<String>,
}

/// A public holiday.
#[derive(Debug, Clone, Deserialize)]
pub struct Holiday {
    /// Its name.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// The gazette has not named it yet.
    pub expected: bool,
}

/// Where alerts are carried.
#[derive(Debug, Clone, Deserialize)]
pub struct Destination {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// `mail`, `slack`, `chat` or `webhook`.
    pub kind: String,
    /// Where it leads, as far as it is shown.
    pub address: Option<String>,
    /// The rules whose alerts are carried; all if there is none.
    pub rules: Vec<String>,
    /// How bad they must be.
    pub least_severity: String,
    /// `enabled` or `disabled`.
    pub state: String,
    /// Why it is disabled.
    pub disabled_reason: Option<String>,
    /// Until when two secrets sign.
    pub old_secret_works_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Counts up with each change.
    pub version: u64,
}

/// One with its secret.
#[derive(Debug, Clone, Deserialize)]
pub struct NewDestination {
    /// The destination.
    #[serde(flatten)]
    pub destination: Destination,
    /// With what its messages are signed; none if they are not.
    pub secret: Option<String>,
}

/// A message to a destination.
#[derive(Debug, Clone, Deserialize)]
pub struct Delivery {
    /// Its id.
    pub id: String,
    /// `event`, `digest` or `test`.
    pub matter: String,
    /// Of an event: its position.
    pub event_seq: Option<u64>,
    /// Of a digest.
    pub digest: Option<DeliveredDigest>,
    /// `open`, `waiting`, `delivered`, `failed` or `dropped`.
    pub state: String,
    /// When it came to be.
    pub created_at: DateTime<Utc>,
    /// When it is tried next.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub attempts: u64,
    /// What the receiver answered.
    pub answer_status: Option<u16>,
    /// What went wrong.
    pub failure: Option<String>,
    /// What the answer began with.
    pub answer_body: Option<String>,
}

/// How many alerts a digest tells of.
#[derive(Debug, Clone, Deserialize)]
pub struct DeliveredDigest {
    /// The rule.
    pub rule: String,
    /// Soon late.
    pub warn: u64,
    /// Late.
    pub late: u64,
    /// Very late.
    pub critical: u64,
    /// Right again.
    pub recovered: u64,
}

/// `GET /v1/stats/alerts`
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AlertCounts {
    /// By how they stand.
    pub by_state: BTreeMap<String, u64>,
}

/// Something that somebody was told of.
#[derive(Debug, Clone, Deserialize)]
pub struct Alert {
    /// Its id.
    pub id: String,
    /// The rule that raised it.
    pub rule: String,
    /// How bad it is.
    pub severity: String,
    /// How it stands.
    pub state: String,
    /// When it became due.
    pub due_at: DateTime<Utc>,
    /// Until when it sleeps.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub version: u64,
    /// The shop that it is about.
    pub merchant: Option<AlertedMerchant>,
}

/// A shop that waits too long.
#[derive(Debug, Clone, Deserialize)]
pub struct AlertedMerchant {
    /// Its id.
    pub id: String,
    /// 파트너 사용자 코드.
    pub member_code: String,
    /// 파트너 매장 코드.
    pub merchant_code: String,
    /// 사업장명.
    pub company_name: Option<String>,
    /// 지점명.
    pub branch_name: Option<String>,
    /// For how many business days it has stood where it stands.
    pub business_days: i64,
}

/// Of what somebody wants to be told.
#[derive(Debug, Clone, Deserialize)]
pub struct AlertRule {
    /// Of what.
    pub rule: String,
    /// After how many business days a shop is soon late.
    pub warn: Option<u16>,
    /// After how many it is late.
    pub late: Option<u16>,
    /// After how many it is very late.
    pub critical: Option<u16>,
    /// Of how many percent of others a wait is longer that is unusual.
    pub unusual: Option<u8>,
    /// How bad it is.
    pub severity: Option<String>,
    /// How much may pass.
    pub more_than: Option<u32>,
    /// Counts its changes.
    pub version: u64,
}
