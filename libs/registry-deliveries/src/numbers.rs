//! How carrying goes, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use registry_domain::destinations::DestinationKind;

/// Numbers of this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Numbers(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    arrived: [AtomicU64; DestinationKind::ALL.len()],
    failed: [AtomicU64; DestinationKind::ALL.len()],
    given_up: AtomicU64,
    disabled: AtomicU64,
    due: AtomicU64,
    oldest_due: AtomicI64,
}

/// Numbers as they are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Attempts that arrived and that failed, by kind of destination.
    pub attempts: Vec<(DestinationKind, u64, u64)>,
    /// Times at which what was on its way to a destination was given up.
    pub given_up: u64,
    /// Destinations that were disabled because nothing arrived.
    pub disabled: u64,
    /// What was due and not on its way when it was looked last.
    pub due: u64,
    /// Since when the oldest of it.
    pub oldest_due: Option<DateTime<Utc>>,
}

const fn place(kind: DestinationKind) -> usize {
    match kind {
        DestinationKind::Mail => 0,
        DestinationKind::Slack => 1,
        DestinationKind::Chat => 2,
        DestinationKind::Webhook => 3,
    }
}

impl Numbers {
    /// The numbers.
    pub fn counts(&self) -> DeliveryCounts {
        let Inner {
            arrived,
            failed,
            given_up,
            disabled,
            due,
            oldest_due,
        } = &*self.0;
        let of = |kind: DestinationKind| {
            let (arrived, failed) = (&arrived[place(kind)], &failed[place(kind)]);
            (kind, arrived.load(Ordering::Relaxed), failed.load(Ordering::Relaxed))
        };
        let oldest = oldest_due.load(Ordering::Relaxed);
        DeliveryCounts {
            attempts: DestinationKind::ALL.iter().copied().map(of).collect(),
            given_up: given_up.load(Ordering::Relaxed),
            disabled: disabled.load(Ordering::Relaxed),
            due: due.load(Ordering::Relaxed),
            oldest_due: (oldest > 0).then(|| DateTime::from_timestamp_micros(oldest)).flatten(),
        }
    }

    pub(crate) fn attempt(&self, kind: DestinationKind, arrived: bool) {
        let counters = if arrived { &self.0.arrived } else { &self.0.failed };
        counters[place(kind)].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn given_up(&self) {
        self.0.given_up.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn disabled(&self) {
        self.0.disabled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn due(&self, count: u64, oldest: Option<DateTime<Utc>>) {
        let oldest = oldest.map_or(0, |oldest| oldest.timestamp_micros());
        self.0.due.store(count, Ordering::Relaxed);
        self.0.oldest_due.store(oldest, Ordering::Relaxed);
    }
}
