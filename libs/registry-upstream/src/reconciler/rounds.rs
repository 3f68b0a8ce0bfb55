//! Which tenants are looked at, and when.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::tenant::Tenant;
use registry_domain::{Seq, TenantId, causes};
use registry_journal::port::{Duty, Inconsistency, Leases, ListedTenant, PageSize, QuestionCounts};
use registry_journal::{Ambient, Archive};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::pass::{Pass, Track, Worker};
use super::{Pace, ReconcileError, ReconcilerStatus};
use crate::inquirer::Inquirer;

/// Shortest time between two looks at all tenants, however much is going on.
const ROUND_MIN: Duration = Duration::from_millis(200);

/// Longest time between them. Leases must be asked for at least this often.
const ROUND_MAX: Duration = Duration::from_secs(1);

/// Longest time after which a tenant is looked at although its log has not grown.
const LOOK_INTERVAL_MAX: TimeDelta = TimeDelta::seconds(5);

/// How long passes may go on when the reconciler is told to stop. What they have not done, the next start does.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Passes under way at once.
const PASSES_MAX: usize = 32;

/// How many tenants are read at once.
const TENANTS_PAGE: PageSize = PageSize::clamped(500);

/// Stands for no session of the leases: they are counted from 1.
const NO_SESSION: u64 = 0;

/// What the reconciler works with.
pub struct ReconcilerParts {
    /// The log.
    pub archive: Archive,
    /// What asks.
    pub inquirer: Inquirer,
    /// Which tenants are ours.
    pub leases: Arc<dyn Leases>,
    /// Clock and ids.
    pub ambient: Ambient,
}

/// Keeps every tenant's merchants true to upstream.
pub struct Reconciler {
    worker: Arc<Worker>,
    leases: Arc<dyn Leases>,
    lease_session: u64,
    seen: HashMap<TenantId, Seen>,
    unreadable: HashSet<TenantId>,
    is_blind: bool,
    status: watch::Sender<ReconcilerStatus>,
}

/// What is remembered of a tenant.
struct Seen {
    /// None while a pass is under way.
    track: Option<Track>,
    /// The end of its log when it was last looked at.
    head: Option<Seq>,
    /// When it is looked at again although nothing has happened.
    look_at: DateTime<Utc>,
    /// When its last pass began.
    passed_at: DateTime<Utc>,
    counts: QuestionCounts,
    is_paused: bool,
    is_unverifiable: bool,
    is_failing: bool,
}

/// A tenant that waits for a pass.
struct Waiting {
    tenant: Tenant,
    head: Seq,
    passed_at: DateTime<Utc>,
}

/// A pass that has ended.
struct Ended {
    tenant: Tenant,
    track: Track,
    outcome: Result<Pass, ReconcileError>,
}

impl Reconciler {
    /// A reconciler that asks at this pace.
    pub fn new(parts: ReconcilerParts, pace: Pace) -> Self {
        let ReconcilerParts {
            archive,
            inquirer,
            leases,
            ambient,
        } = parts;
        Self {
            worker: Arc::new(Worker {
                archive,
                inquirer,
                ambient,
                pace,
            }),
            leases,
            lease_session: NO_SESSION,
            seen: HashMap::new(),
            unreadable: HashSet::new(),
            is_blind: false,
            status: watch::Sender::new(ReconcilerStatus::default()),
        }
    }

    /// How it is doing, now and later.
    pub fn status(&self) -> watch::Receiver<ReconcilerStatus> {
        self.status.subscribe()
    }

    /// Works until it is told to stop. `wake` is a hint that a log has grown: perhaps by a doubtful claim, which is asked
    /// about at once.
    pub async fn run(mut self, mut wake: watch::Receiver<u64>, cancellation: CancellationToken) {
        // Tasks of their own: a pass that waits in this one would hold its connections while we wait for one.
        let mut running = JoinSet::new();
        while !cancellation.is_cancelled() {
            wake.mark_unchanged();
            let begun = Instant::now();
            for (tenant, mut track, now) in self.due(PASSES_MAX.saturating_sub(running.len())).await {
                let worker = Arc::clone(&self.worker);
                running.spawn(async move {
                    let outcome = worker.pass(&tenant, &mut track, now).await;
                    Ended { tenant, track, outcome }
                });
            }
            self.tell();
            let mut next = begun + ROUND_MAX;
            loop {
                tokio::select! {
                    () = cancellation.cancelled() => break,
                    Some(ended) = running.join_next() => {
                        if self.note(unharmed(ended)) {
                            next = begun + ROUND_MIN;
                        }
                    }
                    Ok(()) = wake.changed() => next = begun + ROUND_MIN,
                    () = sleep_until(next) => break,
                }
            }
        }
        let finish = async { while running.join_next().await.is_some() {} };
        if timeout(STOP_LIMIT, finish).await.is_err() {
            tracing::info!("questions to upstream were given up; they are asked again after the next start");
        }
        self.leases.release().await;
    }

