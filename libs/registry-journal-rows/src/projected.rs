//! What is projected of a merchant, column by column, for whoever compares it with the log.

use chrono::{DateTime, Utc};
use registry_domain::alerts::{Severity, Subject};
use registry_domain::merchant::{Facets, Stage};
use registry_domain::review::ReviewStatus;
use registry_domain::search::Terms;
use registry_domain::{AlertId, EventId, LinkId, MerchantId, TenantId, Version};
use registry_journal::port::{
    ApprovalDigest, ApprovalRow, EndedStay, HistoryRow, Inconsistency, MilestonesRow, ProjectedAlert,
    ProjectedMerchant, TermsRow,
};
use registry_journal::stored::MerchantColumns;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::list::pieces_of;
use crate::{BadColumn, RawRow, RawValue, alert_rank};

/// A merchant's row, with what stands beside it in other tables as JSON, in any order: its stretches
/// (`[version, status, stage, valid_from, facets, stage_since, ended_stage, ended_since]`), its links (ids), its payment approvals (`[version, event_id,
/// identity in hex, recorded_at]`), what it is found by (`[version, created_at, valid_from, valid_to, name_key, code_key, text,
/// number, marks, pieces]`), what it has reached (`[created_at, linked_at, begun_at, submitted_at, opened_at, under_way]`), its alert
/// (`[alert_id, rule, rank, due_at, acknowledged_at, snoozed_until]`). All of it is of one moment, because it is one row.
#[expect(missing_docs, reason = "columns")]
pub struct RawProjection<Time> {
    pub tenant_id: Uuid,
    pub merchant_id: Uuid,
    pub member_code: String,
    pub merchant_code: String,
    pub version: i64,
    pub status: String,
    pub stage: String,
    pub stage_since: Time,
    pub company_name: Option<String>,
    pub branch_name: Option<String>,
    pub business_number: Option<String>,
    pub pending_link_id: Option<Uuid>,
    pub pending_since: Option<Time>,
    pub confirming_since: Option<Time>,
    pub facets: Option<i64>,
    pub created_at: Time,
    pub updated_at: Time,
    pub state: String,
    pub history: String,
    pub links: String,
    pub approvals: String,
    pub terms: String,
    pub milestones: Option<String>,
    pub alert: Option<String>,
}

type Stretch<Time> = (
    i64,
    String,
    String,
    Time,
    Option<i64>,
    Option<Time>,
    Option<String>,
    Option<Time>,
);
type Reached<Time> = (Time, Option<Time>, Option<Time>, Option<Time>, Option<Time>, u8);
type Alerted<Time> = (Uuid, String, i64, Time, Option<Time>, Option<Time>);
type Approval<Time> = (i64, Uuid, Option<String>, Time);
type Found<Time> = (
    i64,
    Time,
    Time,
    Option<Time>,
    String,
    String,
    String,
    String,
    String,
    String,
);

impl<Time: RawValue<DateTime<Utc>> + DeserializeOwned> RawRow for RawProjection<Time> {
    type Row = (MerchantId, ProjectedMerchant);

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        let (tenant_id, id) = (
            TenantId::from_uuid(self.tenant_id),
            MerchantId::from_uuid(self.merchant_id),
        );
        let in_table = |table| move |error| Inconsistency::of(table, id, error);
        let projected = ProjectedMerchant {
            history: history::<Time>(tenant_id, id, &self.history).map_err(in_table("merchant_history"))?,
            links: links(&self.links).map_err(in_table("merchant_links"))?,
            approvals: approvals::<Time>(tenant_id, id, &self.approvals).map_err(in_table("approvals"))?,
            terms: terms::<Time>(tenant_id, id, &self.terms).map_err(in_table("merchant_terms"))?,
            milestones: milestones::<Time>(tenant_id, id, self.milestones.as_deref())
                .map_err(in_table("merchant_milestones"))?,
            alert: alert::<Time>(self.alert.as_deref()).map_err(in_table("merchant_alerts"))?,
            columns: self.columns().map_err(in_table("merchants"))?,
        };
        Ok((id, projected))
    }
}

impl<Time: RawValue<DateTime<Utc>>> RawProjection<Time> {
    fn columns(self) -> Result<MerchantColumns, BadColumn> {
        Ok(MerchantColumns {
            member_code: self.member_code,
            merchant_code: self.merchant_code,
            version: Version(self.version.read("version")?),
            status: self.status,
            stage: self.stage,
            stage_since: self.stage_since.read("stage_since")?,
            company_name: self.company_name,
            branch_name: self.branch_name,
            business_number: self.business_number,
            pending_link_id: self.pending_link_id.map(LinkId::from_uuid),
            pending_since: self.pending_since.read("pending_since")?,
            confirming_since: self.confirming_since.read("confirming_since")?,
            facets: self.facets,
            created_at: self.created_at.read("created_at")?,
            updated_at: self.updated_at.read("updated_at")?,
            state: self.state,
        })
    }
}

fn list<Item: DeserializeOwned>(column: &'static str, json: &str) -> Result<Vec<Item>, BadColumn> {
    serde_json::from_str(json).map_err(|_| BadColumn(column))
}

