//! A few rows of one job. A tenant has one step under way at most.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use registry_domain::jobs::{ActionKind, HeldUp, JobAct, JobFact, JobState, RowCode, RowState, may_still};
use registry_domain::{Actor, JobId, TenantId};
use registry_journal::port::{Job, JobMove, JobRow, PageSize, People, ReadError, RowClaim, RowOutcome};
use registry_journal::{Ambient, Origin, WriteError};

use crate::desk::tell;
use crate::numbers::Numbers;
use crate::row::{Attempt, Ended, Made, Tools};

/// Rows that are tried at once where each costs a call to Paymint.
const CALLS: u32 = 8;

/// Rows that are tried at once where none does: they share a commit.
const COMMANDS: u32 = 64;

/// Rows that are tried at once where each drives all that a shop has in quarantine, which may be many callbacks.
const REDRIVES: u32 = 2;

/// When a row is begun anew of which nothing is heard: longer than the longest call and the time in which its outcome is written down.
const CLAIMED_FOR: TimeDelta = TimeDelta::seconds(90);

/// How long a job rests whose owner may not do any more what it does.
const NOT_ALLOWED_FOR: Duration = Duration::from_mins(1);

/// What follows from a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is more to do, now.
    More,
    /// There is nothing to do at the moment.
    Rest,
}

