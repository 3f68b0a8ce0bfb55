//! What is projected of a merchant beside its row: its stretches, what it is found by, its links.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Facets, Merchant, Stage};
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
