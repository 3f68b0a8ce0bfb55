//! What a batch must know of callbacks: how they stand in quarantine, which pairs wait to be claimed, which payment
//! approvals are there.

use registry_domain::{EventId, MerchantId, Reference, TenantId};
use registry_journal::port::{ApprovalDigest, Loaded, Scope, TransactError};
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::types::Uuid;

use crate::error::transact;
use crate::rows::{StoredQuarantine, StoredUnclaimed};
use crate::write::{hex, hex_bytes};

/// One statement for each kind of thing that the scope names. Most batches name none of these.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    scope: &Scope,
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    if !scope.quarantined.is_empty() {
        quarantined(connection, &scope.quarantined, loaded).await?;
    }
    if !scope.unclaimed.is_empty() {
        unclaimed(connection, &scope.unclaimed, loaded).await?;
    }
    if !scope.approvals.is_empty() {
        approvals(connection, &scope.approvals, loaded).await?;
    }
    Ok(())
}

async fn quarantined(
    connection: &mut SqliteConnection,
    wanted: &[(TenantId, EventId)],
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let key = |(tenant, event): &(TenantId, EventId)| json!([hex(tenant.as_uuid()), hex(event.as_uuid())]);
    let wanted = json!(wanted.iter().map(key).collect::<Vec<_>>()).to_string();
    let found = sqlx::query_as!(
        StoredQuarantine,
        r#"
        SELECT q.tenant_id AS "tenant_id!: Uuid", q.event_id AS "event_id!: Uuid", q.seq AS "seq!",
            q.stream_kind AS "stream_kind!", q.stream_id AS "stream_id!: Uuid", q.version AS "version!",
            q.reason AS "reason!", q.member_code, q.merchant_code, q.received_at AS "received_at!",
            q.state AS "state!", q.settled_by AS "settled_by?: Uuid"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN quarantine AS q
            ON q.tenant_id = unhex(wanted.value ->> 0) AND q.event_id = unhex(wanted.value ->> 1)
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let row = row.into_row()?;
        loaded.quarantined.insert((row.tenant_id, row.event_id), row);
    }
    Ok(())
}

async fn unclaimed(
    connection: &mut SqliteConnection,
    wanted: &[(TenantId, Reference)],
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let key = |(tenant, reference): &(TenantId, Reference)| {
        json!([
            hex(tenant.as_uuid()),
            reference.member_code.as_str(),
            reference.merchant_code.as_str()
        ])
    };
    let wanted = json!(wanted.iter().map(key).collect::<Vec<_>>()).to_string();
    let found = sqlx::query_as!(
        StoredUnclaimed,
        r#"
        SELECT u.tenant_id AS "tenant_id!: Uuid", u.member_code AS "member_code!", u.merchant_code AS "merchant_code!",
            u.id AS "id!: Uuid", u.first_seen_at AS "first_seen_at!", u.last_seen_at AS "last_seen_at!",
            u.callbacks AS "callbacks!", u.listed AS "listed!: bool", u.mapping_status, u.state AS "state!",
            u.merchant_id AS "merchant_id?: Uuid", u.settled_by AS "settled_by?: Uuid"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN unclaimed_merchants AS u
            ON u.tenant_id = unhex(wanted.value ->> 0)
            AND u.member_code = wanted.value ->> 1
            AND u.merchant_code = wanted.value ->> 2
        "#,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let row = row.into_row()?;
        loaded.unclaimed.insert((row.tenant_id, row.reference.clone()), row);
    }
    Ok(())
}

/// The positions in what is wanted tell which approval it is: a digest need not be read again.
async fn approvals(
    connection: &mut SqliteConnection,
    wanted: &[(TenantId, ApprovalDigest)],
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    let key = |(tenant, digest): &(TenantId, ApprovalDigest)| json!([hex(tenant.as_uuid()), hex_bytes(&digest.0)]);
    let keys = json!(wanted.iter().map(key).collect::<Vec<_>>()).to_string();
    let found = sqlx::query!(
        r#"
        SELECT wanted.key + 0 AS "position!: i64", a.merchant_id AS "merchant_id!: Uuid"
        FROM jsonb_each(?1) AS wanted
        CROSS JOIN approvals AS a INDEXED BY approvals_by_identity
            ON a.tenant_id = unhex(wanted.value ->> 0) AND a.identity = unhex(wanted.value ->> 1)
        "#,
        keys
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let key = usize::try_from(row.position)
            .ok()
            .and_then(|position| wanted.get(position));
        let merchant_id = MerchantId::from_uuid(row.merchant_id);
        loaded
            .approvals
            .extend(key.map(|(tenant, digest)| (*tenant, merchant_id, *digest)));
    }
    Ok(())
}
