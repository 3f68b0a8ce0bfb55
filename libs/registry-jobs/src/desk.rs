//! What people and programs do with plans and jobs.

use std::sync::Arc;

use chrono::TimeDelta;
use registry_domain::jobs::{
    Action, HeldUp, JobAct, JobFact, JobState, JobWish, Reason, RowCode, WrongState, follow, obstacle,
};
use registry_domain::merchant::Merchant;
use registry_domain::{JobId, MerchantId, TenantId, tenant};
use registry_journal::port::{
    Direction, Job, JobExpiry, JobMove, JobRowQuery, MerchantFilter, MerchantQuery, PageSize, PlannedRow, RowTally,
    SortKey,
};
use registry_journal::{Ambient, Archive, Order, Origin, Outcome, ReadError, Submission, WriteError, Writer};

use crate::limits::JobLimits;

/// Rows that are read and written at once.
const PAGE: PageSize = PageSize::clamped(500);

/// How often a change is tried that meets with another one.
const TRIES: usize = 4;

/// Where there is no room, what ended so long ago is forgotten at once.
const ENDED_MAY_GO: TimeDelta = TimeDelta::days(1);

/// The same for plans that nobody has confirmed.
const PLANS_MAY_GO: TimeDelta = TimeDelta::hours(1);

/// For which merchants something is planned.
#[derive(Debug, Clone)]
pub enum Whom {
    /// All that fit.
    Fitting {
        /// What.
        filter: Box<MerchantFilter>,
        /// The same as an address writes it.
        text: String,
    },
    /// These.
    These(Vec<MerchantId>),
    /// Those for which a job has failed.
    FailedOf(JobId),
}

/// What is to be planned.
#[derive(Debug, Clone)]
pub struct PlanWish {
    /// What is done to each merchant.
    pub action: Action,
    /// To which.
    pub whom: Whom,
    /// Who plans it.
    pub origin: Origin,
}

