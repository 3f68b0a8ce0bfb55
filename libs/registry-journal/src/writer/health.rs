//! Whether writing works: how the last batches of each lane ended, and, where that does not tell, a probe on a connection
//! of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use registry_domain::causes;
use tokio::time::{Instant, timeout};

use crate::ambient::Ambient;
use crate::port::{Journal, TransactError};

/// For how long a commit, or a probe that went through, is believed. A disk can be full a moment later: so it is not long, and no
/// shorter than between two questions of whoever asks often, for each of which something would be written.
const BELIEF_TIME: Duration = Duration::from_secs(1);

/// How long to wait after a probe that failed before the next.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

/// How long a probe may take. Whoever asks for readiness waits no longer.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// After so many failed batches and no commit between, a probe alone proves nothing: it is smaller than a batch, and finds
/// room on a full disk where a batch does not.
const FAILURES_IN_A_ROW: u32 = 3;

/// For how long it proves nothing. If nobody has tried to write since, there is nothing better to go by.
const FAILURES_COUNT_FOR: Duration = Duration::from_secs(10);

/// How a lane's last batches ended.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    committed_at: Option<Instant>,
    /// None if the last one was committed.
    failed: Option<Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    first_at: Instant,
    last_at: Instant,
    count: u32,
}

/// Where a lane notes how its batches end.
#[derive(Debug, Default)]
pub(super) struct Outcomes(Mutex<Ends>);

impl Outcomes {
    /// Something was written durably.
    pub(super) fn committed(&self) {
        *self.ends() = Ends {
            committed_at: Some(Instant::now()),
            failed: None,
        };
    }

    /// Storage did not take a batch, whatever was in it.
    pub(super) fn failed(&self) {
        let (mut ends, now) = (self.ends(), Instant::now());
        let failures = ends.failed.get_or_insert(Failures {
            first_at: now,
            last_at: now,
            count: 0,
        });
        failures.last_at = now;
        failures.count = failures.count.saturating_add(1);
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A probe that has come back, or was given up.
#[derive(Debug, Clone, Copy)]
struct Probe {
    began_at: Instant,
    ended_at: Instant,
    works: bool,
}

/// What is known without a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Works,
    Fails,
    /// What is known is too old, or not enough.
    Unknown,
}

fn verdict(lanes: &[Ends], probe: Option<Probe>, now: Instant) -> Verdict {
    let is_recent = |at: Instant| now.saturating_duration_since(at) < BELIEF_TIME;
    let committed_at = lanes.iter().filter_map(|lane| lane.committed_at).max();
    let failed_at = lanes.iter().filter_map(|lane| Some(lane.failed?.last_at)).max();
    let is_pausing = |probe: &Probe| !probe.works && now.saturating_duration_since(probe.ended_at) < PROBE_PAUSE;
    let Some(failed_at) = failed_at else {
        // Whatever a probe said before that: something was written.
        let newest_probe = probe.filter(|probe| committed_at.is_none_or(|at| at < probe.began_at));
        return match newest_probe {
            _ if committed_at.is_some_and(is_recent) => Verdict::Works,
            Some(probe) if is_pausing(&probe) => Verdict::Fails,
            Some(probe) if probe.works && is_recent(probe.ended_at) => Verdict::Works,
            Some(_) | None => Verdict::Unknown,
        };
    };
    let has_nothing_come_through = |failures: Failures| {
        failures.count >= FAILURES_IN_A_ROW
            && now.saturating_duration_since(failures.last_at) < FAILURES_COUNT_FOR
            && committed_at.is_none_or(|at| at < failures.first_at)
    };
    match probe {
        _ if lanes
            .iter()
            .filter_map(|lane| lane.failed)
            .any(has_nothing_come_through) =>
        {
            Verdict::Fails
        }
        Some(probe) if is_pausing(&probe) => Verdict::Fails,
        Some(probe) if probe.works && probe.began_at > failed_at && is_recent(probe.ended_at) => Verdict::Works,
        Some(_) | None => Verdict::Unknown,
    }
}

/// Whether writing works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteHealth {
    /// Something was written durably a moment ago, or could have been.
    pub works: bool,
    /// Since when it is known that nothing can be written; none while it works.
    pub failing_since: Option<DateTime<Utc>>,
}

/// Keeps what is known about writing. One probe at a time, whoever asks.
pub(super) struct Health {
    journal: Arc<dyn Journal>,
    ambient: Ambient,
    lanes: Vec<Arc<Outcomes>>,
    probing: tokio::sync::Mutex<()>,
    probe: Mutex<Option<Probe>>,
    last: Mutex<WriteHealth>,
}

impl Health {
    pub(super) fn new(journal: Arc<dyn Journal>, ambient: Ambient, lanes: Vec<Arc<Outcomes>>) -> Self {
        let last = WriteHealth {
            works: true,
            failing_since: None,
        };
        Self {
            journal,
            ambient,
            lanes,
            probing: tokio::sync::Mutex::default(),
            probe: Mutex::default(),
            last: Mutex::new(last),
        }
    }

