//! What follows from rules, calendar and the state of things at a moment.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};

use super::rule::{AlertRule, HealthCondition, Levels, SetAlertRule, Severity, Subject};
use super::state::{Alert, AlertEnd, AlertFact};
use crate::calendar::{Calendar, KST, day_in_korea};
use crate::ids::AlertId;
use crate::merchant::{Merchant, Stage};

/// Longest time for which an alert may sleep.
pub const SNOOZE_MAX: TimeDelta = TimeDelta::days(90);

/// At what time of a business day shops are told of.
const OPENING: NaiveTime = match NaiveTime::from_hms_opt(9, 0, 0) {
    Some(time) => time,
    None => panic!("nine is a time of day"),
};

/// Most days that are looked at for one on which people work. A tenant may say that it works on none.
const CLOSED_DAYS_MAX: u64 = 400;

/// By what is judged.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The tenant's rules.
    pub rules: &'a [SetAlertRule],
    /// On which days it works.
    pub calendar: &'a Calendar,
    /// After how many business days a wait is unusual, for stages of which a rule asks and of which that can be said.
    pub unusual: &'a [(Stage, u16)],
}

impl Ground<'_> {
    /// What is too long in a stage.
    pub fn levels(&self, stage: Stage) -> Option<Levels> {
        self.rules.iter().find_map(|set| match set.rule {
            AlertRule::Stage { stage: other, levels } => (other == stage).then_some(levels),
            AlertRule::Health { .. } => None,
        })
    }

    /// After how many business days a shop in a stage is told of, by how bad that is: the worst first.
    fn due_days(&self, stage: Stage) -> impl Iterator<Item = (Severity, u16)> + use<> {
        let levels = self.levels(stage);
        let unusual = levels.and_then(|levels| levels.unusual()).and_then(|_| {
            let known = self.unusual.iter().find(|(other, _)| *other == stage);
            known.map(|(_, days)| (Severity::Warn, *days))
        });
        levels.into_iter().flat_map(|levels| levels.all().rev()).chain(unusual)
    }

    /// What the rule for a condition says: how bad it is, and how much may pass.
    pub fn health(&self, condition: HealthCondition) -> Option<(Severity, u32)> {
        self.rules.iter().find_map(|set| match set.rule {
            AlertRule::Health {
                condition: other,
                severity,
                more_than,
            } => (other == condition).then_some((severity, more_than)),
            AlertRule::Stage { .. } => None,
        })
    }
}

/// When a day opens in Korea.
fn opening(date: NaiveDate) -> DateTime<Utc> {
    let local = KST.from_local_datetime(&date.and_time(OPENING)).single();
    local.map_or(DateTime::<Utc>::MAX_UTC, |at| at.to_utc())
}

/// When a shop that came into its stage at a moment has stood there for so many business days.
fn due_at(calendar: &Calendar, since: DateTime<Utc>, days: u16) -> DateTime<Utc> {
    opening(calendar.after(day_in_korea(since), days))
}

/// Whether anybody is told anything at a moment: on a business day, from its opening on.
pub fn is_open_for_alerts(calendar: &Calendar, now: DateTime<Utc>) -> bool {
    let today = day_in_korea(now);
    calendar.day(today).is_business() && now >= opening(today)
}

/// When the next business day opens. None for a tenant that works on none.
pub fn next_opening(calendar: &Calendar, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = day_in_korea(now);
    let mut days = (0..=CLOSED_DAYS_MAX).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
    days.find(|date| calendar.day(*date).is_business() && opening(*date) > now)
        .map(opening)
}

/// Up to when a shop must have come into its stage so that it has stood there for so many business days now. Whoever came
/// before that is due; whoever came behind it is not.
pub fn cutoff(calendar: &Calendar, days: u16, now: DateTime<Utc>) -> DateTime<Utc> {
    // A day before its opening counts as the one before.
    let today = day_in_korea(now);
    let reached = if now >= opening(today) {
        today
    } else {
        today.pred_opt().unwrap_or(today)
    };
    let mut date = reached;
    while calendar.business_days(date, reached) < i32::from(days) {
        match date.pred_opt() {
            Some(before) => date = before,
            None => break,
        }
    }
    // The end of that day.
    let next = date.succ_opt().unwrap_or(date);
    let midnight = KST.from_local_datetime(&next.and_time(NaiveTime::MIN)).single();
    midnight.map_or(DateTime::<Utc>::MIN_UTC, |at| at.to_utc() - TimeDelta::microseconds(1))
}

/// What follows for a shop. `id` is that of an alert to be.
pub fn judge_stage(merchant: &Merchant, ground: Ground<'_>, id: AlertId, now: DateTime<Utc>) -> Option<AlertFact> {
    let stage = merchant.stage();
    let open = merchant.alerts.first();
    let since = merchant.stage_since();
    let due = |(severity, days): (Severity, u16)| (severity, due_at(ground.calendar, since, days));
    let mut due = ground.due_days(stage).map(due);
    let reached = due.find(|(_, due_at)| *due_at <= now);
    match (open, reached) {
        (Some(open), None) => Some(resolved(open, AlertEnd::RuleChanged)),
        (Some(open), _) if open.subject != Subject::Stage(stage) => Some(resolved(open, AlertEnd::Moved)),
        (Some(open), Some((severity, _))) if severity <= open.severity || open.is_snoozed(now) => None,
        (None, None) => None,
        (_, Some(_)) if !is_open_for_alerts(ground.calendar, now) => None,
        (_, Some((severity, due_at))) => Some(AlertFact::Raised {
            alert_id: open.map_or(id, |open| open.id),
            subject: Subject::Stage(stage),
            severity,
            due_at,
        }),
    }
}

/// What follows for a tenant of which a condition holds since a moment, or does not. `id` is that of an alert to be.
pub fn judge_health(
    alerts: &[Alert],
    ground: Ground<'_>,
    condition: HealthCondition,
    holds_since: Option<DateTime<Utc>>,
    id: AlertId,
    now: DateTime<Utc>,
) -> Option<AlertFact> {
    let subject = Subject::Health(condition);
    let open = alerts.iter().find(|alert| alert.subject == subject);
    match (open, ground.health(condition), holds_since) {
        (Some(open), None, _) => Some(resolved(open, AlertEnd::RuleChanged)),
        (Some(open), Some(_), None) => Some(resolved(open, AlertEnd::Recovered)),
        (Some(_), Some(_), Some(_)) | (None, None, _) | (None, Some(_), None) => None,
        // What is wrong with the connection is told at any hour, but on no holiday either.
        (None, Some(_), Some(_)) if !ground.calendar.day(day_in_korea(now)).is_business() => None,
        (None, Some((severity, _)), Some(due_at)) => Some(AlertFact::Raised {
            alert_id: id,
            subject,
            severity,
            due_at,
        }),
    }
}

/// The alerts of a shop that end because it moves: it leaves its stage, or comes into it anew.
pub fn ended_by_movement(before: &Merchant, after: &Merchant) -> Vec<AlertFact> {
    let is_moved = before.stage() != after.stage() || before.stage_since() != after.stage_since();
    let ended = before.alerts.iter().filter(|_| is_moved);
    ended.map(|alert| resolved(alert, AlertEnd::Moved)).collect()
}

/// The end of an alert.
pub(crate) fn resolved(alert: &Alert, end: AlertEnd) -> AlertFact {
    AlertFact::Resolved {
        alert_id: alert.id,
        subject: alert.subject,
        severity: alert.severity,
        end,
    }
}
