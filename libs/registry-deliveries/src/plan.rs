//! What follows from a stretch of a log for the destinations of its tenant.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::alerts::{Alert, AlertEnd, AlertFact, Severity, Subject, is_open_for_alerts, next_opening};
use registry_domain::calendar::Calendar;
use registry_domain::destinations::Destination;
use registry_domain::tenant::{self, Tenant};
use registry_domain::{AlertId, DeliveryId, DestinationId, MerchantId, Seq, TenantId, merchant};
use registry_journal::archive::Until;
use registry_journal::port::{DeliveryPlan, PlannedDigest, PlannedEvent, Tally};
use registry_journal::record::StreamEvent;
use registry_journal::{Archive, ArchiveError, EventRow, IdSource, RecordedEvent, stored};

use crate::retry::GIVE_UP_AFTER;

/// For how long a digest takes what its rule raises, from the first alert on.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Something that happened to an alert, with what a destination chooses by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    seq: Seq,
    fact: AlertFact,
    /// None where nobody knows it any more: then everybody is told.
    about: Option<(Subject, Severity)>,
}

/// What is told in rows of a log. Only those about alerts are opened, and none that is so old that it would be given up.
pub(crate) async fn told(
    archive: &Archive,
    tenant: &Tenant,
    mut rows: Vec<EventRow>,
    now: DateTime<Utc>,
) -> Result<Vec<Told>, ArchiveError> {
    rows.retain(|row| stored::is_of_alerts(&row.event_type) && row.recorded_at + GIVE_UP_AFTER > now);
    let mut told = Vec::with_capacity(rows.len());
    for recorded in archive.open(tenant.id, rows).await? {
        let fact = match &recorded.event {
            StreamEvent::Merchant(merchant::Event::Alert(fact)) | StreamEvent::Tenant(tenant::Event::Alert(fact)) => {
                *fact
            }
            StreamEvent::Merchant(_) | StreamEvent::Tenant(_) => continue,
        };
        told.push(Told {
            seq: recorded.stamp.seq,
            fact,
            about: about(archive, tenant, &recorded, fact).await?,
        });
    }
    Ok(told)
}

/// The rule and the severity of an alert. What is said to one does not say them: they stand in what it was before.
async fn about(
    archive: &Archive,
    tenant: &Tenant,
    recorded: &RecordedEvent,
    fact: AlertFact,
) -> Result<Option<(Subject, Severity)>, ArchiveError> {
    match fact {
        AlertFact::Raised { subject, severity, .. } | AlertFact::Resolved { subject, severity, .. } => {
            Ok(Some((subject, severity)))
        }
        AlertFact::Acknowledged { alert_id } | AlertFact::Snoozed { alert_id, .. } => {
            match recorded.stream.merchant_id() {
                Some(merchant) => of_merchant(archive, tenant.id, merchant, recorded, alert_id).await,
                None => Ok(known(&tenant.alerts, alert_id)),
            }
        }
    }
}

async fn of_merchant(
    archive: &Archive,
    tenant: TenantId,
    merchant: MerchantId,
    recorded: &RecordedEvent,
    alert: AlertId,
) -> Result<Option<(Subject, Severity)>, ArchiveError> {
    let until = Until::Version(recorded.stamp.version);
    let then = archive.merchant_at(tenant, merchant, until).await?;
    Ok(then.and_then(|merchant| known(&merchant.alerts, alert)))
}

fn known(alerts: &[Alert], id: AlertId) -> Option<(Subject, Severity)> {
    let alert = alerts.iter().find(|alert| alert.id == id)?;
    Some((alert.subject, alert.severity))
}

/// A stretch of a log, from behind one position to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) after: Seq,
    pub(crate) until: Seq,
    pub(crate) now: DateTime<Utc>,
}

