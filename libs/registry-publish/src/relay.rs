//! Carries each tenant's log to the message broker, in order, and keeps the bucket of documents up to date.
//!
//! The log is the outbox. For each tenant the relay reads a few pages of events after its position, publishes their
//! messages, writes the newest document of every merchant in them, and moves on. That is one step of it. It may be stopped
//! anywhere: the next step looks at what the broker really holds and goes on from there.
//!
//! Tenants are carried side by side: one whose stream hangs holds up its own events alone. Each has one step at a time.

mod contact;
mod documents;
mod error;
mod pages;
mod place;
mod position;
mod states;
mod status;
mod step;
#[cfg(test)]
mod tests;
mod track;
mod waiting;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use registry_domain::tenant::{Slug, Tenant};
use registry_domain::{Seq, TenantId, causes};
use registry_journal::Archive;
use registry_journal::port::{Duty, Leases, ListedTenant, PageSize};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

pub use error::{Progress, RelayError};
pub use status::{RelayFailure, RelayStatus};

use crate::publisher::Publisher;
use contact::Contact;
use states::States;
use step::Carrier;
use track::{Seen, Track};

/// How long the relay waits for a wake-up before it looks by itself.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How soon the relay looks again while steps are under way: a busy log must not cost a look per commit.
const LOOK_INTERVAL_MIN: Duration = Duration::from_millis(5);

/// How many tenants are carried at once unless told otherwise.
pub const STEPS_MAX: usize = 8;

/// How long a relay that is told to stop goes on publishing what is in the log, at most.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// How old what is remembered of a tenant may grow while others may publish its events.
const CURSOR_AGE_MAX: Duration = Duration::from_secs(10);

/// Stands for no session of the leases: they are counted from 1.
const NO_SESSION: u64 = 0;

/// How many tenants are read at once.
const TENANTS_PAGE: PageSize = PageSize::clamped(500);

/// Carries the logs of all tenants to a message broker. At most one is active per tenant, the one that holds its lease;
/// should there be two for a moment, the broker's fence lets only one write.
pub struct Relay {
    carrier: Arc<Carrier>,
    leases: Arc<dyn Leases>,
    /// In which session of the leases the tenants were seen; [`NO_SESSION`] while nothing is held.
    lease_session: u64,
    seen: HashMap<TenantId, Seen>,
    /// Tenants that have a step under way, and whether their last one had failed. They may be forgotten meanwhile.
    under_way: HashMap<TenantId, bool>,
    held: u64,
    /// Tenants of ours whose row cannot be read.
    unreadable: u64,
    /// The tenants could not be listed when it was last tried.
    is_blind: bool,
    session: Option<u64>,
    contact: Contact,
    failure: Option<RelayFailure>,
    flush_limit: Duration,
    steps_max: usize,
}

/// A step that has ended, and what it brings back.
struct Ended {
    tenant: TenantId,
    slug: Slug,
    track: Track,
    /// The sessions of broker and leases in which it began.
    sessions: (Option<u64>, u64),
    outcome: Result<Progress, RelayError>,
}

impl Relay {
    /// A relay from a log to a broker.
    pub fn new(archive: Archive, publisher: Arc<dyn Publisher>, leases: Arc<dyn Leases>) -> Self {
        Self {
            contact: Contact::new(publisher.name()),
            carrier: Arc::new(Carrier {
                archive,
                publisher,
                states: States::new(),
                status: watch::Sender::new(RelayStatus::default()),
            }),
            leases,
            lease_session: NO_SESSION,
            seen: HashMap::new(),
            under_way: HashMap::new(),
            held: 0,
            unreadable: 0,
            is_blind: false,
            session: None,
            failure: None,
            flush_limit: FLUSH_LIMIT,
            steps_max: STEPS_MAX,
        }
    }

    /// The same with less time to publish what is left once it is told to stop.
    #[must_use]
    pub fn flush_limit(mut self, limit: Duration) -> Self {
        self.flush_limit = limit.min(FLUSH_LIMIT);
        self
    }

    /// The same for so many tenants at once, at least two: those whose attempts fail take half of that at most.
    #[must_use]
    pub fn steps_max(mut self, steps: usize) -> Self {
        self.steps_max = steps.max(2);
        self
    }

