//! What a batch sees beyond its beginning: one statement for each kind of thing that its scope names, none for what it
//! does not.
//!
//! Each key that is wanted probes an index. A plain join of the list with the table would be a scan as soon as the
//! planner takes the list for longer than it is; LATERAL with a LIMIT leaves it no choice. Where a table has several
//! indexes that begin with the tenant, the ORDER BY names the one: on a table that was empty when the plan was made they
//! all look alike.

use std::collections::HashSet;
use std::hash::Hash;

use registry_domain::merchant::Merchant;
use registry_domain::tenant::Slug;
use registry_domain::{MerchantCode, TenantId, Version};
use registry_journal::port::{Inconsistency, Loaded, LoadedMerchant, Scope, TransactError, raw};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::transact;
use crate::known;
use crate::rows::StoredIdempotency;

/// Reads what few batches need, behind what the beginning has read already.
pub(crate) async fn load(
    connection: &mut PgConnection,
    scope: &Scope,
    mut loaded: Loaded,
) -> Result<Loaded, TransactError> {
    if !scope.references.is_empty() {
        merchants_by_reference(connection, scope, &mut loaded).await?;
    }
    if !scope.merchant_codes.is_empty() {
        merchant_codes(connection, scope, &mut loaded).await?;
    }
    if !scope.business_numbers.is_empty() {
        business_numbers(connection, scope, &mut loaded).await?;
    }
    if !scope.idempotency_keys.is_empty() {
        idempotency_keys(connection, scope, &mut loaded).await?;
    }
    if !scope.slugs.is_empty() {
        slugs(connection, scope, &mut loaded).await?;
    }
    known::load(connection, scope, &mut loaded).await?;
    if !scope.streams.is_empty() {
        streams(connection, scope, &mut loaded).await?;
    }
    Ok(loaded)
}

/// The tenants of keys.
pub(crate) fn owners<Key>(keys: &[(TenantId, Key)]) -> Vec<Uuid> {
    keys.iter().map(|(tenant, _)| tenant.as_uuid()).collect()
}

/// The keys themselves, as the database has them.
pub(crate) fn names<'a, Key, Name>(keys: &'a [(TenantId, Key)], name: impl Fn(&'a Key) -> Name) -> Vec<Name> {
    keys.iter().map(|(_, key)| name(key)).collect()
}

pub(crate) fn insert_merchant(
    loaded: &mut Loaded,
    tenant_id: TenantId,
    merchant: Merchant,
    wrapped_key: Option<Vec<u8>>,
) {
    let key = (tenant_id, merchant.id);
    loaded.merchants.insert(key, LoadedMerchant { merchant, wrapped_key });
}

async fn merchants_by_reference(
    connection: &mut PgConnection,
    scope: &Scope,
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let found = sqlx::query!(
        r#"
        SELECT wanted.tenant_id AS "tenant_id!", m.merchant_id AS "merchant_id!", m.state AS "state!",
            k.wrapped AS "wrapped?"
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS wanted (tenant_id, member_code, merchant_code)
        CROSS JOIN LATERAL (
            SELECT merchant_id, member_code, state FROM merchants
            WHERE tenant_id = wanted.tenant_id AND merchant_code = wanted.merchant_code
                AND member_code >= wanted.member_code
            ORDER BY member_code LIMIT 1
        ) AS m
        LEFT JOIN LATERAL (
            SELECT wrapped FROM data_keys WHERE tenant_id = wanted.tenant_id AND owner = m.merchant_id LIMIT 1
        ) AS k ON true
        WHERE m.member_code = wanted.member_code
        "#,
        &owners(&scope.references),
        &names(&scope.references, |it| it.member_code.as_str()) as &[&str],
        &names(&scope.references, |it| it.merchant_code.as_str()) as &[&str]
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let merchant = raw::merchant(row.merchant_id, &row.state)?;
        insert_merchant(loaded, TenantId::from_uuid(row.tenant_id), merchant, row.wrapped);
    }
    Ok(())
}

