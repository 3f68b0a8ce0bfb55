//! `/v1/api-keys`: what programs of the tenant sign in with.

pub mod create;
pub mod get;
pub mod list;
pub mod revoke;
pub mod rotate;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use registry_domain::tenant::{ApiKey, Scope};
use registry_domain::{KeyId, TenantId};
use registry_journal::IdempotencyKey;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Builder;

use crate::caller::Caller;
use crate::commands::DoneOfTenant;
use crate::problem::{Code, Fault, FieldFault, Place, Problem};
use crate::state::AppState;

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
struct KeyDocument {
    /// Always `api_key`.
    #[schema(example = "api_key")]
    object: &'static str,
    /// Its id.
    #[schema(example = "key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// What its owner calls it.
    #[schema(example = "portal backend")]
    name: String,
    /// `usable`, `expired` or `revoked`.
    #[schema(example = "usable")]
    state: &'static str,
    /// What it may do. Others may appear.
    #[schema(example = json!(["merchants:read", "events:read"]))]
    scopes: Vec<&'static str>,
    /// From which networks it may be used; from anywhere if there is none.
    #[schema(example = json!(["198.51.100.0/24"]))]
    networks: Vec<String>,
    /// When it was issued.
    issued_at: DateTime<Utc>,
    /// From when on it no longer works; null for never.
    #[schema(required = true)]
    expires_at: Option<DateTime<Utc>>,
    /// When it was revoked; null if it was not.
    #[schema(required = true)]
    revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to the minute; null if that was never seen.
    #[schema(required = true)]
    last_used_at: Option<DateTime<Utc>>,
    /// The key that has taken its place; null if none has.
    #[schema(required = true, example = json!(null))]
    successor_id: Option<String>,
}

impl KeyDocument {
    fn new(key: &ApiKey, last_used_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        Self {
            object: "api_key",
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            state: match key.revoked_at {
                Some(_) => "revoked",
                None if key.is_usable(now) => "usable",
                None => "expired",
            },
            scopes: key.scopes.iter().copied().map(Scope::as_str).collect(),
            networks: key.networks.iter().map(ToString::to_string).collect(),
            issued_at: key.issued_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at,
            successor_id: key.successor.map(|successor| successor.to_string()),
        }
    }
}

/// A new API key.
#[derive(Serialize, ToSchema)]
#[schema(as = NewApiKey)]
struct NewKeyDocument {
    #[serde(flatten)]
    key: KeyDocument,
    /// What to send as `Authorization: Bearer …`. It is shown this once; null if this request had been done before.
    #[schema(
        required = true,
        example = "rk_0197f0a1b2c37d4e8f90a1b2c3d4e5f6_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    )]
    secret: Option<String>,
}

/// All keys of the caller's tenant, oldest first, each as it is shown.
async fn all(state: &AppState, caller: &Caller) -> Result<Vec<KeyDocument>, Problem> {
    let reader = state.archive.reader();
    let tenant = reader.tenant(caller.tenant_id()).await?.ok_or(Code::Unauthenticated)?;
    let uses = reader.key_uses(caller.tenant_id()).await?;
    let now = state.ambient.now();
    let last_use = |id: KeyId| uses.iter().find(|(key, _)| *key == id).map(|(_, used_at)| *used_at);
    let documents = tenant
        .keys
        .iter()
        .map(|key| KeyDocument::new(key, last_use(key.id), now));
    Ok(documents.collect())
}

/// One of them, named by its id.
async fn one(state: &AppState, caller: &Caller, id: &str) -> Result<KeyDocument, Problem> {
    let found = all(state, caller).await?.into_iter().find(|key| key.id == id);
    found.ok_or_else(|| Code::ApiKeyNotFound.into())
}

/// A key that was just made, which nobody has used; one that had been made before is looked up.
async fn made(state: &AppState, caller: &Caller, done: &DoneOfTenant, id: KeyId) -> Result<KeyDocument, Problem> {
    let is_it = |key: &&ApiKey| done.is_news && key.id == id;
    match done.tenant.keys.iter().find(is_it) {
        Some(key) => Ok(KeyDocument::new(key, None, state.ambient.now())),
        None => one(state, caller, &id.to_string()).await,
    }
}

/// Refuses to hand out what the caller does not have itself.
fn require_all(caller: &Caller, scopes: &[Scope]) -> Result<(), Problem> {
    scopes.iter().try_for_each(|scope| caller.require(*scope))
}

/// Refuses a key that would outlive the one that asks for it, or work from where that one does not: whoever steals a key that
/// is bound would have one that is not. People have neither bound.
fn require_within(
    caller: &Caller,
    networks: &[IpNet],
    expires_at: Option<DateTime<Utc>>,
    latest_end: Option<DateTime<Utc>>,
) -> Result<(), Problem> {
    let own: &[IpNet] = caller.key().map_or(&[], |key| &key.networks);
    let is_inside = |network: &IpNet| own.iter().any(|own| own.contains(network));
    let is_near = own.is_empty() || (!networks.is_empty() && networks.iter().all(is_inside));
    let is_short = latest_end.is_none_or(|latest| expires_at.is_some_and(|end| end <= latest));
    let beyond = |pointer: &str| FieldFault {
        place: Place::Body(pointer.to_owned()),
        fault: Fault::BeyondOwn,
    };
    let faults = [(is_near, "/networks"), (is_short, "/expires_at")];
    let faults = faults.into_iter().filter(|(holds, _)| !holds);
    let faults: Vec<_> = faults.map(|(_, pointer)| beyond(pointer)).collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(faults))
    }
}

/// The id of a key that is made by a request. The same request makes the same key: one whose answer was lost, and that is sent
/// again, finds it there.
fn id_of(tenant: TenantId, path: &str, key: &IdempotencyKey) -> KeyId {
    let digest = Sha256::new()
        .chain_update("api key\n")
        .chain_update(tenant.as_uuid())
        .chain_update(path)
        .chain_update("\n")
        .chain_update(key.as_str())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    KeyId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid())
}
