//! The order by how unusual waits are, as storage can make it.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use registry_journal::port::{SILENT, WAIT_STEP, WaitOrder, wait_level};

use super::Dialect;

/// A moment for each merchant: since when it waits, put off by a step of ages for each percent that its wait is less unusual. So the
/// most unusual waits come first, and of those that are equally unusual the longest.
pub(super) fn wait_key(dialect: Dialect, order: &WaitOrder) -> String {
    let level = |level: i32| match dialect {
        Dialect::Postgres => format!("INTERVAL '{} hours'", WAIT_STEP.num_hours() * i64::from(level)),
        Dialect::Sqlite => (WAIT_STEP.num_seconds() * 1_000_000 * i64::from(level)).to_string(),
    };
    let moment = |moment: DateTime<Utc>| match dialect {
        Dialect::Postgres => format!("TIMESTAMPTZ '{}'", moment.to_rfc3339_opts(SecondsFormat::Micros, true)),
        Dialect::Sqlite => moment.timestamp_micros().to_string(),
    };
    let mut cases = String::new();
    for (stage, steps) in order {
        let Some((last, steps)) = steps.split_last() else {
            continue;
        };
        let _ = write!(cases, " WHEN '{}' THEN CASE", stage.as_str());
        for step in steps {
            let _ = write!(
                cases,
                " WHEN m.stage_since < {} THEN {}",
                moment(step.before),
                level(wait_level(step.percent))
            );
        }
        // Of which there is one at least.
        let _ = write!(
            cases,
            " WHEN false THEN {0} ELSE {0} END",
            level(wait_level(last.percent))
        );
    }
    let silent = level(SILENT);
    format!("(m.stage_since + CASE m.stage WHEN '' THEN {silent}{cases} ELSE {silent} END)")
}
