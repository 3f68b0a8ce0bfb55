//! What is projected of merchants, column by column, for whoever compares it with the log.

use std::collections::HashMap;

use registry_domain::merchant::Stage;
use registry_domain::review::ReviewStatus;
use registry_domain::{LinkId, MerchantId, TenantId, Version};
use registry_journal::port::raw::{self, BadColumn, RawTime};
use registry_journal::port::{HistoryRow, Inconsistency, ProjectedMerchant, ReadError};
use registry_journal::stored::MerchantColumns;
use serde_json::json;
use sqlx::SqlitePool;
use sqlx::types::Uuid;

use crate::error::read;

pub(crate) async fn projected(
    pool: &SqlitePool,
    tenant: TenantId,
    ids: &[MerchantId],
) -> Result<HashMap<MerchantId, ProjectedMerchant>, ReadError> {
    let hex: Vec<_> = ids.iter().map(|id| id.as_uuid().simple().to_string()).collect();
    let wanted = json!(hex).to_string();
    // One snapshot: a batch that commits between the statements would look like a difference.
    let mut snapshot = pool.begin().await.map_err(read("projected merchants"))?;
    let mut found = columns(&mut snapshot, tenant, &wanted).await?;
    history(&mut snapshot, tenant, &wanted, &mut found).await?;
    links(&mut snapshot, tenant, &wanted, &mut found).await?;
    approvals(&mut snapshot, tenant, &wanted, &mut found).await?;
    Ok(found)
}

type Found = HashMap<MerchantId, ProjectedMerchant>;

async fn columns(connection: &mut sqlx::SqliteConnection, tenant: TenantId, wanted: &str) -> Result<Found, ReadError> {
    let id = tenant.as_uuid();
    let rows = sqlx::query!(
        r#"
        SELECT m.merchant_id AS "merchant_id!: Uuid", m.member_code AS "member_code!",
            m.merchant_code AS "merchant_code!", m.version AS "version!", m.status AS "status!", m.stage AS "stage!",
            m.stage_since AS "stage_since!", m.company_name, m.branch_name, m.business_number,
            m.pending_link_id AS "pending_link_id?: Uuid", m.pending_since, m.confirming_since,
            m.created_at AS "created_at!", m.updated_at AS "updated_at!", m.state AS "state!"
        FROM jsonb_each(?2) AS wanted
        CROSS JOIN merchants AS m ON m.tenant_id = ?1 AND m.merchant_id = unhex(wanted.value)
        "#,
        id,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(read("projected merchants"))?;
    let mut found = Found::with_capacity(rows.len());
    for row in rows {
        let merchant_id = MerchantId::from_uuid(row.merchant_id);
        let columns = || -> Result<MerchantColumns, BadColumn> {
            Ok(MerchantColumns {
                member_code: row.member_code,
                merchant_code: row.merchant_code,
                version: Version(raw::number("version", row.version)?),
                status: row.status,
                stage: row.stage,
                stage_since: row.stage_since.read("stage_since")?,
                company_name: row.company_name,
                branch_name: row.branch_name,
                business_number: row.business_number,
                pending_link_id: row.pending_link_id.map(LinkId::from_uuid),
                pending_since: row.pending_since.map(|at| at.read("pending_since")).transpose()?,
                confirming_since: row.confirming_since.map(|at| at.read("confirming_since")).transpose()?,
                created_at: row.created_at.read("created_at")?,
                updated_at: row.updated_at.read("updated_at")?,
                state: row.state,
            })
        };
        let projected = ProjectedMerchant {
            columns: columns().map_err(|error| Inconsistency::of("merchants", merchant_id, error))?,
            history: Vec::new(),
            links: Vec::new(),
            approvals: Vec::new(),
        };
        found.insert(merchant_id, projected);
    }
    Ok(found)
}

async fn history(
    connection: &mut sqlx::SqliteConnection,
    tenant: TenantId,
    wanted: &str,
    found: &mut Found,
) -> Result<(), ReadError> {
    let id = tenant.as_uuid();
    let rows = sqlx::query!(
        r#"
        SELECT h.merchant_id AS "merchant_id!: Uuid", h.version AS "version!", h.status AS "status!",
            h.stage AS "stage!", h.valid_from AS "valid_from!"
        FROM jsonb_each(?2) AS wanted
        CROSS JOIN merchant_history AS h ON h.tenant_id = ?1 AND h.merchant_id = unhex(wanted.value)
        "#,
        id,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(read("projected merchants"))?;
    for row in rows {
        let merchant_id = MerchantId::from_uuid(row.merchant_id);
        let stretch = || -> Result<HistoryRow, BadColumn> {
            Ok(HistoryRow {
                tenant_id: tenant,
                merchant_id,
                version: Version(raw::number("version", row.version)?),
                status: ReviewStatus::from_word(&row.status).ok_or(BadColumn("status"))?,
                stage: Stage::from_word(&row.stage).ok_or(BadColumn("stage"))?,
                valid_from: row.valid_from.read("valid_from")?,
            })
        };
        let stretch = stretch().map_err(|error| Inconsistency::of("merchant_history", merchant_id, error))?;
        if let Some(projected) = found.get_mut(&merchant_id) {
            projected.history.push(stretch);
        }
    }
    for projected in found.values_mut() {
        projected.history.sort_unstable_by_key(|stretch| stretch.version);
    }
    Ok(())
}

async fn links(
    connection: &mut sqlx::SqliteConnection,
    tenant: TenantId,
    wanted: &str,
    found: &mut Found,
) -> Result<(), ReadError> {
    let id = tenant.as_uuid();
    let rows = sqlx::query!(
        r#"
        SELECT l.merchant_id AS "merchant_id!: Uuid", l.link_id AS "link_id!: Uuid"
        FROM jsonb_each(?2) AS wanted
        CROSS JOIN merchant_links AS l ON l.tenant_id = ?1 AND l.merchant_id = unhex(wanted.value)
        "#,
        id,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(read("projected merchants"))?;
    for row in rows {
        if let Some(projected) = found.get_mut(&MerchantId::from_uuid(row.merchant_id)) {
            projected.links.push(LinkId::from_uuid(row.link_id));
        }
    }
    for projected in found.values_mut() {
        projected.links.sort_unstable();
    }
    Ok(())
}

async fn approvals(
    connection: &mut sqlx::SqliteConnection,
    tenant: TenantId,
    wanted: &str,
    found: &mut Found,
) -> Result<(), ReadError> {
    let id = tenant.as_uuid();
    let rows = sqlx::query!(
        r#"
        SELECT a.merchant_id AS "merchant_id!: Uuid", a.version AS "version!", a.event_id AS "event_id!: Uuid",
            a.identity, a.recorded_at AS "recorded_at!"
        FROM jsonb_each(?2) AS wanted
        CROSS JOIN approvals AS a ON a.tenant_id = ?1 AND a.merchant_id = unhex(wanted.value)
        "#,
        id,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(read("projected merchants"))?;
    for row in rows {
        let id = MerchantId::from_uuid(row.merchant_id);
        let approval = raw::approval(tenant, id, row.version, row.event_id, row.identity, row.recorded_at)?;
        if let Some(projected) = found.get_mut(&id) {
            projected.approvals.push(approval);
        }
    }
    for projected in found.values_mut() {
        projected.approvals.sort_unstable_by_key(|approval| approval.version);
    }
    Ok(())
}
