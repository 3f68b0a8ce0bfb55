//! What is projected of a merchant beside its row: its stretches, what it is found by, its links.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Facets, Merchant, Milestone, Stage};
use registry_domain::review::ReviewStatus;
use registry_domain::search::Terms;
use registry_domain::{LinkId, MerchantId, Reference, ReportedNumber, TenantId, Version};

/// A stretch of time during which what can be seen of a merchant stayed the same. It lasts until the merchant's next
/// one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// Whose merchant.
    pub tenant_id: TenantId,
    /// Which merchant.
    pub merchant_id: MerchantId,
    /// The version that began it.
    pub version: Version,
    /// The review status in it.
    pub status: ReviewStatus,
    /// The stage in it.
    pub stage: Stage,
    /// By what it is filtered and counted in it; none in rows of versions that knew no such thing.
    pub facets: Option<Facets>,
    /// Since when it stood in its stage; none in those rows.
    pub stage_since: Option<DateTime<Utc>>,
    /// When it began.
    pub valid_from: DateTime<Utc>,
    /// The stay in a stage that ended there; none where the stage stayed the same, and in rows of versions that knew no such thing.
    pub ended: Option<EndedStay>,
}

/// A stay in a stage that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedStay {
    /// The stage that was left.
    pub stage: Stage,
    /// Since when the merchant had stood in it.
    pub since: DateTime<Utc>,
}

/// When a merchant first reached each milestone. What is written may be only what is new: what is kept stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MilestonesRow {
    /// Whose merchant.
    pub tenant_id: TenantId,
    /// Which merchant.
    pub merchant_id: MerchantId,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When a link was first issued, or when something later on the way was reached without one.
    pub linked_at: Option<DateTime<Utc>>,
    /// When the shop had begun.
    pub begun_at: Option<DateTime<Utc>>,
    /// When upstream first had the application.
    pub submitted_at: Option<DateTime<Utc>>,
    /// When it first opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// Whether it is still on its way to opening now.
    pub is_under_way: bool,
}

impl MilestonesRow {
    /// When a milestone was first reached.
    pub const fn reached_at(&self, milestone: Milestone) -> Option<DateTime<Utc>> {
        match milestone {
            Milestone::Registered => Some(self.created_at),
            Milestone::Linked => self.linked_at,
            Milestone::Begun => self.begun_at,
            Milestone::Submitted => self.submitted_at,
            Milestone::Opened => self.opened_at,
        }
    }

    /// With what came later: the first moment of each milestone stays.
    #[must_use]
    pub fn with(self, later: &Self) -> Self {
        Self {
            linked_at: self.linked_at.or(later.linked_at),
            begun_at: self.begun_at.or(later.begun_at),
            submitted_at: self.submitted_at.or(later.submitted_at),
            opened_at: self.opened_at.or(later.opened_at),
            is_under_way: later.is_under_way,
            ..self
        }
    }
}

/// What a merchant is found by. Hardly ever changes: storage may keep it apart from what every callback changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// Whose merchant.
    pub tenant_id: TenantId,
    /// Which merchant.
    pub merchant_id: MerchantId,
    /// Its natural key.
    pub reference: Reference,
    /// Its business number, as far as it is known.
    pub business_number: Option<ReportedNumber>,
}

impl IdentityRow {
    /// That of a merchant.
    pub fn of(tenant_id: TenantId, merchant: &Merchant) -> Self {
        Self {
            tenant_id,
            merchant_id: merchant.id,
            reference: merchant.reference.clone(),
            business_number: merchant.business.number.clone(),
        }
    }
}

/// What a merchant is found and sorted by during a stretch of time. Hardly ever changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsRow {
    /// Whose merchant.
    pub tenant_id: TenantId,
    /// Which merchant.
    pub merchant_id: MerchantId,
    /// The version that began it.
    pub version: Version,
    /// When the merchant was registered.
    pub created_at: DateTime<Utc>,
    /// When it began.
    pub valid_from: DateTime<Utc>,
    /// When it ended; none while it lasts.
    pub valid_to: Option<DateTime<Utc>>,
    /// What it is found by.
    pub terms: Terms,
}

/// Which merchant a link belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkRow {
    /// Whose link.
    pub tenant_id: TenantId,
    /// The link.
    pub link_id: LinkId,
    /// The merchant that asked for it.
    pub merchant_id: MerchantId,
}
