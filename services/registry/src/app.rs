//! All parts of the service, put together and kept alive.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use registry_http::{AppState, HttpConfig, ServeLimits, Services};
use registry_ingest::{CallbackDoor, DoorConfig, LinkIssuer, LinkIssuerParts, PublicUrl, UpstreamDirectory};
use registry_journal::writer::{WriterConfig, WriterParts};
use registry_journal::{Ambient, Archive, Writer};
use registry_publish::Relay;
use registry_publish_nats::{NatsConfig, NatsPublisher};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::secrets::Secrets;
use crate::storage::{ServeLock, Storage};

/// How often requests to upstream that nobody finished are looked for.
const SETTLE_INTERVAL: Duration = Duration::from_secs(30);

/// A running service.
pub struct App {
    address: SocketAddr,
    writer: Writer,
    archive: Archive,
    links: LinkIssuer,
    storage: Storage,
    http: Worker,
    settler: Worker,
    relay: Option<Worker>,
    sharing: Worker,
    writing: Worker,
    _lock: ServeLock,
}

/// A task that lives as long as the service. If it ends by itself, the service ends.
struct Worker {
    name: &'static str,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            log_death(self.name, &error);
        }
    }
}

fn log_death(name: &str, error: &JoinError) {
    tracing::error!(worker = name, error = error as &dyn std::error::Error, "worker died");
}

/// Why the service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Asked,
    /// One of its tasks ended by itself. A service that lives on by half is worse than none.
    WorkerDied(&'static str),
}

