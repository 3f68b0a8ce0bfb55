//! What the handlers work with.

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use registry_ingest::{CallbackDoor, Redriver};
use registry_journal::line_limit::LineLimit;
use registry_journal::{Ambient, Archive, Reader, Writer};
use registry_people::People;
use registry_publish::RelayStatus;
use registry_upstream::{Inquirer, LinkIssuer, ReconcilerStatus};
use registry_urls::CallbackUrls;
use registry_web::room::{BODIES_BYTES_MAX, Room};
use registry_web::serve::{Gate, GateLimits};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::caller::Authenticator;
use crate::cursor::CursorKey;
use crate::lookups::Lookups;
use crate::metrics::Metrics;
use crate::problem::Code;
use crate::refusals::Refusals;

/// The parts of the registry that the HTTP skin stands on.
pub struct Services {
    /// Takes commands.
    pub writer: Writer,
    /// Reads back what was written, for requests.
    pub archive: Archive,
    /// Looks API keys up, on connections of its own: slow reads must not keep anybody out.
    pub keys: Arc<dyn Reader>,
    /// Takes callbacks.
    pub door: CallbackDoor,
    /// Issues registration links.
    pub links: LinkIssuer,
    /// Drives callbacks again.
    pub redriver: Redriver,
    /// Makes callback URLs.
    pub callback_urls: CallbackUrls,
    /// Asks Paymint.
    pub inquirer: Inquirer,
    /// Who may do what.
    pub people: People,
    /// How reconciliation goes.
    pub reconciler: watch::Receiver<ReconcilerStatus>,
    /// Time and ids.
    pub ambient: Ambient,
    /// Ticks when a log has grown, by this process or another. A hint: polling is the truth.
    pub commits: watch::Receiver<u64>,
    /// How publishing goes; none if the registry runs without a message broker.
    pub relay: Option<watch::Receiver<RelayStatus>>,
}

/// What an operator can set.
#[derive(Clone)]
pub struct HttpConfig {
    /// Signs cursors. The same for every process of an installation.
    pub cursor_key: [u8; 32],
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Most event streams that may be open at once.
    pub event_streams_max: usize,
    /// How many connections there may be.
    pub gate: GateLimits,
}

/// The key does not show.
impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("trusted_proxies", &self.trusted_proxies)
            .field("event_streams_max", &self.event_streams_max)
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

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
    pub(crate) inquirer: Inquirer,
    pub(crate) people: People,
    pub(crate) reconciler: watch::Receiver<ReconcilerStatus>,
    pub(crate) ambient: Ambient,
    pub(crate) commits: watch::Receiver<u64>,
    pub(crate) relay: Option<watch::Receiver<RelayStatus>>,
    pub(crate) authenticator: Authenticator,
    pub(crate) cursor_key: CursorKey,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) event_streams: Arc<Semaphore>,
    pub(crate) event_streams_max: usize,
    pub(crate) gate: Arc<Gate>,
    pub(crate) bodies: Room,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: Arc<Refusals>,
    /// Ends requests that would otherwise wait: long polls and event streams.
    pub(crate) stopping: CancellationToken,
}

impl AppState {
    /// Puts the state together. `stopping` ends requests that would otherwise wait.
    pub fn new(services: Services, config: HttpConfig, stopping: CancellationToken) -> Self {
        let event_streams = Arc::new(Semaphore::new(config.event_streams_max));
        let gate = Gate::new(config.gate, config.trusted_proxies.clone());
        let bodies = Room::new(BODIES_BYTES_MAX);
        let failures = Arc::default();
        let metrics = Metrics::new(&services, Arc::clone(&gate), bodies.clone(), Arc::clone(&failures));
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
            inquirer: services.inquirer,
            people: services.people,
            reconciler: services.reconciler,
            ambient: services.ambient,
            commits: services.commits,
            relay: services.relay,
            authenticator: Authenticator::new(metrics.key_failures.clone()),
            cursor_key: CursorKey::new(config.cursor_key),
            trusted_proxies: config.trusted_proxies,
            event_streams,
            event_streams_max: config.event_streams_max,
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

    /// Writes down those that are only counted yet: the process is stopping.
    pub async fn flush_refusals(&self) {
        self.refusals.flush(&self.writer).await;
    }

    /// Who may have connections: for [`serve`](registry_web::serve()).
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }
}
