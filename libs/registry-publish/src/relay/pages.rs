//! The pages of a tenant's log that one step carries: while one is made into messages, the next one is read.

use registry_domain::{Seq, TenantId};
use registry_journal::port::PageSize;
use registry_journal::{Archive, ArchiveError, RecordedEvent};
use tokio_util::task::AbortOnDropHandle;

/// Events read at once.
const PAGE: PageSize = PageSize::clamped(500);

/// Pages that one step carries at most, less than a second of work: a tenant with a long backlog must not hold up the
/// others. At the end of each step the broker waits for the next one's first page.
const PAGES_MAX: usize = 32;

/// Reads a tenant's log for one step. What was read ahead must not outlive it: an erasure may come.
pub(super) struct Pages {
    archive: Archive,
    tenant: TenantId,
    left: usize,
    ahead: Option<Ahead>,
}

/// A page that is being read before it is asked for.
struct Ahead {
    after: Seq,
    reading: AbortOnDropHandle<Result<Vec<RecordedEvent>, ArchiveError>>,
}

/// Events of the log, in order.
pub(super) struct Page {
    pub(super) events: Vec<RecordedEvent>,
    /// There may be more behind them.
    pub(super) more: bool,
}

impl Pages {
    pub(super) fn new(archive: &Archive, tenant: TenantId) -> Self {
        Self {
            archive: archive.clone(),
            tenant,
            left: PAGES_MAX,
            ahead: None,
        }
    }

    /// Whether the step has had all its pages.
    pub(super) fn are_over(&self) -> bool {
        self.left == 0
    }

    /// The page behind `after`. If another one may follow, it is read from now on.
    pub(super) async fn next(&mut self, after: Seq) -> Result<Page, ArchiveError> {
        self.left = self.left.saturating_sub(1);
        let events = match self.ahead.take() {
            Some(ahead) if ahead.after == after => join(ahead.reading).await?,
            // The page before was cut: what was read ahead begins too late.
            Some(_) | None => self.archive.events_after(self.tenant, after, PAGE).await?,
        };
        let more = events.len() == PAGE.get() as usize;
        if let Some(last) = events.last()
            && more
            && !self.are_over()
        {
            self.read_ahead(last.stamp.seq);
        }
        Ok(Page { events, more })
    }

    fn read_ahead(&mut self, after: Seq) {
        let (archive, tenant) = (self.archive.clone(), self.tenant);
        let read = async move { archive.events_after(tenant, after, PAGE).await };
        let reading = AbortOnDropHandle::new(tokio::spawn(read));
        self.ahead = Some(Ahead { after, reading });
    }
}

/// What a task came to. Its panic becomes ours.
pub(super) async fn join<T>(task: AbortOnDropHandle<T>) -> T {
    match task.await {
        Ok(outcome) => outcome,
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}
