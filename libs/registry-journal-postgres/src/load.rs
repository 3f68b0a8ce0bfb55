//! What a batch sees: one statement for each kind of thing that its scope names, none for what it does not.
//!
//! Each key that is wanted probes an index. A plain join of the list with the table would be a scan as soon as the
//! planner takes the list for longer than it is; LATERAL with a LIMIT leaves it no choice. Where a table has several
//! indexes that begin with the tenant, the ORDER BY names the one: on a table that was empty when the plan was made they
//! all look alike.

use std::collections::HashSet;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::Slug;
use registry_domain::{MerchantCode, MerchantId, TenantId, Version};
use registry_journal::port::{Inconsistency, Loaded, LoadedMerchant, LoadedTenant, Scope, TransactError, raw};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::transact;
use crate::known;
use crate::rows::StoredIdempotency;

/// Reads everything that the scope names. Called with the locks held.
pub(crate) async fn load(connection: &mut PgConnection, scope: &Scope) -> Result<Loaded, TransactError> {
    let mut loaded = Loaded::default();
    owners_and_merchants(connection, scope, &mut loaded).await?;
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

/// The tenants with the ends of their logs, and the merchants that are known by id: what nearly every batch needs, in
/// one round trip.
async fn owners_and_merchants(
    connection: &mut PgConnection,
    scope: &Scope,
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let tenants: Vec<_> = scope.tenants.iter().map(TenantId::as_uuid).collect();
    let found = sqlx::query_as!(
        OwnerRow,
        r#"
        SELECT wanted.tenant_id AS "tenant_id!", NULL::uuid AS "merchant_id?", e.seq AS "seq?", e.hash AS "hash?",
            e.recorded_at AS "recorded_at?", t.state AS "state?", k.wrapped AS "wrapped?"
        FROM unnest($1::uuid[]) AS wanted (tenant_id)
        LEFT JOIN LATERAL (
            SELECT seq, hash, recorded_at FROM events WHERE tenant_id = wanted.tenant_id ORDER BY seq DESC LIMIT 1
        ) AS e ON true
        LEFT JOIN LATERAL (
            SELECT state FROM tenants WHERE tenant_id = wanted.tenant_id LIMIT 1
        ) AS t ON true
        LEFT JOIN LATERAL (
            SELECT wrapped FROM data_keys WHERE tenant_id = wanted.tenant_id AND owner = wanted.tenant_id LIMIT 1
        ) AS k ON true
        UNION ALL
        SELECT wanted.tenant_id, m.merchant_id, NULL, NULL, NULL, m.state, k.wrapped
        FROM unnest($2::uuid[], $3::uuid[]) AS wanted (tenant_id, merchant_id)
        CROSS JOIN LATERAL (
            SELECT merchant_id, state FROM merchants
            WHERE tenant_id = wanted.tenant_id AND merchant_id >= wanted.merchant_id ORDER BY merchant_id LIMIT 1
        ) AS m
        LEFT JOIN LATERAL (
            SELECT wrapped FROM data_keys WHERE tenant_id = wanted.tenant_id AND owner = wanted.merchant_id LIMIT 1
        ) AS k ON true
        WHERE m.merchant_id = wanted.merchant_id
        "#,
        &tenants,
        &owners(&scope.merchants),
        &names(&scope.merchants, MerchantId::as_uuid)
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        row.insert(loaded)?;
    }
    Ok(())
}

/// A merchant; or, without its id, a tenant with the end of its log.
struct OwnerRow {
    tenant_id: Uuid,
    merchant_id: Option<Uuid>,
    seq: Option<i64>,
    hash: Option<Vec<u8>>,
    recorded_at: Option<DateTime<Utc>>,
    state: Option<String>,
    wrapped: Option<Vec<u8>>,
}

impl OwnerRow {
    fn insert(self, loaded: &mut Loaded) -> Result<(), TransactError> {
        let tenant_id = TenantId::from_uuid(self.tenant_id);
        if let (Some(seq), Some(hash), Some(recorded_at)) = (self.seq, self.hash, self.recorded_at) {
            let head = raw::head(tenant_id, seq, hash, recorded_at)?;
            loaded.heads.insert(tenant_id, head);
        }
        let Some(state) = self.state else { return Ok(()) };
        let wrapped_key = self.wrapped;
        if let Some(merchant_id) = self.merchant_id {
            insert_merchant(loaded, tenant_id, raw::merchant(merchant_id, &state)?, wrapped_key);
        } else {
            let tenant = raw::tenant(self.tenant_id, &state)?;
            loaded.tenants.insert(tenant_id, LoadedTenant { tenant, wrapped_key });
        }
        Ok(())
    }
}

fn insert_merchant(loaded: &mut Loaded, tenant_id: TenantId, merchant: Merchant, wrapped_key: Option<Vec<u8>>) {
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