/// Why a step ended early. The next one begins anew.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error("a job could not be read")]
    Read(#[source] ReadError),
    #[error("rows could not be taken on")]
    Claim(#[source] ReadError),
    #[error("what came of rows could not be written down")]
    Note(#[source] ReadError),
    #[error("the log did not take that a job has ended")]
    Tell(#[source] WriteError),
}

/// What a step is made with.
pub(crate) struct Bench {
    pub(crate) tools: Tools,
    pub(crate) people: Arc<dyn People>,
    pub(crate) ambient: Ambient,
    pub(crate) numbers: Numbers,
}

/// Works at a job for a moment.
pub(crate) async fn step(bench: &Bench, tenant: TenantId, id: JobId) -> Result<Next, StepError> {
    let reader = bench.tools.archive.reader();
    let Some(job) = reader.job(tenant, id).await.map_err(StepError::Read)? else {
        return Ok(Next::Rest);
    };
    let now = bench.ambient.now();
    match job.state {
        JobState::Queued => {
            let begun = JobMove {
                from: JobState::Queued,
                to: JobState::Running,
                at: now,
                authority: None,
                reason: None,
            };
            reader.move_job(tenant, id, &begun).await.map_err(StepError::Claim)?;
        }
        JobState::Running => {}
        JobState::Cancelled => {
            let cancelled = reader.cancel_job_rows(tenant, id, now).await;
            if cancelled.map_err(StepError::Note)? > 0 {
                return Ok(Next::More);
            }
        }
        JobState::Making | JobState::Planned | JobState::Paused | JobState::Finished => return Ok(Next::Rest),
    }
    let may_go_on = bench.may_go_on(tenant, &job, now).await?;
    if job.state != JobState::Cancelled && !may_go_on {
        return bench.rest(tenant, id, HeldUp::NotAllowed, NOT_ALLOWED_FOR, now).await;
    }
    let Some(limit) = bench.room(tenant, &job) else {
        return Ok(Next::Rest);
    };
    let claim = RowClaim {
        now,
        until: now + CLAIMED_FOR,
        limit,
    };
    let rows = reader.claim_job_rows(tenant, id, claim).await;
    let rows = rows.map_err(StepError::Claim)?;
    if rows.is_empty() {
        return bench.end(tenant, id).await;
    }
    if may_go_on {
        bench.work(tenant, &job, &rows, now).await
    } else {
        bench.give_up(tenant, &job, &rows).await
    }
}

impl Bench {
    /// A job ends with the rights of whoever runs it.
    async fn may_go_on(&self, tenant: TenantId, job: &Job, now: DateTime<Utc>) -> Result<bool, StepError> {
        if let Actor::Person { id, .. } = &job.actor {
            let person = self.people.person(*id).await.map_err(StepError::Read)?;
            if person.is_none_or(|person| person.disabled_at.is_some()) {
                return Ok(false);
            }
        }
        let found = self.tools.archive.reader().tenant(tenant).await;
        let found = found.map_err(StepError::Read)?;
        Ok(found.is_some_and(|tenant| may_still(&tenant, &job.actor, &job.action, now)))
    }

    /// How many rows may be tried now; none for none.
    fn room(&self, tenant: TenantId, job: &Job) -> Option<PageSize> {
        if job.action.kind() == ActionKind::Redrive {
            return Some(PageSize::clamped(REDRIVES));
        }
        if !job.action.calls_upstream() {
            return Some(PageSize::clamped(COMMANDS));
        }
        let calls = self.tools.inquirer.allowance(tenant).min(CALLS);
        let calls = if job.action.issues_links() {
            calls.min(self.tools.links.room(tenant))
        } else {
            calls
        };
        (calls > 0).then(|| PageSize::clamped(calls))
    }

    async fn rest(
        &self,
        tenant: TenantId,
        id: JobId,
        why: HeldUp,
        until: Duration,
        now: DateTime<Utc>,
    ) -> Result<Next, StepError> {
        let until = now + TimeDelta::from_std(until).unwrap_or_default();
        let reader = self.tools.archive.reader();
        reader
            .rest_job(tenant, id, Some(why), until)
            .await
            .map_err(StepError::Note)?;
        Ok(Next::Rest)
    }

    async fn work(&self, tenant: TenantId, job: &Job, rows: &[JobRow], now: DateTime<Utc>) -> Result<Next, StepError> {
        let attempts = rows.iter().map(|row| {
            let attempt = Attempt {
                tools: &self.tools,
                tenant,
                job,
                row,
                now,
            };
            async move { attempt.make().await }
        });
        let ended = join_all(attempts).await;
        let at = self.ambient.now();
        let outcomes: Vec<_> = rows
            .iter()
            .zip(&ended)
            .map(|(row, made)| written_down(row, made, now, at))
            .collect();
        let reader = self.tools.archive.reader();
        let noted = reader.end_job_rows(tenant, job.id, &outcomes).await;
        noted.map_err(StepError::Note)?;
        self.count(&outcomes);
        let held_up = ended.iter().find_map(|made: &Made| match &made.ended {
            Ended::HeldUp { why, until } => Some((*why, *until)),
            Ended::Done { .. } | Ended::Failed { .. } | Ended::Open { .. } | Ended::NotBegun { .. } => None,
        });
        if let Some((why, until)) = held_up {
            return self.rest(tenant, job.id, why, until, at).await;
        }
        if job.held_up.is_some() {
            let goes_on = reader.rest_job(tenant, job.id, None, at).await;
            goes_on.map_err(StepError::Note)?;
        }
        Ok(Next::More)
    }

    /// Rows of a cancelled job that were begun before whoever ran it lost the right: what came of them nobody may try to find out.
    async fn give_up(&self, tenant: TenantId, job: &Job, rows: &[JobRow]) -> Result<Next, StepError> {
        let at = self.ambient.now();
        let ended = Ended::from(if job.action.calls_upstream() {
            RowCode::UpstreamOutcomeUnknown
        } else {
            RowCode::Internal
        });
        let outcomes: Vec<_> = rows.iter().map(|row| outcome(row, &ended, at, at)).collect();
        let noted = self
            .tools
            .archive
            .reader()
            .end_job_rows(tenant, job.id, &outcomes)
            .await;
        noted.map_err(StepError::Note)?;
        self.count(&outcomes);
        Ok(Next::More)
    }

    fn count(&self, outcomes: &[RowOutcome]) {
        let of = |state| outcomes.iter().filter(|it| it.state == state).count();
        self.numbers
            .rows(of(RowState::Done), of(RowState::Failed), of(RowState::Waiting));
    }

    /// Ends a job of which nothing is left. First the fact: a process that dies in between tells of the end twice rather than never.
    async fn end(&self, tenant: TenantId, id: JobId) -> Result<Next, StepError> {
        let reader = self.tools.archive.reader();
        let Some(job) = reader.job(tenant, id).await.map_err(StepError::Read)? else {
            return Ok(Next::Rest);
        };
        let is_over = job.tally.waiting + job.tally.running == 0;
        let ends = match job.state {
            JobState::Queued | JobState::Running | JobState::Cancelled => is_over && job.ended_at.is_none(),
            JobState::Making | JobState::Planned | JobState::Paused | JobState::Finished => false,
        };
        if !ends {
            return Ok(Next::Rest);
        }
        let fact = JobFact {
            id,
            act: JobAct::Finished(job.tally.ended),
        };
        let origin = Origin::of(job.actor.clone(), job.correlation_id);
        let told = tell(&self.tools.writer, tenant, fact, &origin).await;
        told.map_err(StepError::Tell)?;
        let ended = reader.end_job(tenant, id, self.ambient.now()).await;
        ended.map_err(StepError::Note)?;
        Ok(Next::Rest)
    }
}

/// What is written down of an attempt. A row whose shop it has found is begun, whatever else came of it.
fn written_down(row: &JobRow, made: &Made, begun: DateTime<Utc>, at: DateTime<Utc>) -> RowOutcome {
    let outcome = outcome(row, &made.ended, begun, at);
    RowOutcome {
        merchant_id: made.merchant_id,
        begun_at: made.merchant_id.map_or(outcome.begun_at, |_| row.begun_at),
        ..outcome
    }
}

/// What is written down of how it ended.
fn outcome(row: &JobRow, ended: &Ended, begun: DateTime<Utc>, at: DateTime<Utc>) -> RowOutcome {
    let later = |after: &Duration| Some(at + TimeDelta::from_std(*after).unwrap_or_default());
    let over = RowOutcome {
        number: row.number,
        attempt: row.attempts,
        state: RowState::Done,
        code: None,
        upstream_code: None,
        link_id: None,
        merchant_id: None,
        at,
        begun_at: row.begun_at,
        due_at: None,
    };
    let unbegun = RowOutcome {
        state: RowState::Waiting,
        // One that an earlier attempt had begun stays so.
        begun_at: row.begun_at.filter(|first| *first != begun),
        ..over.clone()
    };
    match ended {
        Ended::Done { link_id } => RowOutcome {
            link_id: *link_id,
            ..over
        },
        Ended::Failed {
            code,
            upstream_code,
            link_id,
        } => RowOutcome {
            state: RowState::Failed,
            code: Some(*code),
            upstream_code: upstream_code.clone(),
            link_id: *link_id,
            ..over
        },
        Ended::Open { after } => RowOutcome {
            state: RowState::Waiting,
            due_at: later(after),
            ..over
        },
        Ended::NotBegun { after } => RowOutcome {
            due_at: later(after),
            ..unbegun
        },
        Ended::HeldUp { until, .. } => RowOutcome {
            due_at: later(until),
            ..unbegun
        },
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::MerchantId;
    use registry_domain::jobs::RowCode;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a moment")
    }

    fn row(begun: i64) -> JobRow {
        JobRow {
            number: 3,
            merchant_id: Some(MerchantId::from_uuid(uuid::Uuid::from_u128(1))),
            codes: None,
            state: RowState::Running,
            code: None,
            upstream_code: None,
            link_id: None,
            attempts: 2,
            begun_at: Some(at(begun)),
            ended_at: None,
        }
    }

    #[test]
    fn a_row_at_its_end_is_due_no_more_and_any_other_is() {
        let after = Duration::from_secs(5);
        let held = Ended::HeldUp {
            why: HeldUp::UpstreamDown,
            until: after,
        };
        let failed = Ended::from(RowCode::Archived);
        for (ended, state) in [
            (Ended::Done { link_id: None }, RowState::Done),
            (failed, RowState::Failed),
            (Ended::Open { after }, RowState::Waiting),
            (Ended::NotBegun { after }, RowState::Waiting),
            (held, RowState::Waiting),
        ] {
            let outcome = outcome(&row(10), &ended, at(10), at(12));
            assert_eq!((outcome.number, outcome.attempt, outcome.state), (3, 2, state));
            assert_eq!(outcome.due_at.is_none(), state.is_end());
        }
    }

    #[test]
    fn what_was_begun_before_stays_begun() {
        let not_begun = Ended::NotBegun {
            after: Duration::from_secs(1),
        };
        assert_eq!(outcome(&row(10), &not_begun, at(10), at(12)).begun_at, None);
        assert_eq!(outcome(&row(4), &not_begun, at(10), at(12)).begun_at, Some(at(4)));
        let open = Ended::Open {
            after: Duration::from_secs(1),
        };
        assert_eq!(outcome(&row(10), &open, at(10), at(12)).begun_at, Some(at(10)));
    }
}
