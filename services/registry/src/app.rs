//! All parts of the service, put together and kept alive.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use registry_http::{HttpConfig, Router, Services};
use registry_ingest::{CallbackDoor, DoorConfig, Redriver};
use registry_journal::{Ambient, Archive, Writer};
use registry_people::{People, PeopleConfig, PeopleParts};
use registry_shop::{ShopPages, ShopParts};
use registry_upstream::{AtHand, Inquirer, InquirerParts, LinkIssuer, LinkIssuerParts, UpstreamDirectory};
use registry_urls::{CallbackUrls, PublicUrl, ShopUrls};
use registry_web::{GateLimits, ServeLimits};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};

use crate::config::Config;
use crate::descriptors;
use crate::exporting::start_exports;
use crate::installation::Installation;
use crate::secrets::Secrets;
use crate::storage::{ServeLock, Storage};
use crate::workers::{
    Worker, start_courier, start_desk, start_files, start_http, start_reconciler, start_relay, start_renewing,
    start_runner, start_settler, start_sharing, start_watcher, start_writer,
};

/// The time for stopping, shared: up to which part of the whole, in hundredths, each step may take. With the usual 25 s the
/// calls to upstream have longer than the longest of them takes.
mod shares {
    pub(super) const REQUESTS: u32 = 40;
    pub(super) const CALLS: u32 = 65;
    pub(super) const WRITING: u32 = 75;
    pub(super) const PUBLISHING: u32 = 95;
    pub(super) const ALL: u32 = 100;
    /// What the relay may spend on publishing what is left; with the rest it writes down where it stands.
    pub(super) const FLUSH: u32 = 15;
}

