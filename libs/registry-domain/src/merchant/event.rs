//! The facts of a merchant's life. Small, in past tense, each saying who claimed it.

use crate::words::words;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};

use super::command::{Approval, Surroundings};
use crate::codes::Reference;
use crate::ids::LinkId;
use crate::review::{ClaimSource, ContentDigest, Observation, ReviewCode, ReviewStatus, Verification};
use crate::text::{FreeText, Label};
use crate::{BusinessNumber, ReportedNumber};

/// Text that must not be printed by accident: URLs that let somebody in.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that may send or store it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}

/// The URL at which a shop fills in its registration at Paymint.
pub type RegistrationUrl = SecretText;

/// Where the tenant wants the shop to be sent after its registration.
pub type RedirectUrl = SecretText;

/// The exact bytes of a callback's body.
#[derive(Clone, PartialEq, Eq)]
pub struct RawPayload(pub Vec<u8>);

impl fmt::Debug for RawPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawPayload({} bytes)", self.0.len())
    }
}

/// What we made of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It moved the state, or at least refreshed it.
    Applied,
    /// It says what the latest applied one said.
    Duplicate,
    /// It is doubtful: upstream is to be asked first.
    Held,
    /// It could not be used. The bytes are kept and can be driven again.
    Quarantined(QuarantineReason),
}

impl Verdict {
    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Held => "held",
            Self::Quarantined(_) => "quarantined",
        }
    }

    /// The reason of a quarantine.
    pub const fn reason(self) -> Option<QuarantineReason> {
        match self {
            Self::Quarantined(reason) => Some(reason),
            Self::Applied | Self::Duplicate | Self::Held => None,
        }
    }
}

/// Why a callback could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuarantineReason {
    /// The body is not JSON.
    Unparseable,
    /// JSON, but not of the shape of any callback that we know.
    UnknownShape,
    /// A field has a type that cannot be read.
    WrongType,
    /// The codes in the body are not those of the merchant the URL was issued for.
    CodesMismatch,
    /// The link that the URL was issued for has been revoked.
    LinkRevoked,
    /// The merchant has no such link.
    UnknownLink,
    /// A tenant-level URL was called for a pair that the registry does not know.
    UnknownMerchant,
    /// The merchant of the URL does not exist.
    NoSuchMerchant,
    /// The sender is not on the list of Paymint's addresses, and the list is enforced.
    SenderNotAllowed,
}

words!(QuarantineReason {
    Unparseable => "unparseable",
    UnknownShape => "unknown_shape",
    WrongType => "wrong_type",
    CodesMismatch => "codes_mismatch",
    LinkRevoked => "link_revoked",
    UnknownLink => "unknown_link",
    UnknownMerchant => "unknown_merchant",
    NoSuchMerchant => "no_such_merchant",
    SenderNotAllowed => "sender_not_allowed",
});

/// Why a claim is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It leaves `opened`.
    LeavesOpened,
    /// It says that the merchant was deleted.
    Deletes,
    /// It equals an earlier, but not the latest, callback to the byte: perhaps a late delivery.
    Redelivered,
}

words!(Doubt {
    LeavesOpened => "leaves_opened",
    Deletes => "deletes",
    Redelivered => "redelivered",
});

/// How a doubtful claim was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Upstream confirmed the claim.
    Confirmed,
    /// Upstream said otherwise.
    Refuted,
    /// Upstream could not be asked in time: the claim was applied as unverified.
    Unanswered,
}

words!(Resolution {
    Confirmed => "confirmed",
    Refuted => "refuted",
    Unanswered => "unanswered",
});

/// What came of a call to upstream that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOutcome {
    /// Nothing was sent.
    NotSent,
    /// Upstream said no.
    Refused,
    /// No answer that can be read: upstream may or may not have acted.
    Unknown,
}

words!(LinkOutcome {
    NotSent => "not_sent",
    Refused => "refused",
    Unknown => "unknown",
});

/// Who can remove the cause of a failed call to upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoFixes {
    /// Whoever runs or wrote the registry.
    Us,
    /// The tenant: its contract, its key, its data.
    Partner,
    /// Paymint.
    Paymint,
}

words!(WhoFixes {
    Us => "us",
    Partner => "partner",
    Paymint => "paymint",
});

/// Why a registration URL could not be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFailure {
    /// What is known of the call.
    pub outcome: LinkOutcome,
    /// Upstream's code, if it gave one.
    pub upstream_code: Option<String>,
    /// Whether trying again later can help.
    pub retryable: bool,
    /// Who can remove the cause.
    pub who_fixes: WhoFixes,
}

