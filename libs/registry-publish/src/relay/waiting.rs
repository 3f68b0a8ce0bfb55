//! Documents that wait while there is a backlog of events.

use std::collections::HashMap;
use std::time::Duration;

use registry_domain::{MerchantId, Stamp};
use tokio::time::Instant;

/// Most merchants whose documents wait.
const WAITING_MAX: usize = 5_000;

/// How long documents wait at most while there is a backlog of events: then they are late anyway, and most of what is
/// written before its end is written once more.
pub(super) const WAITING_TIME_MAX: Duration = Duration::from_secs(5);

/// Merchants whose documents are to be written, each as of its last event. While there is a backlog of events, only
/// the newest of a merchant's documents is written.
#[derive(Default)]
pub(super) struct Waiting {
    newest: HashMap<MerchantId, Stamp>,
    since: Option<Instant>,
}

impl Waiting {
    pub(super) fn note(&mut self, id: MerchantId, stamp: Stamp) {
        self.since.get_or_insert_with(Instant::now);
        self.newest.insert(id, stamp);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    /// Whether no more events may be read before the documents are written.
    pub(super) fn is_due(&self) -> bool {
        self.newest.len() >= WAITING_MAX || self.since.is_some_and(|since| since.elapsed() >= WAITING_TIME_MAX)
    }

    /// Takes all out, in the order of the log: then the position of the last entry written tells how far the bucket is
    /// complete.
    pub(super) fn take(&mut self) -> Vec<(MerchantId, Stamp)> {
        self.since = None;
        let mut newest: Vec<_> = self.newest.drain().collect();
        newest.sort_unstable_by_key(|(_, stamp)| stamp.seq);
        newest
    }
}
