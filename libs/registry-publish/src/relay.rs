//! Carries each tenant's log to the message broker, in order, and keeps the bucket of documents up to date.
//!
//! The log is the outbox. For each tenant the relay reads a few pages of events after its position, publishes their
//! messages, writes the newest document of every merchant in them, and moves on. [`Relay::run_once`] is one such
//! step. It may be stopped anywhere: the next step looks at what the broker really holds and goes on from there.

mod contact;
mod documents;
mod pages;
mod place;
mod position;
mod states;
mod status;
mod step;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use registry_domain::tenant::{Slug, Tenant};
use registry_domain::{MerchantId, Seq, TenantId, causes};
use registry_journal::port::{Duty, Leases, ListedTenant, PageSize, PublishCursor};
use registry_journal::{Archive, ArchiveError, ReadError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use status::{RelayFailure, RelayStatus};

use crate::publisher::{PublishError, Publisher};
use contact::Contact;
use place::Place;
use states::States;

/// How long the relay waits for a wake-up before it looks by itself.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Pause after a tenant's first failed attempt; it doubles with each further one.
const RETRY_DELAY_MIN: Duration = Duration::from_millis(500);

/// Longest pause between two attempts.
const RETRY_DELAY_MAX: Duration = Duration::from_secs(10);

/// How long a relay that is told to stop goes on publishing what is in the log, at most.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// How old what is remembered of a tenant may grow while others may publish its events.
const CURSOR_AGE_MAX: Duration = Duration::from_secs(10);

/// Stands for no session of the leases: they are counted from 1.
const NO_SESSION: u64 = 0;

/// How many tenants are read at once.
const TENANTS_PAGE: PageSize = PageSize::clamped(500);

/// What a step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Messages published.
    pub published: u64,
    /// There may be more events to read.
    pub more: bool,
}

