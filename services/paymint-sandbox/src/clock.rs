//! The only place that reads the time of day.

use chrono::{DateTime, Utc};

#[expect(clippy::disallowed_methods, reason = "the edge where the sandbox reads the time")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
