//! Folding the log anew and comparing what comes out with what is projected, while the service works.
//!
//! The log is read in the order of its streams, so that one merchant after the other is complete and memory stays
//! small however long the log is. What differs is swapped under the tenant's lock, a few hundred merchants at a time,
//! and only if no event came in between; otherwise the fold catches up first. There is no second set of tables: it
//! would double the storage to compare what almost always is equal. Only what is said of callbacks is compared at the
//! end, because events of one stream settle callbacks of another, and then what is counted of all that.

mod audit;
mod callbacks;
mod counts;
mod own;
mod settle;

use std::ops::ControlFlow;
use std::sync::Arc;

use registry_domain::tenant::{self, Tenant};
use registry_domain::{EventId, MerchantId, Seq, TenantId, UnclaimedId, Version};
use registry_journal::ambient::Ambient;
use registry_journal::archive::{Archive, ArchiveError};
use registry_journal::port::{
    AuditEntry, CountTable, Journal, Loaded, PageSize, ReadError, Scope, TransactError, Writes,
};
use registry_journal::projection::Callbacks;
use registry_journal::record::{EventRow, RecordedEvent, StreamEvent, StreamId};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fold::Fold;
use settle::Settling;

/// Merchants that are compared, and swapped, at once.
const CHUNK: usize = CHUNK_PAGE as usize;

/// The same, as a page.
const CHUNK_PAGE: u32 = 200;

/// Payment approvals after which so many merchants are enough: a shop may have very many.
const CHUNK_APPROVALS: usize = 50_000;

/// How often a fold catches up with a merchant that keeps changing before it is reported as not comparable.
const ATTEMPTS: usize = 20;

/// Most differences that a report lists.
pub const DIFFERENCES_MAX: usize = 100;

/// What to do about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Report it.
    Check,
    /// Put what the log says in its place.
    Repair,
}

/// What was found to be different from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// A merchant's row, or what stands beside it: its stretches, links, payment approvals, milestones, its alert.
    Merchant(MerchantId),
    /// Something is projected of a merchant, and the log knows no such merchant.
    Surplus(MerchantId),
    /// The tenant's own row.
    Tenant,
    /// How a callback stands in quarantine.
    Callback(EventId),
    /// What is known of a pair that nobody had registered.
    Unclaimed(UnclaimedId),
    /// What is kept of who did what, by the position of the event that tells of it.
    Audit(Seq),
    /// What this table counts.
    Counts(CountTable),
}

/// How far it has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events folded.
    pub events: u64,
    /// Merchants compared.
    pub merchants: u64,
    /// Differences found.
    pub differing: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How far it came.
    pub progress: Progress,
    /// The first differences.
    pub differences: Vec<Difference>,
    /// It was cancelled before its end.
    pub cancelled: bool,
}

/// What became of rows that an earlier version had written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Merchants folded anew.
    pub merchants: u64,
    /// Merchants in pages of which some could not be folded.
    pub passed_over: u64,
}

