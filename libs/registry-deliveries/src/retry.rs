//! When what did not arrive is tried again, and for how long.

use chrono::{DateTime, TimeDelta, Utc};

/// For how long a message is tried.
pub const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(3);

/// For how long it is known what became of a message.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// The first pause is at most so long; each further one may be twice as long.
const PAUSE_FIRST: TimeDelta = TimeDelta::seconds(10);

/// But no longer than this.
const PAUSE_MAX: TimeDelta = TimeDelta::hours(6);

/// The longest that a destination that does not answer is left alone.
const REST_MAX: TimeDelta = TimeDelta::minutes(10);

/// When a message is tried again after so many attempts: at any moment of a pause that doubles, so that those that failed together
/// do not come again together; not before the receiver wants that, and once at the very end.
pub(crate) fn next_attempt(
    attempts: u64,
    wanted_after: Option<TimeDelta>,
    random: u32,
    now: DateTime<Utc>,
    give_up_at: DateTime<Utc>,
) -> DateTime<Utc> {
    let pause = doubled(PAUSE_FIRST, attempts).min(PAUSE_MAX);
    let drawn = pause * i32::try_from(random >> 22).unwrap_or(0) / 1_024;
    let wanted = wanted_after.unwrap_or_default().min(PAUSE_MAX);
    (now + drawn.max(wanted)).min(give_up_at.max(now))
}

/// For how long a destination is left alone after so many failures on end. Then one message tries whether it is back.
pub(crate) fn rest(failures: u64) -> TimeDelta {
    doubled(TimeDelta::seconds(1), failures).min(REST_MAX)
}

fn doubled(first: TimeDelta, times: u64) -> TimeDelta {
    let times = u32::try_from(times.saturating_sub(1).min(16)).unwrap_or(16);
    first * 2_i32.pow(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_are_drawn_and_end_after_three_days() {
        let now = DateTime::UNIX_EPOCH;
        let end = now + GIVE_UP_AFTER;
        let after = |attempts, random| next_attempt(attempts, None, random, now, end) - now;
        assert_eq!(after(1, 0), TimeDelta::zero());
        assert!(after(1, u32::MAX) < PAUSE_FIRST && after(1, u32::MAX) > PAUSE_FIRST * 9 / 10);
        assert!(after(2, u32::MAX) > PAUSE_FIRST && after(2, u32::MAX) < PAUSE_FIRST * 2);
        assert!(after(u64::MAX, u32::MAX) < PAUSE_MAX && after(u64::MAX, u32::MAX) > PAUSE_MAX * 9 / 10);
        let wanted = Some(TimeDelta::hours(1));
        assert_eq!(next_attempt(1, wanted, 0, now, end) - now, TimeDelta::hours(1));
        let greedy = Some(TimeDelta::days(99));
        assert_eq!(next_attempt(1, greedy, 0, now, end) - now, PAUSE_MAX);
        let late = end - TimeDelta::minutes(1);
        assert_eq!(
            next_attempt(20, None, u32::MAX, late, end),
            end,
            "the last one is at the end"
        );
    }

    #[test]
    fn a_destination_that_does_not_answer_is_left_alone_for_longer_and_longer() {
        assert_eq!(rest(1), TimeDelta::seconds(1));
        assert_eq!(rest(4), TimeDelta::seconds(8));
        assert_eq!(rest(u64::MAX), REST_MAX);
    }
}
