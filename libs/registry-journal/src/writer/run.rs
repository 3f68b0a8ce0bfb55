//! One batch, one transaction; and what to do when it does not go through.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::causes;
use registry_domain::merchant::QuestionPlan;

use super::append::Appender;
use super::batch::{Batch, Decided};
use super::health::Outcomes;
use super::memory::Memory;
use super::scope::scope_of;
use super::{Counters, WriterParts};
use crate::line_limit::{Admitted, LineLimit};
use crate::port::{Additions, AppendError, Cause, ClockCheck, Loaded, Scope, TransactError, Writes};
use crate::submission::{Outcome, Submission, WriteError};

/// Runs the batches of a lane.
pub(super) struct Runner {
    pub(super) parts: Arc<WriterParts>,
    pub(super) counters: Arc<Counters>,
    pub(super) outcomes: Arc<Outcomes>,
    pub(super) line_limit: Arc<LineLimit<Line>>,
    pub(super) questions: QuestionPlan,
    pub(super) clock_skew_max: TimeDelta,
}

/// The kinds of lines about batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Line {
    Failed,
    TriedAgain,
    CommitLost,
}

type Answers = Vec<Result<Outcome, WriteError>>;

/// Why an attempt did not go through.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    #[error(transparent)]
    Transact(#[from] TransactError),
    #[error("deciding on a command panicked")]
    Panicked,
    #[error("after a lost commit, the log could not be asked what is in it")]
    Unresolved(#[source] Cause),
}

impl Runner {
    /// Runs a batch and returns an answer for each command, in order. A command that poisons the batch fails alone.
    pub(super) async fn run(&self, submissions: &[Submission], memory: &mut Memory) -> Answers {
        let mut answers = Vec::with_capacity(submissions.len());
        let mut parts = vec![submissions];
        while let Some(part) = parts.pop() {
            match self.run_whole(part, memory).await {
                Ok(done) => answers.extend(done),
                Err(error) if part.len() > 1 && is_poison(&error) => {
                    count(&self.counters.retried, 1);
                    let (left, right) = part.split_at(part.len() / 2);
                    // A stack: the left half runs first, so that commands keep their order.
                    parts.push(right);
                    parts.push(left);
                }
                Err(error) => {
                    if matches!(error, AttemptError::Transact(TransactError::Untimely(_))) {
                        count(&self.counters.untimely, part.len() as u64);
                    }
                    if is_of_storage(&error) {
                        self.outcomes.failed();
                    }
                    if let Admitted::Line { left_out } = self.line_limit.admit(Line::Failed) {
                        let commands = part.len();
                        tracing::error!(error = %causes(&error), commands, left_out, "batch failed");
                    }
                    answers.extend(part.iter().map(|_| Err(WriteError::Failed)));
                }
            }
        }
        count(&self.counters.commands, answers.len() as u64);
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        count(&self.counters.failed, failed as u64);
        answers
    }

    /// One attempt, and one more if the first left nothing behind.
    async fn run_whole(&self, submissions: &[Submission], memory: &mut Memory) -> Result<Answers, AttemptError> {
        match self.attempt(submissions, memory).await {
            Err(AttemptError::Transact(error @ TransactError::Transient(_))) => {
                count(&self.counters.retried, 1);
                if let Admitted::Line { left_out } = self.line_limit.admit(Line::TriedAgain) {
                    tracing::warn!(error = %causes(&error), left_out, "transaction is tried again");
                }
                self.attempt(submissions, memory).await
            }
            result => result,
        }
    }

    async fn attempt(&self, submissions: &[Submission], memory: &mut Memory) -> Result<Answers, AttemptError> {
        let scope = scope_of(submissions, &self.parts.keyring, self.parts.ambient.now());
        match self.append(submissions, &scope, memory).await? {
            Some(answers) => Ok(answers),
            None => self.transact(submissions, &scope, memory).await,
        }
    }

    /// Decides on what is remembered, and writes if that still holds. `None` if the memory does not reach, or if it does
    /// not hold: then nothing was written, and whoever reads under the locks sees what is to be forgotten.
    async fn append(
        &self,
        submissions: &[Submission],
        scope: &Scope,
        memory: &mut Memory,
    ) -> Result<Option<Answers>, AttemptError> {
        let Some(mut recalled) = memory.recall(scope) else {
            return Ok(None);
        };
        if !recalled.missing.is_empty() {
            let read = self.parts.journal.merchants(&recalled.missing).await?;
            recalled.loaded.merchants.extend(read);
        }
        let (writes, decided) = self
            .decide(recalled.loaded, submissions, scope)
            .ok_or(AttemptError::Panicked)?;
        let Some(additions) = Additions::of(&writes) else {
            return Ok(None);
        };
        match self.parts.journal.append(&recalled.expected, additions).await {
            Ok(()) => {
                count(&self.counters.appended, 1);
                Ok(Some(self.committed(decided, memory)))
            }
            Err(AppendError::Moved) => {
                count(&self.counters.overtaken, 1);
                Ok(None)
            }
            Err(AppendError::Transact(TransactError::CommitUnknown(cause))) => {
                self.resolve(scope, decided, cause).await.map(Some)
            }
            Err(AppendError::Transact(error)) => Err(error.into()),
        }
    }

    async fn transact(
        &self,
        submissions: &[Submission],
        scope: &Scope,
        memory: &mut Memory,
    ) -> Result<Answers, AttemptError> {
        let mut result = None;
        let mut decide = |loaded| {
            memory.meet(&loaded);
            let (writes, decided) = self.decide(loaded, submissions, scope).unzip();
            result = decided;
            writes.unwrap_or_default()
        };
        let transacted = self.parts.journal.transact(scope, &mut decide).await;
        match (transacted, result) {
            (Ok(()), Some(decided)) => Ok(self.committed(decided, memory)),
            (Ok(()), None) => Err(AttemptError::Panicked),
            (Err(TransactError::CommitUnknown(cause)), Some(decided)) => self.resolve(scope, decided, cause).await,
            (Err(error), _) => Err(error.into()),
        }
    }

    /// `None` if it panicked: it may run inside a transaction, which a panic must not tear down.
    fn decide(&self, mut loaded: Loaded, submissions: &[Submission], scope: &Scope) -> Option<(Writes, Decided)> {
        let heads = std::mem::take(&mut loaded.heads);
        let log = Appender::new(heads, &self.parts.keyring, &self.parts.ambient, scope.now);
        let batch = Batch::new(loaded, log, self.questions, scope.now);
        let (mut writes, decided) = catch_unwind(AssertUnwindSafe(|| batch.decide(submissions))).ok()?;
        writes.clock = Some(ClockCheck {
            now: scope.now,
            skew_max: self.clock_skew_max,
        });
        self.note_log_time(&decided, scope.now);
        Some((writes, decided))
    }

    /// The time of a log never runs backwards. Where it lies ahead of the clock, what is written is stamped with the same
    /// moment until the clock has caught up; what is planned follows the clock.
    fn note_log_time(&self, decided: &Decided, now: DateTime<Utc>) {
        let heads = decided.left.heads.values();
        let Some(newest) = heads.map(|head| head.recorded_at).max() else {
            return;
        };
        self.counters
            .newest_micros
            .fetch_max(newest.timestamp_micros(), Ordering::Relaxed);
        let is_ahead = newest > now + self.clock_skew_max;
        if self.counters.is_ahead.swap(is_ahead, Ordering::Relaxed) != is_ahead {
            let (log_time, clock) = (newest.to_rfc3339(), now.to_rfc3339());
            if is_ahead {
                tracing::error!(
                    log_time,
                    clock,
                    "a log's time lies ahead of the clock: what is written bears the log's time"
                );
            } else {
                tracing::info!(clock, "the clock has caught up with the logs");
            }
        }
    }

    fn committed(&self, decided: Decided, memory: &mut Memory) -> Answers {
        memory.keep(decided.left);
        self.answered(decided.answers, decided.events)
    }

    fn answered(&self, answers: Answers, events: u64) -> Answers {
        count(&self.counters.batches, 1);
        count(&self.counters.events, events);
        // A batch without an event has written nothing, and proves nothing.
        if events > 0 {
            self.outcomes.committed();
        }
        answers
    }

    /// The connection was lost while committing. All events of a batch commit together, so one of them tells.
    async fn resolve(&self, scope: &Scope, decided: Decided, cause: Cause) -> Result<Answers, AttemptError> {
        let Some((tenant, seq, event_id)) = decided.witness else {
            return Ok(decided.answers);
        };
        if let Admitted::Line { left_out } = self.line_limit.admit(Line::CommitLost) {
            tracing::warn!(error = %causes(cause.as_ref()), left_out, "commit was lost; asking the log");
        }
        self.wait_for_locks(scope).await?;
        let found = self.parts.reader.event_at(tenant, seq).await;
        let found = found.map_err(|error| AttemptError::Unresolved(error.into()))?;
        if found.is_some_and(|row| row.event_id == event_id) {
            Ok(self.answered(decided.answers, decided.events))
        } else {
            Err(AttemptError::Transact(TransactError::Transient(cause)))
        }
    }

    /// The lost transaction may still be committing on the other side. It holds the locks of its tenants until it is
    /// over: whoever gets them afterwards sees what came of it.
    async fn wait_for_locks(&self, scope: &Scope) -> Result<(), AttemptError> {
        let locks = Scope {
            tenants: scope.tenants.clone(),
            now: scope.now,
            ..Scope::default()
        };
        let nothing = self.parts.journal.transact(&locks, &mut |_| Writes::default()).await;
        nothing.map_err(|error| AttemptError::Unresolved(error.into()))
    }
}

fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

/// Whether it is storage that does not work, and no matter of what was to be written.
fn is_of_storage(error: &AttemptError) -> bool {
    match error {
        AttemptError::Transact(
            TransactError::Transient(_) | TransactError::CommitUnknown(_) | TransactError::Untimely(_),
        )
        | AttemptError::Unresolved(_) => true,
        AttemptError::Panicked
        | AttemptError::Transact(TransactError::Rejected(_) | TransactError::Inconsistent(_)) => false,
    }
}

/// Whether a smaller batch could go through where this one did not.
fn is_poison(error: &AttemptError) -> bool {
    match error {
        AttemptError::Panicked
        | AttemptError::Transact(TransactError::Rejected(_) | TransactError::Inconsistent(_)) => true,
        AttemptError::Transact(
            TransactError::Transient(_) | TransactError::CommitUnknown(_) | TransactError::Untimely(_),
        )
        | AttemptError::Unresolved(_) => false,
    }
}
