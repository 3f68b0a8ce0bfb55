//! How far a long command has come, on standard error, at most once in a while.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

/// How often a line is printed at most.
const INTERVAL: Duration = Duration::from_secs(2);

/// One long piece of work.
pub(super) struct Meter {
    what: String,
    started: Instant,
    began_at: Option<u64>,
    printed: Instant,
}

impl Meter {
    pub(super) fn new(what: impl Display) -> Self {
        let now = Instant::now();
        Self {
            what: what.to_string(),
            started: now,
            began_at: None,
            printed: now,
        }
    }

    /// Notes that `done` of `all` is done, and prints it with what is left to wait if it is time.
    pub(super) fn note(&mut self, done: u64, all: u64) {
        let began_at = *self.began_at.get_or_insert(done);
        if self.printed.elapsed() < INTERVAL {
            return;
        }
        self.printed = Instant::now();
        let left = remaining(
            self.started.elapsed(),
            done - began_at.min(done),
            all.saturating_sub(done),
        );
        let left = left.map_or_else(String::new, |left| format!(", about {} s left", left.as_secs()));
        let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100);
        remark!("{}: {done} of {all} events ({percent} %){left}", self.what);
    }
}

/// How long the rest takes if it goes on as it went.
fn remaining(elapsed: Duration, done: u64, left: u64) -> Option<Duration> {
    let micros = elapsed.as_micros().checked_mul(u128::from(left))?;
    let micros = micros.checked_div(u128::from(done))?;
    u64::try_from(micros).ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_told_from_the_pace_so_far() {
        let minute = Duration::from_mins(1);
        assert_eq!(remaining(minute, 100, 50), Some(Duration::from_secs(30)));
        assert_eq!(remaining(minute, 0, 50), None);
    }
}
