//! Whose job is worked at when: a step for each tenant in turn, and of one tenant a step for each of its jobs in turn. However much
//! one has to do, another waits for one step at most.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use registry_domain::{JobId, TenantId, causes};
use registry_ingest::Redriver;
use registry_journal::port::{DueJob, Duty, JobExpiry, Leases, PageSize, People, ReadError};
use registry_journal::{Ambient, Archive, Writer};
use registry_upstream::{Inquirer, LinkIssuer};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::limits::{FILE_KEPT_FOR, JobLimits, PLAN_KEPT_FOR};
use crate::numbers::Numbers;
use crate::row::Tools;
use crate::step::{Bench, Next, StepError, step};

/// How often it is looked whether something is to be done.
const ROUND: Duration = Duration::from_millis(250);

/// Steps under way at once, each of another tenant.
const STEPS_MAX: usize = 64;

/// Jobs that are looked at in a round.
const DUE_PAGE: PageSize = PageSize::MAX;

/// How long steps under way are waited for at the end. What does not end in time is taken up by whoever comes next.
const FINISH_LIMIT: Duration = Duration::from_secs(5);

/// After how many rounds it is looked for what is old.
const ROUNDS_PER_SWEEP: u32 = 1_200;

/// What the runner works with.
pub struct RunnerParts {
    /// The log.
    pub archive: Archive,
    /// The way into it.
    pub writer: Writer,
    /// Who is kept out from now on.
    pub people: Arc<dyn People>,
    /// Issues links.
    pub links: LinkIssuer,
    /// Asks Paymint.
    pub inquirer: Inquirer,
    /// Drives callbacks again.
    pub redriver: Redriver,
    /// Which tenants are ours.
    pub leases: Arc<dyn Leases>,
    /// Clock and ids.
    pub ambient: Ambient,
    /// How much there may be of what.
    pub limits: JobLimits,
    /// Counts.
    pub numbers: Numbers,
}

