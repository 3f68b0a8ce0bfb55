//! Rows about plans and jobs.

use chrono::{DateTime, Utc};
use registry_domain::jobs::{
    Action, ActionKind, Existing, HeldUp, ImportColumns, ImportField, ImportWish, JobState, Outcomes, Reason, RowCode,
    RowState,
};
use registry_domain::{CorrelationId, JobId, Label, LinkId, MerchantId, TenantId};
use registry_journal::port::{DueJob, Inconsistency, Job, JobRow, RowTally};
use registry_journal::record::actor_from_text;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{BadColumn, RawRow, RawValue};

/// A plan or a job.
#[expect(missing_docs, reason = "columns")]
pub struct RawJob<Time> {
    pub job_id: Uuid,
    pub action: String,
    pub tags: String,
    pub state: String,
    pub filter: Option<String>,
    pub retry_of: Option<Uuid>,
    pub actor: String,
    pub correlation_id: Uuid,
    pub reason: Option<String>,
    pub created_at: Time,
    pub confirmed_at: Option<Time>,
    pub ended_at: Option<Time>,
    pub held_up: Option<String>,
    pub details: Option<String>,
    pub refused: i64,
    pub waiting: i64,
    pub running: i64,
    pub done: i64,
    pub failed: i64,
    pub cancelled: i64,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawJob<Time> {
    type Row = Job;

    fn into_row(self) -> Result<Job, Inconsistency> {
        let id = JobId::from_uuid(self.job_id);
        self.read(id).map_err(|error| Inconsistency::of("jobs", id, error))
    }
}

/// A word where there may be none.
fn optional_word<T>(
    column: &'static str,
    word: Option<&String>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, BadColumn> {
    word.map(|word| read(word).ok_or(BadColumn(column))).transpose()
}

fn read_action(kind: ActionKind, tags: Vec<Label>, details: Option<&str>) -> Result<Action, BadColumn> {
    let Some(details) = details else {
        return Action::of(kind, tags).ok_or(BadColumn("tags"));
    };
    let details: Details = serde_json::from_str(details).map_err(|_| BadColumn("details"))?;
    details.read().map(Action::Import).ok_or(BadColumn("details"))
}

/// How shops are registered from a file, as it is written down.
#[derive(Serialize, Deserialize)]
struct Details {
    columns: Vec<Option<String>>,
    existing: String,
    issue_links: bool,
}

impl Details {
    fn read(self) -> Option<ImportWish> {
        let columns = self.columns.iter().map(|word| {
            let field = word.as_deref().map(ImportField::from_word);
            // A word that nobody knows is no column that is passed over.
            field.map_or(Some(None), |field| field.map(Some))
        });
        Some(ImportWish {
            columns: ImportColumns::new(columns.collect::<Option<_>>()?).ok()?,
            existing: Existing::from_word(&self.existing)?,
            issue_links: self.issue_links,
        })
    }
}

/// What an action needs beside tags, as it is written down.
pub fn details_text(action: &Action) -> Option<String> {
    let wish = action.import()?;
    let columns = wish.columns.fields().iter();
    let details = Details {
        columns: columns
            .map(|field| field.map(|field| field.as_str().to_owned()))
            .collect(),
        existing: wish.existing.as_str().to_owned(),
        issue_links: wish.issue_links,
    };
    serde_json::to_string(&details).ok()
}

impl<Time: RawValue<DateTime<Utc>>> RawJob<Time> {
    fn read(self, id: JobId) -> Result<Job, BadColumn> {
        let kind = ActionKind::from_word(&self.action).ok_or(BadColumn("action"))?;
        let tags: Vec<String> = serde_json::from_str(&self.tags).map_err(|_| BadColumn("tags"))?;
        let tags = tags
            .iter()
            .map(|tag| Label::recorded(tag).map_err(|_| BadColumn("tags")));
        let tags = tags.collect::<Result<_, _>>()?;
        let reason = self.reason.as_deref().map(Reason::recorded).transpose();
        Ok(Job {
            id,
            action: read_action(kind, tags, self.details.as_deref())?,
            state: JobState::from_word(&self.state).ok_or(BadColumn("state"))?,
            filter: self.filter,
            retry_of: self.retry_of.map(JobId::from_uuid),
            actor: actor_from_text(&self.actor).ok_or(BadColumn("actor"))?,
            correlation_id: CorrelationId::from_uuid(self.correlation_id),
            reason: reason.map_err(|_| BadColumn("reason"))?,
            created_at: self.created_at.read("created_at")?,
            confirmed_at: self.confirmed_at.read("confirmed_at")?,
            ended_at: self.ended_at.read("ended_at")?,
            held_up: optional_word("held_up", self.held_up.as_ref(), HeldUp::from_word)?,
            tally: RowTally {
                refused: self.refused.read("refused")?,
                waiting: self.waiting.read("waiting")?,
                running: self.running.read("running")?,
                ended: Outcomes {
                    done: self.done.read("done")?,
                    failed: self.failed.read("failed")?,
                    cancelled: self.cancelled.read("cancelled")?,
                },
            },
        })
    }
}

/// A row of a job.
#[expect(missing_docs, reason = "columns")]
pub struct RawJobRow<Time> {
    pub number: i64,
    pub merchant_id: Uuid,
    pub member_code: Option<String>,
    pub merchant_code: Option<String>,
    pub state: String,
    pub code: Option<String>,
    pub upstream_code: Option<String>,
    pub link_id: Option<Uuid>,
    pub attempts: i64,
    pub begun_at: Option<Time>,
    pub ended_at: Option<Time>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawJobRow<Time> {
    type Row = JobRow;

    fn into_row(self) -> Result<JobRow, Inconsistency> {
        let number = self.number;
        self.read()
            .map_err(|error| Inconsistency::of("job_rows", number, error))
    }
}

impl<Time: RawValue<DateTime<Utc>>> RawJobRow<Time> {
    fn read(self) -> Result<JobRow, BadColumn> {
        Ok(JobRow {
            number: u32::try_from(self.number).map_err(|_| BadColumn("number"))?,
            merchant_id: (!self.merchant_id.is_nil()).then(|| MerchantId::from_uuid(self.merchant_id)),
            codes: self.member_code.zip(self.merchant_code),
            state: RowState::from_word(&self.state).ok_or(BadColumn("state"))?,
            code: optional_word("code", self.code.as_ref(), RowCode::from_word)?,
            upstream_code: self.upstream_code,
            link_id: self.link_id.map(LinkId::from_uuid),
            attempts: self.attempts.read("attempts")?,
            begun_at: self.begun_at.read("begun_at")?,
            ended_at: self.ended_at.read("ended_at")?,
        })
    }
}

/// The merchant of a row as it is written down: the id of nobody, as long as there is none.
pub fn merchant_or_nobody(merchant_id: Option<MerchantId>) -> Uuid {
    merchant_id.map_or(Uuid::nil(), |id| id.as_uuid())
}

/// How many rows were refused or have failed for one reason.
#[expect(missing_docs, reason = "columns")]
pub struct RawJobRowCode {
    pub state: String,
    pub code: String,
    pub count: i64,
}

impl RawRow for RawJobRowCode {
    type Row = (RowState, RowCode, u64);

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        let read = || {
            Ok((
                RowState::from_word(&self.state).ok_or(BadColumn("state"))?,
                RowCode::from_word(&self.code).ok_or(BadColumn("code"))?,
                self.count.read("count")?,
            ))
        };
        read().map_err(|error: BadColumn| Inconsistency::of("job_rows", &self.code, error))
    }
}

/// A job that is to be worked at.
#[expect(missing_docs, reason = "columns")]
pub struct RawDueJob<Time> {
    pub tenant_id: Uuid,
    pub job_id: Uuid,
    pub confirmed_at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawDueJob<Time> {
    type Row = DueJob;

    fn into_row(self) -> Result<DueJob, Inconsistency> {
        let id = JobId::from_uuid(self.job_id);
        let confirmed_at = self.confirmed_at.read("confirmed_at");
        Ok(DueJob {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            id,
            confirmed_at: confirmed_at.map_err(|error| Inconsistency::of("jobs", id, error))?,
        })
    }
}

/// Tags as one text.
pub fn tag_texts(tags: &[Label]) -> String {
    tags.iter()
        .map(Label::as_str)
        .collect::<serde_json::Value>()
        .to_string()
}
