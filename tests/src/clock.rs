//! A clock that a test can put forward, so that nobody has to wait for what takes minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use registry_journal::{Ambient, Clock};

/// The machine's clock, put forward.
pub struct TestClock {
    machine: Arc<dyn Clock>,
    ahead_microseconds: AtomicI64,
}

impl TestClock {
    /// The machine's clock as it is.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            machine: Ambient::system().clock,
            ahead_microseconds: AtomicI64::new(0),
        })
    }

    /// The machine's randomness with this clock.
    pub fn ambient(self: &Arc<Self>) -> Ambient {
        Ambient {
            clock: Arc::clone(self) as Arc<dyn Clock>,
            ..Ambient::system()
        }
    }

    /// Puts it forward.
    pub fn advance(&self, time: TimeDelta) {
        let microseconds = time.num_microseconds().expect("a time of less than ages");
        self.ahead_microseconds.fetch_add(microseconds, Ordering::SeqCst);
    }

    /// Puts it to a moment, from where it goes on.
    pub fn put_to(&self, moment: DateTime<Utc>) {
        let ahead = moment - self.machine.now();
        let microseconds = ahead.num_microseconds().expect("a time of less than ages");
        self.ahead_microseconds.store(microseconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.machine.now() + TimeDelta::microseconds(self.ahead_microseconds.load(Ordering::SeqCst))
    }
}
