//! The write path in this process, without a server; a record of what it writes, and writing that again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use async_trait::async_trait;
use registry::secrets::Secrets;
use registry::storage::Storage;
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{Additions, AppendError, ExpectedHead, Loaded, LoadedMerchant, Scope, Writes};
use registry_journal::writer::{WriterConfig, WriterParts};
use registry_journal::{Ambient, Journal, Outcome as Written, TransactError, Writer};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::installation::Installation;
use crate::load::Outcome;
use crate::seed::{self, STEPS, Target};

/// A writer on an installation.
pub(crate) struct WritePath {
    pub(crate) writer: Writer,
    pub(crate) ambient: Ambient,
    pub(crate) secrets: Secrets,
    pub(crate) storage: Storage,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl WritePath {
    pub(crate) async fn open(installation: &Installation, batch_length_max: usize) -> anyhow::Result<Self> {
        Self::open_through(installation, batch_length_max, |journal| journal).await
    }

    /// The same with something between the writer and the database.
    pub(crate) async fn open_through(
        installation: &Installation,
        batch_length_max: usize,
        wrap: impl FnOnce(Arc<dyn Journal>) -> Arc<dyn Journal>,
    ) -> anyhow::Result<Self> {
        let ambient = Ambient::system();
        // On a server keys are not made by themselves.
        Secrets::open_or_make(&installation.config, ambient.ids.as_ref(), true)?;
        let opened = registry::installation::Installation::open_or_make(&installation.config, ambient.ids.as_ref());
        let registry::installation::Installation { secrets, storage } = opened.await?;
        let parts = WriterParts {
            journal: wrap(Arc::clone(&storage.journal)),
            reader: Arc::clone(&storage.reader),
            keyring: Arc::clone(&secrets.keyring),
            ambient: ambient.clone(),
        };
        let limits = WriterConfig {
            batch_length_max,
            lanes: storage.lanes,
            ..WriterConfig::default()
        };
        let stop = CancellationToken::new();
        let (writer, task) = Writer::start(parts, limits, stop.clone().cancelled_owned());
        Ok(Self {
            writer,
            ambient,
            secrets,
            storage,
            stop,
            task,
        })
    }

    /// Hands callbacks in from so many tasks, each with merchants of its own: first to warm up, then measured.
    pub(crate) async fn load(
        &self,
        targets: &[Target],
        tasks: usize,
        warm: Duration,
        length: Duration,
    ) -> anyhow::Result<Outcome> {
        let begin = Instant::now() + warm;
        let end = begin + length;
        let mut running = JoinSet::new();
        for share in shares(targets, tasks) {
            let (writer, ambient) = (self.writer.clone(), self.ambient.clone());
            running.spawn(async move {
                let mut latencies = Vec::new();
                for step in 0.. {
                    let target = &share[step % share.len()];
                    let sent = Instant::now();
                    if sent >= end {
                        break;
                    }
                    let written = writer.report(seed::submission(target, &ambient, step / share.len()));
                    let written = written.await?;
                    anyhow::ensure!(matches!(written, Written::Written(_)), "{written:?}");
                    let answered = Instant::now();
                    if sent >= begin && answered <= end {
                        latencies.push(answered - sent);
                    }
                }
                Ok(latencies)
            });
        }
        let mut latencies = Vec::new();
        while let Some(measured) = running.join_next().await {
            latencies.extend(measured??);
        }
        Ok(Outcome::of(latencies, length))
    }

    /// Lets every merchant live its life once, so many of them at a time.
    pub(crate) async fn live(&self, targets: &[Target], tasks: usize) -> anyhow::Result<()> {
        let mut running = JoinSet::new();
        for share in shares(targets, tasks) {
            let (writer, ambient) = (self.writer.clone(), self.ambient.clone());
            running.spawn(async move {
                for step in 0..STEPS.len() {
                    for target in &share {
                        let _written = writer.report(seed::submission(target, &ambient, step)).await?;
                    }
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(())
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.stop.cancel();
        drop(self.writer);
        self.task.await.context("the writer")?;
        self.storage.close().await;
        Ok(())
    }
}

/// Deals merchants out.
pub(crate) fn shares(targets: &[Target], tasks: usize) -> Vec<Vec<Target>> {
    (0..tasks.min(targets.len()))
        .map(|first| targets.iter().skip(first).step_by(tasks).cloned().collect())
        .collect()
}

/// What one transaction asked for and wrote.
type Batch = (Scope, Writes);

/// Keeps what goes through it.
struct Recorder {
    journal: Arc<dyn Journal>,
    batches: Arc<Mutex<Vec<Batch>>>,
}

#[async_trait]
impl Journal for Recorder {
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError> {
        let mut kept = None;
        let mut keep = |loaded: Loaded| {
            let writes = decide(loaded);
            kept = Some(writes.clone());
            writes
        };
        self.journal.transact(scope, &mut keep).await?;
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.extend(kept.map(|writes| (scope.clone(), writes)));
        Ok(())
    }

    async fn merchants(
        &self,
        wanted: &[(TenantId, MerchantId)],
    ) -> Result<HashMap<(TenantId, MerchantId), LoadedMerchant>, TransactError> {
        self.journal.merchants(wanted).await
    }

    /// What is recorded is what a batch reads and writes: none may leave the reading out.
    async fn append(&self, _expected: &[ExpectedHead], _additions: Additions<'_>) -> Result<(), AppendError> {
        Err(AppendError::Moved)
    }

    async fn probe(&self) -> Result<(), TransactError> {
        self.journal.probe().await
    }
}

/// Commands per second when batches of this length are nothing but statements: recorded on one copy of the
/// installation, and written again on another, with nobody who decides.
pub(crate) async fn statements_alone(
    seeded: &Installation,
    targets: &[Target],
    batch_length: usize,
) -> anyhow::Result<f64> {
    let batches = record(seeded, targets, batch_length).await?;
    let copy = seeded.copy().await?;
    let storage = registry::installation::Installation::open(&copy.config).await?.storage;
    let commands: usize = batches.iter().map(|(_, writes)| received(writes)).sum();
    let started = Instant::now();
    for (scope, writes) in batches {
        let mut writes = Some(writes);
        let mut again = |_| writes.take().unwrap_or_default();
        storage.journal.transact(&scope, &mut again).await?;
    }
    let rate = crate::load::approximate(commands) / started.elapsed().as_secs_f64();
    storage.close().await;
    copy.remove().await?;
    Ok(rate)
}

/// One life of every merchant.
async fn record(seeded: &Installation, targets: &[Target], batch_length: usize) -> anyhow::Result<Vec<Batch>> {
    let copy = seeded.copy().await?;
    let batches = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&batches);
    let through = |journal| -> Arc<dyn Journal> { Arc::new(Recorder { journal, batches: kept }) };
    let path = WritePath::open_through(&copy, batch_length, through).await?;
    // Twice as many wait as a batch takes: each batch is full.
    path.live(targets, batch_length * 2).await?;
    path.close().await?;
    copy.remove().await?;
    Ok(std::mem::take(
        &mut *batches.lock().unwrap_or_else(PoisonError::into_inner),
    ))
}

/// How many callbacks a batch took in.
fn received(writes: &Writes) -> usize {
    let events = writes.events.iter();
    events
        .filter(|event| event.event_type.as_str() == "callback.received")
        .count()
}
