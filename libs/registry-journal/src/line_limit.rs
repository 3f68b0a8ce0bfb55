//! How many lines of one kind go into the log. What fails once fails a thousand times a second: those lines would say the
//! same, and whoever writes them waits for whoever takes them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Lines of one kind in a second.
const LINES_MAX: u32 = 5;

const WINDOW: Duration = Duration::from_secs(1);

/// Whether a line is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// It is. So many of its kind were left out since the last one.
    Line {
        /// How many.
        left_out: u64,
    },
    /// It is counted, and left out.
    LeftOut,
}

struct Window {
    began_at: Instant,
    lines: u32,
    left_out: u64,
}

/// Counts lines by their kind. There are few kinds, and they are ours.
pub struct LineLimit<Kind> {
    windows: Mutex<HashMap<Kind, Window>>,
    left_out: AtomicU64,
}

impl<Kind> Default for LineLimit<Kind> {
    fn default() -> Self {
        Self {
            windows: Mutex::default(),
            left_out: AtomicU64::new(0),
        }
    }
}

impl<Kind: Eq + Hash> LineLimit<Kind> {
    /// Asks for one line of a kind.
    pub fn admit(&self, kind: Kind) -> Admitted {
        let now = Instant::now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(kind).or_insert(Window {
            began_at: now,
            lines: 0,
            left_out: 0,
        });
        if now.saturating_duration_since(window.began_at) >= WINDOW {
            (window.began_at, window.lines) = (now, 0);
        }
        if window.lines >= LINES_MAX {
            window.left_out += 1;
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return Admitted::LeftOut;
        }
        window.lines += 1;
        Admitted::Line {
            left_out: std::mem::take(&mut window.left_out),
        }
    }

    /// Lines left out since the start.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn of_a_thousand_alike_five_are_told_and_the_others_counted() {
        let limit = LineLimit::default();
        let lines = |kind: &'static str| (0..1_000).filter(|_| limit.admit(kind) != Admitted::LeftOut).count();
        assert_eq!(lines("storage"), 5);
        // Another kind has lines of its own.
        assert_eq!(limit.admit("defect"), Admitted::Line { left_out: 0 });
        advance(WINDOW).await;
        assert_eq!(limit.admit("storage"), Admitted::Line { left_out: 995 });
        assert_eq!(limit.admit("storage"), Admitted::Line { left_out: 0 });
        assert_eq!(limit.left_out(), 995);
    }
}
