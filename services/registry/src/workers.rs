//! The tasks that work as long as the service lives.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use registry_alerts::{Watcher, WatcherParts};
use registry_console::{Api, Console};
use registry_deliveries::{Courier, CourierParts, Numbers};
use registry_domain::{Seq, TenantId, causes};
use registry_http::{AppState, Carrying, HttpConfig, Router, Services};
use registry_imports::{Reader as FileReader, ReaderParts};
use registry_jobs::{Desk, DeskParts, Numbers as JobNumbers, Runner, RunnerParts};
use registry_journal::port::{ListedTenant, PageSize};
use registry_journal::writer::{WriterConfig, WriterParts};
use registry_journal::{Ambient, Writer};
use registry_maintenance::rebuild::{Rebuild, RebuildError, Renewed};
use registry_people::People;
use registry_publish::Relay;
use registry_publish_nats::{NatsConfig, NatsPublisher};
use registry_upstream::{Inquirer, LinkIssuer, Reconciler, ReconcilerParts, ReconcilerStatus};
use registry_web::ServeLimits;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::app::Ways;
use crate::config::Config;
use crate::secrets::Secrets;
use crate::storage::Storage;

/// How often requests to upstream that nobody finished are looked for.
const SETTLE_INTERVAL: Duration = Duration::from_secs(30);

/// A task that lives as long as the service. If it ends by itself, the service ends.
pub(crate) struct Worker {
    name: &'static str,
    stop: CancellationToken,
    /// None once it has ended.
    task: Option<JoinHandle<()>>,
}

impl Worker {
    pub(crate) fn new(name: &'static str, stop: CancellationToken, task: JoinHandle<()>) -> Self {
        let task = Some(task);
        Self { name, stop, task }
    }

    /// Waits until it ends by itself, and says which one it was.
    pub(crate) async fn death(&mut self) -> &'static str {
        self.end().await;
        self.name
    }

    /// Tells it to stop.
    pub(crate) fn tell(&self) {
        self.stop.cancel();
    }

    /// Tells it to stop and waits until it has, but not beyond a moment: then it is given up. Returns whether it stopped.
    pub(crate) async fn stop_by(mut self, latest: Instant) -> bool {
        self.tell();
        if timeout_at(latest, self.end()).await.is_ok() {
            return true;
        }
        tracing::error!(worker = self.name, "it did not stop in its time and is given up");
        if let Some(task) = &self.task {
            task.abort();
        }
        false
    }

    async fn end(&mut self) {
        let Some(task) = &mut self.task else { return };
        if let Err(error) = task.await {
            tracing::error!(worker = self.name, error = %causes(&error), "worker died");
        }
        self.task = None;
    }
}

/// Starts the write path alone: all that a command of an operator needs.
pub(crate) fn start_writer_task(
    storage: &Storage,
    secrets: &Secrets,
    ambient: &Ambient,
    limits: WriterConfig,
    stop: impl Future<Output = ()> + Send + 'static,
) -> (Writer, JoinHandle<()>) {
    let parts = WriterParts {
        journal: storage.journal.clone(),
        reader: storage.reader.clone(),
        keyring: Arc::clone(&secrets.keyring),
        ambient: ambient.clone(),
    };
    Writer::start(parts, limits, stop)
}

pub(crate) fn start_writer(
    config: &Config,
    storage: &Storage,
    secrets: &Secrets,
    ambient: &Ambient,
) -> (Writer, Worker) {
    let stop = CancellationToken::new();
    let limits = WriterConfig {
        lanes: storage.lanes,
        queue_length_max: config.queue_length_max,
        queue_bytes_max: config.queue_mebibytes_max * 1024 * 1024,
        batch_length_max: config.batch_length_max,
        remembered_max: config.remembered_merchants_max,
        questions: config.questions(),
        clock_skew_max: config.clock_skew_max(),
        ..WriterConfig::default()
    };
    let (writer, task) = start_writer_task(storage, secrets, ambient, limits, stop.clone().cancelled_owned());
    (writer, Worker::new("writer", stop, task))
}

/// Whoever follows the log is woken by what this process commits and by what others do.
pub(crate) fn start_sharing(storage: &Storage, writer: &Writer) -> (Worker, watch::Receiver<u64>) {
    let stop = CancellationToken::new();
    let (wakes, commits) = watch::channel(0);
    let sharing = storage.clone().share_commits(writer.commits(), wakes, stop.clone());
    let task = tokio::spawn(sharing);
    (Worker::new("commit signals", stop, task), commits)
}

/// How often it is looked whether an earlier version of the program has written rows: soon enough for whoever looks for what it
/// has registered while both are at work.
const RENEW_INTERVAL: Duration = Duration::from_secs(5);

