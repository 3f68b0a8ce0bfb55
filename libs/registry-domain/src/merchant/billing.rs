//! May this merchant bill?
//!
//! The answer is made for a system that is about to send a bill. A wrong yes costs one refused call: upstream checks
//! the shop again and says so with a code. A wrong no keeps a shop from its money and tells nobody. So whatever only
//! casts doubt on a shop that is known to be open (a claim that is held, an answer that is missing, a balance that
//! nobody has read) stands beside a yes; and a no is given for what is known.

use chrono::{DateTime, TimeDelta, Utc};

use super::state::Merchant;
use crate::review::{ClaimSource, MappingPhase, ReviewStatus, Verification};
use crate::words::words;

/// Why a merchant may bill, or may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BillingReason {
    /// Yes: the review is `opened`.
    Opened,
    /// Yes: there is no review (`N`), because a business that was open already was linked, and upstream's list says
    /// that the link is complete.
    LinkedWithoutReview,
    /// No: the tenant is suspended.
    TenantSuspended,
    /// No: the tenant put the shop away.
    Archived,
    /// No: upstream says that the shop is deleted.
    Unlinked,
    /// No: asked about the shop, upstream does not know it.
    MissingUpstream,
    /// No: upstream's list says that the link is paused.
    Paused,
    /// No: the review is not `opened`.
    NotOpened,
    /// No: upstream uses a review letter that we do not know.
    ReviewUnknown,
    /// No: no points are left in the wallet that is charged.
    BalanceEmpty,
}

words!(BillingReason {
    Opened => "opened",
    LinkedWithoutReview => "linked_without_review",
    TenantSuspended => "tenant_suspended",
    Archived => "archived",
    Unlinked => "unlinked",
    MissingUpstream => "missing_upstream",
    Paused => "paused",
    NotOpened => "not_opened",
    ReviewUnknown => "review_unknown",
    BalanceEmpty => "balance_empty",
});

impl BillingReason {
    /// Whether it is a yes.
    pub const fn may_bill(self) -> bool {
        match self {
            Self::Opened | Self::LinkedWithoutReview => true,
            Self::TenantSuspended
            | Self::Archived
            | Self::Unlinked
            | Self::MissingUpstream
            | Self::Paused
            | Self::NotOpened
            | Self::ReviewUnknown
            | Self::BalanceEmpty => false,
        }
    }
}

/// The part of the answer that follows from the merchant alone. It stands in the merchant's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billing {
    /// Why.
    pub reason: BillingReason,
    /// How far that can be trusted. `held` means that this is the last known truth and a newer claim is being checked.
    pub verification: Verification,
}

/// The points in the wallet that a bill of this merchant is charged to. Which one that is, the partner's or the shop's,
/// is a matter of its contract with Paymint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BalanceFact {
    /// Nobody has read it, or the reading failed.
    Unknown,
    /// So many points were left; one is worth one won. It may be negative.
    Points(i64),
}

/// A wallet, as it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalletReading {
    /// Points; one is worth one won. It may be negative.
    pub points: i64,
    /// When the answer arrived.
    pub read_at: DateTime<Utc>,
}

/// What was last read of the two wallets that may pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wallets {
    /// The partner's.
    pub partner: Option<WalletReading>,
    /// The merchant's.
    pub merchant: Option<WalletReading>,
}

impl Wallets {
    /// How long a balance that was read counts as known.
    pub const AGE_MAX: TimeDelta = TimeDelta::minutes(10);

    /// What of it counts as known at a moment. What another process read may lie ahead of this one's clock, but not far.
    #[must_use]
    pub fn known_at(self, now: DateTime<Utc>) -> Self {
        let is_known = |wallet: &WalletReading| (now - wallet.read_at).abs() <= Self::AGE_MAX;
        Self {
            partner: self.partner.filter(is_known),
            merchant: self.merchant.filter(is_known),
        }
    }

    /// One empty wallet says nothing while the other one is not known: the other may be the one that pays.
    pub fn fact(&self) -> BalanceFact {
        let points = |wallet: Option<WalletReading>| wallet.map(|read| read.points);
        match (points(self.partner), points(self.merchant)) {
            (Some(partner), Some(merchant)) => BalanceFact::Points(partner.max(merchant)),
            (Some(points), None) | (None, Some(points)) if points > 0 => BalanceFact::Points(points),
            (Some(_) | None, None) | (None, Some(_)) => BalanceFact::Unknown,
        }
    }
}

/// What must be known beside the merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillingFacts {
    /// The tenant is suspended.
    pub tenant_suspended: bool,
    /// The wallet.
    pub balance: BalanceFact,
}

/// What the answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// The review status.
    pub status: ReviewStatus,
    /// How far it can be trusted.
    pub verification: Verification,
    /// Who said so.
    pub source: Option<ClaimSource>,
    /// Upstream has not said that the shop is deleted.
    pub linked: bool,
    /// What upstream's list says of the link, if it ever said anything.
    pub mapping_phase: Option<MappingPhase>,
    /// The shop was put away.
    pub archived: bool,
    /// What must be known beside the merchant.
    pub facts: BillingFacts,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eligibility {
    /// Whether it may.
    pub may_bill: bool,
    /// Why.
    pub reason: BillingReason,
    /// What that rests on.
    pub evidence: Evidence,
}

/// Whether a merchant may bill, with the reason and the evidence. Of several reasons for a no the first is given that
/// somebody can remove: the tenant's own before upstream's, upstream's before the wallet's.
pub fn eligibility(merchant: &Merchant, facts: &BillingFacts) -> Eligibility {
    let billing = merchant.billing();
    let reason = if facts.tenant_suspended {
        BillingReason::TenantSuspended
    } else if !billing.reason.may_bill() {
        billing.reason
    } else {
        match facts.balance {
            BalanceFact::Points(points) if points <= 0 => BillingReason::BalanceEmpty,
            BalanceFact::Points(_) | BalanceFact::Unknown => billing.reason,
        }
    };
    Eligibility {
        may_bill: reason.may_bill(),
        reason,
        evidence: Evidence {
            status: merchant.review.status(),
            verification: merchant.review.verification,
            source: merchant.review.source,
            linked: merchant.unlinked_since.is_none(),
            mapping_phase: merchant.review.mapping_phase(),
            archived: merchant.archived_since.is_some(),
            facts: *facts,
        },
    }
}

impl Merchant {
    /// Whether the shop may bill as far as that follows from the shop alone.
    pub fn billing(&self) -> Billing {
        Billing {
            reason: self.billing_reason(),
            verification: self.review.verification,
        }
    }

    fn billing_reason(&self) -> BillingReason {
        let phase = self.review.mapping_phase();
        if self.archived_since.is_some() {
            return BillingReason::Archived;
        }
        if self.unlinked_since.is_some() {
            return BillingReason::Unlinked;
        }
        // Missing in a list is no reason: nothing is known of how lists are cut into pages.
        if self.missing_upstream_since.is_some() {
            return BillingReason::MissingUpstream;
        }
        if phase == Some(MappingPhase::Paused) {
            return BillingReason::Paused;
        }
        match self.review.status() {
            ReviewStatus::Opened => BillingReason::Opened,
            ReviewStatus::None if self.review.code.is_some() && phase == Some(MappingPhase::Usable) => {
                BillingReason::LinkedWithoutReview
            }
            ReviewStatus::Unknown => BillingReason::ReviewUnknown,
            ReviewStatus::None
            | ReviewStatus::Drafting
            | ReviewStatus::InReview
            | ReviewStatus::DocumentsRequired
            | ReviewStatus::Rejected => BillingReason::NotOpened,
        }
    }
}