fn history<Time: RawValue<DateTime<Utc>> + DeserializeOwned>(
    tenant_id: TenantId,
    merchant_id: MerchantId,
    json: &str,
) -> Result<Vec<HistoryRow>, BadColumn> {
    let stretch = |stretch: Stretch<Time>| -> Result<HistoryRow, BadColumn> {
        let (version, status, stage, valid_from, facets, stage_since, ended_stage, ended_since) = stretch;
        let ended = ended_stage
            .zip(ended_since)
            .map(|(stage, since)| -> Result<EndedStay, BadColumn> {
                Ok(EndedStay {
                    stage: Stage::from_word(&stage).ok_or(BadColumn("ended_stage"))?,
                    since: since.read("ended_since")?,
                })
            });
        Ok(HistoryRow {
            tenant_id,
            merchant_id,
            version: Version(version.read("version")?),
            status: ReviewStatus::from_word(&status).ok_or(BadColumn("status"))?,
            stage: Stage::from_word(&stage).ok_or(BadColumn("stage"))?,
            valid_from: valid_from.read("valid_from")?,
            facets: match facets {
                Some(bits) => Some(Facets::from_bits(bits).ok_or(BadColumn("facets"))?),
                None => None,
            },
            stage_since: stage_since.read("stage_since")?,
            ended: ended.transpose()?,
        })
    };
    let stretches = list("history", json)?.into_iter().map(stretch);
    let mut history = stretches.collect::<Result<Vec<_>, _>>()?;
    history.sort_unstable_by_key(|stretch| stretch.version);
    Ok(history)
}

fn links(json: &str) -> Result<Vec<LinkId>, BadColumn> {
    let mut links: Vec<_> = list("links", json)?.into_iter().map(LinkId::from_uuid).collect();
    links.sort_unstable();
    Ok(links)
}

fn approvals<Time: RawValue<DateTime<Utc>> + DeserializeOwned>(
    tenant_id: TenantId,
    merchant_id: MerchantId,
    json: &str,
) -> Result<Vec<ApprovalRow>, BadColumn> {
    let approval = |(version, event_id, identity, recorded_at): Approval<Time>| -> Result<ApprovalRow, BadColumn> {
        let identity = identity.map(hex::decode).transpose();
        let identity = identity.map_err(|_| BadColumn("identity"))?;
        Ok(ApprovalRow {
            tenant_id,
            merchant_id,
            version: Version(version.read("version")?),
            event_id: EventId::from_uuid(event_id),
            identity: identity.read("identity")?.map(ApprovalDigest),
            recorded_at: recorded_at.read("recorded_at")?,
        })
    };
    let found = list("approvals", json)?.into_iter().map(approval);
    let mut approvals = found.collect::<Result<Vec<_>, _>>()?;
    approvals.sort_unstable_by_key(|approval| approval.version);
    Ok(approvals)
}

fn terms<Time: RawValue<DateTime<Utc>> + DeserializeOwned>(
    tenant_id: TenantId,
    merchant_id: MerchantId,
    json: &str,
) -> Result<Vec<TermsRow>, BadColumn> {
    let row = |found: Found<Time>| -> Result<TermsRow, BadColumn> {
        let (version, created_at, valid_from, valid_to, name_key, code_key, text, number, marks, pieces) = found;
        Ok(TermsRow {
            tenant_id,
            merchant_id,
            version: Version(version.read("version")?),
            created_at: created_at.read("created_at")?,
            valid_from: valid_from.read("valid_from")?,
            valid_to: valid_to.read("valid_to")?,
            terms: Terms {
                name_key,
                code_key,
                text,
                number,
                marks,
                pieces: pieces_of(&pieces).ok_or(BadColumn("pieces"))?,
            },
        })
    };
    let found = list("terms", json)?.into_iter().map(row);
    let mut terms = found.collect::<Result<Vec<_>, _>>()?;
    terms.sort_unstable_by_key(|row| row.version);
    Ok(terms)
}

fn milestones<Time: RawValue<DateTime<Utc>> + DeserializeOwned>(
    tenant_id: TenantId,
    merchant_id: MerchantId,
    json: Option<&str>,
) -> Result<Option<MilestonesRow>, BadColumn> {
    let Some(json) = json else { return Ok(None) };
    let reached: Reached<Time> = serde_json::from_str(json).map_err(|_| BadColumn("milestones"))?;
    let (created_at, linked_at, begun_at, submitted_at, opened_at, under_way) = reached;
    Ok(Some(MilestonesRow {
        tenant_id,
        merchant_id,
        created_at: created_at.read("created_at")?,
        linked_at: linked_at.read("linked_at")?,
        begun_at: begun_at.read("begun_at")?,
        submitted_at: submitted_at.read("submitted_at")?,
        opened_at: opened_at.read("opened_at")?,
        is_under_way: under_way != 0,
    }))
}

/// A word or a number that was put there by hand is told from ours, and nothing worse: it is put right.
fn alert<Time: RawValue<DateTime<Utc>> + DeserializeOwned>(
    json: Option<&str>,
) -> Result<Option<ProjectedAlert>, BadColumn> {
    let Some(json) = json else { return Ok(None) };
    let alerted: Alerted<Time> = serde_json::from_str(json).map_err(|_| BadColumn("alert"))?;
    let (id, rule, rank, due_at, acknowledged_at, snoozed_until) = alerted;
    let mut severities = Severity::ALL.iter().copied();
    Ok(Some(ProjectedAlert {
        id: AlertId::from_uuid(id),
        subject: Subject::from_word(&rule),
        severity: severities.find(|severity| i64::from(alert_rank(*severity)) == rank),
        due_at: due_at.read("due_at")?,
        acknowledged_at: acknowledged_at.read("acknowledged_at")?,
        snoozed_until: snoozed_until.read("snoozed_until")?,
    }))
}
