//! Group commit: a task takes whatever commands are waiting and runs one transaction for all of them. There may be
//! several such tasks; each tenant has its commands in one of them, in order.
//!
//! A command enters through [`Writer::submit`] or [`Writer::report`]; its answer comes back only after the commit.
//! Dropping the future of a caller never touches the transaction: the command is already on its way.

mod append;
mod batch;
mod context;
mod health;
mod idempotency;
mod lanes;
mod memory;
mod merchant;
mod queue;
mod register;
mod run;
mod scope;
mod standings;
mod tenant;
mod waiting;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use registry_domain::merchant::QuestionPlan;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::ambient::{Ambient, Clock};
use crate::keyring::Keyring;
use crate::port::{Journal, Reader};
use crate::submission::{Outcome, Submission, WriteError};
use health::{Health, Outcomes};
use lanes::Lanes;
use waiting::Entry;

pub use health::WriteHealth;

/// Limits of the write path, and what it plans.
#[derive(Debug, Clone, Copy)]
pub struct WriterConfig {
    /// How many batches may be under way at once, each of other tenants. More than one only where storage can write
    /// them side by side.
    pub lanes: NonZeroUsize,
    /// Most commands that may wait in a lane. Commands of tenants are refused at three quarters of it, callbacks only
    /// when it is full: a client of ours will come again, upstream may not. Both are refused to a tenant that has as many
    /// places as are left.
    pub queue_length_max: usize,
    /// Most payload bytes that may wait in a lane, shared in the same way.
    pub queue_bytes_max: usize,
    /// Most commands in one transaction.
    pub batch_length_max: usize,
    /// Most payload bytes in one transaction.
    pub batch_bytes_max: usize,
    /// Longest wait for the clients that were just answered, so that batches don't swing between one and all.
    pub linger_max: Duration,
    /// Most merchants that are remembered as the last batch left them, in all lanes together: a batch of those reads
    /// nothing. 0 remembers none.
    pub remembered_max: usize,
    /// When upstream is asked about a merchant that has changed.
    pub questions: QuestionPlan,
    /// How far the clock of this process may differ from that of a database with one of its own before that writes nothing
    /// for it, and how far a log's time may lie ahead before that is told.
    pub clock_skew_max: TimeDelta,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self {
            lanes: NonZeroUsize::MIN,
            queue_length_max: 8_192,
            queue_bytes_max: 64 * 1024 * 1024,
            batch_length_max: 1_000,
            batch_bytes_max: 4 * 1024 * 1024,
            linger_max: Duration::from_millis(1),
            remembered_max: 16_384,
            questions: QuestionPlan::default(),
            clock_skew_max: TimeDelta::minutes(1),
        }
    }
}

#[derive(Default)]
struct Counters {
    commands: AtomicU64,
    batches: AtomicU64,
    events: AtomicU64,
    refused_busy: AtomicU64,
    failed: AtomicU64,
    retried: AtomicU64,
    appended: AtomicU64,
    overtaken: AtomicU64,
    untimely: AtomicU64,
    /// The latest time of any log that was written to, in microseconds since 1970; 0 if none was.
    newest_micros: AtomicI64,
    is_ahead: AtomicBool,
}

/// Numbers about the write path since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterStats {
    /// Commands waiting now.
    pub queued: u64,
    /// Memory that they take, in bytes.
    pub queued_bytes: u64,
    /// Commands answered.
    pub commands: u64,
    /// Transactions committed.
    pub batches: u64,
    /// Events written.
    pub events: u64,
    /// Commands turned away because the queue was full.
    pub refused_busy: u64,
    /// Commands that failed for good.
    pub failed: u64,
    /// Transactions that were tried again or split.
    pub retried: u64,
    /// Transactions committed that had no need to read under their locks.
    pub appended: u64,
    /// Batches whose ground another process had changed since: they were decided again, under the locks.
    pub overtaken: u64,
    /// Commands that failed because the clocks of this process and of the database differ by too much.
    pub untimely: u64,
    /// How far the time of some log that this process has written to lies ahead of its clock, in seconds.
    pub log_ahead_seconds: u64,
}

/// The way into the log. Cheap to clone; the task ends once every clone is gone or it is told to stop.
#[derive(Clone)]
pub struct Writer {
    lanes: Lanes,
    commits: watch::Receiver<u64>,
    counters: Arc<Counters>,
    health: Arc<Health>,
    queue_length_max: usize,
    clock: Arc<dyn Clock>,
}

