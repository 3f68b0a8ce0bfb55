//! What each type of event tells. Raw payloads, URLs and secrets are in none of them; numbers are masked in all.

use std::collections::BTreeMap;
use std::ops::Not;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod alerts;
mod destinations;
mod groups;
mod jobs;
mod tenant;
mod views;

pub use alerts::{AlertAcknowledged, AlertRaised, AlertResolved, AlertRule, AlertRuleRemoved, AlertSnoozed};
pub use destinations::{EventDestination, EventDestinationDisabled, EventDestinationSecretRotated, OfEventDestination};
pub use groups::{RoleMappingChange, RoleMappingsReplaced};
pub use jobs::{JobConfirmed, JobFinished, OfJob};
pub use tenant::{
    AccessRefused, ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated, Balance, CallbackQuarantined, CallbacksMissing,
    ExportTaken, MemberRemoved, Membership, MerchantsExported, OwnDay, PayloadOpened, PersonalRevealed, SessionClosed,
    SessionRefused, TenantCreated, TenantSettingsChanged, UnclaimedMerchantAdopted, UnclaimedMerchantDismissed,
    UnclaimedMerchantListed, UnclaimedMerchantSeen, UpstreamPaused,
};
pub use views::OfView;

/// Nothing beside the fact itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NothingData)]
pub struct Nothing {}

/// A shop was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MerchantRegisteredData)]
pub struct MerchantRegistered {
    /// 파트너 사용자 코드.
    pub member_code: String,
    /// 파트너 매장 코드.
    pub merchant_code: String,
    /// 사업장명.
    #[schema(required = true)]
    pub company_name: Option<String>,
    /// 지점명.
    #[schema(required = true)]
    pub branch_name: Option<String>,
    /// 사업자등록번호, its last five digits hidden.
    #[schema(required = true, example = "117-81-*****")]
    pub business_number: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The tenant's own data.
    pub metadata: BTreeMap<String, String>,
}

/// What the tenant keeps about a shop changed. A null field stayed as it was, unless `cleared` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MerchantDetailsChangedData)]
pub struct MerchantDetailsChanged {
    /// 사업장명.
    #[schema(required = true)]
    pub company_name: Option<String>,
    /// 지점명.
    #[schema(required = true)]
    pub branch_name: Option<String>,
    /// 사업자등록번호, its last five digits hidden.
    #[schema(required = true, example = "117-81-*****")]
    pub business_number: Option<String>,
    /// All tags.
    #[schema(required = true)]
    pub tags: Option<Vec<String>>,
    /// All of the tenant's own data.
    #[schema(required = true)]
    pub metadata: Option<BTreeMap<String, String>>,
    /// The fields that were taken away: `company_name`, `branch_name`, `business_number`. Absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<String>,
}

/// A registration link was asked for, issued or revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LinkData)]
pub struct LinkFact {
    /// The link.
    pub link_id: String,
}

/// A shop went on to Paymint from its own page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LinkContinuedData)]
pub struct LinkContinued {
    /// The link whose URL it was given.
    pub link_id: String,
    /// That URL had been issued before.
    #[schema(example = true)]
    pub reused: bool,
}

