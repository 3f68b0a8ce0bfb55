//! Alerts: what a tenant wants to be told of, and what it was told. A shop that stands too long in a stage, measured in the
//! tenant's business days; and what is wrong with the tenant's own connection.
//!
//! A rule says what is too long. [`judge_stage`] and [`judge_health`] say what follows from it now: they are asked by whoever
//! watches, and again under the lock, so that nothing is told twice. What ends an alert ends it in the commit in which it
//! happens ([`ended_by_movement`]). Nothing is raised on a day on which nobody works.

mod judge;
mod rule;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use judge::resolved;
pub use judge::{
    Ground, SNOOZE_MAX, cutoff, ended_by_movement, is_open_for_alerts, judge_health, judge_stage, next_opening,
};
pub use rule::{
    AlertRule, HealthCondition, LEVEL_DAYS_MAX, Levels, LevelsError, MORE_THAN_MAX, SetAlertRule, Severity, Subject,
    UNUSUAL_PERCENT_MAX,
};
pub use state::{Alert, AlertEnd, AlertFact, AlertRefusal, Standing, acknowledge, snooze};
