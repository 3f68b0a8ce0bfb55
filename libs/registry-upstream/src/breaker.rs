//! Leaves an upstream alone that is down, and finds out by a single call when it is back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// After so many failures in a row the upstream counts as down.
const FAILURES_MAX: u32 = 5;

/// The first pause; it doubles with each attempt that fails.
const PAUSE_MIN: TimeDelta = TimeDelta::seconds(5);

/// The longest pause.
const PAUSE_MAX: TimeDelta = TimeDelta::minutes(5);

/// When the call that tries it out has not told anything after this time, another one may. Longer than any call.
const TRIAL_LIMIT: TimeDelta = TimeDelta::seconds(30);

/// Most upstreams that are told apart; beyond that those that work are forgotten.
const UPSTREAMS_MAX: usize = 1_000;

/// Whether an upstream is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// It is.
    Closed,
    /// It is not: it was down a moment ago.
    Open,
    /// A single call is trying it out.
    HalfOpen,
}

impl BreakerState {
    /// The word for it in metrics and readiness answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// How it stands with one upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerReport {
    /// Where it is.
    pub base_url: String,
    /// Whether it is called.
    pub state: BreakerState,
    /// When it is tried again, if it is not called now.
    pub retry_at: Option<DateTime<Utc>>,
}

/// The machine. Time is an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaker {
    Closed { failures: u32 },
    Open { until: DateTime<Utc>, pause: TimeDelta },
    HalfOpen { tried_at: DateTime<Utc>, pause: TimeDelta },
}

impl Breaker {
    const NEW: Self = Self::Closed { failures: 0 };

    /// Whether a call may be made now; if not, when one may be. A call that is let through while half open must be
    /// followed by [`Self::note`].
    fn admit(&mut self, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.clamp(now);
        let (retry_at, pause) = match *self {
            Self::Closed { .. } => return Ok(()),
            Self::Open { until, pause } => (until, pause),
            Self::HalfOpen { tried_at, pause } => (tried_at + TRIAL_LIMIT, pause),
        };
        if now < retry_at {
            return Err(retry_at);
        }
        *self = Self::HalfOpen { tried_at: now, pause };
        Ok(())
    }

    /// A call has ended. An answer closes it whatever call it came to: the upstream works.
    fn note(&mut self, now: DateTime<Utc>, is_down: bool) {
        if !is_down {
            *self = Self::NEW;
            return;
        }
        *self = match *self {
            Self::Closed { failures } if failures + 1 < FAILURES_MAX => Self::Closed { failures: failures + 1 },
            Self::Closed { .. } => Self::open(now, PAUSE_MIN),
            // A call that began before: its failure is no news.
            Self::Open { until, pause } => Self::Open { until, pause },
            Self::HalfOpen { pause, .. } => Self::open(now, (pause * 2).min(PAUSE_MAX)),
        };
    }

    /// The call that was let through at that moment is not made: the next one may be.
    fn give_back(&mut self, admitted_at: DateTime<Utc>) {
        if let Self::HalfOpen { tried_at, pause } = *self
            && tried_at == admitted_at
        {
            *self = Self::Open {
                until: admitted_at,
                pause,
            };
        }
    }

    /// A clock that was set back must not keep it open for longer than the longest pause.
    fn clamp(&mut self, now: DateTime<Utc>) {
        match self {
            Self::Closed { .. } => {}
            Self::Open { until, .. } => *until = (*until).min(now + PAUSE_MAX),
            Self::HalfOpen { tried_at, .. } => *tried_at = (*tried_at).min(now),
        }
    }

    fn open(now: DateTime<Utc>, pause: TimeDelta) -> Self {
        Self::Open {
            until: now + pause,
            pause,
        }
    }

    fn state(self) -> BreakerState {
        match self {
            Self::Closed { .. } => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    fn retry_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Closed { .. } => None,
            Self::Open { until, .. } => Some(until),
            Self::HalfOpen { tried_at, .. } => Some(tried_at + TRIAL_LIMIT),
        }
    }
}

/// The breakers of all upstreams that were called, by base URL. Tenants at the same address share one.
#[derive(Default)]
pub(crate) struct Breakers {
    by_url: Mutex<BTreeMap<String, Breaker>>,
}

impl Breakers {
    /// Whether a call may be made; if not, after what time.
    pub(crate) fn admit(&self, base_url: &str, now: DateTime<Utc>) -> Result<(), Duration> {
        self.with(base_url, |breaker| breaker.admit(now))
            .map_err(|at| (at - now).to_std().unwrap_or_default())
    }

    /// The call that was let through at that moment is not made.
    pub(crate) fn give_back(&self, base_url: &str, admitted_at: DateTime<Utc>) {
        self.with(base_url, |breaker| breaker.give_back(admitted_at));
    }