    /// How the relay is doing, now and later.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.carrier.status.subscribe()
    }

    /// Carries all tenants' logs until it is told to stop: a few pages of each in turn, of several tenants side by side, so that
    /// neither a tenant with a long backlog nor one whose stream hangs holds up the others. `wake` is a hint that a log has
    /// grown; without it the relay looks once a second. Told to stop, it publishes what is left in the logs as far as its time
    /// allows, five seconds at most.
    pub async fn run(mut self, mut wake: watch::Receiver<u64>, cancellation: CancellationToken) {
        let mut steps = JoinSet::new();
        let mut look_at = Instant::now();
        let mut looked_at = look_at;
        loop {
            let (in_contact, is_due) = (self.is_in_contact(), look_at <= Instant::now());
            tokio::select! {
                () = cancellation.cancelled() => break,
                Some(ended) = steps.join_next() => {
                    self.note(unharmed(ended));
                    self.begin(&mut steps);
                    self.tell();
                }
                () = sleep_until(look_at) => {
                    // Before looking, so that a log that grows meanwhile wakes the relay again.
                    wake.mark_unchanged();
                    looked_at = Instant::now();
                    if let Some(()) = cancellation.run_until_cancelled(self.look()).await {
                        self.begin(&mut steps);
                        self.tell();
                    }
                    look_at = Instant::now() + POLL_INTERVAL;
                }
                // Without a connection a log that grows changes nothing.
                Ok(()) = wake.changed(), if in_contact => {
                    let soon = if steps.is_empty() { Instant::now() } else { looked_at + LOOK_INTERVAL_MIN };
                    look_at = look_at.min(soon);
                }
                // Once it is to be looked at, it is no news.
                () = self.carrier.publisher.other_session(self.session), if !is_due => look_at = Instant::now(),
            }
        }
        if timeout(self.flush_limit, self.flush(&mut steps)).await.is_err() {
            tracing::warn!("the relay stops before everything is published; the next start goes on from there");
        }
        steps.shutdown().await;
        self.save_cursors().await;
        self.leases.release().await;
    }

    /// Takes steps until nothing is left in the logs.
    async fn flush(&mut self, steps: &mut JoinSet<Ended>) {
        loop {
            self.look().await;
            self.begin(steps);
            self.tell();
            if steps.is_empty() {
                return;
            }
            while let Some(ended) = steps.join_next().await {
                self.note(unharmed(ended));
                self.begin(steps);
                self.tell();
            }
        }
    }

    /// Looks which tenants are ours, and where their logs end.
    async fn look(&mut self) {
        self.notice_session();
        let visited = self.visit_all().await;
        let was_blind = std::mem::replace(&mut self.is_blind, visited.is_err());
        if let Err(error) = visited {
            self.failure = Some(error.failure());
            if !was_blind {
                tracing::warn!(error = %causes(&error), "the relay cannot read the log");
            }
        }
    }

    async fn visit_all(&mut self) -> Result<(), RelayError> {
        let (mut after, mut held_total, mut unreadable) = (None, 0, 0);
        loop {
            let reader = self.carrier.archive.reader();
            let page = reader
                .tenants(after, TENANTS_PAGE)
                .await
                .map_err(RelayError::ListTenants)?;
            let held = self.hold(&page).await?;
            held_total += held.len() as u64;
            for listed in &page {
                let is_held = held.contains(&listed.id);
                match &listed.tenant {
                    Ok(tenant) => self.visit(tenant, listed.head, is_held).await?,
                    // Others are carried all the same. The reconciler, which every process has, tells of it.
                    Err(_unreadable) => unreadable += u64::from(is_held),
                }
            }
            match page.last() {
                Some(last) if page.len() == TENANTS_PAGE.get() as usize => after = Some(last.id),
                Some(_) | None => break,
            }
        }
        (self.held, self.unreadable) = (held_total, unreadable);
        Ok(())
    }

    /// Which tenants of a page are ours to carry. Without a connection to the broker, none: a process that has one may.
    async fn hold(&mut self, page: &[ListedTenant]) -> Result<HashSet<TenantId>, RelayError> {
        if !self.is_in_contact() {
            if std::mem::take(&mut self.lease_session) != NO_SESSION {
                self.leases.release().await;
            }
            return Ok(HashSet::new());
        }
        let ids: Vec<TenantId> = page.iter().map(|listed| listed.id).collect();
        let held = self.leases.hold(Duty::Relay, &ids).await;
        let held = held.map_err(RelayError::TakeLeases)?;
        if std::mem::replace(&mut self.lease_session, held.session) != held.session {
            // All leases were lost for a moment: another process may have worked in it.
            self.seen.clear();
        }
        for id in ids.iter().filter(|id| !held.tenants.contains(id)) {
            // What is remembered of a tenant that others carry grows old.
            self.seen.remove(id);
        }
        Ok(held.tenants)
    }

    async fn visit(&mut self, tenant: &Tenant, head: Seq, is_held: bool) -> Result<(), RelayError> {
        let is_connected = self.is_in_contact();
        if is_connected && !is_held {
            return Ok(());
        }
        // Without a broker others may publish: what is remembered of a tenant is then read anew from time to time.
        let is_old = |seen: &Seen| !is_connected && seen.is_older_than(CURSOR_AGE_MAX);
        if let Some(seen) = self.seen.get_mut(&tenant.id).filter(|seen| !is_old(seen)) {
            seen.head = head;
            return Ok(());
        }
        // At first sight it stands where was written down.
        let track = Track::new(self.carrier.cursor(tenant.id).await?);
        self.seen.insert(tenant.id, Seen::new(tenant.slug.clone(), head, track));
        Ok(())
    }

    /// Begins a step for each tenant that has something to do, as far as there is room: first for those whose last one is
    /// longest ago. Those whose attempts fail, which may hang, leave half of the room to the others.
    fn begin(&mut self, steps: &mut JoinSet<Ended>) {
        if !self.is_in_contact() || self.under_way.len() >= self.steps_max {
            return;
        }
        let due = self
            .seen
            .iter()
            .filter(|(id, seen)| !self.under_way.contains_key(*id) && seen.is_due());
        let mut due: Vec<_> = due
            .map(|(id, seen)| (seen.stepped_at, *id, seen.is_failing()))
            .collect();
        due.sort_unstable();
        for (_, tenant, is_failing) in due {
            let failing = self.under_way.values().filter(|failing| **failing).count();
            if self.under_way.len() >= self.steps_max {
                return;
            }
            if is_failing && failing >= self.steps_max / 2 {
                continue;
            }
            let Some(seen) = self.seen.get_mut(&tenant) else {
                continue;
            };
            let Some(mut track) = seen.begin() else { continue };
            let (carrier, slug) = (Arc::clone(&self.carrier), seen.slug.clone());
            let sessions = (self.session, self.lease_session);
            self.under_way.insert(tenant, is_failing);
            steps.spawn(async move {
                let outcome = carrier.carry(tenant, &slug, &mut track).await;
                Ended {
                    tenant,
                    slug,
                    track,
                    sessions,
                    outcome,
                }
            });
        }
    }

    /// Takes back what a step has brought, and logs where a tenant begins to fail and where it ends, not every attempt between.
    fn note(&mut self, ended: Ended) {
        let Ended {
            tenant,
            slug,
            mut track,
            sessions: (session, lease_session),
            outcome,
        } = ended;
        self.under_way.remove(&tenant);
        if lease_session != self.lease_session {
            // Another process may have worked for it meanwhile.
            self.seen.remove(&tenant);
            return;
        }
        let Some(seen) = self.seen.get_mut(&tenant) else { return };
        if session != self.session {
            // What it knows, and what it failed at, is about another connection.
            track.place = None;
            seen.end(track, Some(true));
            return;
        }
        let more = outcome.as_ref().ok().map(|progress| progress.more);
        let has_turned = seen.end(track, more);
        match outcome {
            Ok(_) if has_turned => tracing::info!(tenant = %slug, "publishing works again"),
            Ok(_) => {}
            Err(error) => {
                // That there is no broker is told for all tenants at once.
                if has_turned && self.carrier.publisher.session().is_some() {
                    tracing::warn!(tenant = %slug, error = %causes(&error), "publishing fails; it is tried again");
                }
                self.failure = Some(error.failure());
            }
        }
    }

    /// Says how it goes.
    fn tell(&mut self) {
        let failing = self.unreadable + self.seen.values().filter(|seen| seen.is_failing()).count() as u64;
        let lag = self.seen.values().map(Seen::lag).sum();
        if self.unreadable > 0 {
            self.failure = Some(RelayFailure::Storage);
        } else if failing == 0 && !self.is_blind {
            self.failure = self.contact.failure();
        }
        self.tell_of_absence((!self.is_blind).then_some(lag));
        let (failure, held, is_blind) = (self.failure, self.held, self.is_blind);
        let under_way = self.under_way.len() as u64;
        self.carrier.status.send_modify(|status| {
            status.failing_tenants = failing;
            status.failure = failure;
            status.steps = under_way;
            // Half a look would show half a lag.
            if !is_blind {
                status.lag = lag;
                status.held_tenants = held;
            }
        });
    }

    /// Writes down where every tenant stands.
    async fn save_cursors(&mut self) {
        for (tenant, seen) in &mut self.seen {
            let Some(track) = &mut seen.track else { continue };
            if let Err(error) = self.carrier.save_cursor(*tenant, track).await {
                // Losing it costs a look at the stream.
                tracing::warn!(
                    error = %causes(&error),
                    "the relay stops without saving its cursors"
                );
                return;
            }
        }
    }
}

/// A step that panics is a fault of ours, and takes the relay with it: a worker that lives on by half is worse than none. Nobody
/// aborts a step while the relay looks at them.
fn unharmed(ended: Result<Ended, JoinError>) -> Ended {
    match ended {
        Ok(ended) => ended,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
