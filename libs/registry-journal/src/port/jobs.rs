//! Plans and jobs: one wish for many merchants, row by row. They are no facts; that somebody confirmed, stopped or ended one stands in
//! the log, and so does what each row did.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::jobs::{Action, HeldUp, JobState, Outcomes, Reason, RowCode, RowState};
use registry_domain::{Actor, CorrelationId, JobId, LinkId, MerchantId, TenantId};

use super::{PageSize, ReadError};

/// How many rows of a job stand so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowTally {
    /// The action did not fit.
    pub refused: u64,
    /// To be done.
    pub waiting: u64,
    /// Begun.
    pub running: u64,
    /// At their end.
    pub ended: Outcomes,
}

impl RowTally {
    /// All rows.
    pub const fn rows(&self) -> u64 {
        self.refused + self.eligible()
    }

    /// Those that the action fitted.
    pub const fn eligible(&self) -> u64 {
        let Outcomes {
            done,
            failed,
            cancelled,
        } = self.ended;
        self.waiting + self.running + done + failed + cancelled
    }
}

/// A plan, or the job that became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id, also as long as it is a plan.
    pub id: JobId,
    /// What is done to each merchant.
    pub action: Action,
    /// How it stands.
    pub state: JobState,
    /// For which merchants it was planned, as an address writes it; none if they were named one by one.
    pub filter: Option<String>,
    /// Of which job it takes up what failed.
    pub retry_of: Option<JobId>,
    /// Who planned it; once it is confirmed, on whose authority it runs.
    pub actor: Actor,
    /// In which request. What the job does belongs to it.
    pub correlation_id: CorrelationId,
    /// Why it is run.
    pub reason: Option<Reason>,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// When its plan was confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When nothing of it was left to do.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it does not go on, although it could.
    pub held_up: Option<HeldUp>,
    /// Its rows. Of what is written nothing is read here.
    pub tally: RowTally,
}

/// A row to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRow {
    /// Its place, from 1.
    pub number: u32,
    /// The merchant; none if it is yet to be registered.
    pub merchant_id: Option<MerchantId>,
    /// Its member code, as far as it is known.
    pub member_code: Option<String>,
    /// Its merchant code.
    pub merchant_code: Option<String>,
    /// Why the action does not fit; none if it does.
    pub obstacle: Option<RowCode>,
}

/// A row of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Its place, from 1.
    pub number: u32,
    /// The merchant; none as long as it is not registered.
    pub merchant_id: Option<MerchantId>,
    /// The codes that it had when it was planned, or is to have.
    pub codes: Option<(String, String)>,
    /// How it stands.
    pub state: RowState,
    /// Why.
    pub code: Option<RowCode>,
    /// What Paymint calls it.
    pub upstream_code: Option<String>,
    /// The link that was issued or asked for.
    pub link_id: Option<LinkId>,
    /// How often it was begun.
    pub attempts: u64,
    /// When it was begun first.
    pub begun_at: Option<DateTime<Utc>>,
    /// When it came to its end.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What came of an attempt at a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOutcome {
    /// Which row.
    pub number: u32,
    /// Which attempt, counted from 1. If a later one was begun, it changes nothing.
    pub attempt: u64,
    /// How the row stands now: at its end, or waiting again.
    pub state: RowState,
    /// Why.
    pub code: Option<RowCode>,
    /// What Paymint calls it.
    pub upstream_code: Option<String>,
    /// The link.
    pub link_id: Option<LinkId>,
    /// The merchant, if it was found or registered by the attempt.
    pub merchant_id: Option<MerchantId>,
    /// When the attempt ended.
    pub at: DateTime<Utc>,
    /// When the row was begun first; none if it was not begun after all.
    pub begun_at: Option<DateTime<Utc>>,
    /// When it is tried again; none if it is at its end.
    pub due_at: Option<DateTime<Utc>>,
}

/// What is taken on to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowClaim {
    /// Now.
    pub now: DateTime<Utc>,
    /// When a row is begun again of which nothing is heard.
    pub until: DateTime<Utc>,
    /// At most so many.
    pub limit: PageSize,
}

/// A job that is to be worked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueJob {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which.
    pub id: JobId,
    /// Since when it waits: those that were confirmed first come first.
    pub confirmed_at: DateTime<Utc>,
}

