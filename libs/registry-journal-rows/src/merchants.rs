//! Rows of merchants and of what leads to them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::review::ReviewStatus;
use registry_domain::{LinkId, MerchantCode, MerchantId, TenantId, Version};
use registry_journal::port::{
    IdempotencyRow, Inconsistency, ListedMerchant, Loaded, LoadedMerchant, PagePosition, StatusCount,
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

/// A merchant in a list.
#[expect(missing_docs, reason = "columns")]
pub struct RawListedMerchant<Time> {
    pub merchant_id: Uuid,
    pub state: String,
    /// The moment by which the list is sorted, where the id does not begin with it.
    pub at: Option<Time>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawListedMerchant<Time> {
    type Row = ListedMerchant;

    fn into_row(self) -> Result<ListedMerchant, Inconsistency> {
        let (merchant_id, state) = (self.merchant_id, self.state);
        let id = MerchantId::from_uuid(merchant_id);
        let merchant = RawMerchant { merchant_id, state }.into_row();
        let at = match (self.at, &merchant) {
            (Some(at), _) => at
                .read("sort key")
                .map_err(|error| Inconsistency::of("merchants", id, error))?,
            (None, Ok(merchant)) => merchant.created_at,
            // Nobody looks at it: the id says it.
            (None, Err(_)) => DateTime::UNIX_EPOCH,
        };
        let position = PagePosition { at, id };
        Ok(ListedMerchant { position, merchant })
    }
}

/// A merchant with the key of its personal data.
#[expect(missing_docs, reason = "columns")]
pub struct RawOwnedMerchant {
    pub tenant_id: Uuid,
    pub merchant_id: Uuid,
    pub state: String,
    pub wrapped: Option<Vec<u8>>,
}

impl Found for RawOwnedMerchant {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let (merchant_id, state, wrapped_key) = (self.merchant_id, self.state, self.wrapped);
        let merchant = Arc::new(RawMerchant { merchant_id, state }.into_row()?);
        let key = (TenantId::from_uuid(self.tenant_id), merchant.id);
        loaded.merchants.insert(key, LoadedMerchant { merchant, wrapped_key });
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

/// How many merchants stand somewhere.
#[expect(missing_docs, reason = "columns")]
pub struct RawStatusCount {
    pub tenant_id: Uuid,
    pub status: String,
    pub stage: String,
    pub count: i64,
}

impl RawRow for RawStatusCount {
    type Row = StatusCount;

    fn into_row(self) -> Result<StatusCount, Inconsistency> {
        let count = || -> Result<StatusCount, BadColumn> {
            Ok(StatusCount {
                status: ReviewStatus::from_word(&self.status).ok_or(BadColumn("status"))?,
                stage: Stage::from_word(&self.stage).ok_or(BadColumn("stage"))?,
                count: self.count.read("count")?,
            })
        };
        count().map_err(|error| Inconsistency::of("merchants", TenantId::from_uuid(self.tenant_id), error))
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
