//! Rows of merchants and of what leads to them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Facets, Merchant};
use registry_domain::{LinkId, MerchantCode, MerchantId, TenantId, Version};
use registry_journal::port::{
    FacetCount, IdempotencyRow, Inconsistency, ListedMerchant, ListedThen, Loaded, LoadedMerchant, MilestonesRow,
    PagePosition, PlaceKey,
};
use registry_journal::stored::merchant_from_json;
use uuid::Uuid;

use crate::{BadColumn, Found, RawRow, RawValue};

/// A merchant.
#[expect(missing_docs, reason = "columns")]
pub struct RawMerchant {
    pub merchant_id: Uuid,
    pub state: String,
}

impl RawRow for RawMerchant {
    type Row = Merchant;

    fn into_row(self) -> Result<Merchant, Inconsistency> {
        let id = MerchantId::from_uuid(self.merchant_id);
        merchant_from_json(id, &self.state).map_err(|error| Inconsistency::of("merchants", id, error))
    }
}

/// By what a list is sorted, of a row of it.
pub enum RawSortKey<Time> {
    /// By nothing but the id, which begins with a moment.
    Id,
    /// A moment.
    Moment(Time),
    /// A text.
    Text(String),
}

impl<Time: RawValue<DateTime<Utc>>> RawSortKey<Time> {
    fn read(self, created_at: DateTime<Utc>) -> Result<PlaceKey, BadColumn> {
        Ok(match self {
            Self::Id => PlaceKey::Moment(created_at),
            Self::Moment(at) => PlaceKey::Moment(at.read("sort key")?),
            Self::Text(text) => PlaceKey::Text(text),
        })
    }
}

/// A merchant in a list.
#[expect(missing_docs, reason = "columns")]
pub struct RawListedMerchant<Time> {
    pub merchant_id: Uuid,
    pub state: String,
    pub key: RawSortKey<Time>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawListedMerchant<Time> {
    type Row = ListedMerchant;

    fn into_row(self) -> Result<ListedMerchant, Inconsistency> {
        let (merchant_id, state) = (self.merchant_id, self.state);
        let id = MerchantId::from_uuid(merchant_id);
        let merchant = RawMerchant { merchant_id, state }.into_row();
        // Of one that cannot be read nobody looks at it: the id says it.
        let created_at = merchant
            .as_ref()
            .map_or(DateTime::UNIX_EPOCH, |merchant| merchant.created_at);
        let key = self.key.read(created_at);
        let key = key.map_err(|error| Inconsistency::of("merchants", id, error))?;
        let position = PagePosition { key, id };
        Ok(ListedMerchant { position, merchant })
    }
}

/// A merchant in a list as it was.
#[expect(missing_docs, reason = "columns")]
pub struct RawListedThen<Time> {
    pub merchant_id: Uuid,
    pub version: i64,
    pub key: RawSortKey<Time>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawListedThen<Time> {
    type Row = ListedThen;

    fn into_row(self) -> Result<ListedThen, Inconsistency> {
        let id = MerchantId::from_uuid(self.merchant_id);
        let row = || -> Result<ListedThen, BadColumn> {
            let key = self.key.read(DateTime::UNIX_EPOCH)?;
            Ok(ListedThen {
                position: PagePosition { key, id },
                version: Version(self.version.read("version")?),
            })
        };
        row().map_err(|error| Inconsistency::of("merchant_history", id, error))
    }
}

/// A merchant with the key of its personal data.
#[expect(missing_docs, reason = "columns")]
pub struct RawOwnedMerchant<Time> {
    pub tenant_id: Uuid,
    pub merchant_id: Uuid,
    pub state: String,
    pub wrapped: Option<Vec<u8>>,
    pub is_current: bool,
    pub linked_at: Option<Time>,
    pub begun_at: Option<Time>,
    pub submitted_at: Option<Time>,
    pub opened_at: Option<Time>,
    /// None if no milestones are kept.
    pub under_way: Option<bool>,
}

impl<Time: RawValue<DateTime<Utc>>> Found for RawOwnedMerchant<Time> {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let (merchant_id, state, wrapped_key) = (self.merchant_id, self.state, self.wrapped);
        let merchant = Arc::new(RawMerchant { merchant_id, state }.into_row()?);
        let key = (TenantId::from_uuid(self.tenant_id), merchant.id);
        let milestones = |is_under_way| -> Result<MilestonesRow, BadColumn> {
            Ok(MilestonesRow {
                tenant_id: key.0,
                merchant_id: key.1,
                created_at: merchant.created_at,
                linked_at: self.linked_at.read("linked_at")?,
                begun_at: self.begun_at.read("begun_at")?,
                submitted_at: self.submitted_at.read("submitted_at")?,
                opened_at: self.opened_at.read("opened_at")?,
                is_under_way,
            })
        };
        let milestones = self.under_way.map(milestones).transpose();
        let milestones = milestones.map_err(|error| Inconsistency::of("merchant_milestones", key.1, error))?;
        let merchant = LoadedMerchant {
            merchant,
            wrapped_key,
            is_current: self.is_current,
            milestones,
        };
        loaded.merchants.insert(key, merchant);
        Ok(())
    }
}

/// A merchant's id.
#[expect(missing_docs, reason = "columns")]
pub struct RawMerchantId {
    pub merchant_id: Uuid,
}

impl RawRow for RawMerchantId {
    type Row = MerchantId;

