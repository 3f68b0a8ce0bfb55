//! The facts of a merchant's life. Small, in past tense, each saying who claimed it.

use crate::words::words;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};

use super::command::{Approval, Surroundings};
use super::reading::Answer;
use super::verdict::{CallbackKind, Doubt, Resolution, Verdict};
use crate::codes::Reference;
use crate::ids::{EventId, LinkId, Seq, Version};
use crate::review::{ClaimSource, ContentDigest, Observation, ReadingSource, ReviewCode, ReviewStatus, Verification};
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
    /// What came, if an answer came that is none of upstream's own.
    pub strange_answer: Option<StrangeAnswer>,
}

/// An answer that is none of upstream's own: a proxy's page, say, or that of another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrangeAnswer {
    /// The HTTP status.
    pub http_status: u16,
    /// The declared content type, without parameters.
    pub content_type: Option<String>,
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
        /// When the last byte arrived. For a callback that was driven again: when it first came.
        received_at: DateTime<Utc>,
        /// What kind it was.
        kind: CallbackKind,
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
        /// Some of the body could not be read: U+FFFD stands in its place.
        decoded_with_loss: bool,
        /// It came through the merchant's URL for bills.
        by_bills_url: bool,
        /// The event of the callback that this is, driven again.
        redrive_of: Option<EventId>,
        /// Where that event stands in the tenant's log. Events of the first schema do not say.
        redrive_seq: Option<Seq>,
    },
    /// A callback in quarantine was given up.
    CallbackDiscarded {
        /// The event that recorded it.
        event_id: EventId,
        /// What the tenant wrote to it.
        reason: FreeText,
    },
    /// Upstream was asked and its answer was news. (One that says what is known and verified already is no fact: the
    /// log does not grow by asking.)
    StatusObserved {
        /// On what occasion it was asked.
        source: ReadingSource,
        /// The end of what the asker knew of the log. Events of the first schema do not say.
        asked_seq: Option<Seq>,
        /// When the question was sent.
        asked_at: DateTime<Utc>,
        /// When the answer arrived.
        read_at: DateTime<Utc>,
        /// What it said.
        answer: Answer,
        /// How far the review can be trusted after it.
        verification: Verification,
        /// It found a change of the review or of the link that no callback had brought.
        healed: bool,
    },
    /// The review moved, or its message changed, or the registry has learned what its letter means.
    ReviewChanged {
        /// Before, as it was told.
        from: ReviewStatus,
        /// After. It is what the letter meant when this was written; the state goes by the letter alone.
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
    /// The doubtful claims of a merchant were settled.
    ConfirmationResolved {
        /// How.
        resolution: Resolution,
        /// The events of this stream that recorded them, as far as they were still held.
        claims: Vec<Version>,
        /// The one of them that upstream confirmed, or that stands because it did not answer.
        applied: Option<Version>,
    },
    /// A payment-approval callback came in.
    PaymentApprovalReceived {
        /// The link whose URL was called; none for a tenant-level URL.
        link_id: Option<LinkId>,
        /// When the last byte arrived.
        received_at: DateTime<Utc>,
        /// What it says, scrubbed.
        approval: Approval,
        /// Some of the body could not be read: U+FFFD stands in its place.
        decoded_with_loss: bool,
        /// The event of the callback that this is, driven again.
        redrive_of: Option<EventId>,
    },
    /// The tenant wrote something down.
    NoteAdded {
        /// The note.
        text: FreeText,
    },
}

impl Event {
    /// Whether it changes something that a reader of the merchant sees, whatever the merchant is. (A callback does so
    /// by what follows from it, or as a knock.)
    pub const fn is_shown(&self) -> bool {
        match self {
            Self::MerchantRegistered { .. }
            | Self::CallbackReceived { .. }
            | Self::CallbackDiscarded { .. }
            | Self::PaymentApprovalReceived { .. }
            | Self::NoteAdded { .. } => false,
            Self::MerchantDetailsChanged { .. }
            | Self::MerchantArchived
            | Self::MerchantRestored
            | Self::MerchantErased
            | Self::LinkRequested { .. }
            | Self::LinkIssued { .. }
            | Self::LinkIssueFailed { .. }
            | Self::LinkRevoked { .. }
            | Self::StatusObserved { .. }
            | Self::ReviewChanged { .. }
            | Self::BusinessDetailsChanged { .. }
            | Self::UpstreamUnlinked { .. }
            | Self::UpstreamRelinked { .. }
            | Self::ConfirmationRequested { .. }
            | Self::ConfirmationResolved { .. } => true,
        }
    }
}