impl App {
    /// Puts everything together and begins to serve on the listener.
    pub async fn start(config: &Config, listener: TcpListener, ambient: Ambient) -> anyhow::Result<Self> {
        let lock = ServeLock::take(config)?;
        let address = listener.local_addr().context("the listener has no address")?;
        let secrets = Secrets::open(config, ambient.ids.as_ref())?;
        let storage = Storage::open(&config.database()?, Arc::clone(&secrets.keyring)).await?;
        let archive = storage.archive.clone();
        let (writer, writing) = start_writer(config, &storage, &secrets, &ambient);
        let directory = UpstreamDirectory::new(archive.clone());
        let door_config = DoorConfig {
            keys: secrets.token_keys.clone(),
            senders: config.senders()?,
        };
        let door = CallbackDoor::new(writer.clone(), directory.clone(), ambient.clone(), door_config);
        let links = LinkIssuer::new(LinkIssuerParts {
            writer: writer.clone(),
            archive: archive.clone(),
            directory,
            keys: secrets.token_keys.clone(),
            public_url: public_url(config, address)?,
            ambient: ambient.clone(),
        });
        let (sharing, commits) = start_sharing(&storage, &writer);
        let relay = start_relay(config, &storage, commits.clone()).await?;
        let services = Services {
            writer: writer.clone(),
            archive: archive.clone(),
            door,
            links: links.clone(),
            ambient,
            commits,
            relay: relay.as_ref().map(|(_, status)| status.clone()),
        };
        let http_config = HttpConfig {
            cursor_key: secrets.cursor_key,
            trusted_proxies: config.proxies()?,
            event_streams_max: config.event_streams_max,
        };
        let http = start_http(services, http_config, listener);
        tracing::info!(%address, "serving");
        Ok(Self {
            address,
            writer,
            archive,
            links: links.clone(),
            storage,
            http,
            settler: start_settler(links),
            relay: relay.map(|(worker, _)| worker),
            sharing,
            writing,
            _lock: lock,
        })
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way into the log, for commands that run beside the service in the same process.
    pub fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// What issues registration links.
    pub fn links(&self) -> LinkIssuer {
        self.links.clone()
    }

    /// The log.
    pub fn archive(&self) -> Archive {
        self.archive.clone()
    }

    /// Serves until `asked` is ready or a worker dies, then stops in order.
    pub async fn run_until(mut self, asked: impl Future<Output = ()>) -> Ended {
        let ended = tokio::select! {
            () = asked => Ended::Asked,
            died = self.first_death() => Ended::WorkerDied(died),
        };
        self.stop().await;
        ended
    }

    /// Stops in order: no more requests, then no more commands, then publish what is left, then close the files.
    pub async fn stop(self) {
        tracing::info!("stopping");
        self.http.stop().await;
        self.settler.stop().await;
        self.writing.stop().await;
        if let Some(relay) = self.relay {
            relay.stop().await;
        }
        self.sharing.stop().await;
        self.storage.close().await;
        tracing::info!("stopped");
    }

    async fn first_death(&mut self) -> &'static str {
        let relay = async {
            match &mut self.relay {
                Some(relay) => (&mut relay.task).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = &mut self.http.task => self.http.name,
            _ = &mut self.settler.task => self.settler.name,
            _ = &mut self.sharing.task => self.sharing.name,
            _ = &mut self.writing.task => self.writing.name,
            _ = relay => "relay",
        }
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

fn start_writer(config: &Config, storage: &Storage, secrets: &Secrets, ambient: &Ambient) -> (Writer, Worker) {
    let stop = CancellationToken::new();
    let limits = WriterConfig {
        lanes: storage.lanes,
        batch_length_max: config.batch_length_max,
        ..WriterConfig::default()
    };
    let (writer, task) = start_writer_task(storage, secrets, ambient, limits, stop.clone().cancelled_owned());
    (
        writer,
        Worker {
            name: "writer",
            stop,
            task,
        },
    )
}

fn public_url(config: &Config, address: SocketAddr) -> anyhow::Result<PublicUrl> {
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    PublicUrl::parse(&url).context("public_url cannot be used")
}

/// Whoever follows the log is woken by what this process commits and by what others do.
fn start_sharing(storage: &Storage, writer: &Writer) -> (Worker, watch::Receiver<u64>) {
    let stop = CancellationToken::new();
    let (wakes, commits) = watch::channel(0);
    let sharing = storage.clone().share_commits(writer.commits(), wakes, stop.clone());
    let task = tokio::spawn(sharing);
    (
        Worker {
            name: "commit signals",
            stop,
            task,
        },
        commits,
    )
}

type RelayParts = (Worker, watch::Receiver<registry_publish::RelayStatus>);

async fn start_relay(
    config: &Config,
    storage: &Storage,
    commits: watch::Receiver<u64>,
) -> anyhow::Result<Option<RelayParts>> {
    let Some(url) = &config.nats_url else { return Ok(None) };
    let nats = NatsConfig {
        credentials_file: config.nats_credentials_file.clone(),
        replicas: config.nats_replicas,
        ..NatsConfig::new(url.clone())
    };
    let publisher = NatsPublisher::connect(nats).await.context("NATS cannot be used")?;
    let relay = Relay::new(storage.archive.clone(), Arc::new(publisher), storage.leases()?);
    let status = relay.status();
    let stop = CancellationToken::new();
    let task = tokio::spawn(relay.run(commits, stop.clone()));
    Ok(Some((
        Worker {
            name: "relay",
            stop,
            task,
        },
        status,
    )))
}

fn start_http(services: Services, config: HttpConfig, listener: TcpListener) -> Worker {
    let stop = CancellationToken::new();
    let state = Arc::new(AppState::new(services, config, stop.clone()));
    let stopping = stop.clone();
    let task = tokio::spawn(async move {
        let served = registry_http::serve(listener, registry_http::router(state), ServeLimits::default(), stopping);
        if let Err(error) = served.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "requests were cut off");
        }
    });
    Worker {
        name: "http",
        stop,
        task,
    }
}

fn start_settler(links: LinkIssuer) -> Worker {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let task = tokio::spawn(async move {
        loop {
            match links.settle_stale().await {
                Ok(0) => {}
                Ok(settled) => tracing::warn!(settled, "link requests without an answer were settled as unknown"),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
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
    Worker {
        name: "link settler",
        stop,
        task,
    }
}