/// Rows that an earlier version has written are folded anew, for as long as one may still be at work beside this one.
pub(crate) fn start_renewing(storage: &Storage, ambient: &Ambient) -> Worker {
    let stop = CancellationToken::new();
    let rebuild = Rebuild {
        archive: storage.archive.clone(),
        journal: storage.journal.clone(),
        ambient: ambient.clone(),
    };
    let task = tokio::spawn(renew_rows(rebuild, stop.clone()));
    Worker::new("renewing", stop, task)
}

async fn renew_rows(rebuild: Rebuild, stop: CancellationToken) {
    // Where each log ended when its tenant's rows were looked at.
    let mut seen = HashMap::new();
    loop {
        if let Err(error) = renew_all(&rebuild, &mut seen, &stop).await {
            tracing::warn!(error = %causes(&error), "rows of an earlier version were not folded anew; it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RENEW_INTERVAL) => {}
        }
    }
}

async fn renew_all(
    rebuild: &Rebuild,
    seen: &mut HashMap<TenantId, Seq>,
    stop: &CancellationToken,
) -> Result<(), RebuildError> {
    let mut after = None;
    while !stop.is_cancelled() {
        let reader = rebuild.archive.reader();
        let page = reader
            .tenants(after, PageSize::MAX)
            .await
            .map_err(RebuildError::ReadRows)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for ListedTenant { id, head, .. } in page {
            if seen.get(&id) == Some(&head) {
                continue;
            }
            let Renewed { merchants, passed_over } = rebuild.renew(id, stop).await?;
            if merchants + passed_over > 0 {
                tracing::info!(tenant = %id, merchants, passed_over, "rows of an earlier version were folded anew");
            }
            seen.insert(id, head);
        }
    }
    Ok(())
}

pub(crate) type RelayParts = (Worker, watch::Receiver<registry_publish::RelayStatus>);

pub(crate) async fn start_relay(
    config: &Config,
    storage: &Storage,
    commits: watch::Receiver<u64>,
    flush_limit: Duration,
) -> anyhow::Result<Option<RelayParts>> {
    let Some(url) = &config.nats_url else {
        tracing::info!("no message broker is configured (nats_url); events stay in the log, and the feed serves them");
        return Ok(None);
    };
    let nats = NatsConfig {
        credentials_file: config.nats_credentials_file.clone(),
        replicas: config.nats_replicas,
        ..NatsConfig::new(url.clone())
    };
    let publisher = NatsPublisher::connect(nats).await.context("NATS cannot be used")?;
    let relay = Relay::new(storage.archive.clone(), Arc::new(publisher), storage.leases()?)
        .flush_limit(flush_limit)
        .steps_max(config.relay_tenants_max);
    let status = relay.status();
    let stop = CancellationToken::new();
    let task = tokio::spawn(relay.run(commits, stop.clone()));
    Ok(Some((Worker::new("relay", stop, task), status)))
}

/// `console` says who comes in to the console; without it there is none. Returns the API beside it, for calls from within the
/// process.
pub(crate) fn start_http(
    services: Services,
    config: HttpConfig,
    limits: ServeLimits,
    listener: TcpListener,
    console: Option<People>,
) -> (Worker, Router) {
    let (ambient, people) = (services.ambient.clone(), services.people.clone());
    let stop = CancellationToken::new();
    let state = Arc::new(AppState::new(services, config, stop.clone()));
    let (gate, bodies) = (state.gate(), state.bodies());
    let mut within = Router::new();
    let pages = |api: Router| {
        within = api.clone();
        let (clock, ids) = (ambient.clone(), ambient.ids);
        let console = Console::new(Api::new(api), console?, bodies, move || clock.now(), move || ids.uuid());
        Some(registry_console::router(Arc::new(console)))
    };
    let stopping = stop.clone();
    let router = registry_http::router(Arc::clone(&state), pages);
    let task = tokio::spawn(async move {
        tokio::select! {
            served = registry_web::serve(listener, router, gate, limits, stopping) => {
                if let Err(error) = served {
                    tracing::warn!(error = %causes(&error), "requests were cut off");
                }
            }
            () = state.record_refusals() => {}
            () = state.watch_logs() => {}
            () = people.keep_facts() => {}
        }
        state.flush_refusals().await;
        people.flush_facts().await;
    });
    (Worker::new("http", stop, task), within)
}

pub(crate) fn start_settler(links: LinkIssuer) -> Worker {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let task = tokio::spawn(async move {
        loop {
            match links.settle_stale().await {
                Ok(0) => {}
                Ok(settled) => tracing::warn!(settled, "link requests without an answer were settled as unknown"),
                Err(error) => {
                    tracing::warn!(
                        error = %causes(&error),
                        "stale link requests were not settled"
                    );
                }
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(SETTLE_INTERVAL) => {}
            }
        }
    });
    Worker::new("link settler", stop, task)
}

/// Keeps merchants true to upstream. Returns the task and how it is doing.
pub(crate) fn start_reconciler(
    config: &Config,
    storage: &Storage,
    inquirer: Inquirer,
    ambient: &Ambient,
    commits: watch::Receiver<u64>,
) -> anyhow::Result<(Worker, watch::Receiver<ReconcilerStatus>)> {
    let parts = ReconcilerParts {
        archive: storage.archive.clone(),
        inquirer,
        leases: storage.leases()?,
        ambient: ambient.clone(),
    };
    let reconciler = Reconciler::new(parts, config.pace());
    let status = reconciler.status();
    let stop = CancellationToken::new();
    let task = tokio::spawn(reconciler.run(commits, stop.clone()));
    Ok((Worker::new("reconciler", stop, task), status))
}

/// Watches for what tenants want to be told of.
pub(crate) fn start_watcher(
    storage: &Storage,
    writer: &Writer,
    ambient: &Ambient,
    is_publishing: bool,
) -> anyhow::Result<Worker> {
    let parts = WatcherParts {
        archive: storage.archive.clone(),
        writer: writer.clone(),
        leases: storage.leases()?,
        ambient: ambient.clone(),
        is_publishing,
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(Watcher::new(parts).run(stop.clone()));
    Ok(Worker::new("watcher for alerts", stop, task))
}

/// Carries what was told to tenants' destinations. Returns the task and what is to be known of it.
pub(crate) fn start_courier(
    config: &Config,
    storage: &Storage,
    writer: &Writer,
    ambient: &Ambient,
    address: SocketAddr,
) -> anyhow::Result<(Worker, Carrying)> {
    let (guard, mail, numbers) = (config.guard()?, config.mail()?, Numbers::default());
    let carrying = Carrying {
        guard: guard.clone(),
        has_mail: mail.is_some(),
        numbers: numbers.clone(),
    };
    let parts = CourierParts {
        archive: storage.archive.clone(),
        writer: writer.clone(),
        leases: storage.leases()?,
        ambient: ambient.clone(),
        guard,
        mail,
        console_url: config.console_base(address),
        numbers,
    };
    let courier = Courier::new(parts).map_err(anyhow::Error::from_boxed);
    let courier = courier.context("nothing can be carried to event destinations")?;
    let stop = CancellationToken::new();
    let task = tokio::spawn(courier.run(stop.clone()));
    Ok((Worker::new("courier", stop, task), carrying))
}

/// Where plans are made, and where it is said what becomes of jobs.
pub(crate) fn start_desk(config: &Config, storage: &Storage, writer: &Writer, ambient: &Ambient) -> Desk {
    Desk::new(DeskParts {
        archive: storage.for_requests.clone(),
        writer: writer.clone(),
        ambient: ambient.clone(),
        limits: config.job_limits(),
    })
}

/// What has files read that people hand over.
pub(crate) fn start_files(config: &Config) -> anyhow::Result<FileReader> {
    let own =
        ReaderParts::of_this_program(config.reading_limits()).context("this program does not know where it lies")?;
    Ok(FileReader::new(ReaderParts {
        program: config.file_reader.clone().unwrap_or(own.program),
        ..own
    }))
}

/// Works at jobs. Returns the task and what is to be known of it.
pub(crate) fn start_runner(
    config: &Config,
    storage: &Storage,
    writer: &Writer,
    ambient: &Ambient,
    ways: &Ways,
) -> anyhow::Result<(Worker, JobNumbers)> {
    let numbers = JobNumbers::default();
    let parts = RunnerParts {
        archive: storage.archive.clone(),
        writer: writer.clone(),
        people: Arc::clone(&storage.people),
        links: ways.links.clone(),
        inquirer: ways.inquirer.clone(),
        redriver: ways.redriver_of_jobs.clone(),
        leases: storage.leases()?,
        ambient: ambient.clone(),
        limits: config.job_limits(),
        numbers: numbers.clone(),
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(Runner::new(parts).run(stop.clone()));
    Ok((Worker::new("runner of jobs", stop, task), numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_died_is_named_and_can_still_be_stopped() {
        let task = tokio::spawn(async { panic!("a defect") });
        let mut worker = Worker::new("relay", CancellationToken::new(), task);
        assert_eq!(worker.death().await, "relay");
        assert!(worker.stop_by(Instant::now()).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_does_not_stop_is_given_up() {
        let (kept, mut dropped) = tokio::sync::oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let _kept = kept;
            std::future::pending::<()>().await;
        });
        let worker = Worker::new("relay", CancellationToken::new(), task);
        assert!(!worker.stop_by(Instant::now() + Duration::from_secs(1)).await);
        (&mut dropped).await.expect_err("its task is gone");
    }
}
