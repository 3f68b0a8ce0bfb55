//! One batch, one transaction; and what to do when it does not go through.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use registry_domain::{EventId, TenantId};

use super::batch::{Batch, Decided};
use super::scope::scope_of;
use super::{Counters, WriterParts};
use crate::port::{ReadError, TransactError, Writes};
use crate::submission::{Outcome, Submission, WriteError};

/// Runs batches.
pub(super) struct Runner {
    pub(super) parts: WriterParts,
    pub(super) counters: Arc<Counters>,
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
    Unresolved(#[source] ReadError),
}

impl Runner {
    /// Runs a batch and returns an answer for each command, in order. A command that poisons the batch fails alone.
    pub(super) async fn run(&self, submissions: &[Submission]) -> Answers {
        let mut answers = Vec::with_capacity(submissions.len());
        let mut parts = vec![submissions];
        while let Some(part) = parts.pop() {
            match self.run_whole(part).await {
                Ok(done) => answers.extend(done),
                Err(error) if part.len() > 1 && is_poison(&error) => {
                    self.count(&self.counters.retried, 1);
                    let (left, right) = part.split_at(part.len() / 2);
                    // A stack: the left half runs first, so that commands keep their order.
                    parts.push(right);
                    parts.push(left);
                }
                Err(error) => {
                    self.count(&self.counters.failed, part.len() as u64);
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        commands = part.len(),
                        "batch failed"
                    );
                    answers.extend(part.iter().map(|_| Err(WriteError::Failed)));
                }
            }
        }
        self.count(&self.counters.commands, submissions.len() as u64);
        answers
    }

    /// One attempt, and one more if the first left nothing behind.
    async fn run_whole(&self, submissions: &[Submission]) -> Result<Answers, AttemptError> {
        match self.attempt(submissions).await {
            Err(AttemptError::Transact(error @ TransactError::Transient(_))) => {
                self.count(&self.counters.retried, 1);
                tracing::warn!(error = &error as &dyn std::error::Error, "transaction is tried again");
                self.attempt(submissions).await
            }
            result => result,
        }
    }

    async fn attempt(&self, submissions: &[Submission]) -> Result<Answers, AttemptError> {
        let now = self.parts.ambient.now();
        let scope = scope_of(submissions, now);
        let mut decided = None;
        let result = self
            .parts
            .journal
            .transact(&scope, &mut |loaded| {
                let batch = Batch::new(loaded, &self.parts.keyring, &self.parts.ambient, now);
                // The closure runs inside the transaction: a panic must not tear the connection down with it.
                match catch_unwind(AssertUnwindSafe(|| batch.decide(submissions))) {
                    Ok((writes, result)) => {
                        decided = Some(result);
                        writes
                    }
                    Err(_) => Writes::default(),
                }
            })
            .await;
        match (result, decided) {
            (Ok(()), Some(Decided { answers, events, .. })) => {
                self.count(&self.counters.batches, 1);
                self.count(&self.counters.events, events);
                Ok(answers)
            }
            (Ok(()), None) => Err(AttemptError::Panicked),
            (Err(TransactError::CommitUnknown(cause)), Some(decided)) => self.resolve(decided, cause).await,
            (Err(error), _) => Err(error.into()),
        }
    }

    /// The connection was lost while committing. All events of a batch commit together, so one of them tells.
    async fn resolve(&self, decided: Decided, cause: crate::port::Cause) -> Result<Answers, AttemptError> {
        let Some((tenant, event_id)) = decided.witness else {
            return Ok(decided.answers);
        };
        tracing::warn!(
            error = cause.as_ref() as &dyn std::error::Error,
            "commit was lost; asking the log"
        );
        if self
            .is_recorded(tenant, event_id)
            .await
            .map_err(AttemptError::Unresolved)?
        {
            self.count(&self.counters.batches, 1);
            self.count(&self.counters.events, decided.events);
            return Ok(decided.answers);
        }
        Err(AttemptError::Transact(TransactError::Transient(cause)))
    }

    async fn is_recorded(&self, tenant: TenantId, event_id: EventId) -> Result<bool, ReadError> {
        Ok(self.parts.reader.event(tenant, event_id).await?.is_some())
    }

    #[expect(clippy::unused_self, reason = "reads as what it does to the runner's counters")]
    fn count(&self, counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// Whether a smaller batch could go through where this one did not.
fn is_poison(error: &AttemptError) -> bool {
    match error {
        AttemptError::Panicked
        | AttemptError::Transact(TransactError::Rejected(_) | TransactError::Inconsistent(_)) => true,
        AttemptError::Transact(TransactError::Transient(_) | TransactError::CommitUnknown(_))
        | AttemptError::Unresolved(_) => false,
    }
}
