//! What people and programs do with plans and jobs.

use std::sync::Arc;

use chrono::TimeDelta;
use registry_domain::jobs::{Action, HeldUp, JobAct, JobFact, JobState, JobWish, Reason, WrongState, follow};
use registry_domain::{Actor, ImportId, JobId, MerchantId, TenantId, tenant};
use registry_imports::FileRows;
use registry_journal::port::{ImportFile, Job, JobExpiry, JobMove, MerchantFilter, RowTally};
use registry_journal::{Ambient, Archive, Order, Origin, Outcome, ReadError, Submission, WriteError, Writer};

use crate::file::{FileShut, HandedOver, KeptFile};
use crate::limits::{FILE_KEPT_FOR, FILES_MAX, JobLimits};
use crate::planned::Rows;

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
    /// Those of a file.
    InFile(Box<FileRows>),
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
    /// There is no such file.
    #[error("there is no such file")]
    NoSuchFile,
    /// There are as many files as there may be.
    #[error("there are as many files as there may be")]
    TooManyFiles,
    /// What was kept of a file cannot be opened.
    #[error(transparent)]
    Shut(#[from] FileShut),
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
            Whom::These(_) | Whom::InFile(_) => (None, None),
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
        Rows::of(parts, tenant, &job).add(wish.whom).await?;
        let change = self.change(JobState::Making, JobState::Planned);
        parts.archive.reader().move_job(tenant, id, &change).await?;
        self.get(tenant, id).await
    }

    /// Keeps a file for a while, of whoever hands it over.
    pub async fn keep_file(&self, tenant: TenantId, file: &HandedOver, actor: Actor) -> Result<ImportFile, JobError> {
        let DeskParts { archive, ambient, .. } = &*self.0;
        let (id, now) = (ImportId::from_uuid(ambient.ids.uuid()), ambient.now());
        archive
            .reader()
            .forget_import_files(tenant, now - FILE_KEPT_FOR)
            .await?;
        let kept = ImportFile {
            id,
            created_at: now,
            actor: Some(actor),
            sealed: file.seal(archive, id),
        };
        if archive.reader().add_import_file(tenant, &kept, FILES_MAX).await? {
            Ok(kept)
        } else {
            Err(JobError::TooManyFiles)
        }
    }

    /// A file that is kept.
    pub async fn file(&self, tenant: TenantId, id: ImportId) -> Result<KeptFile, JobError> {
        let DeskParts { archive, ambient, .. } = &*self.0;
        let kept = archive.reader().import_file(tenant, id).await?;
        let kept = kept.filter(|kept| kept.created_at > ambient.now() - FILE_KEPT_FOR);
        let kept = kept.ok_or(JobError::NoSuchFile)?;
        Ok(KeptFile {
            file: HandedOver::open(archive, &kept)?,
            created_at: kept.created_at,
            actor: kept.actor,
        })
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
            Whom::InFile(file) => file.rows.len() as u64,
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