/// A registration URL was not issued, or it is not known whether it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LinkIssueFailedData)]
pub struct LinkIssueFailed {
    /// The link.
    pub link_id: String,
    /// What is known of the call: `not_sent`, `refused`, `unknown`.
    pub outcome: String,
    /// Paymint's code, if it gave one.
    #[schema(required = true)]
    pub upstream_code: Option<String>,
    /// Whether trying again later can help.
    pub retryable: bool,
    /// Who can remove the cause: `us`, `partner`, `paymint`.
    pub who_fixes: String,
    /// With which HTTP status something answered that was not Paymint's API. Absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Of which content type that answer was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// A callback came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CallbackReceivedData)]
pub struct CallbackReceived {
    /// What kind it was, told by its shape: `mapping`, `approval`, `unreadable`.
    #[schema(example = "mapping")]
    pub kind: String,
    /// What the registry made of it: `applied`, `duplicate`, `held`, `outdated` (driven again, and older than what is
    /// believed), `quarantined`.
    #[schema(example = "applied")]
    pub verdict: String,
    /// Why it was quarantined.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// The link through whose URL it came.
    #[schema(required = true)]
    pub link_id: Option<String>,
    /// When its last byte arrived. For a callback that was driven again: when it first came.
    pub received_at: DateTime<Utc>,
    /// The review code that it claims.
    #[schema(required = true)]
    pub code: Option<String>,
    /// Whether it claims that the shop is deleted; null if that cannot be read.
    #[schema(required = true)]
    pub deleted: Option<bool>,
    /// Whether it came from one of Paymint's addresses; null if that was not checked.
    #[schema(required = true)]
    pub sender_listed: Option<bool>,
    /// True if some of its body could not be read, so that U+FFFD stands in texts of it. Absent otherwise.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub decoded_with_loss: bool,
    /// The event of the callback that this is, driven again. Absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_of: Option<String>,
}

/// A callback in quarantine was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CallbackDiscardedData)]
pub struct CallbackDiscarded {
    /// The event that recorded it.
    pub event_id: String,
    /// Why, in the words of whoever did it.
    pub reason: String,
}

/// Paymint was asked, and its answer was news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusObservedData)]
pub struct StatusObserved {
    /// When the question was sent.
    pub asked_at: DateTime<Utc>,
    /// When the answer arrived.
    pub read_at: DateTime<Utc>,
    /// Paymint does not know the shop, or it is not in the list. That is no deletion.
    pub missing: bool,
    /// The review code that it gives. A list gives none.
    #[schema(required = true)]
    pub code: Option<String>,
    /// 하위 사업장 상태, the word of Paymint's list, if the answer has it.
    #[schema(required = true, example = "MERCHANT_OPENING")]
    pub mapping_status: Option<String>,
    /// Whether it says that the shop is deleted; null if it does not say or that cannot be read.
    #[schema(required = true)]
    pub deleted: Option<bool>,
    /// How far the review can be trusted after it: `verified`, `unverified`, `held`, `conflicting`.
    #[schema(example = "verified")]
    pub verification: String,
    /// It told of a change that no callback had brought.
    pub healed: bool,
}

/// The review moved, or its message changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewChangedData)]
pub struct ReviewChanged {
    /// The status before.
    #[schema(example = "in_review")]
    pub from: String,
    /// The status after.
    #[schema(example = "documents_required")]
    pub to: String,
    /// The letter that Paymint uses for it.
    #[schema(example = "S")]
    pub code: String,
    /// 심사 메시지.
    #[schema(required = true)]
    pub message: Option<String>,
    /// Who said so: `callback`, `read_back`, `reconciliation`, `list`.
    pub source: String,
    /// How far it can be trusted: `verified`, `unverified`, `held`, `conflicting`.
    pub verification: String,
}

/// Paymint has other business details than the registry had. A null field was not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BusinessChangedData)]
pub struct BusinessChanged {
    /// 사업장명.
    #[schema(required = true)]
    pub company_name: Option<String>,
    /// 지점명.
    #[schema(required = true)]
    pub branch_name: Option<String>,
    /// 사업자등록번호, hidden in part, or whole if it does not read as one.
    #[schema(required = true, example = "117-81-*****")]
    pub business_number: Option<String>,
    /// Why the number is doubtful: `not_ten_digits`, `all_zeros`, `checksum_mismatch`.
    #[schema(required = true)]
    pub business_number_flag: Option<String>,
}

/// A doubtful claim waits for Paymint's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConfirmationRequestedData)]
pub struct ConfirmationRequested {
    /// Why it is doubtful: `leaves_opened`, `deletes`, `redelivered`.
    pub doubt: String,
}

/// The doubtful claims of a shop were settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConfirmationResolvedData)]
pub struct ConfirmationResolved {
    /// How: `confirmed`, `refuted`, `unanswered`.
    pub resolution: String,
    /// The claims, as versions of this shop: the `callback.received` events with these versions.
    #[schema(example = json!([6]))]
    pub claims: Vec<u64>,
    /// The one that Paymint confirmed, or that stands because it did not answer.
    #[schema(required = true, example = 6)]
    pub applied: Option<u64>,
}

/// A payment-approval callback came in. Its fields are as they came, but for the masked number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaymentApprovedData)]
pub struct PaymentApproved {
    /// The link through whose URL it came.
    #[schema(required = true)]
    pub link_id: Option<String>,
    /// When its last byte arrived.
    pub received_at: DateTime<Utc>,
    /// 승인 상태 (F 승인, W 대기, C 취소, D 파기).
    #[schema(required = true)]
    pub state: Option<String>,
    /// Your bill id.
    #[schema(required = true)]
    pub bill_id: Option<String>,
    /// 승인 금액, in won.
    #[schema(required = true)]
    pub price: Option<String>,
    /// 거래번호.
    #[schema(required = true)]
    pub approval_number: Option<String>,
    /// 원거래 승인번호.
    #[schema(required = true)]
    pub original_number: Option<String>,
    /// 승인 일시, `yyyyMMddHHmmss` in Korean time.
    #[schema(required = true)]
    pub approved_at: Option<String>,
    /// 결제수단.
    #[schema(required = true)]
    pub pay_type: Option<String>,
    /// 카드명 or 은행명.
    #[schema(required = true)]
    pub issuer: Option<String>,
    /// Card or account number: of 13 to 19 digits the first six and the last four, of fewer the last four.
    #[schema(required = true)]
    pub issuer_number_masked: Option<String>,
    /// How the key in it compares with yours: `absent`, `matches`, `differs`.
    pub api_key: String,
    /// True if some of its body could not be read, so that U+FFFD stands in texts of it. Absent otherwise.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub decoded_with_loss: bool,
    /// The event of the callback that this is, driven again. Absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_of: Option<String>,
}

/// A note was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NoteAddedData)]
pub struct NoteAdded {
    /// The note.
    pub text: String,
}
