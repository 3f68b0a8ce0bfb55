//! The facts of a merchant's life. Small, in past tense, each saying who claimed it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::approval::Approval;
use super::call::CallFailure;
use super::claim::RawPayload;
use super::context::Surroundings;
use super::link::{RedirectUrl, RegistrationUrl};
use super::reading::Answer;
use super::verdict::{CallbackKind, Doubt, Resolution, Verdict};
use crate::alerts::AlertFact;
use crate::codes::Reference;
use crate::ids::{EventId, LinkId, Seq, Version};
use crate::review::{ClaimSource, ContentDigest, Observation, ReadingSource, ReviewCode, ReviewStatus, Verification};
use crate::text::{FreeText, Label};
use crate::{Adjustment, BusinessNumber, ReportedNumber};

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
    /// The tenant changed what it keeps about the shop.
    MerchantDetailsChanged {
        /// 사업장명.
        company_name: Adjustment<Label>,
        /// 지점명.
        branch_name: Adjustment<Label>,
        /// 사업자등록번호.
        business_number: Adjustment<BusinessNumber>,
        /// The tenant's tags, whole. `None` = as before.
        tags: Option<Vec<Label>>,
        /// The tenant's own data, whole. `None` = as before.
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
        failure: CallFailure,
    },
    /// The tenant took a link back: its callbacks are no longer believed.
    LinkRevoked {
        /// The link.
        link_id: LinkId,
    },
    /// The shop looked at the page behind its link. Of several looks in a while the first one is written down.
    LinkOpened,
    /// The shop went on to Paymint.
    LinkContinued {
        /// With the URL of this link.
        link_id: LinkId,
        /// It had been issued before.
        reused: bool,
    },
    /// The shop came back from Paymint.
    MerchantReturned,
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
    /// Something happened to an alert about the shop.
    Alert(AlertFact),
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
            | Self::NoteAdded { .. }
            | Self::LinkOpened
            | Self::LinkContinued { .. }
            | Self::MerchantReturned
            | Self::Alert(_) => false,
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
