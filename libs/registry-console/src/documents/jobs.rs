//! What is done to many shops.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use registry_documents::ActorDocument;
use serde::Deserialize;

/// What would be done.
#[derive(Debug, Clone, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// What is done to each shop.
    pub action: String,
    /// The tags that it is about.
    pub tags: Vec<String>,
    /// For which shops, as a query.
    pub filter: Option<String>,
    /// For how many.
    pub count: u64,
    /// For how many it fits.
    pub eligible: u64,
    /// For how many it does not, by reason.
    pub refused: Vec<Reason>,
    /// Some of both.
    pub sample: Vec<JobRow>,
    /// The job that became of it.
    pub job_id: Option<String>,
}

/// How many rows came to the same.
#[derive(Debug, Clone, Deserialize)]
pub struct Reason {
    /// Why.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// A shop in a plan or a job.
#[derive(Debug, Clone, Deserialize)]
pub struct JobRow {
    /// Its place.
    pub number: u32,
    /// The shop.
    pub merchant_id: Option<String>,
    /// Its member code.
    pub member_code: Option<String>,
    /// Its merchant code.
    pub merchant_code: Option<String>,
    /// How it stands.
    pub state: String,
    /// Why.
    pub code: Option<String>,
    /// What Paymint calls it.
    pub upstream_code: Option<String>,
    /// When it came to its end.
    pub ended_at: Option<DateTime<Utc>>,
    /// What its row of a file says.
    #[serde(default)]
    pub source: Option<RowSource>,
}

/// What a row of a file says.
#[derive(Debug, Clone, Deserialize)]
pub struct RowSource {
    /// In which line.
    pub line: u32,
    /// Its values, by field.
    pub values: BTreeMap<String, String>,
    /// What cannot be used.
    pub faults: Vec<Remark>,
    /// What one should look at.
    pub warnings: Vec<Remark>,
}

/// Something about a cell.
#[derive(Debug, Clone, Deserialize)]
pub struct Remark {
    /// The field that it is.
    pub field: String,
    /// What is to be said, for a person.
    pub detail: String,
}

/// A page of them.
#[derive(Debug, Clone, Deserialize)]
pub struct JobRows {
    /// The rows.
    pub data: Vec<JobRow>,
    /// Where the next page begins.
    pub page: JobRowsEnd,
}

/// Where a page ends.
#[derive(Debug, Clone, Deserialize)]
pub struct JobRowsEnd {
    /// Behind which row the next one begins.
    pub next_after: Option<u32>,
}

/// What is done to many shops.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// What is done to each shop.
    pub action: String,
    /// The tags that it is about.
    pub tags: Vec<String>,
    /// For which shops, as a query.
    pub filter: Option<String>,
    /// Of which job it takes up what failed.
    pub failed_of: Option<String>,
    /// How it stands.
    pub state: String,
    /// Why it does not go on.
    pub held_up: Option<String>,
    /// Why it is done.
    pub reason: Option<String>,
    /// On whose authority.
    pub actor: ActorDocument,
    /// Rows by how they stand, and `rows` for all.
    pub counts: BTreeMap<String, u64>,
    /// Why rows have failed.
    #[serde(default)]
    pub failures: Vec<Reason>,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// When nothing of it was left to do.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Job {
    /// How many rows stand so.
    pub fn count(&self, state: &str) -> u64 {
        self.counts.get(state).copied().unwrap_or(0)
    }

    /// How many have come to an end, of those that are tried.
    pub fn ended(&self) -> u64 {
        ["done", "failed", "cancelled"]
            .iter()
            .map(|state| self.count(state))
            .sum()
    }

    /// How many are tried.
    pub fn tried(&self) -> u64 {
        self.count("rows").saturating_sub(self.count("refused"))
    }
}
