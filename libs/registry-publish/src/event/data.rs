//! What each type of event tells. Raw payloads, URLs and secrets are in none of them; numbers are masked in all.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    pub company_name: Option<String>,
    /// 지점명.
    pub branch_name: Option<String>,
    /// 사업자등록번호, its last five digits hidden.
    #[schema(example = "117-81-*****")]
    pub business_number: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The tenant's own data.
    pub metadata: BTreeMap<String, String>,
}

/// What the tenant keeps about a shop changed. A null field stayed as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MerchantDetailsChangedData)]
pub struct MerchantDetailsChanged {
    /// 사업장명.
    pub company_name: Option<String>,
    /// 지점명.
    pub branch_name: Option<String>,
    /// 사업자등록번호, its last five digits hidden.
    #[schema(example = "117-81-*****")]
    pub business_number: Option<String>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// All of the tenant's own data.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// A registration link was asked for, issued or revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LinkData)]
pub struct LinkFact {
    /// The link.
    pub link_id: String,
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
    pub upstream_code: Option<String>,
    /// Whether trying again later can help.
    pub retryable: bool,
    /// Who can remove the cause: `us`, `partner`, `paymint`.
    pub who_fixes: String,
}

/// A callback came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CallbackReceivedData)]
pub struct CallbackReceived {
    /// What the registry made of it: `applied`, `duplicate`, `held`, `quarantined`.
    pub verdict: String,
    /// Why it was quarantined.
    pub reason: Option<String>,
    /// The link through whose URL it came.
    pub link_id: Option<String>,
    /// When its last byte arrived.
    pub received_at: DateTime<Utc>,
    /// The review code that it claims.
    pub code: Option<String>,
    /// Whether it claims that the shop is deleted; null if that cannot be read.
    pub deleted: Option<bool>,
    /// Whether it came from one of Paymint's addresses; null if that was not checked.
    pub sender_listed: Option<bool>,
}

/// Paymint was asked and answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusObservedData)]
pub struct StatusObserved {
    /// When the answer arrived.
    pub read_at: DateTime<Utc>,
    /// The review code that it gives.
    pub code: Option<String>,
    /// Whether it says that the shop is deleted; null if that cannot be read.
    pub deleted: Option<bool>,
    /// It told what no callback had.
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
    pub company_name: Option<String>,
    /// 지점명.
    pub branch_name: Option<String>,
    /// 사업자등록번호, hidden in part, or whole if it does not read as one.
    #[schema(example = "117-81-*****")]
    pub business_number: Option<String>,
    /// Why the number is doubtful: `not_ten_digits`, `checksum_mismatch`.
    pub business_number_flag: Option<String>,
}

/// A doubtful claim waits for Paymint's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConfirmationRequestedData)]
pub struct ConfirmationRequested {
    /// Why it is doubtful: `leaves_opened`, `deletes`, `redelivered`.
    pub doubt: String,
}

/// A doubtful claim was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConfirmationResolvedData)]
pub struct ConfirmationResolved {
    /// How: `confirmed`, `refuted`, `unanswered`.
    pub resolution: String,
}

/// A payment-approval callback came in. Its fields are as they came, but for the masked number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaymentApprovedData)]
pub struct PaymentApproved {
    /// The link through whose URL it came.
    pub link_id: Option<String>,
    /// When its last byte arrived.
    pub received_at: DateTime<Utc>,
    /// 승인 상태 (F 승인, W 대기, C 취소, D 파기).
    pub state: Option<String>,
    /// Your bill id.
    pub bill_id: Option<String>,
    /// 승인 금액, in won.
    pub price: Option<String>,
    /// 거래번호.
    pub approval_number: Option<String>,
    /// 원거래 승인번호.
    pub original_number: Option<String>,
    /// 승인 일시, `yyyyMMddHHmmss` in Korean time.
    pub approved_at: Option<String>,
    /// 결제수단.
    pub pay_type: Option<String>,
    /// 카드명 or 은행명.
    pub issuer: Option<String>,
    /// Card or account number, first six and last four digits.
    pub issuer_number_masked: Option<String>,
    /// How the key in it compares with yours: `absent`, `matches`, `differs`.
    pub api_key: String,
}

/// A note was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NoteAddedData)]
pub struct NoteAdded {
    /// The note.
    pub text: String,
}

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
    /// From when on it no longer works by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An API key was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeyRevokedData)]
pub struct ApiKeyRevoked {
    /// The key's id.
    pub key_id: String,
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
    pub sender_listed: Option<bool>,
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
    pub sender_listed: Option<bool>,
}
