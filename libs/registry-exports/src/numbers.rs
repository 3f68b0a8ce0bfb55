//! How exports go, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers of this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ExportNumbers(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    ready: AtomicU64,
    failed: AtomicU64,
    rows: AtomicU64,
    bytes_taken: AtomicU64,
    due: AtomicU64,
    under_way: AtomicU64,
}

/// Numbers as they are now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// Files that were made.
    pub ready: u64,
    /// Files that could not be made.
    pub failed: u64,
    /// Merchants that were written, also into files that came to nothing.
    pub rows: u64,
    /// Bytes of files that were handed out.
    pub bytes_taken: u64,
    /// Tenants that waited for a file when it was looked last.
    pub due: u64,
    /// Files that are being made.
    pub under_way: u64,
}

impl ExportNumbers {
    /// The numbers.
    pub fn counts(&self) -> ExportCounts {
        let Inner {
            ready,
            failed,
            rows,
            bytes_taken,
            due,
            under_way,
        } = &*self.0;
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        ExportCounts {
            ready: read(ready),
            failed: read(failed),
            rows: read(rows),
            bytes_taken: read(bytes_taken),
            due: read(due),
            under_way: read(under_way),
        }
    }

    pub(crate) fn made(&self, is_ready: bool) {
        let number = if is_ready { &self.0.ready } else { &self.0.failed };
        number.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn rows(&self, more: u64) {
        self.0.rows.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn taken(&self, bytes: u64) {
        self.0.bytes_taken.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn now(&self, due: usize, under_way: usize) {
        self.0.due.store(due as u64, Ordering::Relaxed);
        self.0.under_way.store(under_way as u64, Ordering::Relaxed);
    }
}
