//! The only place that reads the time of day.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// Seoul is nine hours ahead of UTC, all year.
const SEOUL_AHEAD: TimeDelta = TimeDelta::hours(9);

#[expect(clippy::disallowed_methods, reason = "the edge where the sandbox reads the time")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What the clocks in Seoul show then: the only time that upstream writes.
pub(crate) fn in_seoul(time: DateTime<Utc>) -> NaiveDateTime {
    (time + SEOUL_AHEAD).naive_utc()
}
