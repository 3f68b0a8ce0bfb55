//! `GET /v1/me`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use registry_domain::tenant::{ApiKey, Scope, Tenant};
use registry_journal::port::TenantHealth;
use registry_people::ActingPerson;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::body::BODY_BYTES_MAX;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::LIMIT_MAX;
use crate::state::AppState;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::AnyKey,
        problems: &[],
    };
    operation.document(routes!(get_me))
}

/// Read who you are
///
/// Your tenant, the API key that you used, how well Paymint's word about your merchants arrives, and the limits that
/// apply to you. Any API key may ask.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "Account",
    responses((status = 200, description = "Who you are", body = Me))
)]
async fn get_me(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<Me>, Problem> {
    let reader = state.archive.reader();
    let tenant = reader.tenant(caller.tenant_id()).await?.ok_or(Code::Unauthenticated)?;
    let health = reader.tenant_health(caller.tenant_id()).await?;
    Ok(Json(Me {
        object: "me",
        tenant: TenantDocument {
            id: tenant.id.to_string(),
            slug: tenant.slug.to_string(),
            name: tenant.name.as_str().to_owned(),
            state: tenant.state.as_str(),
            upstream_configured: tenant.upstream.is_some(),
        },
        key: caller.key().map(KeyDocument::new),
        person: caller.person().map(PersonDocument::new),
        health: HealthDocument::new(&tenant, &health),
        limits: LimitsDocument {
            body_bytes: BODY_BYTES_MAX,
            page_length: LIMIT_MAX,
            event_streams: state.event_streams.most(),
            long_polls: state.long_polls.most(),
        },
    }))
}

/// Who you are.
#[derive(Serialize, ToSchema)]
struct Me {
    /// Always `me`.
    #[schema(example = "me")]
    object: &'static str,
    /// Your tenant.
    tenant: TenantDocument,
    /// The API key that you used; null for a person.
    #[schema(required = true)]
    key: Option<KeyDocument>,
    /// The person who you are; null for a key.
    #[schema(required = true)]
    person: Option<PersonDocument>,
    /// How well Paymint's word about your merchants arrives, and what waits for you.
    health: HealthDocument,
    /// The limits that apply to you.
    limits: LimitsDocument,
}

/// A tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
struct TenantDocument {
    /// Its id.
    #[schema(example = "ten_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// Its short name, which also stands in NATS subjects.
    #[schema(example = "acme")]
    slug: String,
    /// Its name.
    #[schema(example = "Acme")]
    name: String,
    /// `active`. Others may appear.
    #[schema(example = "active")]
    state: &'static str,
    /// Whether Paymint can be called for it.
    upstream_configured: bool,
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = CallerKey)]
struct KeyDocument {
    /// Its id.
    #[schema(example = "key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// What its owner calls it.
    #[schema(example = "portal backend")]
    name: String,
    /// What it may do. Others may appear.
    #[schema(example = json!(["merchants:read", "events:read"]))]
    scopes: Vec<&'static str>,
    /// From when on it no longer works; null for never.
    #[schema(required = true)]
    expires_at: Option<DateTime<Utc>>,
}

impl KeyDocument {
    fn new(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            scopes: key.scopes.iter().copied().map(Scope::as_str).collect(),
            expires_at: key.expires_at,
        }
    }
}

/// A person who is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedInPerson)]
struct PersonDocument {
    /// Their id.
    #[schema(example = "psn_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// What they may do for this tenant. Others may appear.
    #[schema(example = json!(["merchants:read", "events:read"]))]
    scopes: Vec<&'static str>,
    /// Whether they administer the installation.
    administrator: bool,
}

impl PersonDocument {
    fn new(person: &ActingPerson) -> Self {
        Self {
            id: person.person_id.to_string(),
            scopes: person.scopes.iter().copied().map(Scope::as_str).collect(),
            administrator: person.is_administrator,
        }
    }
}

