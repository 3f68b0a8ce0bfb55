//! What a batch sees: one statement for each kind of thing that its scope names.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use registry_domain::tenant::Slug;
use registry_domain::{MerchantCode, MerchantId, TenantId, Version};
use registry_journal::port::{Head, Inconsistency, Loaded, LoadedMerchant, LoadedTenant, Scope, TransactError, raw};
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::types::Uuid;

use crate::error::transact;
use crate::known;
use crate::rows::{StoredIdempotency, StoredMerchantRow, micros};
use crate::write::hex;

/// Reads everything that the scope names. Called with the write lock held.
pub(crate) async fn load(connection: &mut SqliteConnection, scope: &Scope) -> Result<Loaded, TransactError> {
    let mut loaded = Loaded {
        heads: heads(connection, scope).await?,
        tenants: tenants(connection, scope).await?,
        ..Loaded::default()
    };
    if !scope.merchants.is_empty() {
        let found = merchants_by_id(connection, scope).await?;
        insert_merchants(&mut loaded, found)?;
    }
    if !scope.references.is_empty() {
        let found = merchants_by_reference(connection, scope).await?;
        insert_merchants(&mut loaded, found)?;
    }
    if !scope.merchant_codes.is_empty() {
        loaded.merchant_codes = merchant_codes(connection, scope).await?;
    }
    if !scope.business_numbers.is_empty() {
        loaded.business_numbers = business_numbers(connection, scope).await?;
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

fn tenant_list(scope: &Scope) -> String {
    json!(scope.tenants.iter().map(|id| hex(id.as_uuid())).collect::<Vec<_>>()).to_string()
}

async fn heads(connection: &mut SqliteConnection, scope: &Scope) -> Result<HashMap<TenantId, Head>, TransactError> {
    let wanted = tenant_list(scope);
    let found = sqlx::query!(
        r#"
        SELECT e.tenant_id AS "tenant_id!: Uuid", e.seq AS "seq!", e.hash AS "hash!", e.recorded_at AS "recorded_at!"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN events AS e
            ON e.tenant_id = unhex(wanted.value)
            AND e.seq = (SELECT max(seq) FROM events WHERE tenant_id = unhex(wanted.value))
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    let mut heads = HashMap::with_capacity(found.len());
    for row in found {
        let tenant_id = TenantId::from_uuid(row.tenant_id);
        heads.insert(tenant_id, raw::head(tenant_id, row.seq, row.hash, row.recorded_at)?);
    }
    Ok(heads)
}

async fn tenants(
    connection: &mut SqliteConnection,
    scope: &Scope,
) -> Result<HashMap<TenantId, LoadedTenant>, TransactError> {
    let wanted = tenant_list(scope);
    let found = sqlx::query!(
        r#"
        SELECT t.tenant_id AS "tenant_id!: Uuid", t.state AS "state!", k.wrapped AS "wrapped?: Vec<u8>"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN tenants AS t ON t.tenant_id = unhex(wanted.value)
        LEFT JOIN data_keys AS k ON k.tenant_id = t.tenant_id AND k.owner = t.tenant_id
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    let mut tenants = HashMap::with_capacity(found.len());
    for row in found {
        let tenant = raw::tenant(row.tenant_id, &row.state)?;
        tenants.insert(
            tenant.id,
            LoadedTenant {
                tenant,
                wrapped_key: row.wrapped,
            },
        );
    }
    Ok(tenants)
}

async fn merchants_by_id(
    connection: &mut SqliteConnection,
    scope: &Scope,
) -> Result<Vec<StoredMerchantRow>, TransactError> {
    let key = |(tenant, merchant): &(TenantId, MerchantId)| json!([hex(tenant.as_uuid()), hex(merchant.as_uuid())]);
    let wanted = json!(scope.merchants.iter().map(key).collect::<Vec<_>>()).to_string();
    // CROSS JOIN keeps the order: one probe of the primary key for each merchant wanted, never a scan.
    sqlx::query_as!(
        StoredMerchantRow,
        r#"
        SELECT m.tenant_id AS "tenant_id!: Uuid", m.merchant_id AS "merchant_id!: Uuid", m.state AS "state!",
            k.wrapped AS "wrapped?: Vec<u8>"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN merchants AS m
            ON m.tenant_id = unhex(wanted.value ->> 0) AND m.merchant_id = unhex(wanted.value ->> 1)
        LEFT JOIN data_keys AS k ON k.tenant_id = m.tenant_id AND k.owner = m.merchant_id
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)
}

async fn merchants_by_reference(
    connection: &mut SqliteConnection,
    scope: &Scope,
) -> Result<Vec<StoredMerchantRow>, TransactError> {
    let keys = scope.references.iter().map(|(tenant, reference)| {
        json!([
            hex(tenant.as_uuid()),
            reference.member_code.as_str(),
            reference.merchant_code.as_str()
        ])
    });
    let wanted = json!(keys.collect::<Vec<_>>()).to_string();
    sqlx::query_as!(
        StoredMerchantRow,
        r#"
        SELECT m.tenant_id AS "tenant_id!: Uuid", m.merchant_id AS "merchant_id!: Uuid", m.state AS "state!",
            k.wrapped AS "wrapped?: Vec<u8>"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN merchants AS m
            ON m.tenant_id = unhex(wanted.value ->> 0)
            AND m.member_code = wanted.value ->> 1
            AND m.merchant_code = wanted.value ->> 2
        LEFT JOIN data_keys AS k ON k.tenant_id = m.tenant_id AND k.owner = m.merchant_id
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)
}

fn insert_merchants(loaded: &mut Loaded, rows: Vec<StoredMerchantRow>) -> Result<(), TransactError> {
    for row in rows {
        let merchant = raw::merchant(row.merchant_id, &row.state)?;
        let key = (TenantId::from_uuid(row.tenant_id), merchant.id);
        let wrapped_key = row.wrapped;
        loaded.merchants.insert(key, LoadedMerchant { merchant, wrapped_key });
    }
    Ok(())
}

/// A code may stand under very many members: whether one has it is one probe, how many have it would be a count.
async fn merchant_codes(
    connection: &mut SqliteConnection,
    scope: &Scope,
) -> Result<HashSet<(TenantId, MerchantCode)>, TransactError> {
    let key = |(tenant, code): &(TenantId, MerchantCode)| json!([hex(tenant.as_uuid()), code.as_str()]);
    let wanted = json!(scope.merchant_codes.iter().map(key).collect::<Vec<_>>()).to_string();
    let positions = sqlx::query_scalar!(
        r#"
        SELECT wanted.key + 0 AS "position!: i64" FROM jsonb_each(?1) AS wanted
        WHERE EXISTS (
            SELECT 1 FROM merchants
            WHERE tenant_id = unhex(wanted.value ->> 0) AND merchant_code = wanted.value ->> 1
        )
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    Ok(at_positions(&scope.merchant_codes, &positions))
}

async fn business_numbers(
    connection: &mut SqliteConnection,
    scope: &Scope,
) -> Result<HashSet<(TenantId, String)>, TransactError> {
    let key = |(tenant, number): &(TenantId, String)| json!([hex(tenant.as_uuid()), number]);
    let wanted = json!(scope.business_numbers.iter().map(key).collect::<Vec<_>>()).to_string();
    let positions = sqlx::query_scalar!(
        r#"
        SELECT wanted.key + 0 AS "position!: i64" FROM jsonb_each(?1) AS wanted
        WHERE EXISTS (
            SELECT 1 FROM merchants
            WHERE tenant_id = unhex(wanted.value ->> 0) AND business_number = wanted.value ->> 1
        )
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    Ok(at_positions(&scope.business_numbers, &positions))
}

/// The keys at these places of the list that was asked for.
fn at_positions<Key: Clone + Eq + Hash>(keys: &[Key], positions: &[i64]) -> HashSet<Key> {
    let positions = positions.iter().filter_map(|position| usize::try_from(*position).ok());
    positions.filter_map(|position| keys.get(position).cloned()).collect()
}

async fn idempotency_keys(
    connection: &mut SqliteConnection,
    scope: &Scope,
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let key = |(tenant, key): &(TenantId, String)| json!([hex(tenant.as_uuid()), key]);
    let wanted = json!(scope.idempotency_keys.iter().map(key).collect::<Vec<_>>()).to_string();
    let now = micros(scope.now);
    let found = sqlx::query_as!(
        StoredIdempotency,
        r#"
        SELECT i.tenant_id AS "tenant_id!: Uuid", i.key AS "key!", i.fingerprint AS "fingerprint!",
            i.merchant_id AS "merchant_id!: Uuid", i.link_id AS "link_id?: Uuid", i.version AS "version!",
            i.created_at AS "created_at!", i.expires_at AS "expires_at!"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN idempotency_keys AS i
            ON i.tenant_id = unhex(wanted.value ->> 0) AND i.key = wanted.value ->> 1
        WHERE i.expires_at > ?2
        "#,
        wanted,
        now
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

async fn slugs(connection: &mut SqliteConnection, scope: &Scope, loaded: &mut Loaded) -> Result<(), TransactError> {
    let wanted = json!(scope.slugs.iter().map(Slug::as_str).collect::<Vec<_>>()).to_string();
    let found = sqlx::query!(
        r#"
        SELECT t.slug AS "slug!", t.tenant_id AS "tenant_id!: Uuid"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN tenants AS t ON t.slug = wanted.value
        "#,
        wanted
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

async fn streams(connection: &mut SqliteConnection, scope: &Scope, loaded: &mut Loaded) -> Result<(), TransactError> {
    let key = |(tenant, stream): &(TenantId, Uuid)| json!([hex(tenant.as_uuid()), hex(*stream)]);
    let wanted = json!(scope.streams.iter().map(key).collect::<Vec<_>>()).to_string();
    let found = sqlx::query!(
        r#"
        SELECT unhex(wanted.value ->> 0) AS "tenant_id!: Uuid", unhex(wanted.value ->> 1) AS "stream_id!: Uuid", (
            SELECT max(version) FROM events
            WHERE tenant_id = unhex(wanted.value ->> 0) AND stream_id = unhex(wanted.value ->> 1)
        ) AS "version?: i64"
        FROM jsonb_each(?1) AS wanted
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let tenant_id = TenantId::from_uuid(row.tenant_id);
        if let Some(version) = row.version {
            let version =
                raw::number("version", version).map_err(|error| Inconsistency::of("events", tenant_id, error))?;
            loaded.streams.insert((tenant_id, row.stream_id), Version(version));
        }
    }
    Ok(())
}