/// What is to be carried of what was told.
pub(crate) fn plan(tenant: &Tenant, told: &[Told], stretch: Stretch, ids: &dyn IdSource) -> DeliveryPlan {
    let Stretch { after, until, now } = stretch;
    let mut events = Vec::new();
    let mut tallies: HashMap<(DestinationId, Subject), Tally> = HashMap::new();
    for told in told {
        let takes = |there: &&Destination| takes(there, told);
        for there in tenant.destinations.iter().filter(takes) {
            if !there.kind.takes_digests() {
                events.push(PlannedEvent {
                    id: DeliveryId::from_uuid(ids.uuid()),
                    destination: there.id,
                    seq: told.seq,
                });
            } else if let Some((subject, part)) = part(told.fact) {
                let tally = tallies.entry((there.id, subject)).or_default();
                *tally = sum(*tally, part);
            }
        }
    }
    let due_at = due_at(&tenant.settings.calendar, now);
    let digests = tallies
        .into_iter()
        .map(|((destination, subject), tally)| PlannedDigest {
            id: DeliveryId::from_uuid(ids.uuid()),
            destination,
            subject,
            tally,
            due_at,
            give_up_at: due_at + GIVE_UP_AFTER,
        });
    DeliveryPlan {
        after,
        until,
        now,
        give_up_at: now + GIVE_UP_AFTER,
        events,
        digests: digests.collect(),
    }
}

fn takes(there: &Destination, told: &Told) -> bool {
    let wants = |(subject, severity)| there.wants.include(subject, severity);
    there.disabled.is_none() && told.seq > there.from && told.about.is_none_or(wants)
}

/// What a digest tells of a fact: what was raised, and of the tenant itself what is right again. Shops that move on are good news that
/// nobody waits for.
fn part(fact: AlertFact) -> Option<(Subject, Tally)> {
    let mut tally = Tally::default();
    match fact {
        AlertFact::Raised { subject, severity, .. } => {
            match severity {
                Severity::Warn => tally.warn = 1,
                Severity::Late => tally.late = 1,
                Severity::Critical => tally.critical = 1,
            }
            Some((subject, tally))
        }
        AlertFact::Resolved {
            subject: subject @ Subject::Health(_),
            end: AlertEnd::Recovered,
            ..
        } => {
            tally.recovered = 1;
            Some((subject, tally))
        }
        AlertFact::Resolved { .. } | AlertFact::Acknowledged { .. } | AlertFact::Snoozed { .. } => None,
    }
}

fn sum(one: Tally, other: Tally) -> Tally {
    Tally {
        warn: one.warn + other.warn,
        late: one.late + other.late,
        critical: one.critical + other.critical,
        recovered: one.recovered + other.recovered,
    }
}

/// When a digest that begins now is sent: at the end of its window, or when people come to work next.
fn due_at(calendar: &Calendar, now: DateTime<Utc>) -> DateTime<Utc> {
    let end = now + WINDOW;
    if is_open_for_alerts(calendar, end) {
        return end;
    }
    next_opening(calendar, end).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use registry_domain::alerts::HealthCondition;
    use uuid::Uuid;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_digest_is_sent_when_people_are_at_work() {
        let calendar = Calendar::default();
        let due = |now| due_at(&calendar, at(now));
        // A Monday; a Friday before nine; a Saturday; new year's day.
        assert_eq!(due("2026-11-30T09:00:02+09:00"), at("2026-11-30T09:15:02+09:00"));
        assert_eq!(due("2026-11-27T03:00:00+09:00"), at("2026-11-27T09:00:00+09:00"));
        assert_eq!(due("2026-11-28T12:00:00+09:00"), at("2026-11-30T09:00:00+09:00"));
        assert_eq!(due("2026-12-31T23:50:00+09:00"), at("2027-01-04T09:00:00+09:00"));
    }

    #[test]
    fn a_digest_tells_of_what_was_raised_and_of_what_is_right_again() {
        let alert_id = AlertId::from_uuid(Uuid::from_u128(1));
        let health = Subject::Health(HealthCondition::BalanceLow);
        let shops = Subject::Stage(merchant::Stage::InReview);
        let raised = |subject, severity| AlertFact::Raised {
            alert_id,
            subject,
            severity,
            due_at: DateTime::UNIX_EPOCH,
        };
        let ended = |subject, end| AlertFact::Resolved {
            alert_id,
            subject,
            severity: Severity::Late,
            end,
        };
        let facts = [
            raised(shops, Severity::Late),
            raised(shops, Severity::Critical),
            raised(health, Severity::Warn),
            ended(shops, AlertEnd::Moved),
            ended(health, AlertEnd::RuleChanged),
            ended(health, AlertEnd::Recovered),
            AlertFact::Acknowledged { alert_id },
        ];
        let mut told = Tally::default();
        let parts: Vec<_> = facts.into_iter().filter_map(part).collect();
        for (_, part) in &parts {
            told = sum(told, *part);
        }
        let expected = Tally {
            warn: 1,
            late: 1,
            critical: 1,
            recovered: 1,
        };
        assert_eq!((parts.len(), told), (4, expected));
    }
}