/// A change of how a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobMove {
    /// Only if it stands so.
    pub from: JobState,
    /// How it stands from now on.
    pub to: JobState,
    /// Now.
    pub at: DateTime<Utc>,
    /// On whose authority it runs from now on, and in which request; as before, if there is none.
    pub authority: Option<(Actor, CorrelationId)>,
    /// Why it is run; as before, if there is none.
    pub reason: Option<Reason>,
}

/// The place of a job in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobPosition {
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// Which.
    pub id: JobId,
}

/// Which rows of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobRowQuery {
    /// Of which job.
    pub id: JobId,
    /// Only those that stand so.
    pub state: Option<RowState>,
    /// Only those behind this place.
    pub after: u32,
    /// At most so many.
    pub limit: PageSize,
}

/// What is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobExpiry {
    /// Plans that nobody has confirmed, from before this moment.
    pub plans_before: DateTime<Utc>,
    /// Jobs that have ended before this moment.
    pub jobs_before: DateTime<Utc>,
}

/// Reading and writing plans and jobs. All of it is durable when it returns.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Begins a plan. False if the tenant has `most` plans and jobs already; of two at the same moment one may be one too many.
    async fn add_job(&self, tenant: TenantId, job: &Job, most: u32) -> Result<bool, ReadError>;

    /// Adds rows to a plan that is being made. Those for which there is an obstacle are refused, the others wait.
    async fn add_job_rows(&self, tenant: TenantId, id: JobId, rows: &[PlannedRow]) -> Result<(), ReadError>;

    /// A plan or a job with its tally. One that is being made is there too.
    async fn job(&self, tenant: TenantId, id: JobId) -> Result<Option<Job>, ReadError>;

    /// A page of jobs, those that were planned last first. Plans are none.
    async fn jobs(&self, tenant: TenantId, before: Option<JobPosition>, limit: PageSize)
    -> Result<Vec<Job>, ReadError>;

    /// A page of the rows of a plan or a job, in their order.
    async fn job_rows(&self, tenant: TenantId, query: &JobRowQuery) -> Result<Vec<JobRow>, ReadError>;

    /// How many rows of a plan or a job were refused or have failed, by state and reason, in no order.
    async fn job_row_codes(&self, tenant: TenantId, id: JobId) -> Result<Vec<(RowState, RowCode, u64)>, ReadError>;

    /// Changes how a job stands. False if it did not stand as expected. A job that goes on is due at once; one that is cancelled is
    /// due too, for its rows come to their end.
    async fn move_job(&self, tenant: TenantId, id: JobId, change: &JobMove) -> Result<bool, ReadError>;

    /// Jobs of all tenants that are to be worked at, by tenant, the oldest first; of each tenant not more than so many.
    async fn due_jobs(&self, now: DateTime<Utc>, of_each: u32, limit: PageSize) -> Result<Vec<DueJob>, ReadError>;

    /// Lets go of what an earlier process had begun: it is due at once.
    async fn free_job_rows(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<(), ReadError>;

    /// Takes on what is due, in the order of rows, and counts the attempt. No other process takes it on before the claim ends. Of a
    /// job that is cancelled only what was begun before; of one that rests nothing.
    async fn claim_job_rows(&self, tenant: TenantId, id: JobId, claim: RowClaim) -> Result<Vec<JobRow>, ReadError>;

    /// Writes down what came of attempts.
    async fn end_job_rows(&self, tenant: TenantId, id: JobId, outcomes: &[RowOutcome]) -> Result<(), ReadError>;

    /// Says why a job does not go on, and when it is looked at again.
    async fn rest_job(
        &self,
        tenant: TenantId,
        id: JobId,
        held_up: Option<HeldUp>,
        until: DateTime<Utc>,
    ) -> Result<(), ReadError>;

    /// Takes rows of a job that is cancelled off the list of what is to be done, but for those that were begun: some at a time. Returns
    /// how many.
    async fn cancel_job_rows(&self, tenant: TenantId, id: JobId, now: DateTime<Utc>) -> Result<u64, ReadError>;

    /// Ends a job of which no row waits or is begun. False if there is such a row, or if it has ended before.
    async fn end_job(&self, tenant: TenantId, id: JobId, now: DateTime<Utc>) -> Result<bool, ReadError>;

    /// Forgets old plans and jobs with their rows: a few at a time.
    async fn forget_jobs(&self, tenant: TenantId, expiry: JobExpiry) -> Result<(), ReadError>;
}
