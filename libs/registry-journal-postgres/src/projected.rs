//! What is projected of merchants, column by column, for whoever compares it with the log.

use chrono::{DateTime, Utc};
use registry_domain::merchant::Stage;
use registry_domain::review::ReviewStatus;
use registry_domain::{LinkId, MerchantId, TenantId, Version};
use registry_journal::port::raw::{self, BadColumn, number};
use registry_journal::port::{ApprovalRow, HistoryRow, Inconsistency, ProjectedMerchant};
use registry_journal::stored::MerchantColumns;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Map;
use uuid::Uuid;

/// A merchant with its stretches, one array for each column, and its links, as the database gives them.
pub(crate) struct StoredProjection {
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
    confirming_since: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    state: String,
    versions: Vec<i64>,
    statuses: Vec<String>,
    stages: Vec<String>,
    valid_from: Vec<DateTime<Utc>>,
    links: Vec<Uuid>,
    approved: Vec<i64>,
    approved_by: Vec<Uuid>,
    approved_identity: Vec<Option<Vec<u8>>>,
    approved_at: Vec<DateTime<Utc>>,
}

/// One statement, so that all of it is of one moment: a batch that commits in between would look like a difference.
pub(crate) fn of(
    tenant: TenantId,
    ids: &[MerchantId],
) -> Map<'static, Postgres, impl FnMut(PgRow) -> Result<StoredProjection, sqlx::Error> + Send, PgArguments> {
    let ids: Vec<_> = ids.iter().map(MerchantId::as_uuid).collect();
    sqlx::query_as!(
        StoredProjection,
        r#"
        SELECT m.merchant_id, m.member_code, m.merchant_code, m.version, m.status, m.stage, m.stage_since,
            m.company_name, m.branch_name, m.business_number, m.pending_link_id, m.pending_since, m.confirming_since,
            m.created_at, m.updated_at, m.state, h.versions AS "versions!", h.statuses AS "statuses!", h.stages AS "stages!",
            h.valid_from AS "valid_from!", ARRAY (
                SELECT link_id FROM merchant_links
                WHERE tenant_id = $1 AND merchant_id BETWEEN m.merchant_id AND m.merchant_id ORDER BY merchant_id
            ) AS "links!", a.versions AS "approved!", a.event_ids AS "approved_by!",
            a.identities AS "approved_identity!: Vec<Option<Vec<u8>>>", a.recorded_at AS "approved_at!"
        FROM unnest($2::uuid[]) AS wanted (merchant_id)
        CROSS JOIN LATERAL (
            SELECT * FROM merchants
            WHERE tenant_id = $1 AND merchant_id >= wanted.merchant_id ORDER BY merchant_id LIMIT 1
        ) AS m
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(version), '{}') AS versions, coalesce(array_agg(status), '{}') AS statuses,
                coalesce(array_agg(stage), '{}') AS stages, coalesce(array_agg(valid_from), '{}') AS valid_from
            FROM merchant_history WHERE tenant_id = $1 AND merchant_id = m.merchant_id
        ) AS h
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(version), '{}') AS versions, coalesce(array_agg(event_id), '{}') AS event_ids,
                coalesce(array_agg(identity), '{}') AS identities, coalesce(array_agg(recorded_at), '{}') AS recorded_at
            FROM approvals WHERE tenant_id = $1 AND merchant_id = m.merchant_id
        ) AS a
        WHERE m.merchant_id = wanted.merchant_id
        "#,
        tenant.as_uuid(),
        &ids
    )
}

impl StoredProjection {
    pub(crate) fn into_projected(mut self, tenant: TenantId) -> Result<(MerchantId, ProjectedMerchant), Inconsistency> {
        let id = MerchantId::from_uuid(self.merchant_id);
        let approvals = self.take_approvals(tenant, id)?;
        let projected = self.convert(tenant, id, approvals);
        Ok((
            id,
            projected.map_err(|error| Inconsistency::of("merchants", id, error))?,
        ))
    }

    fn take_approvals(&mut self, tenant: TenantId, id: MerchantId) -> Result<Vec<ApprovalRow>, Inconsistency> {
        let events = self.approved.iter().zip(&self.approved_by);
        let contents = std::mem::take(&mut self.approved_identity)
            .into_iter()
            .zip(&self.approved_at);
        let mut approvals = Vec::with_capacity(self.approved.len());
        for ((version, event), (identity, at)) in events.zip(contents) {
            approvals.push(raw::approval(tenant, id, *version, *event, identity, *at)?);
        }
        approvals.sort_unstable_by_key(|approval| approval.version);
        Ok(approvals)
    }

    fn convert(
        self,
        tenant_id: TenantId,
        merchant_id: MerchantId,
        approvals: Vec<ApprovalRow>,
    ) -> Result<ProjectedMerchant, BadColumn> {
        let mut history = Vec::with_capacity(self.versions.len());
        let words = self.statuses.iter().zip(&self.stages);
        for ((version, (status, stage)), valid_from) in self.versions.into_iter().zip(words).zip(self.valid_from) {
            history.push(HistoryRow {
                tenant_id,
                merchant_id,
                version: Version(number("version", version)?),
                status: ReviewStatus::from_word(status).ok_or(BadColumn("status"))?,
                stage: Stage::from_word(stage).ok_or(BadColumn("stage"))?,
                valid_from,
            });
        }
        history.sort_unstable_by_key(|stretch| stretch.version);
        let mut links: Vec<_> = self.links.into_iter().map(LinkId::from_uuid).collect();
        links.sort_unstable();
        let columns = MerchantColumns {
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
            confirming_since: self.confirming_since,
            created_at: self.created_at,
            updated_at: self.updated_at,
            state: self.state,
        };
        Ok(ProjectedMerchant {
            columns,
            history,
            links,
            approvals,
        })
    }
}