/// Why a step failed. The next one begins by looking at what the broker holds.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The tenants could not be listed.
    #[error("the tenants could not be listed")]
    ListTenants(#[source] ReadError),
    /// It could not be found out which tenants are ours to carry.
    #[error("the leases could not be taken")]
    TakeLeases(#[source] ReadError),
    /// It could not be read where the relay stands.
    #[error("the relay's cursor could not be read")]
    ReadCursor(#[source] ReadError),
    /// It could not be written down where the relay stands.
    #[error("the relay's cursor could not be saved")]
    SaveCursor(#[source] ReadError),
    /// It could not be looked up whether the stream's last event stands in the log.
    #[error("the stream's last event could not be looked up in the log")]
    FindEvent(#[source] ReadError),
    /// The log could not be read.
    #[error("the log could not be read")]
    ReadEvents(#[source] ArchiveError),
    /// A merchant could not be folded from its events.
    #[error("the merchant {merchant_id} could not be folded from its events")]
    FoldMerchant {
        /// The merchant.
        merchant_id: MerchantId,
        /// Why.
        #[source]
        source: ArchiveError,
    },
    /// The merchants could not be listed.
    #[error("the merchants could not be listed")]
    ListMerchants(#[source] ReadError),
    /// The stream and the bucket could not be looked at.
    #[error("the stream could not be prepared")]
    Prepare(#[source] PublishError),
    /// Messages could not be published.
    #[error("the messages could not be published")]
    Publish(#[source] PublishError),
    /// Documents could not be written.
    #[error("the documents could not be written")]
    PutDocuments(#[source] PublishError),
}

impl RelayError {
    /// What it failed at.
    pub fn failure(&self) -> RelayFailure {
        match self {
            Self::ListTenants(_)
            | Self::TakeLeases(_)
            | Self::ReadCursor(_)
            | Self::SaveCursor(_)
            | Self::FindEvent(_)
            | Self::ReadEvents(_)
            | Self::FoldMerchant { .. }
            | Self::ListMerchants(_) => RelayFailure::Storage,
            Self::Prepare(error) | Self::Publish(error) | Self::PutDocuments(error) => match error {
                PublishError::OutOfStep => RelayFailure::OutOfStep,
                PublishError::Unavailable(_) => RelayFailure::Unavailable,
                PublishError::Refused(_) => RelayFailure::Refused,
                PublishError::Unfit(_) => RelayFailure::Unfit,
            },
        }
    }
}

/// Carries the logs of all tenants to a message broker. At most one is active per tenant, the one that holds its lease;
/// should there be two for a moment, the broker's fence lets only one write.
pub struct Relay {
    archive: Archive,
    publisher: Arc<dyn Publisher>,
    leases: Arc<dyn Leases>,
    /// In which session of the leases the tracks were made; [`NO_SESSION`] while nothing is held.
    lease_session: u64,
    states: States,
    tracks: HashMap<TenantId, Track>,
    session: Option<u64>,
    contact: Contact,
    failure: Option<RelayFailure>,
    flush_limit: Duration,
    status: watch::Sender<RelayStatus>,
}

/// What the relay remembers of a tenant.
struct Track {
    /// Where it stands; none if the broker must be looked at first.
    place: Option<Place>,
    /// The last position read, for the lag. Stays while the position is unknown.
    read: Seq,
    /// What was written down last, and when we wrote or read it.
    saved: PublishCursor,
    saved_at: Instant,
    retry: Option<Retry>,
}

/// The next attempt after a failure.
#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    delay: Duration,
}

/// What a round over all tenants found.
#[derive(Default)]
struct Round {
    more: bool,
    held: u64,
    lag: u64,
    failing: u64,
}

impl Relay {
    /// A relay from a log to a broker.
    pub fn new(archive: Archive, publisher: Arc<dyn Publisher>, leases: Arc<dyn Leases>) -> Self {
        Self {
            contact: Contact::new(publisher.name()),
            archive,
            publisher,
            leases,
            lease_session: NO_SESSION,
            states: States::new(),
            tracks: HashMap::new(),
            session: None,
            failure: None,
            flush_limit: FLUSH_LIMIT,
            status: watch::Sender::new(RelayStatus::default()),
        }
    }

    /// The same with less time to publish what is left once it is told to stop.
    #[must_use]
    pub fn flush_limit(mut self, limit: Duration) -> Self {
        self.flush_limit = limit.min(FLUSH_LIMIT);
        self
    }

    /// How the relay is doing, now and later.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.status.subscribe()
    }

    /// Carries all tenants' logs until it is told to stop: a few pages of each in turn, so that a tenant with a long
    /// backlog does not hold up the others. `wake` is a hint that a log has grown; without it the relay looks once a
    /// second. Told to stop, it publishes what is left in the logs as far as its time allows, five seconds at most.
    pub async fn run(mut self, mut wake: watch::Receiver<u64>, cancellation: CancellationToken) {
        while !cancellation.is_cancelled() {
            // Before looking, so that a log that grows meanwhile wakes the relay again.
            wake.mark_unchanged();
            // A round is left wherever it is: the next one looks at what the broker holds.
            if let Some(false) = cancellation.run_until_cancelled(self.round()).await {
                self.wait(&mut wake, &cancellation).await;
            }
        }
        let limit = self.flush_limit;
        let flush = async { while self.round().await {} };
        if timeout(limit, flush).await.is_err() {
            tracing::warn!("the relay stops before everything is published; the next start goes on from there");
        }
        self.save_cursors().await;
        self.leases.release().await;
    }

    async fn wait(&self, wake: &mut watch::Receiver<u64>, cancellation: &CancellationToken) {
        tokio::select! {
            () = cancellation.cancelled() => {}
            // Without a connection a log that grows changes nothing.
            Ok(()) = wake.changed(), if self.is_in_contact() => {}
            () = self.publisher.other_session(self.session) => {}
            () = sleep(POLL_INTERVAL) => {}
        }
    }

    /// Takes one step for every tenant that has something to do. Returns whether there is more to do at once.
    async fn round(&mut self) -> bool {
        self.notice_session();
        let mut round = Round::default();
        let listed = self.visit_all(&mut round).await;
        match &listed {
            Ok(()) if round.failing == 0 => self.failure = self.contact.failure(),
            Ok(()) => {}
            Err(error) => {
                if self.failure.replace(error.failure()).is_none() {
                    tracing::warn!(error = %causes(error), "the relay cannot read the log");
                }
            }
        }
        self.tell_of_absence(listed.is_ok().then_some(round.lag));
        let failure = self.failure;
        self.status.send_modify(|status| {
            status.failing_tenants = round.failing;
            status.failure = failure;
            // Half a round would show half a lag.
            if listed.is_ok() {
                status.lag = round.lag;
                status.held_tenants = round.held;
            }
        });
        round.more && listed.is_ok()
    }

    async fn visit_all(&mut self, round: &mut Round) -> Result<(), RelayError> {
        let mut after = None;
        loop {
            let reader = self.archive.reader();
            let page = reader
                .tenants(after, TENANTS_PAGE)
                .await
                .map_err(RelayError::ListTenants)?;
            let held = self.hold(&page).await?;
            for listed in &page {
                let is_held = held.contains(&listed.id);
                match &listed.tenant {
                    Ok(tenant) => self.visit(tenant, listed.head, is_held, round).await?,
                    // Others are carried all the same. The reconciler, which every process has, tells of it.
                    Err(_unreadable) if is_held => {
                        round.held += 1;
                        round.failing += 1;
                        self.failure = Some(RelayFailure::Storage);
                    }
                    Err(_unreadable) => {}
                }
            }
            match page.last() {
                Some(last) if page.len() == TENANTS_PAGE.get() as usize => after = Some(last.id),
                Some(_) | None => return Ok(()),
            }
        }
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
            self.tracks.clear();
        }
        for id in ids.iter().filter(|id| !held.tenants.contains(id)) {
            // What is remembered of a tenant that others carry grows old.
            self.tracks.remove(id);
        }
        Ok(held.tenants)
    }

    async fn visit(&mut self, tenant: &Tenant, head: Seq, is_held: bool, round: &mut Round) -> Result<(), RelayError> {
        let is_connected = self.is_in_contact();
        if is_connected && !is_held {
            return Ok(());
        }
        round.held += u64::from(is_held);
        if !is_connected {
            self.forget_old(tenant.id);
        }
        let track = self.track(tenant.id).await?;
        if is_connected && track.is_due(head) {
            let outcome = self.run_once(tenant.id, &tenant.slug).await;
            round.more |= outcome.as_ref().is_ok_and(|progress| progress.more);
            self.note_outcome(tenant.id, &tenant.slug, outcome);
        }
        let track = self.track(tenant.id).await?;
        round.failing += u64::from(track.retry.is_some());
        round.lag += head.0.saturating_sub(track.read.0);
        Ok(())
    }

    /// Without a broker others may publish: what is remembered of a tenant is then read anew from time to time.
    fn forget_old(&mut self, tenant: TenantId) {
        let is_old = |track: &Track| track.saved_at.elapsed() > CURSOR_AGE_MAX;
        if self.tracks.get(&tenant).is_some_and(is_old) {
            self.tracks.remove(&tenant);
        }
    }

    /// What is remembered of a tenant. At first sight, that is what was written down.
    async fn track(&mut self, tenant: TenantId) -> Result<&mut Track, RelayError> {
        if !self.tracks.contains_key(&tenant) {
            let track = Track::new(self.cursor(tenant).await?);
            self.tracks.insert(tenant, track);
        }
        Ok(self
            .tracks
            .get_mut(&tenant)
            .expect("it was put there if it was missing"))
    }

    /// Where the relay stood. One that cannot be read is as good as none, and stops no other tenant's.
    async fn cursor(&self, tenant: TenantId) -> Result<PublishCursor, RelayError> {
        match self.archive.reader().publish_cursor(tenant).await {
            Err(ReadError::Inconsistent(row)) => {
                tracing::error!(error = %causes(&row), "the relay's cursor is not used");
                Ok(PublishCursor::START)
            }
            cursor => cursor.map_err(RelayError::ReadCursor),
        }
    }

    /// Logs where a tenant begins to fail and where it ends, not every attempt between.
    fn note_outcome(&mut self, tenant: TenantId, slug: &Slug, outcome: Result<Progress, RelayError>) {
        let Some(track) = self.tracks.get_mut(&tenant) else {
            return;
        };
        match outcome {
            Ok(_) => {
                if track.retry.take().is_some() {
                    tracing::info!(tenant = %slug, "publishing works again");
                }
            }
            Err(error) => {
                // That there is no broker is told for all tenants at once.
                if track.retry.is_none() && self.publisher.session().is_some() {
                    tracing::warn!(tenant = %slug, error = %causes(&error), "publishing fails; it is tried again");
                }
                self.failure = Some(error.failure());
                let delay = track
                    .retry
                    .map_or(RETRY_DELAY_MIN, |retry| (retry.delay * 2).min(RETRY_DELAY_MAX));
                track.retry = Some(Retry {
                    at: Instant::now() + delay,
                    delay,
                });
            }
        }
    }
}

impl Track {
    fn new(cursor: PublishCursor) -> Self {
        Self {
            place: None,
            read: cursor.seq,
            saved: cursor,
            saved_at: Instant::now(),
            retry: None,
        }
    }

    /// Whether a step would do anything, and may be tried.
    fn is_due(&self, head: Seq) -> bool {
        let may_try = self.retry.is_none_or(|retry| retry.at <= Instant::now());
        let has_work = self.place.as_ref().is_none_or(|place| place.position.seq < head) || self.is_save_due();
        may_try && has_work
    }
}