/// Why nothing was planned or changed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is no such plan or job.
    #[error("there is no such plan or job")]
    NoSuchJob,
    /// What is wanted does not fit how it stands.
    #[error(transparent)]
    WrongState(#[from] WrongState),
    /// There are as many plans and jobs as there may be.
    #[error("there are as many plans and jobs as there may be")]
    TooManyJobs,
    /// It is about too many merchants.
    #[error("a plan may have at most {most} rows")]
    TooManyRows {
        /// So many there may be.
        most: u32,
    },
    /// There is nothing to do.
    #[error("no row of the plan can be done")]
    NothingToDo,
    /// A row was not read or written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What plans and jobs are made of.
pub struct DeskParts {
    /// The log.
    pub archive: Archive,
    /// The way into it.
    pub writer: Writer,
    /// Clock and ids.
    pub ambient: Ambient,
    /// How much there may be of what.
    pub limits: JobLimits,
}

/// Makes plans, and does with jobs what is wanted. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<DeskParts>);

impl Desk {
    /// A desk.
    pub fn new(parts: DeskParts) -> Self {
        Self(Arc::new(parts))
    }

    /// How much there may be of what.
    pub fn limits(&self) -> JobLimits {
        self.0.limits
    }

    /// Freezes what is wanted into rows. Nothing is done to a merchant.
    pub async fn plan(&self, tenant: TenantId, wish: PlanWish) -> Result<Job, JobError> {
        let parts = &*self.0;
        self.expect_few(tenant, &wish.whom).await?;
        let id = JobId::from_uuid(parts.ambient.ids.uuid());
        let (filter, retry_of) = match &wish.whom {
            Whom::Fitting { text, .. } => (Some(text.clone()), None),
            Whom::These(_) => (None, None),
            Whom::FailedOf(job) => (None, Some(*job)),
        };
        let job = Job {
            id,
            action: wish.action.clone(),
            state: JobState::Making,
            filter,
            retry_of,
            actor: wish.origin.actor,
            correlation_id: wish.origin.correlation_id,
            reason: None,
            created_at: parts.ambient.now(),
            confirmed_at: None,
            ended_at: None,
            held_up: None,
            tally: RowTally::default(),
        };
        self.begin(tenant, &job).await?;
        let mut rows = Rows {
            desk: self,
            tenant,
            job: &job,
            count: 0,
        };
        match wish.whom {
            Whom::Fitting { filter, .. } => rows.fitting(*filter).await?,
            Whom::These(ids) => rows.these(ids).await?,
            Whom::FailedOf(job) => rows.failed_of(job).await?,
        }
        let change = self.change(JobState::Making, JobState::Planned);
        parts.archive.reader().move_job(tenant, id, &change).await?;
        self.get(tenant, id).await
    }

    /// A plan or a job.
    pub async fn get(&self, tenant: TenantId, id: JobId) -> Result<Job, JobError> {
        let job = self.0.archive.reader().job(tenant, id).await?;
        job.filter(|job| job.state != JobState::Making)
            .ok_or(JobError::NoSuchJob)
    }

    /// Fulfils a wish. The log says it first: nothing is done that it does not tell of. A wish that is fulfilled already is told of by
    /// nothing.
    pub async fn fulfil(
        &self,
        tenant: TenantId,
        id: JobId,
        wish: JobWish,
        origin: &Origin,
        reason: Option<Reason>,
    ) -> Result<Job, JobError> {
        let mut is_told = false;
        for _ in 0..TRIES {
            let job = self.get(tenant, id).await?;
            // A job that rests because whoever ran it may not any more goes on with whoever may.
            let is_taken_over = wish == JobWish::Resume && job.held_up == Some(HeldUp::NotAllowed);
            let next = follow(job.state, wish)?;
            let next = if is_taken_over { JobState::Queued } else { next };
            if next == job.state {
                return Ok(job);
            }
            if wish == JobWish::Confirm && job.tally.waiting == 0 {
                return Err(JobError::NothingToDo);
            }
            if !std::mem::replace(&mut is_told, true) {
                let act = act(&job, wish, reason.clone());
                tell(&self.0.writer, tenant, JobFact { id, act }, origin).await?;
            }
            let change = JobMove {
                authority: match wish {
                    JobWish::Confirm | JobWish::Resume => Some((origin.actor.clone(), origin.correlation_id)),
                    JobWish::Pause | JobWish::Cancel => None,
                },
                reason: reason.clone(),
                ..self.change(job.state, next)
            };
            if self.0.archive.reader().move_job(tenant, id, &change).await? {
                return self.get(tenant, id).await;
            }
        }
        Err(WriteError::Busy.into())
    }

    fn change(&self, from: JobState, to: JobState) -> JobMove {
        JobMove {
            from,
            to,
            at: self.0.ambient.now(),
            authority: None,
            reason: None,
        }
    }

    /// What is known to be too much is refused before anything is written.
    async fn expect_few(&self, tenant: TenantId, whom: &Whom) -> Result<(), JobError> {
        let most = self.0.limits.rows_max;
        let count: u64 = match whom {
            Whom::Fitting { filter, .. } => {
                let counts = self.0.archive.reader().facet_counts(tenant, filter).await?;
                counts.iter().map(|count| count.count).sum()
            }
            Whom::These(ids) => ids.len() as u64,
            Whom::FailedOf(id) => self.get(tenant, *id).await?.tally.ended.failed,
        };
        if count > u64::from(most) {
            return Err(JobError::TooManyRows { most });
        }
        Ok(())
    }

    /// Makes room, if there is none: what is old goes.
    async fn begin(&self, tenant: TenantId, job: &Job) -> Result<(), JobError> {
        let reader = self.0.archive.reader();
        let most = self.0.limits.kept_max;
        if reader.add_job(tenant, job, most).await? {
            return Ok(());
        }
        let expiry = JobExpiry {
            plans_before: job.created_at - PLANS_MAY_GO,
            jobs_before: job.created_at - ENDED_MAY_GO,
        };
        reader.forget_jobs(tenant, expiry).await?;
        if reader.add_job(tenant, job, most).await? {
            return Ok(());
        }
        Err(JobError::TooManyJobs)
    }
}

fn act(job: &Job, wish: JobWish, reason: Option<Reason>) -> JobAct {
    match wish {
        JobWish::Confirm => JobAct::Confirmed {
            action: job.action.kind(),
            rows: job.tally.waiting,
            reason,
        },
        JobWish::Pause => JobAct::Paused,
        JobWish::Resume => JobAct::Resumed,
        JobWish::Cancel => JobAct::Cancelled,
    }
}

/// Has something written into the tenant's log.
pub(crate) async fn tell(writer: &Writer, tenant: TenantId, fact: JobFact, origin: &Origin) -> Result<(), WriteError> {
    let submission = Submission {
        tenant_id: tenant,
        origin: origin.clone(),
        idempotency: None,
        order: Order::Tenant(tenant::Command::RecordJob(fact)),
    };
    match writer.submit(submission).await? {
        Outcome::Written(_) => Ok(()),
        // Only a tenant that is not there refuses it, and a fact of the tenant carries no key.
        Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) | Outcome::TenantRefused(_) => {
            Err(WriteError::Failed)
        }
    }
}

