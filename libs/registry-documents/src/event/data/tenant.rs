//! What the events of a tenant's own stream tell.

use std::collections::BTreeMap;
use std::ops::Not;

use chrono::{DateTime, NaiveDate, Utc};
use registry_domain::calendar::Calendar;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The tenant came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TenantCreatedData)]
pub struct TenantCreated {
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// An API key was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeyIssuedData)]
pub struct ApiKeyIssued {
    /// The key's id.
    pub key_id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// From which networks it may be used; from anywhere if there is none.
    pub networks: Vec<String>,
    /// From when on it no longer works by itself.
    #[schema(required = true)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Another API key has taken the place of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeyRotatedData)]
pub struct ApiKeyRotated {
    /// The id of the key that is replaced.
    pub key_id: String,
    /// Until when it works beside the new one.
    pub works_until: DateTime<Utc>,
    /// The id of the new key. It has the old one's name, scopes and networks.
    pub successor_id: String,
    /// From when on the new one no longer works by itself.
    #[schema(required = true)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// An API key was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeyRevokedData)]
pub struct ApiKeyRevoked {
    /// The key's id.
    pub key_id: String,
}

/// A person belongs to the tenant, or may do something else from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MembershipData)]
pub struct Membership {
    /// The person's id.
    #[schema(example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub person_id: String,
    /// `viewer`, `operator`, `manager`, `auditor`.
    #[schema(example = "operator")]
    pub role: String,
    /// What the person may do beside the role: `exports:create`, `personal:read`. Absent for nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<String>,
    /// What of the role the person may not do. Absent for nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// True if the person's groups at the OpenID provider say so. Absent otherwise.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub by_groups: bool,
}

/// A person no longer belongs to the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MemberRemovedData)]
pub struct MemberRemoved {
    /// The person's id.
    #[schema(example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub person_id: String,
}

/// A callback came for a pair of codes that was never registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UnclaimedMerchantSeenData)]
pub struct UnclaimedMerchantSeen {
    /// 파트너 사용자 코드.
    pub member_code: String,
    /// 파트너 매장 코드.
    pub merchant_code: String,
    /// When its last byte arrived.
    pub received_at: DateTime<Utc>,
    /// Whether it came from one of Paymint's addresses; null if that was not checked.
    #[schema(required = true)]
    pub sender_listed: Option<bool>,
    /// True if some of its body could not be read, so that U+FFFD stands in texts of it. Absent otherwise.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub decoded_with_loss: bool,
}

/// A callback came through the tenant-level URL and could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CallbackQuarantinedData)]
pub struct CallbackQuarantined {
    /// Why.
    pub reason: String,
    /// When its last byte arrived.
    pub received_at: DateTime<Utc>,
    /// Whether it came from one of Paymint's addresses; null if that was not checked.
    #[schema(required = true)]
    pub sender_listed: Option<bool>,
    /// True if some of its body could not be read, so that U+FFFD stands in texts of it. Absent otherwise.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub decoded_with_loss: bool,
}

/// A pair in Paymint's list was never registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UnclaimedMerchantListedData)]
pub struct UnclaimedMerchantListed {
    /// 파트너 사용자 코드.
    pub member_code: String,
    /// 파트너 매장 코드.
    pub merchant_code: String,
    /// 하위 사업장 상태 in the list.
    #[schema(required = true, example = "COMPLETED")]
    pub mapping_status: Option<String>,
    /// When the list arrived.
    pub read_at: DateTime<Utc>,
}

/// A pair that nobody had claimed was made a merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UnclaimedMerchantAdoptedData)]
pub struct UnclaimedMerchantAdopted {
    /// 파트너 사용자 코드.
    pub member_code: String,
    /// 파트너 매장 코드.
    pub merchant_code: String,
    /// The merchant that it is now.
    pub adopted_as: String,
}

/// A pair that nobody had claimed was dismissed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UnclaimedMerchantDismissedData)]
pub struct UnclaimedMerchantDismissed {
    /// 파트너 사용자 코드.
    pub member_code: String,
    /// 파트너 매장 코드.
    pub merchant_code: String,
    /// Why, in the words of whoever did it.
    pub reason: String,
}

/// The settings changed. These are all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TenantSettingsChangedData)]
pub struct TenantSettingsChanged {
    /// For how many seconds a doubtful claim is held for Paymint's word.
    #[schema(example = 900)]
    pub hold_seconds: u32,
    /// Whether Paymint is asked about single shops. Without it nothing can be verified.
    pub read_back_enabled: bool,
    /// Below how many points the balance is low; null for no warning.
    #[schema(required = true, example = 5500)]
    pub low_balance_threshold: Option<i64>,
    /// After how many days without any callback, while links are issued, callbacks are missed.
    #[schema(example = 7)]
    pub callbacks_missing_days: u16,
    /// Days that work, or do not, whatever Korea's calendar says, by their dates. Absent for none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false, example = json!({"2026-12-24": {"business_day": false, "name": "창립기념일"}}))]
    pub own_days: BTreeMap<NaiveDate, OwnDay>,
    /// Pages of yours to which shops may be sent once they come back from Paymint. Absent for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["https://partner.example/done"]))]
    pub return_urls: Vec<String>,
}

/// What a tenant says of a day, whatever Korea's calendar says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnDay {
    /// Whether it works on it.
    #[schema(example = false)]
    pub business_day: bool,
    /// What the day is called; null for a day that works and has no name.
    #[schema(required = true, example = "창립기념일")]
    pub name: Option<String>,
}

impl OwnDay {
    /// The days of a calendar.
    pub fn all(calendar: &Calendar) -> BTreeMap<NaiveDate, Self> {
        let days = calendar.own_days().map(|(date, own)| {
            let name = own.name().map(|name| name.as_str().to_owned());
            let business_day = own.is_business();
            (date, Self { business_day, name })
        });
        days.collect()
    }
}

/// Calls to Paymint stopped: it refuses the partner itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UpstreamPausedData)]
pub struct UpstreamPaused {
    /// Paymint's code.
    #[schema(example = "PARTNER_006")]
    pub code: String,
}

/// The balance fell below the threshold, or is above it again. In points; one is worth one won.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BalanceData)]
pub struct Balance {
    /// The threshold.
    #[schema(example = 5500)]
    pub threshold: i64,
    /// The balance that was read.
    #[schema(example = 5445)]
    pub seen: i64,
}

/// Links were issued, and no callback has come for any shop since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CallbacksMissingData)]
pub struct CallbacksMissing {
    /// When the oldest of these links was issued.
    pub since: DateTime<Utc>,
    /// How many they are.
    #[schema(example = 3)]
    pub links: u64,
    /// For how many days that counts as normal.
    #[schema(example = 7)]
    pub after_days: u16,
}

/// Somebody had the business number of a shop shown in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PersonalRevealedData)]
pub struct PersonalRevealed {
    /// The shop.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub merchant_id: String,
}

/// Somebody read the body of a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PayloadOpenedData)]
pub struct PayloadOpened {
    /// The event that recorded the callback.
    #[schema(example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub event_id: String,
    /// The shop that it was for; null for one of nobody's.
    #[schema(required = true, example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub merchant_id: Option<String>,
}

/// Somebody had a file made of a list of merchants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MerchantsExportedData)]
pub struct MerchantsExported {
    /// What kind of file: `csv`, `csv_cp949` or `xlsx`. Others may appear.
    #[schema(example = "csv")]
    pub format: String,
    /// How many merchants the list had then.
    #[schema(example = 1234)]
    pub rows: u64,
    /// By what it was filtered, without the values.
    #[schema(example = json!(["stage", "q"]))]
    pub filters: Vec<String>,
    /// Whether business numbers stand in it whole.
    #[schema(example = true)]
    pub with_numbers: bool,
    /// The file.
    #[schema(example = "exp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub export_id: String,
    /// Why.
    #[schema(required = true, example = "월말 정산 확인")]
    pub reason: Option<String>,
}

/// Somebody took a file that was made of a list of merchants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ExportTakenData)]
pub struct ExportTaken {
    /// The file.
    #[schema(example = "exp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub export_id: String,
    /// From which byte on. What is taken in parts is told of for each.
    #[schema(example = 0)]
    pub from: u64,
}

/// Somebody lacked a right. The first try is told at once; those that follow within the hour are told together at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AccessRefusedData)]
pub struct AccessRefused {
    /// What was asked for.
    #[schema(example = "GET /v1/audit")]
    pub operation: String,
    /// The scope that is needed for it.
    #[schema(example = "audit:read")]
    pub required_scope: String,
    /// How often.
    #[schema(example = 1)]
    pub count: u64,
}

/// A person signed out, or was signed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SessionClosedData)]
pub struct SessionClosed {
    /// Who; null where it was the actor.
    #[schema(required = true, example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub person_id: Option<String>,
}

/// Somebody did not get in as a person of the tenant's. Of each person the first time is told at once, and what follows
/// within the hour is told together at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SessionRefusedData)]
pub struct SessionRefused {
    /// How often.
    #[schema(example = 1)]
    pub count: u64,
}