/// A fact in a merchant's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The tenant registered a shop.
    MerchantRegistered {
        /// Its natural key.
        reference: Reference,
        /// 사업장명.
        company_name: Option<Label>,
        /// 지점명.
        branch_name: Option<Label>,
        /// 사업자등록번호.
        business_number: Option<BusinessNumber>,
        /// The tenant's tags.
        tags: Vec<Label>,
        /// The tenant's own data.
        metadata: BTreeMap<String, Label>,
        /// What it shares with the tenant's other merchants.
        surroundings: Surroundings,
    },
    /// The tenant changed what it keeps about the shop. `None` = as before.
    MerchantDetailsChanged {
        /// 사업장명.
        company_name: Option<Label>,
        /// 지점명.
        branch_name: Option<Label>,
        /// 사업자등록번호.
        business_number: Option<BusinessNumber>,
        /// The tenant's tags, whole.
        tags: Option<Vec<Label>>,
        /// The tenant's own data, whole.
        metadata: Option<BTreeMap<String, Label>>,
    },
    /// The tenant put the shop away.
    MerchantArchived,
    /// The tenant took the shop back.
    MerchantRestored,
    /// The personal data of the shop was destroyed.
    MerchantErased,
    /// A registration URL was asked for.
    LinkRequested {
        /// The link to be.
        link_id: LinkId,
        /// Where the shop shall be sent afterwards.
        redirect_url: Option<RedirectUrl>,
    },
    /// Upstream issued the registration URL.
    LinkIssued {
        /// The link.
        link_id: LinkId,
        /// What upstream answered.
        url: RegistrationUrl,
    },
    /// Upstream did not issue the registration URL, or we do not know whether it did.
    LinkIssueFailed {
        /// The link that did not come to be.
        link_id: LinkId,
        /// What went wrong.
        failure: LinkFailure,
    },
    /// The tenant took a link back: its callbacks are no longer believed.
    LinkRevoked {
        /// The link.
        link_id: LinkId,
    },
    /// A callback came in through a URL of this merchant.
    CallbackReceived {
        /// The link whose URL was called; none for a tenant-level URL.
        link_id: Option<LinkId>,
        /// When the last byte arrived.
        received_at: DateTime<Utc>,
        /// What we made of it.
        verdict: Verdict,
        /// What it says, as far as it could be read.
        observation: Option<Observation>,
        /// Digest of what it says.
        digest: Option<ContentDigest>,
        /// Its body.
        payload: RawPayload,
        /// Whether the sender's address is one of Paymint's; none when that was not checked.
        sender_listed: Option<bool>,
    },
    /// Upstream was asked and answered.
    StatusObserved {
        /// Why it was asked.
        source: ClaimSource,
        /// When the answer arrived.
        read_at: DateTime<Utc>,
        /// What it said.
        observation: Observation,
        /// The answer told us something that no callback had.
        healed: bool,
    },
    /// The review moved, or its message changed.
    ReviewChanged {
        /// Before.
        from: ReviewStatus,
        /// After.
        to: ReviewStatus,
        /// The raw code.
        code: ReviewCode,
        /// What upstream wrote to it.
        message: Option<FreeText>,
        /// Who said so.
        source: ClaimSource,
        /// How far it can be trusted.
        verification: Verification,
    },
    /// Upstream has other business details than we had. `None` = not said.
    BusinessDetailsChanged {
        /// 사업장명.
        company_name: Option<FreeText>,
        /// 지점명.
        branch_name: Option<FreeText>,
        /// 사업자등록번호.
        business_number: Option<ReportedNumber>,
        /// Who said so.
        source: ClaimSource,
    },
    /// Upstream says that the shop is no longer linked.
    UpstreamUnlinked {
        /// Who said so.
        source: ClaimSource,
    },
    /// Upstream says that the shop is linked again.
    UpstreamRelinked {
        /// Who said so.
        source: ClaimSource,
    },
    /// A doubtful claim waits for upstream's word.
    ConfirmationRequested {
        /// Why it is doubtful.
        doubt: Doubt,
    },
    /// A doubtful claim was settled.
    ConfirmationResolved {
        /// How.
        resolution: Resolution,
    },
    /// A payment-approval callback came in.
    PaymentApprovalReceived {
        /// The link whose URL was called; none for a tenant-level URL.
        link_id: Option<LinkId>,
        /// When the last byte arrived.
        received_at: DateTime<Utc>,
        /// What it says, scrubbed.
        approval: Approval,
    },
    /// The tenant wrote something down.
    NoteAdded {
        /// The note.
        text: FreeText,
    },
}
