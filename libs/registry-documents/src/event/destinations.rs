//! The public form of what happens to destinations of alerts: never where they lead, and no secret.

use registry_domain::DestinationId;
use registry_domain::destinations::{DestinationFact, Wants};

use super::EventData;
use super::data::{EventDestination, EventDestinationDisabled, EventDestinationSecretRotated, OfEventDestination};

pub(super) fn data(fact: &DestinationFact) -> EventData {
    match fact {
        DestinationFact::Created {
            id,
            name,
            target,
            wants,
            secret: _,
        } => EventData::EventDestinationCreated(EventDestination {
            destination_id: id.to_string(),
            name: name.as_str().to_owned(),
            kind: Some(target.kind.as_str().to_owned()),
            rules: rules(wants),
            least_severity: wants.least.as_str().to_owned(),
        }),
        DestinationFact::Changed {
            id,
            name,
            target,
            wants,
        } => EventData::EventDestinationChanged(EventDestination {
            destination_id: id.to_string(),
            name: name.as_str().to_owned(),
            kind: target.as_ref().map(|target| target.kind.as_str().to_owned()),
            rules: rules(wants),
            least_severity: wants.least.as_str().to_owned(),
        }),
        DestinationFact::SecretRotated {
            id,
            secret: _,
            old_works_until,
        } => EventData::EventDestinationSecretRotated(EventDestinationSecretRotated {
            destination_id: id.to_string(),
            old_works_until: *old_works_until,
        }),
        DestinationFact::Enabled { id } => EventData::EventDestinationEnabled(of(*id)),
        DestinationFact::Disabled { id, reason } => EventData::EventDestinationDisabled(EventDestinationDisabled {
            destination_id: id.to_string(),
            reason: reason.as_str().to_owned(),
        }),
        DestinationFact::Removed { id } => EventData::EventDestinationRemoved(of(*id)),
    }
}

fn of(id: DestinationId) -> OfEventDestination {
    OfEventDestination {
        destination_id: id.to_string(),
    }
}

fn rules(wants: &Wants) -> Vec<String> {
    wants.subjects.iter().map(|it| it.as_str().to_owned()).collect()
}
