//! What the registry believes about a shop: the fold of its events.

use crate::words::words;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::call::CallOutcome;
use super::context::Surroundings;
use super::memory::{ClaimMemory, Confirmation, HeldClaim, Knock};
use super::visit::Visits;
use crate::ReportedNumber;
use crate::alerts::Alert;
use crate::codes::Reference;
use crate::ids::{LinkId, MerchantId, Seq, Version};
use crate::review::{MappingPhase, Review, ReviewStatus, Verification};
use crate::text::{FreeText, Label};

/// Most links that one merchant may ever ask for.
pub const LINKS_MAX: usize = 200;

/// Most tags of one merchant.
pub const TAGS_MAX: usize = 20;

/// Most metadata entries of one merchant.
pub const METADATA_MAX: usize = 50;

/// What is known of the business behind a shop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Business {
    /// 사업장명.
    pub company_name: Option<FreeText>,
    /// 지점명.
    pub branch_name: Option<FreeText>,
    /// 사업자등록번호.
    pub number: Option<ReportedNumber>,
}

/// How far a registration link got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Upstream is being asked.
    Requested,
    /// Upstream issued the URL.
    Issued,
    /// Upstream did not; with what is known of the call.
    Failed(CallOutcome),
    /// The tenant took it back.
    Revoked,
}

impl LinkState {
    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Issued => "issued",
            Self::Failed(CallOutcome::NotSent | CallOutcome::Refused) => "failed",
            Self::Failed(CallOutcome::Unknown) => "unknown",
            Self::Revoked => "revoked",
        }
    }
}

/// One registration link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// How far it got.
    pub state: LinkState,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When upstream issued the URL.
    pub issued_at: Option<DateTime<Utc>>,
}

/// Something a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The merchant code stands under another member of the tenant too.
    MerchantCodeShared,
    /// The business number stands under another merchant of the tenant too.
    BusinessNumberShared,
    /// The business number upstream reports does not read as one.
    BusinessNumberDoubtful,
    /// A name of the business holds characters that cannot be seen, or nothing else.
    BusinessNameDoubtful,
    /// Upstream uses a review code that we do not know.
    ReviewCodeUnknown,
    /// Upstream's `isDeleted` says something that we do not understand.
    DeletionMarkUnknown,
    /// The mapping status in upstream's list is a word that we do not know.
    MappingStatusUnknown,
    /// Upstream's list says that the link is paused.
    MappingPaused,
    /// Upstream contradicts itself.
    AnswersConflict,
    /// Asked about the shop, upstream does not know it. That is no deletion.
    MissingUpstream,
    /// The shop is not in upstream's list. That is no deletion.
    MissingFromList,
    /// A callback came through the shop's own URL of which nothing could be understood, upstream has not given a good answer
    /// since, and nobody has driven it again or discarded it.
    CallbackNotUnderstood,
}

words!(Warning {
    MerchantCodeShared => "merchant_code_shared",
    BusinessNumberShared => "business_number_shared",
    BusinessNumberDoubtful => "business_number_doubtful",
    BusinessNameDoubtful => "business_name_doubtful",
    ReviewCodeUnknown => "review_code_unknown",
    DeletionMarkUnknown => "deletion_mark_unknown",
    MappingStatusUnknown => "mapping_status_unknown",
    MappingPaused => "mapping_paused",
    AnswersConflict => "answers_conflict",
    MissingUpstream => "missing_upstream",
    MissingFromList => "missing_from_list",
    CallbackNotUnderstood => "callback_not_understood",
});

impl Warning {
    /// Whether it casts doubt on what the registry shows, so that somebody must look now. The others are remarks on
    /// the tenant's own data.
    pub const fn calls_for_attention(self) -> bool {
        match self {
            Self::ReviewCodeUnknown
            | Self::DeletionMarkUnknown
            | Self::MappingStatusUnknown
            | Self::MappingPaused
            | Self::AnswersConflict
            | Self::MissingUpstream
            | Self::MissingFromList
            | Self::CallbackNotUnderstood => true,
            Self::MerchantCodeShared
            | Self::BusinessNumberShared
            | Self::BusinessNumberDoubtful
            | Self::BusinessNameDoubtful => false,
        }
    }
}