    fn into_row(self) -> Result<MerchantId, Inconsistency> {
        Ok(MerchantId::from_uuid(self.merchant_id))
    }
}

/// A link that upstream is being asked for.
#[expect(missing_docs, reason = "columns")]
pub struct RawPendingLink {
    pub merchant_id: Uuid,
    pub link_id: Uuid,
}

impl RawRow for RawPendingLink {
    type Row = (MerchantId, LinkId);

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        Ok((MerchantId::from_uuid(self.merchant_id), LinkId::from_uuid(self.link_id)))
    }
}

/// How many merchants have the same facets.
#[expect(missing_docs, reason = "columns")]
pub struct RawFacetCount {
    pub facets: i64,
    pub count: i64,
}

impl RawRow for RawFacetCount {
    type Row = FacetCount;

    fn into_row(self) -> Result<FacetCount, Inconsistency> {
        let row = || -> Result<FacetCount, BadColumn> {
            Ok(FacetCount {
                facets: Facets::from_bits(self.facets).ok_or(BadColumn("facets"))?,
                count: self.count.read("count")?,
            })
        };
        row().map_err(|error| Inconsistency::of("merchant_counts", self.facets, error))
    }
}

/// The same as it is kept, for whoever goes on without one that cannot be read.
#[expect(missing_docs, reason = "columns")]
pub struct RawKeptCount {
    pub facets: i64,
    pub count: i64,
}

impl RawRow for RawKeptCount {
    type Row = Result<FacetCount, Inconsistency>;

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        let Self { facets, count } = self;
        Ok(RawFacetCount { facets, count }.into_row())
    }
}

/// A merchant code that some merchant has.
#[expect(missing_docs, reason = "columns")]
pub struct RawMerchantCode {
    pub tenant_id: Uuid,
    pub merchant_code: String,
}

impl Found for RawMerchantCode {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let tenant_id = TenantId::from_uuid(self.tenant_id);
        let code = MerchantCode::recorded(&self.merchant_code);
        let code = code.map_err(|error| Inconsistency::of("merchants", tenant_id, error))?;
        loaded.merchant_codes.insert((tenant_id, code));
        Ok(())
    }
}

/// A business number that some merchant has.
#[expect(missing_docs, reason = "columns")]
pub struct RawBusinessNumber {
    pub tenant_id: Uuid,
    pub business_number: String,
}

impl Found for RawBusinessNumber {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let key = (TenantId::from_uuid(self.tenant_id), self.business_number);
        loaded.business_numbers.insert(key);
        Ok(())
    }
}

/// A row of `idempotency_keys`.
#[expect(missing_docs, reason = "columns")]
pub struct RawIdempotency<Time> {
    pub tenant_id: Uuid,
    pub key: String,
    pub fingerprint: Vec<u8>,
    pub merchant_id: Uuid,
    pub link_id: Option<Uuid>,
    pub version: i64,
    pub created_at: Time,
    pub expires_at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawIdempotency<Time> {
    type Row = IdempotencyRow;

    fn into_row(self) -> Result<IdempotencyRow, Inconsistency> {
        let key = self.key.clone();
        let row = || -> Result<IdempotencyRow, BadColumn> {
            Ok(IdempotencyRow {
                tenant_id: TenantId::from_uuid(self.tenant_id),
                key: self.key,
                fingerprint: self.fingerprint.read("fingerprint")?,
                merchant_id: MerchantId::from_uuid(self.merchant_id),
                link_id: self.link_id.map(LinkId::from_uuid),
                version: Version(self.version.read("version")?),
                created_at: self.created_at.read("created_at")?,
                expires_at: self.expires_at.read("expires_at")?,
            })
        };
        row().map_err(|error| Inconsistency::of("idempotency_keys", key, error))
    }
}

impl<Time: RawValue<DateTime<Utc>>> Found for RawIdempotency<Time> {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let row = self.into_row()?;
        loaded.idempotency.insert((row.tenant_id, row.key.clone()), row);
        Ok(())
    }
}
