//! How often somebody may ask: so many times in a second, and after a pause so many at once.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// After so many questions what is kept of those is forgotten who have not asked for a while: then at most so many are kept of
/// whom nothing would have to be.
const FORGET_EVERY: u64 = 4_096;

/// How often one holder may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Over time.
    pub per_second: NonZeroU32,
    /// At once, after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// So many a second, and so many seconds' worth of them at once.
    pub fn new(per_second: NonZeroU32, burst_seconds: NonZeroU32) -> Self {
        Self {
            per_second,
            burst: per_second.saturating_mul(burst_seconds),
        }
    }

    /// How long it takes until so many may be asked that were asked.
    pub fn time_of(self, asked: u32) -> Duration {
        Duration::from_secs(u64::from(asked)) / self.per_second.get()
    }
}

/// It was asked too often: again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften {
    /// How long it takes until one more may be asked.
    pub wait: Duration,
}

/// How often each holder has asked.
pub struct Rates<Holder: Hash + Eq + Clone, C: Clock = MonotonicClock> {
    rate: Rate,
    limiter: RateLimiter<Holder, HashMapStateStore<Holder>, C, StateInformationMiddleware>,
    asked: AtomicU64,
}

impl<Holder: Hash + Eq + Clone> Rates<Holder> {
    /// Nobody has asked yet.
    pub fn new(rate: Rate) -> Self {
        Self::with_clock(rate, MonotonicClock)
    }
}

impl<Holder: Hash + Eq + Clone, C: Clock> Rates<Holder, C> {
    fn with_clock(rate: Rate, clock: C) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self {
            rate,
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock),
            asked: AtomicU64::new(0),
        }
    }

    /// How often each of them may.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Counts one question of a holder's, if it may be asked, and says how many more may be asked at once.
    pub fn ask(&self, holder: &Holder) -> Result<u32, TooOften> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        match self.limiter.check_key(holder) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not_until) => Err(TooOften {
                wait: not_until.wait_time_from(self.limiter.clock().now()),
            }),
        }
    }

    /// Of how many holders something is kept.
    pub fn kept(&self) -> usize {
        self.limiter.len()
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rates(per_second: u32, burst_seconds: u32) -> (Rates<u64, FakeRelativeClock>, FakeRelativeClock) {
        let number = |number| NonZeroU32::new(number).unwrap();
        let clock = FakeRelativeClock::default();
        let rate = Rate::new(number(per_second), number(burst_seconds));
        (Rates::with_clock(rate, clock.clone()), clock)
    }

    #[test]
    fn a_burst_may_go_at_once_and_then_one_by_one() {
        let (rates, clock) = rates(10, 2);
        let left: Vec<_> = (0..20).map(|_| rates.ask(&1).unwrap()).collect();
        assert_eq!((left[0], left[19]), (19, 0));
        let wait = Duration::from_millis(100);
        assert_eq!(rates.ask(&1), Err(TooOften { wait }));
        assert_eq!(rates.ask(&2), Ok(19), "one holder's questions are not another's");
        clock.advance(wait);
        assert_eq!(rates.ask(&1), Ok(0));
        assert!(rates.ask(&1).is_err());
        clock.advance(rates.rate().time_of(20));
        assert_eq!(rates.ask(&1), Ok(19));
    }

    #[test]
    fn of_whoever_asks_no_more_nothing_is_kept() {
        let (rates, clock) = rates(10, 1);
        for holder in 0..3 * FORGET_EVERY {
            assert!(rates.ask(&holder).is_ok());
            clock.advance(Duration::from_millis(10));
        }
        let kept = u64::try_from(rates.kept()).unwrap();
        assert!(kept <= FORGET_EVERY + 100, "{kept}");
    }
}