/// A sub-merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// How many events it has.
    pub version: Version,
    /// Position of its last event in the tenant's log.
    pub seq: Seq,
    /// Its natural key.
    pub reference: Reference,
    /// The business behind it.
    pub business: Business,
    /// The review at upstream.
    pub review: Review,
    /// Since when upstream says that it is deleted.
    pub unlinked_since: Option<DateTime<Utc>>,
    /// What upstream's `isDeleted` last said that we did not understand.
    pub unknown_deletion_mark: Option<FreeText>,
    /// Since when upstream, asked about it, does not know it although it has told of it before.
    pub missing_upstream_since: Option<DateTime<Utc>>,
    /// Since when it is not in upstream's list although upstream has told of it before.
    pub missing_from_list_since: Option<DateTime<Utc>>,
    /// What came through its own URLs and could not be understood, since upstream last gave a good answer.
    pub knock: Option<Knock>,
    /// The open question to upstream, if there is one.
    pub confirmation: Option<Confirmation>,
    /// The claims that wait for its answer, in the order in which they were recorded.
    pub held: Vec<HeldClaim>,
    /// Since when the tenant has put it away.
    pub archived_since: Option<DateTime<Utc>>,
    /// Its personal data has been destroyed.
    pub erased: bool,
    /// Its registration links, oldest first.
    pub links: Vec<Link>,
    /// When it was last at its own pages.
    pub visits: Visits,
    /// What is kept of earlier claims to judge the next one.
    pub memory: ClaimMemory,
    /// The tenant's tags.
    pub tags: Vec<Label>,
    /// The tenant's own data.
    pub metadata: BTreeMap<String, Label>,
    /// What it shared with the tenant's other merchants when it was registered.
    pub surroundings: Surroundings,
    /// What the tenant was told of it and has not ended: at most one.
    pub alerts: Vec<Alert>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When something that a reader can see last changed.
    pub updated_at: DateTime<Utc>,
}

impl Merchant {
    /// The link that was asked for last.
    pub fn latest_link(&self) -> Option<&Link> {
        self.links.last()
    }

    /// A link by its id.
    pub fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    /// The held claim that stands if upstream does not answer: the one that came last. None if none is held, or if
    /// something that was applied came after it.
    pub fn standing_claim(&self) -> Option<&HeldClaim> {
        self.held
            .iter()
            .max_by_key(|claim| (claim.said, claim.version))
            .filter(|claim| Some(claim.said) >= self.memory.latest_seq)
    }

    /// Where in the tenant's log upstream last claimed anything that was applied, repeated or held.
    pub fn last_claim(&self) -> Option<Seq> {
        let held = self.held.iter().map(|claim| claim.said).max();
        held.max(self.memory.latest_seq)
    }

    /// Whether the shop may be billed, by its review and its link.
    pub fn is_open(&self) -> bool {
        self.review.status() == ReviewStatus::Opened && self.unlinked_since.is_none()
    }

    /// Whether upstream can be asked about it: it is not put away, and upstream may know it, because a link of ours was
    /// issued or because somebody has spoken of it.
    pub fn can_be_asked_about(&self) -> bool {
        let is_known = self.review.observed_at.is_some()
            || self.knock.is_some()
            || self.links.iter().any(|link| link.issued_at.is_some());
        self.archived_since.is_none() && !self.erased && is_known
    }

    /// Whether upstream may have been told of the shop by a link of ours: one was issued, or may have been.
    pub fn had_link(&self) -> bool {
        self.links.iter().any(|link| match link.state {
            LinkState::Requested | LinkState::Issued | LinkState::Revoked | LinkState::Failed(CallOutcome::Unknown) => {
                true
            }
            LinkState::Failed(CallOutcome::NotSent | CallOutcome::Refused) => false,
        })
    }

    /// Everything a person should look at.
    pub fn warnings(&self) -> Vec<Warning> {
        let doubtful = self
            .business
            .number
            .as_ref()
            .is_some_and(|number| number.flag().is_some());
        let names = [&self.business.company_name, &self.business.branch_name];
        let strange_name = names.into_iter().flatten().any(|name| name.name_flag().is_some());
        let review = &self.review;
        let phase = review.mapping_phase();
        [
            (self.surroundings.merchant_code_elsewhere, Warning::MerchantCodeShared),
            (
                self.surroundings.business_number_elsewhere,
                Warning::BusinessNumberShared,
            ),
            (doubtful, Warning::BusinessNumberDoubtful),
            (strange_name, Warning::BusinessNameDoubtful),
            (review.status() == ReviewStatus::Unknown, Warning::ReviewCodeUnknown),
            (self.unknown_deletion_mark.is_some(), Warning::DeletionMarkUnknown),
            (phase == Some(MappingPhase::Unknown), Warning::MappingStatusUnknown),
            (phase == Some(MappingPhase::Paused), Warning::MappingPaused),
            (
                review.verification == Verification::Conflicting,
                Warning::AnswersConflict,
            ),
            (self.missing_upstream_since.is_some(), Warning::MissingUpstream),
            (self.missing_from_list_since.is_some(), Warning::MissingFromList),
            (self.knock.is_some(), Warning::CallbackNotUnderstood),
        ]
        .into_iter()
        .filter_map(|(holds, warning)| holds.then_some(warning))
        .collect()
    }

    /// Whether somebody must look now.
    pub fn needs_attention(&self) -> bool {
        self.warnings().into_iter().any(Warning::calls_for_attention)
    }
}
