//! What stands in one place of a table.

use chrono::{DateTime, FixedOffset, Utc};

/// Hours that Korea is ahead of UTC, in seconds: every moment is shown in its time.
const AHEAD: i32 = 9 * 3_600;

/// A value, of the kind that a spreadsheet would tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// There is none.
    Empty,
    /// A text, as it is: whatever writes it sees to it that it runs nowhere.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A moment.
    Moment(DateTime<Utc>),
}

impl Cell {
    /// A text; nothing for one that is not there.
    pub fn text(text: Option<&str>) -> Self {
        text.filter(|text| !text.is_empty())
            .map_or(Self::Empty, |text| Self::Text(text.to_owned()))
    }

    /// A count. One that no storage could hold is the largest there is.
    pub fn count(count: u64) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::text(Some(text))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::text(Some(&text))
    }
}

/// A moment as clocks in Korea show it, to the second: `2026-11-17 14:02:11`.
pub fn in_korea(moment: DateTime<Utc>) -> String {
    let local = FixedOffset::east_opt(AHEAD).map(|korea| moment.with_timezone(&korea).naive_local());
    local
        .unwrap_or_else(|| moment.naive_utc())
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}
