//! What the handlers work with.

use std::sync::Arc;

use ipnet::IpNet;
use registry_exports::ExportDesk;
use registry_imports::Reader as Imports;
use registry_ingest::{CallbackDoor, Redriver};
use registry_jobs::Desk;
use registry_journal::line_limit::LineLimit;
use registry_journal::port::Shares;
use registry_journal::{Ambient, Archive, Reader, Writer};
use registry_people::People;
use registry_publish::RelayStatus;
use registry_shop::ShopPages;
use registry_upstream::{Inquirer, LinkIssuer, ReconcilerStatus};
use registry_urls::CallbackUrls;
use registry_web::room::Room;
use registry_web::serve::Gate;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::authenticator::Authenticator;
use crate::cursor::CursorKey;
use crate::heads::Heads;
use crate::lookups::Lookups;
use crate::metrics::{Metrics, Sharing};
use crate::problem::Code;
use crate::refusals::Refusals;
use crate::request_rates::RequestRates;
use crate::services::{Carrying, HttpConfig, Services};
use crate::usual::UsualWaits;

/// What the handlers work with.
pub struct AppState {
    pub(crate) writer: Writer,
    pub(crate) archive: Archive,
    pub(crate) keys: Arc<dyn Reader>,
    pub(crate) key_lookups: Lookups,
    pub(crate) failures: Arc<LineLimit<Option<Code>>>,
    pub(crate) door: CallbackDoor,
    pub(crate) links: LinkIssuer,
    pub(crate) redriver: Redriver,
    pub(crate) callback_urls: CallbackUrls,
    pub(crate) shops: ShopPages,
    pub(crate) inquirer: Inquirer,
    pub(crate) people: People,
    pub(crate) jobs: Desk,
    pub(crate) imports: Imports,
    pub(crate) exports: ExportDesk,
    pub(crate) carrying: Carrying,
    pub(crate) reconciler: watch::Receiver<ReconcilerStatus>,
    pub(crate) ambient: Ambient,
    commits: watch::Receiver<u64>,
    pub(crate) heads: Arc<Heads>,
    pub(crate) relay: Option<watch::Receiver<RelayStatus>>,
    pub(crate) authenticator: Authenticator,
    pub(crate) cursor_key: CursorKey,
    pub(crate) usual: UsualWaits,
    pub(crate) downloads: Room,
    pub(crate) request_rates: Arc<RequestRates>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) event_streams: Room,
    pub(crate) long_polls: Room,
    pub(crate) past: Arc<Past>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) bodies: Room,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: Arc<Refusals>,
    /// Ends requests that would otherwise wait: long polls and event streams.
    pub(crate) stopping: CancellationToken,
}

/// How much of the past may be read.
pub struct Past {
    /// At once for each tenant.
    pub shares: Shares,
    /// Of one merchant, in events.
    pub events_max: u64,
}

impl AppState {
    /// Puts the state together. `stopping` ends requests that would otherwise wait.
    pub fn new(services: Services, config: HttpConfig, stopping: CancellationToken) -> Self {
        let event_streams = Room::new(config.event_streams_max);
        let long_polls = Room::new(config.long_polls_max);
        let downloads = Room::new(config.file_downloads_max);
        let heads = Arc::<Heads>::default();
        let past = Arc::new(Past {
            shares: Shares::new(config.past_reads_max),
            events_max: config.past_events_max,
        });
        let gate = Gate::new(config.gate, config.trusted_proxies.clone());
        let bodies = Room::new(config.body_bytes_max);
        let failures = Arc::default();
        let request_rates = Arc::new(RequestRates::new(config.request_limits));
        let sharing = Sharing {
            gate: Arc::clone(&gate),
            bodies: bodies.clone(),
            request_rates: Arc::clone(&request_rates),
            link_calls: services.links.calls().clone(),
            event_streams: event_streams.clone(),
            long_polls: long_polls.clone(),
            downloads: downloads.clone(),
            files: services.imports.places().clone(),
            past: Arc::clone(&past),
            heads: Arc::clone(&heads),
        };
        let metrics = Metrics::new(&services, sharing, Arc::clone(&failures));
        Self {
            writer: services.writer,
            archive: services.archive,
            key_lookups: Lookups::new(Arc::clone(&services.keys)),
            keys: services.keys,
            failures,
            door: services.door,
            links: services.links,
            redriver: services.redriver,
            callback_urls: services.callback_urls,
            shops: services.shops,
            inquirer: services.inquirer,
            people: services.people,
            jobs: services.jobs,
            imports: services.imports,
            exports: services.exports,
            carrying: services.carrying,
            reconciler: services.reconciler,
            ambient: services.ambient,
            commits: services.commits,
            heads,
            relay: services.relay,
            authenticator: Authenticator::new(metrics.key_failures.clone()),
            cursor_key: CursorKey::new(config.cursor_key),
            usual: UsualWaits::new(),
            downloads,
            request_rates,
            trusted_proxies: config.trusted_proxies,
            event_streams,
            long_polls,
            past,
            gate,
            bodies,
            refusals: Arc::default(),
            metrics,
            stopping,
        }
    }

    /// Writes down which requests were refused for want of a right, for as long as it is polled.
    pub async fn record_refusals(&self) {
        self.refusals.record(&self.writer).await;
    }

    /// Looks where the logs end that somebody follows, for as long as it is polled. On the connections of keys: whoever follows
    /// must not wait for what is read.
    pub async fn watch_logs(&self) {
        self.heads.keep(self.keys.as_ref(), self.commits.clone()).await;
    }

    /// Writes down those that are only counted yet: the process is stopping.
    pub async fn flush_refusals(&self) {
        self.refusals.flush(&self.writer).await;
    }

    /// Who may have connections: for [`serve`](registry_web::serve()).
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// The room for bodies: for whoever else reads some.
    pub fn bodies(&self) -> Room {
        self.bodies.clone()
    }
}