/// How well Paymint's word about your merchants arrives, and what waits for you.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantHealth)]
struct HealthDocument {
    /// Whether Paymint can be asked about single merchants. If not, nothing can be verified.
    can_verify: bool,
    /// When the last callback came, whatever was in it.
    #[schema(required = true)]
    last_callback_at: Option<DateTime<Utc>>,
    /// Links were issued, and no callback has come for too long: look whether Paymint can reach this installation.
    callbacks_missing: bool,
    /// When the oldest link was issued about which Paymint has said nothing, if callbacks are missing.
    #[schema(required = true)]
    callbacks_missing_since: Option<DateTime<Utc>>,
    /// How many of your merchants' latest changes callbacks have brought.
    #[schema(example = 98)]
    changes_by_callback: u64,
    /// How many of them were found by asking only, because no callback had brought them.
    #[schema(example = 2)]
    changes_by_asking: u64,
    /// The share of those, from 0 to 1; null as long as nothing has changed.
    #[schema(required = true, example = 0.02, minimum = 0, maximum = 1)]
    share_found_by_asking: Option<f64>,
    /// Calls to Paymint are stopped because it refuses you itself; null otherwise.
    #[schema(required = true)]
    upstream_paused: Option<PauseDocument>,
    /// Your balance is below the threshold of your settings; null otherwise.
    #[schema(required = true)]
    balance_low: Option<LowBalanceDocument>,
    /// Callbacks in quarantine that wait for somebody.
    #[schema(example = 0)]
    open_quarantine: u64,
    /// Pairs of codes of which Paymint spoke although you had not registered them.
    #[schema(example = 0)]
    unclaimed_merchants: u64,
    /// Merchants with a doubtful claim that waits for Paymint's word.
    #[schema(example = 0)]
    held: u64,
}

/// Calls to Paymint are stopped.
#[derive(Serialize, ToSchema)]
#[schema(as = UpstreamPause)]
struct PauseDocument {
    /// Paymint's code.
    #[schema(example = "PARTNER_006")]
    code: String,
    /// Since when.
    since: DateTime<Utc>,
}

/// A balance that is low. In points; one is worth one won.
#[derive(Serialize, ToSchema)]
#[schema(as = LowBalance)]
struct LowBalanceDocument {
    /// The threshold.
    #[schema(example = 5_500)]
    threshold: i64,
    /// The balance that was read when it fell below it.
    #[schema(example = 5_445)]
    seen: i64,
    /// Since when.
    since: DateTime<Utc>,
}

impl HealthDocument {
    fn new(tenant: &Tenant, health: &TenantHealth) -> Self {
        Self {
            can_verify: tenant.can_verify(),
            last_callback_at: health.last_callback_at,
            callbacks_missing: tenant.callbacks_missing_since.is_some(),
            callbacks_missing_since: tenant.callbacks_missing_since,
            changes_by_callback: health.changes_by_callback,
            changes_by_asking: health.changes_by_reading,
            share_found_by_asking: share(health.changes_by_reading, health.changes_by_callback),
            upstream_paused: tenant.upstream_pause.as_ref().map(|pause| PauseDocument {
                code: pause.code.clone(),
                since: pause.since,
            }),
            balance_low: tenant.low_balance.map(|low| LowBalanceDocument {
                threshold: low.threshold,
                seen: low.seen,
                since: low.since,
            }),
            open_quarantine: health.open_quarantine,
            unclaimed_merchants: health.unclaimed,
            held: health.held,
        }
    }
}

/// The share that a part has of two, to a ten-thousandth.
fn share(part: u64, other: u64) -> Option<f64> {
    let ten_thousandths = part.saturating_mul(10_000).checked_div(part.saturating_add(other))?;
    u32::try_from(ten_thousandths)
        .ok()
        .map(|share| f64::from(share) / 10_000.0)
}

/// The most that is taken or given.
#[derive(Serialize, ToSchema)]
#[schema(as = Limits)]
struct LimitsDocument {
    /// Most bytes of a body.
    #[schema(example = 65_536)]
    body_bytes: usize,
    /// Most rows on a page.
    #[schema(example = 500)]
    page_length: u32,
    /// Most event streams that are open at once, for all tenants together. Yours may be no more than are left: half of them, if
    /// nobody else has one open.
    #[schema(example = 2_000)]
    event_streams: usize,
    /// Most requests for the feed that wait at once, for all tenants together and shared in the same way.
    #[schema(example = 2_000)]
    long_polls: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_both() {
        assert_eq!(share(0, 0), None);
        assert_eq!(share(0, 7), Some(0.0));
        assert_eq!(share(1, 3), Some(0.25));
        assert_eq!(share(1, 2), Some(0.3333));
        assert_eq!(share(5, 0), Some(1.0));
    }
}