/// Why it could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The log could not be read.
    #[error("the log could not be read")]
    ReadLog(#[from] ArchiveError),
    /// What is projected could not be read.
    #[error("the projected rows could not be read")]
    ReadRows(#[source] ReadError),
    /// A swap did not go through. What was swapped before stays.
    #[error("the rows could not be swapped")]
    Swap(#[source] TransactError),
    /// Events kept coming for these merchants or pairs faster than they could be folded.
    #[error("{0} merchants or pairs changed all the time and could not be compared")]
    Restless(usize),
    /// Others put rows in place all the time.
    #[error("what is counted changed all the time and could not be put right")]
    RestlessCounts,
}

/// Hears how far it has come, and may cancel.
pub type Observe<'a> = dyn FnMut(Progress) -> ControlFlow<()> + Send + 'a;

/// Folds a tenant's log anew.
#[derive(Clone)]
pub struct Rebuild {
    /// The log.
    pub archive: Archive,
    /// Where rows are swapped.
    pub journal: Arc<dyn Journal>,
    /// The clock.
    pub ambient: Ambient,
}

/// A rebuild at work.
struct Work<'a> {
    parts: &'a Rebuild,
    tenant: TenantId,
    mode: Mode,
    progress: Progress,
    differences: Vec<Difference>,
    /// Merchants whose streams were read to their end.
    chunk: Vec<Fold>,
    /// Those of the chunk before, being compared and put right.
    settling: JoinSet<Result<Vec<MerchantId>, RebuildError>>,
    own: Option<Tenant>,
    /// What the log says of callbacks, up to `noted`.
    callbacks: Callbacks,
    noted: Seq,
}

impl Rebuild {
    /// Compares, and repairs if asked to, everything that is projected of a tenant. `observe` hears after every page
    /// how far it has come, and may cancel.
    pub async fn run(&self, tenant: TenantId, mode: Mode, observe: &mut Observe<'_>) -> Result<Report, RebuildError> {
        let head = self.archive.reader().head(tenant).await;
        let mut work = Work {
            parts: self,
            tenant,
            mode,
            progress: Progress::default(),
            differences: Vec::new(),
            chunk: Vec::new(),
            settling: JoinSet::new(),
            own: None,
            callbacks: Callbacks::default(),
            noted: head.map_err(ArchiveError::from)?.seq,
        };
        let cancelled = work.fold_streams(observe).await?.is_break() || work.find_surplus(observe).await?.is_break();
        if !cancelled {
            work.settle_tenant().await?;
            work.settle_callbacks().await?;
            work.find_surplus_audit().await?;
            // Last: what was put right before has changed what is counted.
            work.settle_counts().await?;
        }
        Ok(Report {
            progress: work.progress,
            differences: work.differences,
            cancelled,
        })
    }

    /// Folds anew the merchants whose rows an earlier version of the program has written: they lack what lists filter by. Those
    /// that cannot be folded now are passed over. Returns how many were, and how many were not.
    pub async fn renew(&self, tenant: TenantId, stop: &CancellationToken) -> Result<Renewed, RebuildError> {
        let mut renewed = Renewed::default();
        let mut after = None;
        while !stop.is_cancelled() {
            let reader = self.archive.reader();
            let page = reader
                .without_facets(tenant, after, PageSize::clamped(CHUNK_PAGE))
                .await;
            let page = page.map_err(RebuildError::ReadRows)?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            let count = page.len() as u64;
            let folds = page.into_iter().map(|id| Fold::new(tenant, id)).collect();
            let settling = Settling {
                parts: self.clone(),
                tenant,
                mode: Mode::Repair,
            };
            match settling.settle(folds).await {
                Ok(_) => renewed.merchants += count,
                Err(RebuildError::Restless(_)) => renewed.passed_over += count,
                Err(error) => return Err(error),
            }
        }
        Ok(renewed)
    }

    /// What a swap must lock, and what it must know: where these streams end.
    fn scope(&self, tenant: TenantId, streams: Vec<(TenantId, Uuid)>) -> Scope {
        Scope {
            tenants: vec![tenant],
            streams,
            now: self.ambient.now(),
            ..Scope::default()
        }
    }
}

impl Work<'_> {
    async fn fold_streams(&mut self, observe: &mut Observe<'_>) -> Result<ControlFlow<()>, RebuildError> {
        let archive = &self.parts.archive;
        let mut open: Option<Fold> = None;
        let mut rows = self.rows(None).await?;
        loop {
            let is_last = rows.len() < PageSize::MAX.get() as usize;
            let after = rows
                .last()
                .filter(|_| !is_last)
                .map(|row| (row.stream.as_uuid(), row.version));
            // The database reads the next page while this one is opened.
            let next = async {
                match after {
                    Some(_) => self.rows(after).await,
                    None => Ok(Vec::new()),
                }
            };
            let done: Vec<_> = rows.iter().filter_map(AuditEntry::of).collect();
            let (next, page) = tokio::try_join!(next, async { Ok(archive.open(self.tenant, rows).await?) })?;
            rows = next;
            for recorded in &page {
                if recorded.stamp.seq <= self.noted {
                    self.callbacks.note(recorded);
                }
                if let Some(ended) = self.fold_one(&mut open, recorded) {
                    self.chunk.push(ended);
                }
            }
            self.settle_audit(done).await?;
            self.progress.events += page.len() as u64;
            if is_last {
                self.chunk.extend(open.take());
            }
            if is_last || self.is_chunk_full() {
                self.settle_chunk().await?;
            }
            if is_last {
                self.settled().await?;
            }
            if observe(self.progress).is_break() {
                self.settled().await?;
                return Ok(ControlFlow::Break(()));
            }
            if is_last {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    /// The page of the log behind an event, in the order of its streams.
    async fn rows(&self, after: Option<(Uuid, Version)>) -> Result<Vec<EventRow>, RebuildError> {
        let reader = self.parts.archive.reader();
        let rows = reader.events_by_stream(self.tenant, after, PageSize::MAX).await;
        Ok(rows.map_err(ArchiveError::from)?)
    }

    fn is_chunk_full(&self) -> bool {
        let approvals: usize = self.chunk.iter().map(Fold::approvals).sum();
        self.chunk.len() >= CHUNK || approvals >= CHUNK_APPROVALS
    }

    /// Folds one event; returns the merchant whose stream ended before it.
    fn fold_one(&mut self, open: &mut Option<Fold>, recorded: &RecordedEvent) -> Option<Fold> {
        let ended = match recorded.stream {
            StreamId::Tenant(_) => {
                if let StreamEvent::Tenant(event) = &recorded.event {
                    self.own = tenant::evolve(self.tenant, self.own.take(), event, recorded.stamp);
                }
                return open.take();
            }
            StreamId::Merchant(id) if open.as_ref().is_some_and(|fold| fold.id() == id) => None,
            StreamId::Merchant(id) => open.replace(Fold::new(self.tenant, id)),
        };
        if let Some(fold) = open {
            fold.apply(recorded);
        }
        ended
    }

    /// Has the merchants of the chunk compared and put right, while the log is read on. One chunk at a time.
    async fn settle_chunk(&mut self) -> Result<(), RebuildError> {
        self.settled().await?;
        let chunk = std::mem::take(&mut self.chunk);
        self.progress.merchants += chunk.len() as u64;
        let settling = Settling {
            parts: self.parts.clone(),
            tenant: self.tenant,
            mode: self.mode,
        };
        self.settling.spawn(settling.settle(chunk));
        Ok(())
    }

    /// Waits for what is being settled.
    async fn settled(&mut self) -> Result<(), RebuildError> {
        while let Some(ended) = self.settling.join_next().await {
            let differed = match ended {
                Ok(settled) => settled?,
                Err(broken) => std::panic::resume_unwind(broken.into_panic()),
            };
            for id in differed {
                self.note(Difference::Merchant(id));
            }
        }
        Ok(())
    }

    /// Looks for what is projected of merchants that the log does not know.
    async fn find_surplus(&mut self, observe: &mut Observe<'_>) -> Result<ControlFlow<()>, RebuildError> {
        let mut after = None;
        loop {
            let reader = self.parts.archive.reader();
            let page = reader.merchant_ids(self.tenant, after, PageSize::MAX).await;
            let page = page.map_err(RebuildError::ReadRows)?;
            after = page.last().copied();
            let scope = self.scope(page.iter().map(|id| (self.tenant, id.as_uuid())).collect());
            let (tenant, mode) = (self.tenant, self.mode);
            let mut surplus = Vec::new();
            let mut decide = |loaded: Loaded| {
                let has_events = |id: &&MerchantId| loaded.streams.contains_key(&(tenant, id.as_uuid()));
                surplus = page.iter().filter(|id| !has_events(id)).copied().collect();
                let cleared = match mode {
                    Mode::Check => Vec::new(),
                    Mode::Repair => surplus.iter().map(|id| (tenant, *id)).collect(),
                };
                Writes {
                    cleared,
                    ..Writes::default()
                }
            };
            let removed = self.parts.journal.transact(&scope, &mut decide);
            removed.await.map_err(RebuildError::Swap)?;
            for id in surplus {
                self.note(Difference::Surplus(id));
            }
            if observe(self.progress).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if page.len() < PageSize::MAX.get() as usize {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    fn scope(&self, streams: Vec<(TenantId, Uuid)>) -> Scope {
        self.parts.scope(self.tenant, streams)
    }

    fn note(&mut self, difference: Difference) {
        self.progress.differing += 1;
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(difference);
        }
    }
}
