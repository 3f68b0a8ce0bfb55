//! All parts of the service, put together and kept alive.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use registry_http::{HttpConfig, Services};
use registry_ingest::{
    CallbackDoor, CallbackUrls, DoorConfig, Inquirer, InquirerParts, LinkIssuer, LinkIssuerParts, PublicUrl, Redriver,
    UpstreamDirectory,
};
use registry_journal::{Ambient, Archive, Writer};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::config::Config;
use crate::installation::Installation;
use crate::secrets::Secrets;
use crate::storage::{ServeLock, Storage};
use crate::workers::{Worker, start_http, start_reconciler, start_relay, start_settler, start_sharing, start_writer};

/// How long to wait for the calls to upstream that are under way once there are no more requests: longer than the longest.
const CALLS_TIME: Duration = Duration::from_secs(20);

/// A running service.
pub struct App {
    address: SocketAddr,
    writer: Writer,
    archive: Archive,
    links: LinkIssuer,
    callback_urls: CallbackUrls,
    storage: Storage,
    http: Worker,
    settler: Worker,
    reconciler: Worker,
    relay: Option<Worker>,
    sharing: Worker,
    writing: Worker,
    _lock: ServeLock,
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
        let Installation { secrets, storage } = Installation::open_or_make(config, ambient.ids.as_ref()).await?;
        let archive = storage.archive.clone();
        let (writer, writing) = start_writer(config, &storage, &secrets, &ambient);
        let ways = Ways::new(config, &secrets, &writer, &archive, &ambient, address)?;
        let links = ways.links.clone();
        let (sharing, commits) = start_sharing(&storage, &writer);
        let relay = start_relay(config, &storage, commits.clone()).await?;
        let inquirer = ways.inquirer.clone();
        let (reconciler, reconciling) = start_reconciler(config, &storage, inquirer, &ambient, commits.clone())?;
        let services = Services {
            writer: writer.clone(),
            archive: archive.clone(),
            door: ways.door,
            links: ways.links,
            redriver: ways.redriver,
            callback_urls: ways.callback_urls.clone(),
            inquirer: ways.inquirer,
            reconciler: reconciling,
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
            callback_urls: ways.callback_urls,
            storage,
            http,
            settler: start_settler(links),
            reconciler,
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

    /// What makes callback URLs.
    pub fn callback_urls(&self) -> &CallbackUrls {
        &self.callback_urls
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
        if timeout(CALLS_TIME, self.links.finish()).await.is_err() {
            tracing::warn!(
                "the answer to a call for a registration URL was not waited for; its outcome becomes unknown"
            );
        }
        self.settler.stop().await;
        self.reconciler.stop().await;
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
                Some(relay) => relay.death().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            name = self.http.death() => name,
            name = self.settler.death() => name,
            name = self.reconciler.death() => name,
            name = self.sharing.death() => name,
            name = self.writing.death() => name,
            name = relay => name,
        }
    }
}

/// The ways in and out: for callbacks, for links, and for questions to upstream.
struct Ways {
    door: CallbackDoor,
    links: LinkIssuer,
    inquirer: Inquirer,
    redriver: Redriver,
    callback_urls: CallbackUrls,
}

impl Ways {
    fn new(
        config: &Config,
        secrets: &Secrets,
        writer: &Writer,
        archive: &Archive,
        ambient: &Ambient,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let directory = UpstreamDirectory::new(archive.clone());
        let public_url = public_url(config, address)?;
        let door = DoorConfig {
            keys: secrets.token_keys.clone(),
            senders: config.senders()?,
        };
        let inquirer = InquirerParts {
            writer: writer.clone(),
            archive: archive.clone(),
            directory: directory.clone(),
            ambient: ambient.clone(),
        };
        let inquirer = Inquirer::new(inquirer, config.inquiry_limits());
        let links = LinkIssuerParts {
            writer: writer.clone(),
            archive: archive.clone(),
            directory: directory.clone(),
            inquirer: inquirer.clone(),
            keys: secrets.token_keys.clone(),
            public_url: public_url.clone(),
            ambient: ambient.clone(),
        };
        Ok(Self {
            door: CallbackDoor::new(writer.clone(), directory.clone(), ambient.clone(), door),
            links: LinkIssuer::new(links),
            inquirer,
            redriver: Redriver::new(writer.clone(), archive.clone(), directory, config.senders()?),
            callback_urls: CallbackUrls::new(secrets.token_keys.clone(), public_url),
        })
    }
}

fn public_url(config: &Config, address: SocketAddr) -> anyhow::Result<PublicUrl> {
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    PublicUrl::parse(&url).context("public_url cannot be used")
}
