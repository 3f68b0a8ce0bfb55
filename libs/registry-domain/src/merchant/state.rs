//! What the registry believes about a shop: the fold of its events.

use crate::words::words;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::command::Surroundings;
use super::event::LinkOutcome;
use crate::ReportedNumber;
use crate::codes::Reference;
use crate::ids::{LinkId, MerchantId, Seq, Version};
use crate::review::{ContentDigest, Review};
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
    Failed(LinkOutcome),
    /// The tenant took it back.
    Revoked,
}

impl LinkState {
    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Issued => "issued",
            Self::Failed(LinkOutcome::NotSent | LinkOutcome::Refused) => "failed",
            Self::Failed(LinkOutcome::Unknown) => "unknown",
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
    /// Upstream uses a review code that we do not know.
    ReviewCodeUnknown,
    /// Upstream's `isDeleted` says something that we do not understand.
    DeletionMarkUnknown,
}

words!(Warning {
    MerchantCodeShared => "merchant_code_shared",
    BusinessNumberShared => "business_number_shared",
    BusinessNumberDoubtful => "business_number_doubtful",
    ReviewCodeUnknown => "review_code_unknown",
    DeletionMarkUnknown => "deletion_mark_unknown",
});

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
    /// Since when the tenant has put it away.
    pub archived_since: Option<DateTime<Utc>>,
    /// Its personal data has been destroyed.
    pub erased: bool,
    /// Its registration links, oldest first.
    pub links: Vec<Link>,
    /// Digest of the callback that was applied last.
    pub latest_digest: Option<ContentDigest>,
    /// The tenant's tags.
    pub tags: Vec<Label>,
    /// The tenant's own data.
    pub metadata: BTreeMap<String, Label>,
    /// What it shared with the tenant's other merchants when it was registered.
    pub surroundings: Surroundings,
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

    /// Everything a person should look at.
    pub fn warnings(&self) -> Vec<Warning> {
        let doubtful = self
            .business
            .number
            .as_ref()
            .is_some_and(|number| number.flag().is_some());
        let unknown = self.review.status() == crate::review::ReviewStatus::Unknown;
        [
            (self.surroundings.merchant_code_elsewhere, Warning::MerchantCodeShared),
            (
                self.surroundings.business_number_elsewhere,
                Warning::BusinessNumberShared,
            ),
            (doubtful, Warning::BusinessNumberDoubtful),
            (unknown, Warning::ReviewCodeUnknown),
            (self.unknown_deletion_mark.is_some(), Warning::DeletionMarkUnknown),
        ]
        .into_iter()
        .filter_map(|(holds, warning)| holds.then_some(warning))
        .collect()
    }
}
