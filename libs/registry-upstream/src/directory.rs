//! How each tenant's calls reach Paymint: address, key and a client, kept until the tenant changes them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use paymint_client::{ApiKey, CallError, Client, ClientConfig, StatusCall, StatusCallError};
use registry_domain::merchant::SecretText;
use registry_domain::tenant::{CallPath, FieldName, ReadBack, Tenant, UpstreamEndpoint};
use registry_domain::{TenantId, Version, causes, tenant};
use registry_journal::port::{Cause, PageSize, StreamQuery};
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
    /// Why single merchants cannot be asked about; none if they can.
    unusable: Option<StatusCallError>,
    /// It was said already that something else than upstream answers at an address of ours.
    is_told: AtomicBool,
}

impl TenantUpstream {
    /// Whether single merchants can be asked about.
    pub fn can_ask(&self) -> bool {
        self.unusable.is_none()
    }

    /// A client that asks about single merchants in another way.
    pub(crate) fn client_asking(&self, read_back: &ReadBack) -> Result<Client, Cause> {
        let mut config = ClientConfig::new(Url::parse(&self.base_url)?);
        config.status_call = status_call(&config.base_url, read_back)?;
        Ok(Client::new(&config)?)
    }
}

/// A tenant as it is now, and its way to Paymint.
pub struct Access {
    /// The tenant.
    pub tenant: Tenant,
    /// Its way to Paymint.
    pub upstream: Arc<TenantUpstream>,
}

impl Access {
    /// Says once for each configuration that something else than upstream answers: nobody else would notice that nothing
    /// is verified.
    pub(crate) fn note_address(&self, error: Option<&CallError>) {
        let Some(error) = error.filter(|error| error.speaks_of_our_address()) else {
            return;
        };
        if !self.upstream.is_told.swap(true, Ordering::Relaxed) {
            let (tenant, error) = (&self.tenant.slug, causes(error));
            tracing::warn!(%tenant, %error, "the base URL or the path of mapping-status is wrong: Paymint's API does not answer there");
        }
    }
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
        self.access_of(tenant.ok_or(UpstreamError::NotConfigured)?).await
    }

    /// The way to Paymint of a tenant that was just read.
    pub async fn access_of(&self, tenant: Tenant) -> Result<Access, UpstreamError> {
        let endpoint = tenant.upstream.as_ref().ok_or(UpstreamError::NotConfigured)?;
        let made_from = (endpoint.configured_in, tenant.settings_from);
        let way = if let Some(known) = self.known(tenant.id, made_from) {
            known
        } else {
            let api_key = self.api_key(tenant.id, endpoint.configured_in).await?;
            let way = Way::made(&tenant, endpoint, &api_key);
            self.keep(tenant.id, made_from, way.clone());
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
            Ok(upstream) => {
                if let Some(error) = &upstream.unusable {
                    tracing::warn!(tenant = %tenant.slug, error = %causes(error), "what is set for asking about merchants is not used");
                }
                Self::Usable(Arc::new(upstream))
            }
            Err(error) => {
                let error = causes(error.as_ref());
                tracing::warn!(tenant = %tenant.slug, %error, "what is configured of the upstream cannot be used");
                Self::Unusable
            }
        }
    }
}

/// What a tenant has set for one call is checked again here, where the address is made, and does not stop the others.
fn upstream(endpoint: &UpstreamEndpoint, api_key: &SecretText, read_back: &ReadBack) -> Result<TenantUpstream, Cause> {
    let mut config = ClientConfig::new(Url::parse(&endpoint.base_url)?);
    let unusable = match status_call(&config.base_url, read_back) {
        Ok(call) => {
            config.status_call = call;
            None
        }
        Err(error) => Some(error),
    };
    Ok(TenantUpstream {
        base_url: endpoint.base_url.clone(),
        client: Client::new(&config)?,
        api_key: ApiKey::parse(api_key.expose())?,
        unusable,
        is_told: AtomicBool::new(false),
    })
}

/// The mapping-status call as a tenant has set it; none for the usual one.
fn status_call(base: &Url, read_back: &ReadBack) -> Result<Option<StatusCall>, StatusCallError> {
    if read_back.is_usual() {
        return Ok(None);
    }
    let path = read_back.path.as_ref().map(CallPath::as_str);
    let member = read_back.member_field.as_ref().map(FieldName::as_str);
    let merchant = read_back.merchant_field.as_ref().map(FieldName::as_str);
    StatusCall::below(base, path, member, merchant).map(Some)
}
