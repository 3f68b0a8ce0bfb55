//! What a batch must know of callbacks: how they stand in quarantine, which pairs wait to be claimed, which payment
//! approvals are there.

use registry_domain::{EventId, MerchantId, TenantId};
use registry_journal::port::{Loaded, Scope, TransactError};
use sqlx::PgConnection;

use crate::error::transact;
use crate::load::{names, owners};
use crate::rows::{StoredQuarantine, StoredUnclaimed};

/// One statement for each kind of thing that the scope names. Most batches name none of these.
pub(crate) async fn load(
    connection: &mut PgConnection,
    scope: &Scope,
    loaded: &mut Loaded,
) -> Result<(), TransactError> {
    if !scope.quarantined.is_empty() {
        quarantined(connection, scope, loaded).await?;
    }
    if !scope.unclaimed.is_empty() {
        unclaimed(connection, scope, loaded).await?;
    }
    if !scope.approvals.is_empty() {
        approvals(connection, scope, loaded).await?;
    }
    Ok(())
}

async fn quarantined(connection: &mut PgConnection, scope: &Scope, loaded: &mut Loaded) -> Result<(), TransactError> {
    let found = sqlx::query_as!(
        StoredQuarantine,
        r#"
        SELECT q.tenant_id AS "tenant_id!", q.event_id AS "event_id!", q.seq AS "seq!", q.stream_kind AS "stream_kind!",
            q.stream_id AS "stream_id!", q.version AS "version!", q.reason AS "reason!", q.member_code AS "member_code?",
            q.merchant_code AS "merchant_code?", q.received_at AS "received_at!", q.state AS "state!",
            q.settled_by AS "settled_by?"
        FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, event_id)
        CROSS JOIN LATERAL (
            SELECT * FROM quarantine
            WHERE tenant_id = wanted.tenant_id AND event_id >= wanted.event_id ORDER BY event_id LIMIT 1
        ) AS q
        WHERE q.event_id = wanted.event_id
        "#,
        &owners(&scope.quarantined),
        &names(&scope.quarantined, EventId::as_uuid)
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

async fn unclaimed(connection: &mut PgConnection, scope: &Scope, loaded: &mut Loaded) -> Result<(), TransactError> {
    let found = sqlx::query_as!(
        StoredUnclaimed,
        r#"
        SELECT u.tenant_id AS "tenant_id!", u.member_code AS "member_code!", u.merchant_code AS "merchant_code!",
            u.id AS "id!", u.first_seen_at AS "first_seen_at!", u.last_seen_at AS "last_seen_at!",
            u.callbacks AS "callbacks!", u.listed AS "listed!", u.mapping_status AS "mapping_status?",
            u.state AS "state!", u.merchant_id AS "merchant_id?", u.settled_by AS "settled_by?"
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS wanted (tenant_id, member_code, merchant_code)
        CROSS JOIN LATERAL (
            SELECT * FROM unclaimed_merchants
            WHERE tenant_id = wanted.tenant_id AND member_code = wanted.member_code
                AND merchant_code >= wanted.merchant_code
            ORDER BY merchant_code LIMIT 1
        ) AS u
        WHERE u.merchant_code = wanted.merchant_code
        "#,
        &owners(&scope.unclaimed),
        &names(&scope.unclaimed, |it| it.member_code.as_str()) as &[&str],
        &names(&scope.unclaimed, |it| it.merchant_code.as_str()) as &[&str]
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

/// The positions in what is wanted tell which approval it is: a digest need not be read again. Bill and approval numbers
/// are one merchant's; should a thousand share them, one more receipt is all that comes of it.
async fn approvals(connection: &mut PgConnection, scope: &Scope, loaded: &mut Loaded) -> Result<(), TransactError> {
    let found = sqlx::query!(
        r#"
        SELECT wanted.position AS "position!", a.merchant_id AS "merchant_id!"
        FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS wanted (tenant_id, identity, position)
        CROSS JOIN LATERAL (
            SELECT merchant_id FROM approvals
            WHERE tenant_id = wanted.tenant_id AND identity BETWEEN wanted.identity AND wanted.identity
            ORDER BY identity, merchant_id LIMIT 1000
        ) AS a
        "#,
        &owners(&scope.approvals),
        &names(&scope.approvals, |digest| digest.0.as_slice()) as &[&[u8]]
    )
    .fetch_all(connection)
    .await
    .map_err(transact)?;
    for row in found {
        let position = usize::try_from(row.position - 1).ok();
        let key = position.and_then(|position| scope.approvals.get(position));
        let merchant_id = MerchantId::from_uuid(row.merchant_id);
        let known = key.map(|(tenant, digest): &(TenantId, _)| (*tenant, merchant_id, *digest));
        loaded.approvals.extend(known);
    }
    Ok(())
}
