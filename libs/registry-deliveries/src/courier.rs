//! Which tenants' logs are followed, and what is sent when.
//!
//! The log is the queue. What follows from a stretch of it is written into rows in one commit with the position up to which it was
//! looked through, so a stretch has its effect once, whoever dies when. What is in a row is sent at least once: it is taken on with a
//! number that counts attempts, and whoever is slow to notice that another has taken it on changes nothing any more.

mod carry;
mod follow;
mod rounds;

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::tenant::Tenant;
use registry_domain::{DestinationId, Seq, TenantId, Version};
use registry_journal::port::Leases;
use registry_journal::{Ambient, Archive, Writer};
use tokio::task::JoinSet;

use crate::guard::Guard;
use crate::mail::Mail;
use crate::numbers::Numbers;
use crate::route::Route;
use crate::send::Sender;
use carry::Carried;

/// Messages that are on their way at once, of all tenants.
const UNDER_WAY_MAX: usize = 32;

/// Of one tenant: its slow receivers leave room for those of others.
const UNDER_WAY_PER_TENANT: usize = 8;

/// To one destination; while it does not answer, one.
const UNDER_WAY_PER_DESTINATION: usize = 4;

/// Most destinations of which something is remembered. Losing it costs a look.
const REMEMBERED_MAX: usize = 10_000;

/// Stands for no session of the leases: they are counted from 1.
const NO_SESSION: u64 = 0;

/// What the courier works with.
pub struct CourierParts {
    /// The log.
    pub archive: Archive,
    /// The way into it.
    pub writer: Writer,
    /// Which tenants are ours.
    pub leases: Arc<dyn Leases>,
    /// Clock and ids.
    pub ambient: Ambient,
    /// Whom tenants may have called.
    pub guard: Guard,
    /// Sends mail, if there is a server for it.
    pub mail: Option<Mail>,
    /// Where the console is.
    pub console_url: String,
    /// Counts.
    pub numbers: Numbers,
}

/// Carries what was told to the destinations of all tenants.
pub struct Courier {
    archive: Archive,
    writer: Writer,
    leases: Arc<dyn Leases>,
    ambient: Ambient,
    sender: Sender,
    console_url: Arc<str>,
    numbers: Numbers,
    lease_session: u64,
    tracks: HashMap<TenantId, Track>,
    /// The tenants that are ours, as they were when it was looked last.
    tenants: HashMap<TenantId, Arc<Tenant>>,
    there: HashMap<DestinationId, There>,
    /// The tenants of which something was due when it was looked last, whosever they are.
    due_of: HashSet<TenantId>,
    under_way: JoinSet<Carried>,
    of_tenant: HashMap<TenantId, usize>,
    is_blind: bool,
}

/// Where a tenant's log was left.
struct Track {
    /// What is written down of it; none if nothing is.
    saved: Option<Seq>,
    /// Up to where it was looked through.
    seen: Seq,
    forget_at: DateTime<Utc>,
    is_failing: bool,
}

/// What is remembered of a destination.
#[derive(Default)]
struct There {
    /// Its address and secrets, as of the event that changed it last.
    route: Option<(Version, Arc<Route>)>,
    under_way: usize,
    /// Attempts that failed, on end.
    failures: u64,
    /// It is left alone until then.
    rests_until: Option<DateTime<Utc>>,
    /// When it was looked last for what is to be given up.
    swept_at: Option<DateTime<Utc>>,
}

impl There {
    /// How many more messages may be sent there now.
    fn room(&self, now: DateTime<Utc>) -> usize {
        if self.rests_until.is_some_and(|until| now < until) {
            return 0;
        }
        let max = if self.failures > 0 {
            1
        } else {
            UNDER_WAY_PER_DESTINATION
        };
        max.saturating_sub(self.under_way)
    }
}

impl Courier {
    /// A courier that has carried nothing yet.
    pub fn new(parts: CourierParts) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let CourierParts {
            archive,
            writer,
            leases,
            ambient,
            guard,
            mail,
            console_url,
            numbers,
        } = parts;
        Ok(Self {
            archive,
            writer,
            leases,
            ambient,
            sender: Sender::new(guard, mail)?,
            console_url: console_url.trim_end_matches('/').into(),
            numbers,
            lease_session: NO_SESSION,
            tracks: HashMap::new(),
            tenants: HashMap::new(),
            there: HashMap::new(),
            due_of: HashSet::new(),
            under_way: JoinSet::new(),
            of_tenant: HashMap::new(),
            is_blind: false,
        })
    }

    /// Takes over what another process may have worked at meanwhile.
    fn forget_all(&mut self) {
        self.tracks.clear();
        self.there.retain(|_, there| there.under_way > 0);
    }

    /// Keeps what is remembered of destinations within its bound.
    fn forget_some(&mut self) {
        if self.there.len() > REMEMBERED_MAX {
            self.there.retain(|_, there| there.under_way > 0 || there.failures > 0);
        }
        let known: HashSet<TenantId> = self.tenants.keys().copied().collect();
        self.tracks.retain(|tenant, _| known.contains(tenant));
    }
}