/// What the write path works with.
pub struct WriterParts {
    /// Where it writes.
    pub journal: Arc<dyn Journal>,
    /// Where it looks after a commit whose outcome is unknown.
    pub reader: Arc<dyn Reader>,
    /// What it seals with.
    pub keyring: Arc<Keyring>,
    /// Its clock and ids.
    pub ambient: Ambient,
}

impl Writer {
    /// Starts the task. It works until `stop` fires, then finishes what is waiting and ends.
    pub fn start<Stop>(parts: WriterParts, config: WriterConfig, stop: Stop) -> (Self, JoinHandle<()>)
    where
        Stop: Future<Output = ()> + Send + 'static,
    {
        let (ticks, commits) = watch::channel(0);
        let counters = Arc::new(Counters::default());
        let clock = Arc::clone(&parts.ambient.clock);
        let outcomes: Vec<Arc<Outcomes>> = (0..config.lanes.get()).map(|_| Arc::default()).collect();
        let health = Health::new(Arc::clone(&parts.journal), parts.ambient.clone(), outcomes.clone());
        let (parts, line_limit) = (Arc::new(parts), Arc::default());
        let runner = |outcomes| run::Runner {
            parts: Arc::clone(&parts),
            counters: Arc::clone(&counters),
            outcomes,
            line_limit: Arc::clone(&line_limit),
            questions: config.questions,
            clock_skew_max: config.clock_skew_max,
        };
        let runners = outcomes.into_iter().map(runner).collect();
        let (lanes, task) = Lanes::start(runners, config, &ticks, stop);
        (
            Self {
                lanes,
                commits,
                counters,
                health: Arc::new(health),
                queue_length_max: config.queue_length_max,
                clock,
            },
            tokio::spawn(task),
        )
    }

    /// Hands in a command of a tenant or an operator and waits for its commit.
    pub async fn submit(&self, submission: Submission) -> Result<Outcome, WriteError> {
        self.hand_in(submission, self.queue_length_max - self.queue_length_max / 4)
            .await
    }

    /// Hands in what upstream reported and waits for its commit. Turned away only when the queue, or the tenant's share of
    /// it, is full.
    pub async fn report(&self, submission: Submission) -> Result<Outcome, WriteError> {
        self.hand_in(submission, self.queue_length_max).await
    }

    async fn hand_in(&self, submission: Submission, length_max: usize) -> Result<Outcome, WriteError> {
        let (reply, answer) = oneshot::channel();
        let lane = self.lanes.of(submission.tenant_id);
        if let Err(error) = lane.push(Entry::new(submission, reply), length_max) {
            if error == WriteError::Busy {
                self.counters.refused_busy.fetch_add(1, Ordering::Relaxed);
            }
            return Err(error);
        }
        answer.await.unwrap_or(Err(WriteError::Failed))
    }

    /// Ticks after every commit of this process. Other processes write too: a tick is a hint, polling is the truth.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    /// Whether the task still takes commands.
    pub fn is_running(&self) -> bool {
        self.lanes.are_open()
    }

    fn log_ahead_seconds(&self) -> u64 {
        let newest = self.counters.newest_micros.load(Ordering::Relaxed);
        let ahead = newest - self.clock.now().timestamp_micros();
        u64::try_from(ahead / 1_000_000).unwrap_or(0)
    }

    /// Whether writing works: by what became of the last batches, or by trying. Takes some seconds at most.
    pub async fn health(&self) -> WriteHealth {
        self.health.look().await
    }

    /// The same as far as it is known without trying.
    pub fn last_health(&self) -> WriteHealth {
        self.health.last()
    }

    /// Numbers since the start.
    pub fn stats(&self) -> WriterStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WriterStats {
            queued: self.lanes.queued() as u64,
            queued_bytes: self.lanes.bytes() as u64,
            commands: read(&self.counters.commands),
            batches: read(&self.counters.batches),
            events: read(&self.counters.events),
            refused_busy: read(&self.counters.refused_busy),
            failed: read(&self.counters.failed),
            retried: read(&self.counters.retried),
            appended: read(&self.counters.appended),
            overtaken: read(&self.counters.overtaken),
            untimely: read(&self.counters.untimely),
            log_ahead_seconds: self.log_ahead_seconds(),
        }
    }
}
