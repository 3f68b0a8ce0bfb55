//! What a merchant can be asked to do, and what it can be told.

use crate::words::words;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::event::{LinkFailure, RawPayload, RedirectUrl, RegistrationUrl};
use super::reading::Reading;
use super::verdict::{QuarantineReason, QuarantineStanding};
use crate::BusinessNumber;
use crate::codes::Reference;
use crate::ids::{EventId, LinkId, MerchantId, Seq, Version};
use crate::review::{ContentDigest, Observation};
use crate::text::{FreeText, Label, Note};

/// What a tenant says about a shop when it registers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The natural key.
    pub reference: Reference,
    /// 사업장명.
    pub company_name: Option<Label>,
    /// 지점명.
    pub branch_name: Option<Label>,
    /// 사업자등록번호.
    pub business_number: Option<BusinessNumber>,
    /// At most [`super::TAGS_MAX`].
    pub tags: Vec<Label>,
    /// At most [`super::METADATA_MAX`] entries.
    pub metadata: BTreeMap<String, Label>,
}

/// What else the tenant has, as far as a registration must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// The same merchant code stands under another member.
    pub merchant_code_elsewhere: bool,
    /// The same business number stands under another merchant.
    pub business_number_elsewhere: bool,
}

/// A change of the tenant's own data. `None` = leave as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DetailsChange {
    /// 사업장명.
    pub company_name: Option<Label>,
    /// 지점명.
    pub branch_name: Option<Label>,
    /// 사업자등록번호.
    pub business_number: Option<BusinessNumber>,
    /// The tags, whole.
    pub tags: Option<Vec<Label>>,
    /// The metadata, whole.
    pub metadata: Option<BTreeMap<String, Label>>,
}

/// What is known of a callback beside what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The link whose URL was called; none for a tenant-level URL.
    pub link_id: Option<LinkId>,
    /// When the last byte arrived.
    pub received_at: DateTime<Utc>,
    /// The body.
    pub payload: RawPayload,
    /// Whether the sender's address is one of Paymint's; none when that was not checked.
    pub sender_listed: Option<bool>,
    /// Some of the body could not be read: U+FFFD stands in its place.
    pub decoded_with_loss: bool,
    /// It came through the merchant's URL for bills, and not through one that was made for its registration.
    pub by_bills_url: bool,
}

/// What a callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimBody {
    /// A mapping callback.
    Mapping {
        /// What it says.
        observation: Observation,
        /// Digest over that.
        digest: ContentDigest,
    },
    /// A payment-approval callback.
    Approval {
        /// What it says.
        approval: Approval,
        /// The merchant has this approval already, to the letter. The write path fills this in
        /// under the lock; whoever makes the claim says `false`.
        known: bool,
    },
    /// Nothing that could be used, and why.
    Unusable(QuarantineReason),
}

/// A callback as it reaches the core: verified to have come through a URL that we gave away, and nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is known beside it.
    pub receipt: Receipt,
    /// What it says.
    pub body: ClaimBody,
}

/// How the `apiKey` in an approval compares with the tenant's. The key itself is dropped at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalKey {
    /// Not in the body.
    Absent,
    /// It is the tenant's.
    Matches,
    /// It is not.
    Differs,
}

words!(ApprovalKey {
    Absent => "absent",
    Matches => "matches",
    Differs => "differs",
});

/// A payment approval, scrubbed: card and account numbers masked, signature and custom data dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The partner's bill id.
    pub bill_id: Option<FreeText>,
    /// 승인 상태 as it came (F 승인, W 대기, C 취소, D 파기).
    pub state: Option<FreeText>,
    /// 승인 금액, in won, as it came.
    pub price: Option<FreeText>,
    /// 거래번호.
    pub approval_number: Option<FreeText>,
    /// 원거래 승인번호.
    pub original_number: Option<FreeText>,
    /// 승인 일시, `yyyyMMddHHmmss` in Korean time, as it came.
    pub approved_at: Option<FreeText>,
    /// 결제수단.
    pub pay_type: Option<FreeText>,
    /// 카드명 or 은행명.
    pub issuer: Option<FreeText>,
    /// Card or account number: of 13 to 19 digits the first six and the last four, of fewer the last four.
    pub issuer_number_masked: Option<FreeText>,
    /// How the key in the body compares.
    pub api_key: ApprovalKey,
}