/// A running service.
pub struct App {
    address: SocketAddr,
    writer: Writer,
    archive: Archive,
    links: LinkIssuer,
    callback_urls: CallbackUrls,
    people: People,
    api: Router,
    storage: Storage,
    http: Worker,
    settler: Worker,
    renewing: Worker,
    watcher: Worker,
    courier: Worker,
    runner: Worker,
    exporter: Worker,
    reconciler: Worker,
    relay: Option<Worker>,
    sharing: Worker,
    writing: Worker,
    stop_time: Duration,
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
        let ways = Ways::new(config, &secrets, &writer, &storage, &ambient, address)?;
        let links = ways.links.clone();
        let (sharing, commits) = start_sharing(&storage, &writer);
        let stop_time = config.stop_time();
        let relay = start_relay(config, &storage, commits.clone(), stop_time * shares::FLUSH / 100).await?;
        let inquirer = ways.inquirer.clone();
        let (reconciler, reconciling) = start_reconciler(config, &storage, inquirer, &ambient, commits.clone())?;
        let watcher = start_watcher(&storage, &writer, &ambient, relay.is_some())?;
        let (courier, carrying) = start_courier(config, &storage, &writer, &ambient, address)?;
        let people = people(&storage, &writer, &ambient, config.people(secrets.people_key, address)?)?;
        let desk = start_desk(config, &storage, &writer, &ambient);
        let (runner, job_numbers) = start_runner(config, &storage, &writer, &ambient, &ways)?;
        let (exporter, exports, export_numbers) = start_exports(config, &storage, &writer, &ambient)?;
        let renewing = start_renewing(&storage, &ambient);
        let services = Services {
            writer: writer.clone(),
            archive: storage.for_requests.clone(),
            keys: Arc::clone(&storage.keys),
            door: ways.door,
            links: ways.links,
            redriver: ways.redriver,
            callback_urls: ways.callback_urls.clone(),
            shops: ways.shops,
            inquirer: ways.inquirer,
            people: people.clone(),
            jobs: desk,
            imports: start_files(config)?,
            exports,
            export_numbers,
            job_numbers,
            carrying,
            reconciler: reconciling,
            ambient,
            commits,
            relay: relay.as_ref().map(|(_, status)| status.clone()),
        };
        let http_config = http_config(config, secrets.cursor_key)?;
        let console = config.console.then(|| people.clone());
        let (http, api) = start_http(services, http_config, serve_limits(config), listener, console);
        tracing::info!(%address, "serving");
        Ok(Self {
            address,
            writer,
            archive,
            links: links.clone(),
            callback_urls: ways.callback_urls,
            people,
            api,
            storage,
            http,
            settler: start_settler(links),
            renewing,
            reconciler,
            watcher,
            courier,
            runner,
            exporter,
            relay: relay.map(|(worker, _)| worker),
            sharing,
            writing,
            stop_time,
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

    /// Who may do what.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The API, for code in the process that can say who asks: the console calls it so.
    pub fn api(&self) -> Router {
        self.api.clone()
    }

    /// What makes callback URLs.
    pub fn callback_urls(&self) -> &CallbackUrls {
        &self.callback_urls
    }

    /// The log.
    pub fn archive(&self) -> Archive {
        self.archive.clone()
    }

    /// Serves until `asked` is ready or a worker dies.
    pub async fn ended(&mut self, asked: impl Future<Output = ()>) -> Ended {
        tokio::select! {
            () = asked => Ended::Asked,
            died = self.first_death() => Ended::WorkerDied(died),
        }
    }

    /// Stops in order: no more requests, then no more commands, then publish what is left, then close the files. All of it
    /// takes no longer than the time that is set. Returns whether everything came to its end in it; what did not has
    /// answered nobody, and the next start finds it as a crash would have left it.
    pub async fn stop(self) -> bool {
        tracing::info!("stopping");
        let begun = Instant::now();
        let until = |share: u32| begun + self.stop_time * share / 100;
        // Nobody waits for what they do.
        self.settler.tell();
        self.renewing.tell();
        self.reconciler.tell();
        self.watcher.tell();
        self.courier.tell();
        self.runner.tell();
        self.exporter.tell();
        // It cuts requests off when their time is over; then it has its answer a moment later.
        let mut in_order = self.http.stop_by(until(shares::CALLS)).await;
        if timeout_at(until(shares::CALLS), self.links.finish()).await.is_err() {
            tracing::warn!(
                "the answer to a call for a registration URL was not waited for; its outcome becomes unknown"
            );
            in_order = false;
        }
        in_order &= self.settler.stop_by(until(shares::CALLS)).await;
        in_order &= self.renewing.stop_by(until(shares::CALLS)).await;
        in_order &= self.reconciler.stop_by(until(shares::CALLS)).await;
        in_order &= self.watcher.stop_by(until(shares::CALLS)).await;
        in_order &= self.courier.stop_by(until(shares::CALLS)).await;
        in_order &= self.runner.stop_by(until(shares::CALLS)).await;
        in_order &= self.exporter.stop_by(until(shares::CALLS)).await;
        in_order &= self.writing.stop_by(until(shares::WRITING)).await;
        if let Some(relay) = self.relay {
            in_order &= relay.stop_by(until(shares::PUBLISHING)).await;
        }
        in_order &= self.sharing.stop_by(until(shares::PUBLISHING)).await;
        in_order &= timeout_at(until(shares::ALL), self.storage.close()).await.is_ok();
        if in_order {
            tracing::info!("stopped");
        } else {
            tracing::warn!(within = ?self.stop_time, "stopped before everything came to its end");
        }
        in_order
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
            name = self.renewing.death() => name,
            name = self.reconciler.death() => name,
            name = self.watcher.death() => name,
            name = self.courier.death() => name,
            name = self.runner.death() => name,
            name = self.exporter.death() => name,
            name = self.sharing.death() => name,
            name = self.writing.death() => name,
            name = relay => name,
        }
    }
}

/// Who comes in, and how.
fn people(storage: &Storage, writer: &Writer, ambient: &Ambient, config: PeopleConfig) -> anyhow::Result<People> {
    let parts = PeopleParts {
        store: Arc::clone(&storage.people),
        writer: writer.clone(),
        ambient: ambient.clone(),
        config,
    };
    People::new(parts).context("people cannot sign in as configured")
}

/// The ways in and out: for callbacks, for links, and for questions to upstream.
pub(crate) struct Ways {
    door: CallbackDoor,
    pub(crate) links: LinkIssuer,
    pub(crate) inquirer: Inquirer,
    redriver: Redriver,
    /// The same for jobs, which read beside requests.
    pub(crate) redriver_of_jobs: Redriver,
    callback_urls: CallbackUrls,
    shops: ShopPages,
}

impl Ways {
    fn new(
        config: &Config,
        secrets: &Secrets,
        writer: &Writer,
        storage: &Storage,
        ambient: &Ambient,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let archive = &storage.archive;
        // A callback may have to know its tenant's apiKey.
        let directory = UpstreamDirectory::new(storage.for_keys.clone());
        let at_hand = AtHand::new(directory.clone());
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
            directory,
            inquirer: inquirer.clone(),
            keys: secrets.token_keys.clone(),
            public_url: public_url.clone(),
            ambient: ambient.clone(),
        };
        let links = LinkIssuer::new(links, config.link_calls_max);
        let shops = ShopParts {
            urls: ShopUrls::new(secrets.token_keys.clone(), public_url.clone()),
            archive: storage.for_requests.clone(),
            writer: writer.clone(),
            links: links.clone(),
            inquirer: inquirer.clone(),
            ambient: ambient.clone(),
        };
        Ok(Self {
            door: CallbackDoor::new(writer.clone(), at_hand.clone(), ambient.clone(), door),
            shops: ShopPages::new(shops, config.shop_limits()),
            links,
            inquirer,
            redriver: Redriver::new(
                writer.clone(),
                storage.for_requests.clone(),
                at_hand.clone(),
                config.senders()?,
            ),
            redriver_of_jobs: Redriver::new(writer.clone(), archive.clone(), at_hand, config.senders()?),
            callback_urls: CallbackUrls::new(secrets.token_keys.clone(), public_url),
        })
    }
}

/// How a connection is served.
fn serve_limits(config: &Config) -> ServeLimits {
    ServeLimits {
        keep_alive_time: Duration::from_secs(config.keep_alive_seconds.into()),
        drain_time: config.stop_time() * shares::REQUESTS / 100,
        ..ServeLimits::default()
    }
}

fn http_config(config: &Config, cursor_key: [u8; 32]) -> anyhow::Result<HttpConfig> {
    Ok(HttpConfig {
        cursor_key,
        trusted_proxies: config.proxies()?,
        request_limits: config.request_limits(),
        event_streams_max: config.event_streams_max,
        long_polls_max: config.long_polls_max,
        file_downloads_max: config.file_downloads_max,
        body_bytes_max: config.body_mebibytes_max * 1024 * 1024,
        past_reads_max: config.past_reads_max,
        past_events_max: config.past_events_max,
        gate: gate_limits(config),
    })
}

/// How many connections there may be: as many as the system lets us have, which is looked at.
fn gate_limits(config: &Config) -> GateLimits {
    let descriptors = descriptors::raise();
    let limits = GateLimits {
        connections_max: descriptors::connections_max(descriptors),
        per_address_max: config.connections_per_address_max,
    };
    tracing::info!(
        descriptors,
        connections_max = limits.connections_max,
        per_address_max = limits.per_address_max,
        "limits of connections"
    );
    limits
}

fn public_url(config: &Config, address: SocketAddr) -> anyhow::Result<PublicUrl> {
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    PublicUrl::parse(&url).context("public_url cannot be used")
}