/// Why a round ended early. The next one begins anew.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error("what is to be done could not be read")]
    ReadDue(#[source] ReadError),
    #[error("the leases could not be taken")]
    TakeLeases(#[source] ReadError),
    #[error("what an earlier process had begun could not be let go of")]
    Free(#[source] ReadError),
    #[error("the tenants could not be listed")]
    ListTenants(#[source] ReadError),
    #[error("old plans and jobs could not be forgotten")]
    Forget(#[source] ReadError),
}

/// A step that has ended.
struct Stepped {
    tenant: TenantId,
    next: Result<Next, StepError>,
}

/// Works at the jobs of all tenants.
pub struct Runner {
    bench: Arc<Bench>,
    leases: Arc<dyn Leases>,
    limits: JobLimits,
    lease_session: u64,
    /// The tenants that are ours since the leases were last taken anew.
    ours: HashSet<TenantId>,
    /// What each tenant has to do, the job whose turn it is first.
    due: HashMap<TenantId, VecDeque<JobId>>,
    /// Whose turn it is, in order. Nobody stands there twice, or while a step of theirs is under way.
    queue: VecDeque<TenantId>,
    stepping: HashSet<TenantId>,
    under_way: JoinSet<Stepped>,
    rounds: u32,
    is_blind: bool,
}

impl Runner {
    /// A runner that has done nothing yet.
    pub fn new(parts: RunnerParts) -> Self {
        let tools = Tools {
            archive: parts.archive,
            writer: parts.writer,
            ambient: parts.ambient.clone(),
            links: parts.links,
            inquirer: parts.inquirer,
            redriver: parts.redriver,
        };
        Self {
            bench: Arc::new(Bench {
                tools,
                people: parts.people,
                ambient: parts.ambient,
                numbers: parts.numbers,
            }),
            leases: parts.leases,
            limits: parts.limits,
            lease_session: 0,
            ours: HashSet::new(),
            due: HashMap::new(),
            queue: VecDeque::new(),
            stepping: HashSet::new(),
            under_way: JoinSet::new(),
            rounds: 0,
            is_blind: false,
        }
    }

    /// Works until it is told to stop. Steps under way have a moment to come to their end.
    pub async fn run(mut self, cancellation: CancellationToken) {
        let mut rested = Box::pin(sleep(Duration::ZERO));
        loop {
            tokio::select! {
                () = cancellation.cancelled() => break,
                Some(stepped) = self.under_way.join_next(), if !self.under_way.is_empty() => {
                    if let Ok(stepped) = stepped {
                        self.note(stepped);
                    } else {
                        // A step that panicked: whose it was is not known, so all others are waited for.
                        self.stepping.clear();
                        self.under_way.shutdown().await;
                    }
                    self.begin_steps();
                }
                () = &mut rested => {
                    if cancellation.run_until_cancelled(self.round()).await.is_none() {
                        break;
                    }
                    rested = Box::pin(sleep(ROUND));
                }
            }
        }
        let finished = async { while self.under_way.join_next().await.is_some() {} };
        if timeout(FINISH_LIMIT, finished).await.is_err() {
            self.under_way.shutdown().await;
        }
        self.leases.release().await;
    }

    async fn round(&mut self) {
        let looked = self.look().await;
        if looked.is_err() {
            // Whose jobs are ours is not known any more: another process may have taken them over.
            self.due.clear();
            self.queue.clear();
        }
        self.rounds = self.rounds.wrapping_add(1);
        let round = match looked {
            Ok(()) if self.rounds % ROUNDS_PER_SWEEP == 1 => self.sweep().await,
            looked => looked,
        };
        match round {
            Ok(()) => self.is_blind = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_blind, true) {
                    tracing::warn!(error = %causes(&error), "jobs are not worked at; it is tried again");
                }
            }
        }
        self.begin_steps();
    }

    /// Looks what is to be done, and whose is ours.
    async fn look(&mut self) -> Result<(), RoundError> {
        let now = self.bench.ambient.now();
        let reader = self.bench.tools.archive.reader();
        let due = reader
            .due_jobs(now, self.limits.running_max, DUE_PAGE)
            .await
            .map_err(RoundError::ReadDue)?;
        self.bench.numbers.due(due.len());
        let due = by_tenant(&due, self.limits.running_max);
        let mut tenants: Vec<_> = due.keys().copied().collect();
        tenants.sort_unstable();
        if tenants.is_empty() {
            self.due.clear();
            self.queue.clear();
            return Ok(());
        }
        let held = self.leases.hold(Duty::Jobs, &tenants).await;
        let held = held.map_err(RoundError::TakeLeases)?;
        if std::mem::replace(&mut self.lease_session, held.session) != held.session {
            self.ours.clear();
        }
        for tenant in tenants.iter().filter(|tenant| held.tenants.contains(tenant)) {
            if !self.ours.contains(tenant) {
                self.free(*tenant, now).await?;
                self.ours.insert(*tenant);
            }
        }
        self.take_over(due.into_iter().filter(|(tenant, _)| held.tenants.contains(tenant)));
        Ok(())
    }

    async fn free(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<(), RoundError> {
        let reader = self.bench.tools.archive.reader();
        reader.free_job_rows(tenant, now).await.map_err(RoundError::Free)
    }

    /// Takes over what was found. Jobs keep their turns, and so do tenants.
    fn take_over(&mut self, found: impl Iterator<Item = (TenantId, Vec<JobId>)>) {
        let mut before = std::mem::take(&mut self.due);
        for (tenant, jobs) in found {
            let mut turns = before.remove(&tenant).unwrap_or_default();
            turns.retain(|job| jobs.contains(job));
            let new: Vec<_> = jobs.into_iter().filter(|job| !turns.contains(job)).collect();
            turns.extend(new);
            self.due.insert(tenant, turns);
        }
        self.queue.retain(|tenant| self.due.contains_key(tenant));
        let waiting: HashSet<_> = self.queue.iter().copied().collect();
        let mut new: Vec<_> = self
            .due
            .keys()
            .copied()
            .filter(|tenant| !waiting.contains(tenant) && !self.stepping.contains(tenant))
            .collect();
        new.sort_unstable();
        self.queue.extend(new);
    }

    fn begin_steps(&mut self) {
        while self.under_way.len() < STEPS_MAX {
            let Some(tenant) = self.queue.pop_front() else { break };
            let Some(jobs) = self.due.get_mut(&tenant) else {
                continue;
            };
            let Some(job) = jobs.pop_front() else { continue };
            jobs.push_back(job);
            self.stepping.insert(tenant);
            let bench = Arc::clone(&self.bench);
            self.under_way.spawn(async move {
                let next = step(&bench, tenant, job).await;
                Stepped { tenant, next }
            });
        }
        self.bench.numbers.steps(self.under_way.len());
    }

    fn note(&mut self, stepped: Stepped) {
        let Stepped { tenant, next } = stepped;
        self.stepping.remove(&tenant);
        match next {
            // Behind all others who wait.
            Ok(Next::More) if self.due.contains_key(&tenant) => self.queue.push_back(tenant),
            Ok(Next::More | Next::Rest) => {}
            Err(error) => {
                tracing::warn!(%tenant, error = %causes(&error), "a job was not gone on with; it is tried again");
            }
        }
    }

    /// Forgets what is old, of all tenants. Whoever does it does it for all.
    async fn sweep(&self) -> Result<(), RoundError> {
        let now = self.bench.ambient.now();
        let expiry = JobExpiry {
            plans_before: now - PLAN_KEPT_FOR,
            jobs_before: now - self.limits.kept_for,
        };
        let reader = self.bench.tools.archive.reader();
        let mut failed = Ok(());
        let mut after = None;
        loop {
            let page = reader.tenants(after, PageSize::MAX).await;
            let page = page.map_err(RoundError::ListTenants)?;
            let Some(last) = page.last() else { return failed };
            after = Some(last.id);
            for listed in &page {
                // One tenant's that cannot be forgotten keep nobody else's.
                for forgotten in [
                    reader.forget_jobs(listed.id, expiry).await,
                    reader.forget_import_files(listed.id, now - FILE_KEPT_FOR).await,
                ] {
                    failed = forgotten.map_err(RoundError::Forget).and(failed);
                }
            }
        }
    }
}

/// What each tenant may have worked at: its oldest jobs, so many.
fn by_tenant(due: &[DueJob], most: u32) -> HashMap<TenantId, Vec<JobId>> {
    let mut tenants: HashMap<TenantId, Vec<JobId>> = HashMap::new();
    for job in due {
        let jobs = tenants.entry(job.tenant_id).or_default();
        if jobs.len() < most as usize {
            jobs.push(job.id);
        }
    }
    tenants
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_each_tenant_the_oldest_jobs_are_worked_at() {
        let due = |tenant, job| DueJob {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(tenant)),
            id: JobId::from_uuid(Uuid::from_u128(job)),
            confirmed_at: DateTime::UNIX_EPOCH,
        };
        let found = by_tenant(&[due(1, 1), due(1, 2), due(1, 3), due(2, 4)], 2);
        let of = |tenant| {
            let jobs = &found[&TenantId::from_uuid(Uuid::from_u128(tenant))];
            jobs.iter().map(|job| job.as_uuid().as_u128()).collect::<Vec<_>>()
        };
        assert_eq!((of(1), of(2)), (vec![1, 2], vec![4]));
    }
}