/// The rows of a plan that is being made.
struct Rows<'a> {
    desk: &'a Desk,
    tenant: TenantId,
    job: &'a Job,
    count: u32,
}

impl Rows<'_> {
    async fn fitting(&mut self, filter: MerchantFilter) -> Result<(), JobError> {
        let mut query = MerchantQuery {
            filter,
            sort: SortKey::CreatedAt,
            waits: None,
            direction: Direction::Ascending,
            after: None,
            limit: PAGE,
        };
        loop {
            let reader = self.desk.0.archive.reader();
            let page = reader.merchants(self.tenant, &query).await?;
            let is_last = page.len() < PAGE.get() as usize;
            query.after = page.last().map(|last| last.position.clone());
            let found = page
                .into_iter()
                .map(|listed| (listed.position.id, listed.merchant.map(Some)));
            let found: Vec<_> = found
                .map(|(id, merchant)| (id, merchant.map_err(|_unreadable| RowCode::Internal)))
                .collect();
            self.add(found).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn these(&mut self, ids: Vec<MerchantId>) -> Result<(), JobError> {
        for ids in ids.chunks(PAGE.get() as usize) {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let merchant = self.desk.0.archive.reader().merchant(self.tenant, *id).await?;
                found.push((*id, Ok(merchant)));
            }
            self.add(found).await?;
        }
        Ok(())
    }

    async fn failed_of(&mut self, id: JobId) -> Result<(), JobError> {
        let mut query = JobRowQuery {
            id,
            state: Some(registry_domain::jobs::RowState::Failed),
            after: 0,
            limit: PAGE,
        };
        loop {
            let page = self.desk.0.archive.reader().job_rows(self.tenant, &query).await?;
            let Some(last) = page.last() else { return Ok(()) };
            query.after = last.number;
            self.these(page.iter().map(|row| row.merchant_id).collect()).await?;
        }
    }

    async fn add(&mut self, found: Vec<(MerchantId, Result<Option<Merchant>, RowCode>)>) -> Result<(), JobError> {
        let most = self.desk.0.limits.rows_max;
        let mut rows = Vec::with_capacity(found.len());
        for (merchant_id, merchant) in found {
            // The list may have grown since it was counted.
            if self.count == most {
                return Err(JobError::TooManyRows { most });
            }
            self.count += 1;
            rows.push(planned(&self.job.action, self.count, merchant_id, merchant));
        }
        let reader = self.desk.0.archive.reader();
        Ok(reader.add_job_rows(self.tenant, self.job.id, &rows).await?)
    }
}

fn planned(
    action: &Action,
    number: u32,
    merchant_id: MerchantId,
    merchant: Result<Option<Merchant>, RowCode>,
) -> PlannedRow {
    let (codes, obstacle) = match merchant {
        Ok(Some(merchant)) => (Some(merchant.reference.clone()), obstacle(action, &merchant)),
        Ok(None) => (None, Some(RowCode::MerchantNotFound)),
        Err(code) => (None, Some(code)),
    };
    PlannedRow {
        number,
        merchant_id,
        member_code: codes.as_ref().map(|codes| codes.member_code.as_str().to_owned()),
        merchant_code: codes.as_ref().map(|codes| codes.merchant_code.as_str().to_owned()),
        obstacle,
    }
}