/// A code may stand under very many members: whether one has it is one probe, how many have it would be a count.
async fn merchant_codes(
    connection: &mut PgConnection,
    scope: &Scope,
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let positions = sqlx::query_scalar!(
        r#"
        SELECT wanted.position AS "position!"
        FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS wanted (tenant_id, code, position)
        CROSS JOIN LATERAL (
            SELECT merchant_code FROM merchants
            WHERE tenant_id = wanted.tenant_id AND merchant_code >= wanted.code ORDER BY merchant_code LIMIT 1
        ) AS m
        WHERE m.merchant_code = wanted.code
        "#,
        &owners(&scope.merchant_codes),
        &names(&scope.merchant_codes, MerchantCode::as_str) as &[&str]
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    loaded.merchant_codes = at_positions(&scope.merchant_codes, &positions);
    Ok(())
}

async fn business_numbers(
    connection: &mut PgConnection,
    scope: &Scope,
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let positions = sqlx::query_scalar!(
        r#"
        SELECT wanted.position AS "position!"
        FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS wanted (tenant_id, number, position)
        CROSS JOIN LATERAL (
            SELECT business_number FROM merchants
            WHERE tenant_id = wanted.tenant_id AND business_number >= wanted.number ORDER BY business_number LIMIT 1
        ) AS m
        WHERE m.business_number = wanted.number
        "#,
        &owners(&scope.business_numbers),
        &names(&scope.business_numbers, String::as_str) as &[&str]
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    loaded.business_numbers = at_positions(&scope.business_numbers, &positions);
    Ok(())
}

/// The keys at these places, counted from 1, of the list that was asked for.
fn at_positions<Key: Clone + Eq + Hash>(keys: &[Key], positions: &[i64]) -> HashSet<Key> {
    let indexes = positions
        .iter()
        .filter_map(|position| usize::try_from(position - 1).ok());
    indexes.filter_map(|index| keys.get(index).cloned()).collect()
}

async fn idempotency_keys(
    connection: &mut PgConnection,
    scope: &Scope,
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let found = sqlx::query_as!(
        StoredIdempotency,
        r#"
        SELECT i.tenant_id AS "tenant_id!", i.key AS "key!", i.fingerprint AS "fingerprint!",
            i.merchant_id AS "merchant_id!", i.link_id AS "link_id?", i.version AS "version!",
            i.created_at AS "created_at!", i.expires_at AS "expires_at!"
        FROM unnest($1::uuid[], $2::text[]) AS wanted (tenant_id, key)
        CROSS JOIN LATERAL (
            SELECT * FROM idempotency_keys
            WHERE tenant_id = wanted.tenant_id AND key >= wanted.key ORDER BY key LIMIT 1
        ) AS i
        WHERE i.key = wanted.key AND i.expires_at > $3
        "#,
        &owners(&scope.idempotency_keys),
        &names(&scope.idempotency_keys, String::as_str) as &[&str],
        scope.now
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let row = row.into_row()?;
        loaded.idempotency.insert((row.tenant_id, row.key.clone()), row);
    }
    Ok(())
}

async fn slugs(connection: &mut PgConnection, scope: &Scope, loaded: &mut Loaded) -> Result<(), TransactError> {
    let wanted: Vec<_> = scope.slugs.iter().map(Slug::as_str).collect();
    let found = sqlx::query!(
        r#"
        SELECT t.slug AS "slug!", t.tenant_id AS "tenant_id!"
        FROM unnest($1::text[]) AS wanted (slug)
        CROSS JOIN LATERAL (SELECT slug, tenant_id FROM tenants WHERE slug = wanted.slug LIMIT 1) AS t
        "#,
        &wanted as &[&str]
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let tenant_id = TenantId::from_uuid(row.tenant_id);
        let slug = Slug::parse(&row.slug).map_err(|error| Inconsistency::of("tenants", tenant_id, error))?;
        loaded.slugs.insert(slug, tenant_id);
    }
    Ok(())
}

async fn streams(connection: &mut PgConnection, scope: &Scope, loaded: &mut Loaded) -> Result<(), TransactError> {
    let found = sqlx::query!(
        r#"
        SELECT e.tenant_id AS "tenant_id!", e.stream_id AS "stream_id!", e.version AS "version!"
        FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, stream_id)
        CROSS JOIN LATERAL (
            SELECT tenant_id, stream_id, version FROM events
            WHERE tenant_id = wanted.tenant_id AND stream_id = wanted.stream_id ORDER BY version DESC LIMIT 1
        ) AS e
        "#,
        &owners(&scope.streams),
        &names(&scope.streams, |id| *id)
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let key = (TenantId::from_uuid(row.tenant_id), row.stream_id);
        let version =
            raw::number("version", row.version).map_err(|error| Inconsistency::of("events", row.stream_id, error))?;
        loaded.streams.insert(key, Version(version));
    }
    Ok(())
}
