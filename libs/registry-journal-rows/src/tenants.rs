//! Rows of tenants and of what the relay notes about them.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{WalletReading, Wallets};
use registry_domain::tenant::{Slug, Tenant};
use registry_domain::{KeyId, Seq, TenantId};
use registry_journal::port::{Inconsistency, ListedTenant, Loaded, LoadedTenant, PublishCursor};
use registry_journal::stored::tenant_from_json;
use uuid::Uuid;

use crate::{BadColumn, Found, RawRow, RawValue};

/// A tenant.
#[expect(missing_docs, reason = "columns")]
pub struct RawTenant {
    pub tenant_id: Uuid,
    pub state: String,
}

impl RawRow for RawTenant {
    type Row = Tenant;

    fn into_row(self) -> Result<Tenant, Inconsistency> {
        let id = TenantId::from_uuid(self.tenant_id);
        tenant_from_json(id, &self.state).map_err(|error| Inconsistency::of("tenants", id, error))
    }
}

/// A tenant with what was last read of the wallets that may pay.
#[expect(missing_docs, reason = "columns")]
pub struct RawPayers<Time> {
    pub tenant_id: Uuid,
    pub state: String,
    pub partner_points: Option<i64>,
    pub partner_read_at: Option<Time>,
    pub merchant_points: Option<i64>,
    pub merchant_read_at: Option<Time>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawPayers<Time> {
    type Row = (Tenant, Wallets);

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        let (tenant_id, state) = (self.tenant_id, self.state);
        let tenant = RawTenant { tenant_id, state }.into_row()?;
        let wallet = |points: Option<i64>, read_at: Option<Time>| -> Result<Option<WalletReading>, Inconsistency> {
            let read_at: Result<Option<DateTime<Utc>>, BadColumn> = read_at.read("read_at");
            let read_at = read_at.map_err(|error| Inconsistency::of("balances", tenant.id, error))?;
            Ok(points
                .zip(read_at)
                .map(|(points, read_at)| WalletReading { points, read_at }))
        };
        let wallets = Wallets {
            partner: wallet(self.partner_points, self.partner_read_at)?,
            merchant: wallet(self.merchant_points, self.merchant_read_at)?,
        };
        Ok((tenant, wallets))
    }
}

/// When a key was used last.
#[expect(missing_docs, reason = "columns")]
pub struct RawKeyUse<Time> {
    pub key_id: Uuid,
    pub used_at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawKeyUse<Time> {
    type Row = (KeyId, DateTime<Utc>);

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        let key_id = KeyId::from_uuid(self.key_id);
        let used_at = self.used_at.read("used_at");
        let used_at = used_at.map_err(|error| Inconsistency::of("key_uses", key_id, error))?;
        Ok((key_id, used_at))
    }
}

/// A tenant with the key of its secrets.
#[expect(missing_docs, reason = "columns")]
pub struct RawOwnedTenant {
    pub tenant_id: Uuid,
    pub state: String,
    pub wrapped: Option<Vec<u8>>,
    pub generation: i64,
}

impl Found for RawOwnedTenant {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let (tenant_id, state, wrapped_key) = (self.tenant_id, self.state, self.wrapped);
        let tenant = RawTenant { tenant_id, state }.into_row()?;
        let row = LoadedTenant {
            tenant,
            wrapped_key,
            generation: self.generation,
        };
        loaded.tenants.insert(row.tenant.id, row);
        Ok(())
    }
}

/// A tenant with the end of its log.
#[expect(missing_docs, reason = "columns")]
pub struct RawTenantHead {
    pub tenant_id: Uuid,
    pub state: String,
    pub head: i64,
}

impl RawRow for RawTenantHead {
    type Row = ListedTenant;

    fn into_row(self) -> Result<ListedTenant, Inconsistency> {
        let (tenant_id, state) = (self.tenant_id, self.state);
        let id = TenantId::from_uuid(tenant_id);
        let head = self.head.read("seq");
        Ok(ListedTenant {
            id,
            head: Seq(head.map_err(|error| Inconsistency::of("events", id, error))?),
            tenant: RawTenant { tenant_id, state }.into_row(),
        })
    }
}

/// Whose a slug is.
#[expect(missing_docs, reason = "columns")]
pub struct RawSlug {
    pub slug: String,
    pub tenant_id: Uuid,
}

impl Found for RawSlug {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let tenant_id = TenantId::from_uuid(self.tenant_id);
        let slug = Slug::parse(&self.slug).map_err(|error| Inconsistency::of("tenants", tenant_id, error))?;
        loaded.slugs.insert(slug, tenant_id);
        Ok(())
    }
}

/// Where the relay stands.
#[expect(missing_docs, reason = "columns")]
pub struct RawPublishCursor {
    pub tenant_id: Uuid,
    pub seq: i64,
    pub published_seq: i64,
    pub stream_seq: i64,
}

impl RawRow for RawPublishCursor {
    type Row = PublishCursor;

    fn into_row(self) -> Result<PublishCursor, Inconsistency> {
        let key = TenantId::from_uuid(self.tenant_id);
        let cursor = || -> Result<PublishCursor, BadColumn> {
            Ok(PublishCursor {
                seq: Seq(self.seq.read("seq")?),
                published_seq: Seq(self.published_seq.read("published_seq")?),
                stream_seq: self.stream_seq.read("stream_seq")?,
            })
        };
        cursor().map_err(|error| Inconsistency::of("publish_cursors", key, error))
    }
}