    /// Whether writing works now.
    pub(super) async fn look(&self) -> WriteHealth {
        let mut known = self.verdict();
        if known == Verdict::Unknown {
            let _alone = self.probing.lock().await;
            // Whoever was at it may have found out for us, too.
            known = self.verdict();
            if known == Verdict::Unknown {
                known = self.try_out().await;
            }
        }
        // After a probe that lies before a failure it is still not known that writing works.
        self.told(known == Verdict::Works)
    }

    /// The same as far as it is known without a probe: if it is not, what was found out last.
    pub(super) fn last(&self) -> WriteHealth {
        match self.verdict() {
            Verdict::Works => self.told(true),
            Verdict::Fails => self.told(false),
            Verdict::Unknown => *lock(&self.last),
        }
    }

    async fn try_out(&self) -> Verdict {
        let began_at = Instant::now();
        let probed = timeout(PROBE_LIMIT, self.journal.probe()).await;
        let probed = probed.unwrap_or_else(|late| Err(TransactError::Transient(late.into())));
        *lock(&self.probe) = Some(Probe {
            began_at,
            ended_at: Instant::now(),
            works: probed.is_ok(),
        });
        // Told once, not every second.
        if let Err(error) = probed
            && lock(&self.last).works
        {
            tracing::error!(error = %causes(&error), "an attempt to write something failed");
        }
        self.verdict()
    }

    fn verdict(&self) -> Verdict {
        let lanes: Vec<Ends> = self.lanes.iter().map(|lane| *lane.ends()).collect();
        verdict(&lanes, *lock(&self.probe), Instant::now())
    }

    fn told(&self, works: bool) -> WriteHealth {
        let mut last = lock(&self.last);
        if last.works != works {
            if works {
                tracing::info!("writing works again");
            } else {
                tracing::error!("nothing can be written");
            }
            *last = WriteHealth {
                works,
                failing_since: (!works).then(|| self.ambient.now()),
            };
        }
        *last
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(first_at: Instant, last_at: Instant, count: u32) -> Ends {
        Ends {
            committed_at: None,
            failed: Some(Failures {
                first_at,
                last_at,
                count,
            }),
        }
    }

    fn committed(at: Instant) -> Ends {
        Ends {
            committed_at: Some(at),
            failed: None,
        }
    }

    fn probe(at: Instant, works: bool) -> Probe {
        Probe {
            began_at: at,
            ended_at: at,
            works,
        }
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn what_was_just_written_needs_no_probe() {
        let then = Instant::now();
        let after = |millis| then + Duration::from_millis(millis);
        let idle = Ends::default();
        let lanes = [idle, committed(then)];
        assert_eq!(verdict(&lanes, None, after(900)), Verdict::Works);
        assert_eq!(verdict(&lanes, None, after(1_100)), Verdict::Unknown);
        assert_eq!(verdict(&[idle], None, then), Verdict::Unknown);
        let working = Some(probe(after(1_500), true));
        assert_eq!(verdict(&lanes, working, after(2_400)), Verdict::Works);
        assert_eq!(verdict(&lanes, working, after(2_600)), Verdict::Unknown);
        // It failed, and is not tried again at once; but a commit since then says more.
        let failing = Some(probe(after(1_500), false));
        assert_eq!(verdict(&lanes, failing, after(1_500)), Verdict::Fails);
        assert_eq!(verdict(&lanes, failing, after(2_600)), Verdict::Unknown);
        assert_eq!(
            verdict(&[committed(after(1_500))], failing, after(1_500)),
            Verdict::Works
        );
    }

    #[test]
    fn after_a_failure_only_a_later_probe_helps() {
        let then = Instant::now();
        // The other lane has written something a moment ago, which is no news of this one.
        let lanes = [failed(then, then, 1), committed(then)];
        assert_eq!(verdict(&lanes, None, then), Verdict::Unknown);
        assert_eq!(verdict(&lanes, Some(probe(then, true)), then), Verdict::Unknown);
        assert_eq!(
            verdict(&lanes, Some(probe(then + seconds(1), true)), then + seconds(1)),
            Verdict::Works
        );
        assert_eq!(
            verdict(&lanes, Some(probe(then + seconds(1), false)), then + seconds(1)),
            Verdict::Fails
        );
    }

    #[test]
    fn where_batch_after_batch_fails_a_probe_is_not_believed() {
        let then = Instant::now();
        let lane = failed(then, then + seconds(1), 3);
        let (now, works) = (then + seconds(2), Some(probe(then + seconds(2), true)));
        assert_eq!(verdict(&[lane], works, now), Verdict::Fails);
        // Others are written in between: it is not storage, or not all of it.
        assert_eq!(
            verdict(&[lane, committed(then + seconds(1))], works, now),
            Verdict::Works
        );
        // Nobody has tried for a while.
        let later = then + seconds(12);
        assert_eq!(verdict(&[lane], None, later), Verdict::Unknown);
        assert_eq!(verdict(&[lane], Some(probe(later, true)), later), Verdict::Works);
    }
}
