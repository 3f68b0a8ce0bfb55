//! A merchant's row: its whole state as JSON, and beside it the columns that lists filter and sort on.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Facets, LinkState, Merchant};
use registry_domain::{FreeText, LinkId, ReportedNumber, Version};

use super::merchant_to_json;

/// What stands in a merchant's row beside its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantColumns {
    /// Member code.
    pub member_code: String,
    /// Merchant code.
    pub merchant_code: String,
    /// The version that this is.
    pub version: Version,
    /// Word of the review status.
    pub status: String,
    /// Word of the stage.
    pub stage: String,
    /// Since when it stands in its stage.
    pub stage_since: DateTime<Utc>,
    /// Company name.
    pub company_name: Option<String>,
    /// Branch name.
    pub branch_name: Option<String>,
    /// Business number, as far as it is known.
    pub business_number: Option<String>,
    /// The link that upstream is being asked for.
    pub pending_link_id: Option<LinkId>,
    /// Since when.
    pub pending_since: Option<DateTime<Utc>>,
    /// Since when a doubtful claim waits for upstream's word.
    pub confirming_since: Option<DateTime<Utc>>,
    /// What it is filtered and counted by; none if that was not made from this row.
    pub facets: Option<i64>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When something that can be seen last changed.
    pub updated_at: DateTime<Utc>,
    /// The whole of it.
    pub state: String,
}

impl MerchantColumns {
    /// The row of a merchant.
    pub fn of(merchant: &Merchant) -> Self {
        let pending = merchant.links.iter().find(|link| link.state == LinkState::Requested);
        let text = |text: &Option<FreeText>| text.as_ref().map(|text| text.as_str().to_owned());
        let business = &merchant.business;
        Self {
            member_code: merchant.reference.member_code.as_str().to_owned(),
            merchant_code: merchant.reference.merchant_code.as_str().to_owned(),
            version: merchant.version,
            status: merchant.review.status().as_str().to_owned(),
            stage: merchant.stage().as_str().to_owned(),
            stage_since: merchant.stage_since(),
            company_name: text(&business.company_name),
            branch_name: text(&business.branch_name),
            business_number: business.number.as_ref().map(ReportedNumber::as_str).map(str::to_owned),
            pending_link_id: pending.map(|link| link.id),
            pending_since: pending.map(|link| link.requested_at),
            confirming_since: merchant.confirmation.map(|confirmation| confirmation.requested_at),
            facets: Some(Facets::of(merchant).to_bits()),
            created_at: merchant.created_at,
            updated_at: merchant.updated_at,
            state: merchant_to_json(merchant),
        }
    }
}