    /// A call has ended. Returns the new state if it changed.
    pub(crate) fn note(&self, base_url: &str, now: DateTime<Utc>, is_down: bool) -> Option<BreakerState> {
        self.with(base_url, |breaker| {
            let before = breaker.state();
            breaker.note(now, is_down);
            Some(breaker.state()).filter(|after| *after != before)
        })
    }

    pub(crate) fn reports(&self) -> Vec<BreakerReport> {
        let breakers = self.by_url.lock().unwrap_or_else(PoisonError::into_inner);
        let report = |(base_url, breaker): (&String, &Breaker)| BreakerReport {
            base_url: base_url.clone(),
            state: breaker.state(),
            retry_at: breaker.retry_at(),
        };
        breakers.iter().map(report).collect()
    }

    fn with<T>(&self, base_url: &str, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.by_url.lock().unwrap_or_else(PoisonError::into_inner);
        if breakers.len() >= UPSTREAMS_MAX && !breakers.contains_key(base_url) {
            breakers.retain(|_, breaker| *breaker != Breaker::NEW);
        }
        act(breakers
            .entry(base_url.trim_end_matches('/').to_owned())
            .or_insert(Breaker::NEW))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    const fn closed(failures: u32) -> Breaker {
        Breaker::Closed { failures }
    }

    fn open(until: i64, pause: i64) -> Breaker {
        Breaker::Open {
            until: at(until),
            pause: TimeDelta::seconds(pause),
        }
    }

    fn half(tried_at: i64, pause: i64) -> Breaker {
        Breaker::HalfOpen {
            tried_at: at(tried_at),
            pause: TimeDelta::seconds(pause),
        }
    }

    #[test]
    fn what_a_call_that_ended_does_to_each_state() {
        let table = [
            (closed(0), true, closed(1)),
            (closed(3), true, closed(4)),
            (closed(4), true, open(105, 5)),
            (closed(4), false, closed(0)),
            (open(103, 5), true, open(103, 5)),
            (open(103, 5), false, closed(0)),
            (half(99, 5), true, open(110, 10)),
            (half(99, 200), true, open(400, 300)),
            (half(99, 300), true, open(400, 300)),
            (half(99, 40), false, closed(0)),
        ];
        for (before, is_down, after) in table {
            let mut breaker = before;
            breaker.note(at(100), is_down);
            assert_eq!(breaker, after, "{before:?} {is_down}");
        }
    }

    #[test]
    fn who_is_let_through() {
        let table = [
            (closed(0), Ok(()), closed(0)),
            (closed(4), Ok(()), closed(4)),
            (open(101, 5), Err(at(101)), open(101, 5)),
            (open(100, 5), Ok(()), half(100, 5)),
            (half(99, 5), Err(at(129)), half(99, 5)),
            (half(70, 5), Ok(()), half(100, 5)),
            // The clock was set back by an hour since.
            (open(3_705, 5), Err(at(400)), open(400, 5)),
            (half(3_700, 5), Err(at(130)), half(100, 5)),
        ];
        for (before, admitted, after) in table {
            let mut breaker = before;
            assert_eq!(breaker.admit(at(100)), admitted, "{before:?}");
            assert_eq!(breaker, after);
        }
    }

    #[test]
    fn a_trial_that_is_not_made_keeps_nobody_away() {
        let mut breaker = open(100, 5);
        assert_eq!(breaker.admit(at(100)), Ok(()));
        breaker.give_back(at(100));
        assert_eq!(breaker.admit(at(101)), Ok(()));
        // Another one's is left alone, and so is one that is closed.
        breaker.give_back(at(100));
        assert_eq!(breaker, half(101, 5));
        let mut breaker = closed(4);
        breaker.give_back(at(100));
        assert_eq!(breaker, closed(4));
    }

    #[test]
    fn tenants_at_one_address_share_a_breaker() {
        let breakers = Breakers::default();
        for _ in 1..FAILURES_MAX {
            assert_eq!(breakers.note("https://a.example/partner", at(0), true), None);
        }
        assert_eq!(
            breakers.note("https://a.example/partner/", at(0), true),
            Some(BreakerState::Open)
        );
        assert_eq!(
            breakers.admit("https://a.example/partner", at(1)),
            Err(Duration::from_secs(4))
        );
        assert_eq!(breakers.admit("https://b.example/partner", at(1)), Ok(()));
        let states: Vec<_> = breakers.reports().iter().map(|report| report.state).collect();
        assert_eq!(states, [BreakerState::Open, BreakerState::Closed]);
        assert_eq!(breakers.admit("https://a.example/partner", at(5)), Ok(()));
        assert_eq!(
            breakers.note("https://a.example/partner", at(6), false),
            Some(BreakerState::Closed)
        );
    }
}
