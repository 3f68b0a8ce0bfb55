//! What whoever puts the service together gives the HTTP skin.

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use registry_deliveries::{Guard, Numbers};
use registry_exports::{ExportDesk, ExportNumbers};
use registry_imports::Reader as Imports;
use registry_ingest::{CallbackDoor, Redriver};
use registry_jobs::{Desk, Numbers as JobNumbers};
use registry_journal::{Ambient, Archive, Reader, Writer};
use registry_people::People;
use registry_publish::RelayStatus;
use registry_shop::ShopPages;
use registry_upstream::{Inquirer, LinkIssuer, ReconcilerStatus};
use registry_urls::CallbackUrls;
use registry_web::serve::GateLimits;
use tokio::sync::watch;

use crate::request_rates::RequestLimits;

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
    /// What shops see.
    pub shops: ShopPages,
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
    /// Plans and jobs.
    pub jobs: Desk,
    /// Lists as files.
    pub exports: ExportDesk,
    /// How exports go.
    pub export_numbers: ExportNumbers,
    /// Has files read that people hand over.
    pub imports: Imports,
    /// How jobs go.
    pub job_numbers: JobNumbers,
    /// How alerts are carried.
    pub carrying: Carrying,
    /// How publishing goes; none if the registry runs without a message broker.
    pub relay: Option<watch::Receiver<RelayStatus>>,
}

/// What is to be known of how alerts are carried.
pub struct Carrying {
    /// Whom tenants may have called.
    pub guard: Guard,
    /// Whether mail can be sent.
    pub has_mail: bool,
    /// Counts.
    pub numbers: Numbers,
}

/// What an operator can set.
#[derive(Clone)]
pub struct HttpConfig {
    /// Signs cursors. The same for every process of an installation.
    pub cursor_key: [u8; 32],
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How often callers and tenants may ask.
    pub request_limits: RequestLimits,
    /// Most event streams that may be open at once.
    pub event_streams_max: usize,
    /// Most requests that may wait for events at once.
    pub long_polls_max: usize,
    /// Most files that may be on their way to clients at once.
    pub file_downloads_max: usize,
    /// Most bytes of bodies that may be in memory at once, from their first byte until they are answered.
    pub body_bytes_max: usize,
    /// Most merchants of one tenant whose past is read at once.
    pub past_reads_max: usize,
    /// Most events that a merchant may have up to then.
    pub past_events_max: u64,
    /// How many connections there may be.
    pub gate: GateLimits,
}

/// The key does not show.
impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("trusted_proxies", &self.trusted_proxies)
            .field("request_limits", &self.request_limits)
            .field("event_streams_max", &self.event_streams_max)
            .field("long_polls_max", &self.long_polls_max)
            .field("file_downloads_max", &self.file_downloads_max)
            .field("body_bytes_max", &self.body_bytes_max)
            .field("past_reads_max", &self.past_reads_max)
            .field("past_events_max", &self.past_events_max)
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}
