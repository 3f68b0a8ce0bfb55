//! `GET /v1/me`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::body::BODY_BYTES_MAX;
use crate::caller::Caller;
use crate::openapi::{Access, Operation, Route};
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
/// Your tenant, the API key that you used, and the limits that apply to you. Any API key may ask.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "Account",
    responses((status = 200, description = "Who you are", body = Me))
)]
async fn get_me(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<Me>, Problem> {
    let tenant = state
        .archive
        .reader()
        .tenant(caller.tenant_id())
        .await?
        .ok_or(Code::Unauthenticated)?;
    let key = caller.key();
    Ok(Json(Me {
        object: "me",
        tenant: TenantDocument {
            id: tenant.id.to_string(),
            slug: tenant.slug.to_string(),
            name: tenant.name.as_str().to_owned(),
            state: tenant.state.as_str(),
            upstream_configured: tenant.upstream.is_some(),
        },
        key: KeyDocument {
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            scopes: key.scopes.iter().copied().map(Scope::as_str).collect(),
            expires_at: key.expires_at,
        },
        limits: LimitsDocument {
            body_bytes: BODY_BYTES_MAX,
            page_length: LIMIT_MAX,
            event_streams: state.event_streams_max,
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
    /// The API key that you used.
    key: KeyDocument,
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
#[schema(as = ApiKey)]
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
    expires_at: Option<DateTime<Utc>>,
}

/// The most that is taken or given.
#[derive(Serialize, ToSchema)]
#[schema(as = Limits)]
struct LimitsDocument {
    /// Most bytes of a body.
    #[schema(example = 65_536)]
    body_bytes: usize,
    /// Most rows on a page.
    #[schema(example = 200)]
    page_length: u32,
    /// Most event streams that are open at once, for all tenants together.
    #[schema(example = 256)]
    event_streams: usize,
}
