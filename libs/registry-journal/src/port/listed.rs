//! Rows of lists. One that cannot be read is listed all the same, so that it hides no other.

use registry_domain::merchant::Merchant;
use registry_domain::tenant::Tenant;
use registry_domain::{MerchantId, Seq, TenantId, Version};

use super::{Inconsistency, PagePosition, PlaceKey};

/// A tenant in the list of all of them.
#[derive(Debug)]
pub struct ListedTenant {
    /// Its id.
    pub id: TenantId,
    /// The end of its log.
    pub head: Seq,
    /// The tenant. One whose row cannot be read is listed all the same: whoever works for all does not stop at it.
    pub tenant: Result<Tenant, Inconsistency>,
}

/// A merchant in a list.
#[derive(Debug)]
pub struct ListedMerchant {
    /// Where it stands in the order of the list.
    pub position: PagePosition,
    /// The merchant. One whose row cannot be read is listed all the same: it must not hide the others.
    pub merchant: Result<Merchant, Inconsistency>,
}

impl ListedMerchant {
    /// One that can be read, in the order of registration.
    pub fn registered(merchant: Merchant) -> Self {
        let position = PagePosition {
            key: PlaceKey::Moment(merchant.created_at),
            id: merchant.id,
        };
        Self {
            position,
            merchant: Ok(merchant),
        }
    }
}

/// A merchant in a list as it was at a moment. What stood in its document then, its stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedThen {
    /// Where it stood in the order of the list.
    pub position: PagePosition,
    /// The version that it had then, or an earlier one that looks the same.
    pub version: Version,
}

impl ListedThen {
    /// Which merchant.
    pub const fn id(&self) -> MerchantId {
        self.position.id
    }
}