    /// The tenants to work for now, each with what is remembered of it: those first whose last pass is longest ago.
    async fn due(&mut self, room: usize) -> Vec<(Tenant, Track, DateTime<Utc>)> {
        let mut waiting = Vec::new();
        match self.visit_all(&mut waiting).await {
            Ok(()) => self.is_blind = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_blind, true) {
                    tracing::warn!(error = %causes(&error), "the reconciler cannot see the tenants");
                }
            }
        }
        waiting.sort_by_key(|waiting| waiting.passed_at);
        let now = self.worker.ambient.now();
        let begin = |Waiting { tenant, head, .. }: Waiting| {
            let seen = self.seen.get_mut(&tenant.id)?;
            let track = seen.track.take()?;
            (seen.head, seen.passed_at) = (Some(head), now);
            Some((tenant, track, now))
        };
        waiting.into_iter().filter_map(begin).take(room).collect()
    }

    async fn visit_all(&mut self, waiting: &mut Vec<Waiting>) -> Result<(), ReconcileError> {
        let worker = Arc::clone(&self.worker);
        let mut after = None;
        loop {
            let page = worker.archive.reader().tenants(after, TENANTS_PAGE).await;
            let page = page.map_err(ReconcileError::ListTenants)?;
            let is_last = page.len() < TENANTS_PAGE.get() as usize;
            after = page.last().map(|listed| listed.id);
            let ids: Vec<TenantId> = page.iter().map(|listed| listed.id).collect();
            let held = self.leases.hold(Duty::Reconciliation, &ids).await;
            let held = held.map_err(ReconcileError::TakeLeases)?;
            if std::mem::replace(&mut self.lease_session, held.session) != held.session {
                // What is remembered may be old: another process may have worked in between.
                self.seen.retain(|_, seen| seen.track.is_none());
            }
            for ListedTenant { id, head, tenant } in page {
                let is_held = held.tenants.contains(&id);
                self.note_readable(id, tenant.as_ref().err().filter(|_| is_held));
                let Some(tenant) = tenant.ok().filter(|_| is_held) else {
                    self.seen.remove(&id);
                    continue;
                };
                let now = worker.ambient.now();
                let seen = self
                    .seen
                    .entry(tenant.id)
                    .or_insert_with(|| Seen::new(Track::new(tenant.id, now, &worker.pace)));
                let is_due = seen.head != Some(head) || now >= seen.look_at;
                if is_due && seen.track.is_some() {
                    let passed_at = seen.passed_at;
                    waiting.push(Waiting {
                        tenant,
                        head,
                        passed_at,
                    });
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Tells once that the row of a tenant of ours cannot be read, and once that it can be again.
    fn note_readable(&mut self, tenant_id: TenantId, unreadable: Option<&Inconsistency>) {
        match unreadable {
            Some(row) => {
                if self.unreadable.insert(tenant_id) {
                    let error = causes(row);
                    tracing::error!(%tenant_id, %error, "a tenant cannot be read; nothing is done for it");
                }
            }
            None => {
                if self.unreadable.remove(&tenant_id) {
                    tracing::info!(%tenant_id, "the tenant can be read again, or another process has it now");
                }
            }
        }
    }

    /// Takes back what is remembered. Returns whether the tenant is to be looked at again soon.
    fn note(&mut self, ended: Ended) -> bool {
        let Ended { tenant, track, outcome } = ended;
        let now = self.worker.ambient.now();
        let interval = LOOK_INTERVAL_MAX.min(self.worker.pace.first / 2);
        // A tenant that another process has taken over meanwhile is forgotten.
        let Some(seen) = self.seen.get_mut(&tenant.id) else {
            return false;
        };
        seen.counts = track.counts;
        seen.track = Some(track);
        seen.is_paused = tenant.upstream_pause.is_some();
        seen.is_unverifiable = !tenant.settings.read_back.enabled;
        let more = outcome.as_ref().is_ok_and(|pass| pass.more);
        seen.look_at = if more { now } else { now + interval };
        match outcome {
            Ok(pass) => {
                if std::mem::replace(&mut seen.is_failing, false) {
                    tracing::info!(tenant = %tenant.slug, "reconciling works again");
                }
                self.status.send_modify(|status| {
                    status.released_total += pass.released;
                    status.unreadable_merchants_total += pass.unreadable;
                });
            }
            Err(error) => {
                if !std::mem::replace(&mut seen.is_failing, true) {
                    let error = causes(&error);
                    tracing::warn!(tenant = %tenant.slug, %error, "reconciling fails; it is tried again");
                }
            }
        }
        more
    }

    fn tell(&self) {
        let seen = || self.seen.values();
        let count = |holds: fn(&Seen) -> bool| seen().filter(|seen| holds(seen)).count() as u64;
        // Of a tenant that cannot be asked about, nothing is due.
        let counts = || seen().filter(|seen| !seen.is_unverifiable).map(|seen| seen.counts);
        self.status.send_modify(|status| {
            *status = ReconcilerStatus {
                held_tenants: seen().count() as u64,
                due: counts().map(|counts| counts.due).sum(),
                oldest_due_at: counts().filter_map(|counts| counts.oldest_due_at).min(),
                open_confirmations: seen().map(|seen| seen.counts.open_confirmations).sum(),
                released_total: status.released_total,
                unreadable_tenants: self.unreadable.len() as u64,
                unreadable_merchants_total: status.unreadable_merchants_total,
                paused_tenants: count(|seen| seen.is_paused),
                unverifiable_tenants: count(|seen| seen.is_unverifiable),
                failing_tenants: count(|seen| seen.is_failing),
            };
        });
    }
}

/// A pass that panics is a fault of ours, and takes the reconciler with it: a worker that lives on by half is worse
/// than none. Nobody aborts a pass while the reconciler looks at them.
fn unharmed(ended: Result<Ended, JoinError>) -> Ended {
    match ended {
        Ok(ended) => ended,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

impl Seen {
    fn new(track: Track) -> Self {
        Self {
            track: Some(track),
            head: None,
            look_at: DateTime::<Utc>::MIN_UTC,
            passed_at: DateTime::<Utc>::MIN_UTC,
            counts: QuestionCounts::default(),
            is_paused: false,
            is_unverifiable: false,
            is_failing: false,
        }
    }
}
