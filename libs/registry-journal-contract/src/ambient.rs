//! A clock that is set by hand, and ids that are counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use registry_journal::ambient::{Clock, IdSource};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A clock that stands still until it is set.
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    /// Moves by so many milliseconds; a negative number sets it back.
    pub fn advance(&self, milliseconds: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += TimeDelta::milliseconds(milliseconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counted ids. Two sources with different numbers never make the same one.
pub struct TestIds {
    number: u16,
    count: AtomicU64,
}

impl TestIds {
    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }
}

impl IdSource for TestIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(0x0197 << 112 | u128::from(self.next()) << 16 | u128::from(self.number))
    }

    fn secret(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.number.to_be_bytes());
        hasher.update(self.next().to_be_bytes());
        hasher.finalize().into()
    }
}

/// The clock of a new world.
pub(super) fn clock() -> Arc<TestClock> {
    Arc::new(TestClock(Mutex::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000))))
}

/// An id source that never makes an id of another number's.
pub fn ids(number: u16) -> Arc<TestIds> {
    let count = AtomicU64::new(1);
    Arc::new(TestIds { number, count })
}
