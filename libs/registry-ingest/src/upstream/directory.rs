//! How each tenant's calls reach Paymint: address, key and a client, kept until the tenant changes them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use paymint_client::{ApiKey, Client, ClientConfig};
use registry_domain::tenant::{ReadBack, Tenant, UpstreamEndpoint};
use registry_domain::{TenantId, Version, tenant};
use registry_journal::port::{PageSize, StreamQuery};
use registry_journal::{Archive, ArchiveError, StreamEvent, StreamId};
use url::Url;

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
    /// What was configured cannot be used.
    #[error("the tenant's upstream configuration cannot be used")]
    Unusable,
    /// The configuration could not be read.
    #[error(transparent)]
    Read(#[from] ArchiveError),
}

/// The events of a tenant's stream by which a client was made: its configuration and its settings.
type MadeFrom = (Version, Version);

/// Clients with what each was made from.
type Kept = HashMap<TenantId, (MadeFrom, Arc<TenantUpstream>)>;

/// Every tenant's way to Paymint. Cheap to clone.
#[derive(Clone)]
pub struct UpstreamDirectory {
    archive: Archive,
    kept: Arc<Mutex<Kept>>,
}

impl UpstreamDirectory {
    /// A directory over the log, where the configuration stands.
    pub fn new(archive: Archive) -> Self {
        Self {
            archive,
            kept: Arc::default(),
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
        if let Some(upstream) = self.known(tenant_id, made_from) {
            return Ok(Access { tenant, upstream });
        }
        let api_key = self.api_key(tenant_id, endpoint.configured_in).await?;
        let config = client_config(endpoint, &tenant.settings.read_back)?;
        let upstream = Arc::new(TenantUpstream {
            base_url: endpoint.base_url.clone(),
            client: Client::new(&config).map_err(|_| UpstreamError::Unusable)?,
            api_key,
        });
        self.keep(tenant_id, made_from, Arc::clone(&upstream));
        Ok(Access { tenant, upstream })
    }

    fn known(&self, tenant_id: TenantId, made_from: MadeFrom) -> Option<Arc<TenantUpstream>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&tenant_id)
            .filter(|(known, _)| *known == made_from)
            .map(|(_, upstream)| Arc::clone(upstream))
    }

    fn keep(&self, tenant_id: TenantId, made_from: MadeFrom, upstream: Arc<TenantUpstream>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CLIENTS_MAX {
            kept.clear();
        }
        kept.insert(tenant_id, (made_from, upstream));
    }

    /// The key stands sealed in the one event that configured it.
    async fn api_key(&self, tenant_id: TenantId, configured_in: Version) -> Result<ApiKey, UpstreamError> {
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
            Some(StreamEvent::Tenant(tenant::Event::UpstreamConfigured { upstream })) => {
                ApiKey::parse(upstream.api_key.expose()).map_err(|_| UpstreamError::Unusable)
            }
            Some(_) | None => Err(UpstreamError::NotConfigured),
        }
    }
}

fn client_config(endpoint: &UpstreamEndpoint, read_back: &ReadBack) -> Result<ClientConfig, UpstreamError> {
    let mut config = ClientConfig::new(Url::parse(&endpoint.base_url).map_err(|_| UpstreamError::Unusable)?);
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
