//! How each tenant's calls reach Paymint: address, key and a client, kept until the tenant changes them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use paymint_client::{ApiKey, Client, ClientConfig};
use registry_domain::merchant::SecretText;
use registry_domain::tenant::{ReadBack, Tenant, UpstreamEndpoint};
use registry_domain::{TenantId, Version, tenant};
use registry_journal::port::{Cause, PageSize, StreamQuery};
use registry_journal::{Archive, ArchiveError, StreamEvent, StreamId, causes};
use url::Url;

use super::at_hand::AtHand;

/// Most tenants whose clients are kept; beyond that all are made anew when needed.
const CLIENTS_MAX: usize = 10_000;

/// A tenant's way to Paymint.
pub struct TenantUpstream {
    /// Where Paymint is.
    pub base_url: String,
    /// Makes the calls.
    pub client: Client,
    /// The partner's key.
    pub api_key: ApiKey,
}

/// A tenant as it is now, and its way to Paymint.
pub struct Access {
    /// The tenant.
    pub tenant: Tenant,
    /// Its way to Paymint.
    pub upstream: Arc<TenantUpstream>,
}

/// Why a tenant's upstream cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The tenant was never told where Paymint is, or does not exist.
    #[error("no upstream is configured for the tenant")]
    NotConfigured,
    /// What was configured cannot be used. Why was logged when it was first met.
    #[error("the tenant's upstream configuration cannot be used")]
    Unusable,
    /// The configuration could not be read.
    #[error(transparent)]
    Read(#[from] ArchiveError),
}

/// The events of a tenant's stream by which a client was made: its configuration and its settings.
type MadeFrom = (Version, Version);

/// What came of a configuration.
#[derive(Clone)]
enum Way {
    Usable(Arc<TenantUpstream>),
    Unusable,
}

/// Ways with what each was made from.
type Kept = HashMap<TenantId, (MadeFrom, Way)>;

/// Every tenant's way to Paymint. Cheap to clone.
#[derive(Clone)]
pub struct UpstreamDirectory {
    archive: Archive,
    kept: Arc<Mutex<Kept>>,
    pub(super) at_hand: AtHand,
}

impl UpstreamDirectory {
    /// A directory over the log, where the configuration stands.
    pub fn new(archive: Archive) -> Self {
        Self {
            archive,
            kept: Arc::default(),
            at_hand: AtHand::default(),
        }
    }

    /// A tenant's way to Paymint as it is configured now.
    pub async fn of(&self, tenant_id: TenantId) -> Result<Arc<TenantUpstream>, UpstreamError> {
        Ok(self.access(tenant_id).await?.upstream)
    }

    /// A tenant and its way to Paymint as they are now.
    pub async fn access(&self, tenant_id: TenantId) -> Result<Access, UpstreamError> {
        let tenant = self
            .archive
            .reader()
            .tenant(tenant_id)
            .await
            .map_err(ArchiveError::Read)?;
        let tenant = tenant.ok_or(UpstreamError::NotConfigured)?;
        let endpoint = tenant.upstream.as_ref().ok_or(UpstreamError::NotConfigured)?;
        let made_from = (endpoint.configured_in, tenant.settings_from);
        let way = if let Some(known) = self.known(tenant_id, made_from) {
            known
        } else {
            let api_key = self.api_key(tenant_id, endpoint.configured_in).await?;
            let way = Way::made(&tenant, endpoint, &api_key);
            self.keep(tenant_id, made_from, way.clone());
            way
        };
        match way {
            Way::Usable(upstream) => Ok(Access { tenant, upstream }),
            Way::Unusable => Err(UpstreamError::Unusable),
        }
    }

    fn known(&self, tenant_id: TenantId, made_from: MadeFrom) -> Option<Way> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&tenant_id)
            .filter(|(known, _)| *known == made_from)
            .map(|(_, way)| way.clone())
    }

    fn keep(&self, tenant_id: TenantId, made_from: MadeFrom, way: Way) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CLIENTS_MAX {
            kept.clear();
        }
        kept.insert(tenant_id, (made_from, way));
    }

    /// The key stands sealed in the one event that configured it.
    async fn api_key(&self, tenant_id: TenantId, configured_in: Version) -> Result<SecretText, UpstreamError> {
        let query = StreamQuery {
            stream: StreamId::Tenant(tenant_id),
            after: Version(configured_in.0.saturating_sub(1)),
            until_version: Some(configured_in),
            until_time: None,
            limit: PageSize::clamped(1),
        };
        let configured = self
            .archive
            .stream(tenant_id, &query)
            .await?
            .pop()
            .map(|recorded| recorded.event);
        match configured {
            Some(StreamEvent::Tenant(tenant::Event::UpstreamConfigured { upstream })) => Ok(upstream.api_key),
            Some(_) | None => Err(UpstreamError::NotConfigured),
        }
    }
}

impl Way {
    fn made(tenant: &Tenant, endpoint: &UpstreamEndpoint, api_key: &SecretText) -> Self {
        match upstream(endpoint, api_key, &tenant.settings.read_back) {
            Ok(upstream) => Self::Usable(Arc::new(upstream)),
            Err(error) => {
                let error = causes(error.as_ref());
                tracing::warn!(tenant = %tenant.slug, %error, "what is configured of the upstream cannot be used");
                Self::Unusable
            }
        }
    }
}

fn upstream(endpoint: &UpstreamEndpoint, api_key: &SecretText, read_back: &ReadBack) -> Result<TenantUpstream, Cause> {
    Ok(TenantUpstream {
        base_url: endpoint.base_url.clone(),
        client: Client::new(&client_config(endpoint, read_back)?)?,
        api_key: ApiKey::parse(api_key.expose())?,
    })
}

fn client_config(endpoint: &UpstreamEndpoint, read_back: &ReadBack) -> Result<ClientConfig, Cause> {
    let mut config = ClientConfig::new(Url::parse(&endpoint.base_url)?);
    if let Some(path) = &read_back.path {
        path.as_str().clone_into(&mut config.mapping_status_path);
    }
    if let Some(field) = &read_back.member_field {
        field.as_str().clone_into(&mut config.mapping_status_member_field);
    }
    if let Some(field) = &read_back.merchant_field {
        field.as_str().clone_into(&mut config.mapping_status_merchant_field);
    }
    Ok(config)
}
