//! What is projected of merchants, column by column, for whoever compares it with the log.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use registry_domain::merchant::Stage;
use registry_domain::review::ReviewStatus;
use registry_domain::{LinkId, MerchantId, TenantId, Version};
use registry_journal::port::{HistoryRow, Inconsistency, ProjectedMerchant};
use registry_journal::stored::MerchantColumns;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::inconsistent;
use crate::rows::{BadColumn, number};

/// The rows as the database gives them.
pub(crate) struct Found {
    merchants: Vec<StoredMerchant>,
    history: Vec<StoredStretch>,
    links: Vec<StoredLink>,
}

struct StoredMerchant {
    merchant_id: Uuid,
    member_code: String,
    merchant_code: String,
    version: i64,
    status: String,
    stage: String,
    stage_since: DateTime<Utc>,
    company_name: Option<String>,
    branch_name: Option<String>,
    business_number: Option<String>,
    pending_link_id: Option<Uuid>,
    pending_since: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    state: String,
}

struct StoredStretch {
    merchant_id: Uuid,
    version: i64,
    status: String,
    stage: String,
    valid_from: DateTime<Utc>,
    valid_to: Option<DateTime<Utc>>,
}

struct StoredLink {
    merchant_id: Uuid,
    link_id: Uuid,
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    tenant: TenantId,
    ids: &[MerchantId],
) -> Result<Found, sqlx::Error> {
    let tenant = tenant.as_uuid();
    let ids: Vec<_> = ids.iter().map(MerchantId::as_uuid).collect();
    let merchants = sqlx::query_as!(
        StoredMerchant,
        r#"
        SELECT merchant_id, member_code, merchant_code, version, status, stage, stage_since, company_name, branch_name,
            business_number, pending_link_id, pending_since, created_at, updated_at, state
        FROM merchants WHERE tenant_id = $1 AND merchant_id = ANY ($2)
        "#,
        tenant,
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let history = sqlx::query_as!(
        StoredStretch,
        r#"
        SELECT merchant_id, version, status, stage, valid_from, valid_to FROM merchant_history
        WHERE tenant_id = $1 AND merchant_id = ANY ($2)
        "#,
        tenant,
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let links = sqlx::query_as!(
        StoredLink,
        "SELECT merchant_id, link_id FROM merchant_links WHERE tenant_id = $1 AND merchant_id = ANY ($2)",
        tenant,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(Found {
        merchants,
        history,
        links,
    })
}

impl Found {
    pub(crate) fn into_projected(
        self,
        tenant: TenantId,
    ) -> Result<HashMap<MerchantId, ProjectedMerchant>, Inconsistency> {
        let mut projected = HashMap::with_capacity(self.merchants.len());
        for row in self.merchants {
            let id = MerchantId::from_uuid(row.merchant_id);
            let columns = row
                .into_columns()
                .map_err(|error| inconsistent("merchants", id, error))?;
            let (history, links) = (Vec::new(), Vec::new());
            projected.insert(
                id,
                ProjectedMerchant {
                    columns,
                    history,
                    links,
                },
            );
        }
        for row in self.history {
            let id = MerchantId::from_uuid(row.merchant_id);
            let row = row
                .into_row(tenant)
                .map_err(|error| inconsistent("merchant_history", id, error))?;
            projected.entry(id).and_modify(|it| it.history.push(row));
        }
        for row in self.links {
            let id = MerchantId::from_uuid(row.merchant_id);
            let link = LinkId::from_uuid(row.link_id);
            projected.entry(id).and_modify(|it| it.links.push(link));
        }
        for it in projected.values_mut() {
            it.history.sort_unstable_by_key(|stretch| stretch.version);
            it.links.sort_unstable();
        }
        Ok(projected)
    }
}

impl StoredMerchant {
    fn into_columns(self) -> Result<MerchantColumns, BadColumn> {
        Ok(MerchantColumns {
            member_code: self.member_code,
            merchant_code: self.merchant_code,
            version: Version(number("version", self.version)?),
            status: self.status,
            stage: self.stage,
            stage_since: self.stage_since,
            company_name: self.company_name,
            branch_name: self.branch_name,
            business_number: self.business_number,
            pending_link_id: self.pending_link_id.map(LinkId::from_uuid),
            pending_since: self.pending_since,
            created_at: self.created_at,
            updated_at: self.updated_at,
            state: self.state,
        })
    }
}

impl StoredStretch {
    fn into_row(self, tenant_id: TenantId) -> Result<HistoryRow, BadColumn> {
        Ok(HistoryRow {
            tenant_id,
            merchant_id: MerchantId::from_uuid(self.merchant_id),
            version: Version(number("version", self.version)?),
            status: ReviewStatus::from_word(&self.status).ok_or(BadColumn("status"))?,
            stage: Stage::from_word(&self.stage).ok_or(BadColumn("stage"))?,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
        })
    }
}
