//! The public form of what happens to alerts, whoever they are about.

use registry_domain::alerts::AlertFact;

use super::EventData;
use super::data::{AlertAcknowledged, AlertRaised, AlertResolved, AlertSnoozed};

pub(super) fn data(fact: &AlertFact) -> EventData {
    match fact {
        AlertFact::Raised {
            alert_id,
            subject,
            severity,
            due_at,
        } => EventData::AlertRaised(AlertRaised {
            alert_id: alert_id.to_string(),
            rule: subject.as_str().to_owned(),
            severity: severity.as_str().to_owned(),
            due_at: *due_at,
        }),
        AlertFact::Acknowledged { alert_id } => EventData::AlertAcknowledged(AlertAcknowledged {
            alert_id: alert_id.to_string(),
        }),
        AlertFact::Snoozed { alert_id, until } => EventData::AlertSnoozed(AlertSnoozed {
            alert_id: alert_id.to_string(),
            until: *until,
        }),
        AlertFact::Resolved {
            alert_id,
            subject,
            severity,
            end,
        } => EventData::AlertResolved(AlertResolved {
            alert_id: alert_id.to_string(),
            rule: subject.as_str().to_owned(),
            severity: severity.as_str().to_owned(),
            reason: end.as_str().to_owned(),
        }),
    }
}