impl Approval {
    /// Every text of it, in the order in which it is recognised when it is sent again, as upstream does hourly for a day. One
    /// that differs in any of them says something else, and is kept.
    pub fn texts(&self) -> [Option<&FreeText>; 9] {
        [
            &self.bill_id,
            &self.state,
            &self.price,
            &self.approval_number,
            &self.original_number,
            &self.approved_at,
            &self.pay_type,
            &self.issuer,
            &self.issuer_number_masked,
        ]
        .map(Option::as_ref)
    }

    /// Whether it can be told from any other: it names a bill or an approval, and nothing of it was lost in reading or cut.
    pub fn is_recognisable(&self) -> bool {
        let is_named = self.bill_id.is_some() || self.approval_number.is_some();
        is_named && self.texts().into_iter().flatten().all(FreeText::is_whole)
    }
}

/// A callback that is driven again. Nothing is edited: what comes of it is a new fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redrive {
    /// The event that recorded the callback, in this merchant's stream or in the tenant's.
    pub of: EventId,
    /// Where that event stands in the tenant's log: the callback is judged as of there, whatever the clocks said.
    pub seq: Seq,
    /// The tenant says that the callback belongs to this merchant: codes and link are not compared.
    pub bound: bool,
    /// How the callback stands. The write path fills this in under the lock.
    pub standing: QuarantineStanding,
}

/// Everything a merchant can be asked or told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Register the shop.
    Register(Box<Registration>, Surroundings),
    /// Change the tenant's own data.
    ChangeDetails(Box<DetailsChange>),
    /// Put the shop away.
    Archive,
    /// Take the shop back.
    Restore,
    /// Begin to issue a registration URL.
    RequestLink {
        /// The id of the link to be.
        link_id: LinkId,
        /// Where the shop shall be sent afterwards.
        redirect_url: Option<RedirectUrl>,
    },
    /// Upstream issued the URL.
    RecordLinkIssued {
        /// The link.
        link_id: LinkId,
        /// The URL.
        url: RegistrationUrl,
    },
    /// Upstream did not issue the URL.
    RecordLinkFailed {
        /// The link.
        link_id: LinkId,
        /// Why.
        failure: LinkFailure,
    },
    /// Take a link back.
    RevokeLink {
        /// The link.
        link_id: LinkId,
    },
    /// A callback came in.
    ReceiveCallback(Box<Claim>),
    /// Upstream was asked and answered.
    RecordReading(Box<Reading>),
    /// Upstream did not answer in time: let go of the claims that are held since this moment or longer.
    ReleaseHold {
        /// Now, less the tenant's hold time.
        requested_until: DateTime<Utc>,
    },
    /// Drive a callback again. Its receipt is the original one: it is judged by when it first came.
    RedriveCallback(Box<Claim>, Redrive),
    /// Give up a callback in quarantine.
    DiscardCallback {
        /// The event that recorded it.
        event_id: EventId,
        /// Why.
        reason: Label,
        /// How the callback stands. The write path fills this in under the lock.
        standing: QuarantineStanding,
    },
    /// Write a note on the shop.
    AddNote(Note),
}

/// Why a link cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// `/auth/mapping` takes codes of at most 30 characters.
    #[error("a registration URL can be issued only for codes of at most 30 characters")]
    CodesTooLong,
    /// The shop is archived.
    #[error("the merchant is archived")]
    Archived,
    /// The shop has as many links as one may have.
    #[error("the merchant has too many registration links")]
    TooManyLinks,
}

/// Why a command was refused. Reports from upstream are never refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such merchant.
    #[error("no such merchant")]
    NoSuchMerchant,
    /// The natural key is taken.
    #[error("a merchant with these codes exists")]
    ReferenceTaken {
        /// By this one.
        existing: MerchantId,
    },
    /// The caller has seen another version than the current one.
    #[error("the merchant has changed")]
    VersionMismatch {
        /// The current version.
        current: Version,
    },
    /// The merchant has no such link, or that link is past what was asked for.
    #[error("no such link, or it is settled already")]
    NoSuchLink,
    /// No such callback is in quarantine.
    #[error("no such callback is in quarantine")]
    NotQuarantined,
    /// The merchant's personal data was destroyed: nothing personal is kept of it any more.
    #[error("the merchant was erased")]
    Erased,
    /// A link cannot be asked for.
    #[error(transparent)]
    Link(#[from] LinkRefusal),
}
