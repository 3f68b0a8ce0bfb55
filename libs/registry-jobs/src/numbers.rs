//! How jobs go, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers of this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Numbers(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    done: AtomicU64,
    failed: AtomicU64,
    put_back: AtomicU64,
    due: AtomicU64,
    steps: AtomicU64,
}

/// Numbers as they are now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Rows that were done.
    pub done: u64,
    /// Rows that have failed.
    pub failed: u64,
    /// Rows that were begun and are tried again.
    pub put_back: u64,
    /// Jobs that were to be worked at when it was looked last, of all tenants.
    pub due: u64,
    /// Steps under way.
    pub steps: u64,
}

impl Numbers {
    /// The numbers.
    pub fn counts(&self) -> JobCounts {
        let Inner {
            done,
            failed,
            put_back,
            due,
            steps,
        } = &*self.0;
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        JobCounts {
            done: read(done),
            failed: read(failed),
            put_back: read(put_back),
            due: read(due),
            steps: read(steps),
        }
    }

    pub(crate) fn rows(&self, done: usize, failed: usize, put_back: usize) {
        let add = |number: &AtomicU64, more: usize| number.fetch_add(more as u64, Ordering::Relaxed);
        add(&self.0.done, done);
        add(&self.0.failed, failed);
        add(&self.0.put_back, put_back);
    }

    pub(crate) fn due(&self, jobs: usize) {
        self.0.due.store(jobs as u64, Ordering::Relaxed);
    }

    pub(crate) fn steps(&self, under_way: usize) {
        self.0.steps.store(under_way as u64, Ordering::Relaxed);
    }
}
