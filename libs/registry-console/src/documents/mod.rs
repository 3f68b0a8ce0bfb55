//! The answers of `/v1`, as far as pages show them.

mod account;
mod billing;
mod callbacks;
mod exports;
mod imports;
mod insight;
mod jobs;
mod people;
mod views;
mod work;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use registry_documents::PublicEvent;
use serde::Deserialize;

pub use account::{Health, Me, Readiness, Settings};
pub use billing::{Approvals, Balance, CallbackUrl, Eligibility};
pub use callbacks::{Payload, Quarantined, Redrive, RedriveReport, Resolved, Unclaimed};
pub use exports::Export;
pub use imports::{Import, ImportColumn};
pub use insight::{AgeColumn, Ageing, Cohort, DayCount, Funnel, FunnelStep, LeftOutDay, Listed, StageAgeing, Told};
pub use jobs::{Job, JobRow, JobRows, Plan, Remark, RowSource};
pub use people::{ApiKey, Invited, NewApiKey, Person, RoleMappings, Session};
pub use views::View;
pub use work::{Alert, AlertCounts, AlertRule, Calendar, CalendarDay, Delivery, Destination, NewDestination};

/// A page of something.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where others begin.
    pub page: Next,
}

/// Where the next page begins.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Next {
    /// Its cursor.
    pub next: Option<String>,
    /// The cursor of the page before.
    #[serde(default)]
    pub prev: Option<String>,
}

/// A list that has no pages.
#[derive(Debug, Clone, Deserialize)]
pub struct Rows<T> {
    /// The rows.
    pub data: Vec<T>,
}

/// A page of a merchant's events, the newest first.
#[derive(Debug, Clone, Deserialize)]
pub struct Timeline {
    /// The events.
    pub data: Vec<PublicEvent>,
}

/// A page of the tenant's log, the oldest first.
#[derive(Debug, Clone, Deserialize)]
pub struct Feed {
    /// The events.
    pub data: Vec<PublicEvent>,
}

/// How many merchants stand where.
#[derive(Debug, Clone, Deserialize)]
pub struct Counts {
    /// The counts.
    pub data: CountsByWord,
}

/// Counts by their words.
#[derive(Debug, Clone, Deserialize)]
pub struct CountsByWord {
    /// By stage.
    pub by_stage: BTreeMap<String, u64>,
}

/// What is masked elsewhere.
#[derive(Debug, Clone, Deserialize)]
pub struct Reveal {
    /// The business number; none if none is known.
    pub business_number: Option<String>,
}

/// A registration link.
#[derive(Debug, Clone, Deserialize)]
pub struct RegistrationLink {
    /// Its id.
    pub id: String,
    /// The merchant that it is for.
    pub merchant_id: String,
    /// `requested`, `issued`, `failed`, `unknown` or `revoked`.
    pub state: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When Paymint issued it.
    pub issued_at: Option<DateTime<Utc>>,
    /// The URL, in the answer to the request that issued it.
    pub url: Option<String>,
}

/// A merchant's registration links.
#[derive(Debug, Clone, Deserialize)]
pub struct RegistrationLinks {
    /// The links, the newest first.
    pub data: Vec<RegistrationLink>,
    /// The link to send to the shop, for those who may issue links.
    pub stable_link: Option<String>,
}

/// What a question to Paymint came to.
#[derive(Debug, Clone, Deserialize)]
pub struct Reconciliation {
    /// `unchanged`, `verified`, `changed`, `conflicting`, `noted`, `missing`.
    pub outcome: String,
}

/// Why something did not work, for a person.
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The kind, as a stable word.
    pub code: String,
    /// The kind, for a person.
    pub title: String,
    /// What to do about it.
    pub detail: String,
    /// The request, for whoever looks it up in the log.
    #[serde(default)]
    pub request_id: String,
    /// Every value that cannot be accepted.
    #[serde(default)]
    pub errors: Vec<FieldProblem>,
    /// The merchant that has these codes.
    #[serde(default)]
    pub existing_id: Option<String>,
    /// Where the log ends.
    #[serde(default)]
    pub head: Option<u64>,
    /// The scope that is missing.
    #[serde(default)]
    pub required_scope: Option<String>,
}

/// A value that cannot be accepted.
#[derive(Debug, Clone, Deserialize)]
pub struct FieldProblem {
    /// Where it stands in the body.
    pub pointer: Option<String>,
    /// Which parameter of the query it is.
    pub parameter: Option<String>,
    /// What is wrong, for a person.
    pub detail: String,
    /// In which line of a file it is.
    pub line: Option<u32>,
}

impl Problem {
    /// What a status says by itself.
    pub fn of_status(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self {
            status: status.as_u16(),
            code: "none".to_owned(),
            detail: title.clone(),
            title,
            request_id: String::new(),
            errors: Vec::new(),
            existing_id: None,
            head: None,
            required_scope: None,
        }
    }

    /// What is wrong with a field of the body.
    pub fn of_field(&self, name: &str) -> Option<&str> {
        let named = |error: &&FieldProblem| {
            let pointer = error.pointer.as_deref().and_then(|pointer| pointer.strip_prefix('/'));
            pointer.is_some_and(|pointer| pointer == name || pointer.starts_with(&format!("{name}/")))
        };
        self.errors.iter().find(named).map(|error| error.detail.as_str())
    }
}
