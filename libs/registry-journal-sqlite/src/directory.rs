//! Questions that are asked before a tenant is known, or about all of them.

use registry_domain::tenant::{Slug, Tenant};
use registry_domain::{KeyId, Seq, TenantId};
use registry_journal::port::{PageSize, PresentedKey, ReadError, raw};
use sqlx::SqlitePool;
use sqlx::types::Uuid;

use crate::error::read;

pub(crate) async fn tenant_by_slug(pool: &SqlitePool, slug: &Slug) -> Result<Option<Tenant>, ReadError> {
    let slug = slug.as_str();
    let row = sqlx::query!(
        r#"SELECT tenant_id AS "tenant_id: Uuid", state FROM tenants WHERE slug = ?1"#,
        slug
    )
    .fetch_optional(pool)
    .await
    .map_err(read("tenant by slug"))?;
    Ok(row.map(|row| raw::tenant(row.tenant_id, &row.state)).transpose()?)
}

pub(crate) async fn tenants(
    pool: &SqlitePool,
    after: Option<TenantId>,
    limit: PageSize,
) -> Result<Vec<(Tenant, Seq)>, ReadError> {
    let after = after.map_or_else(Vec::new, |id| id.as_uuid().as_bytes().to_vec());
    let limit = limit.get();
    let found = sqlx::query!(
        r#"
        SELECT t.tenant_id AS "tenant_id: Uuid", t.state,
            (SELECT coalesce(max(seq), 0) FROM events WHERE tenant_id = t.tenant_id) AS "head!: i64"
        FROM tenants AS t WHERE t.tenant_id > ?1 ORDER BY t.tenant_id LIMIT ?2
        "#,
        after,
        limit
    )
    .fetch_all(pool)
    .await
    .map_err(read("tenants"))?;
    let pairs = found
        .into_iter()
        .map(|row| raw::tenant_with_head(row.tenant_id, &row.state, row.head));
    Ok(pairs.collect::<Result<_, _>>()?)
}

pub(crate) async fn presented_key(pool: &SqlitePool, key: KeyId) -> Result<Option<PresentedKey>, ReadError> {
    let id = key.as_uuid();
    let row = sqlx::query!(
        r#"
        SELECT t.tenant_id AS "tenant_id: Uuid", t.state FROM api_keys AS k
        JOIN tenants AS t ON t.tenant_id = k.tenant_id
        WHERE k.key_id = ?1
        "#,
        id
    )
    .fetch_optional(pool)
    .await
    .map_err(read("API key"))?;
    let Some(row) = row else { return Ok(None) };
    let tenant = raw::tenant(row.tenant_id, &row.state)?;
    let found = tenant.keys.iter().find(|candidate| candidate.id == key).cloned();
    Ok(found.map(|key| PresentedKey {
        tenant_id: tenant.id,
        tenant_slug: tenant.slug,
        tenant_state: tenant.state,
        key,
    }))
}
