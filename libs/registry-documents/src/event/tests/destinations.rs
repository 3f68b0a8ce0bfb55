//! What each event about destinations tells.

use registry_domain::DestinationId;
use registry_domain::alerts::{Severity, Subject};
use registry_domain::destinations::{DestinationFact, DestinationKind, DisableReason, Target, Wants};
use registry_domain::merchant::{SecretText, Stage};

use super::*;

pub(super) fn table() -> Vec<Row<TenantEvent>> {
    let id = DestinationId::from_uuid(Uuid::from_u128(13));
    let wants = Wants {
        subjects: vec![Subject::Stage(Stage::InReview)],
        least: Severity::Late,
    };
    let target = Target {
        kind: DestinationKind::Webhook,
        address: SecretText::new("https://hook.example/s3cret".to_owned()),
    };
    let secret = SecretText::new("whsec_s3cret".to_owned());
    let name = Label::parse("당직").unwrap();
    let said = |kind: Value| {
        json!({
            "destination_id": id.to_string(), "name": "당직", "kind": kind, "rules": ["in_review"], "least_severity": "late",
        })
    };
    let only = json!({ "destination_id": id.to_string() });
    let facts = [
        (
            DestinationFact::Created {
                id,
                name: name.clone(),
                target,
                wants: wants.clone(),
                secret: Some(secret.clone()),
            },
            "event_destination.created",
            said(json!("webhook")),
        ),
        (
            DestinationFact::Changed {
                id,
                name,
                target: None,
                wants,
            },
            "event_destination.changed",
            said(json!(null)),
        ),
        (
            DestinationFact::SecretRotated {
                id,
                secret,
                old_works_until: at(9),
            },
            "event_destination.secret_rotated",
            json!({ "destination_id": id.to_string(), "old_works_until": "1970-01-01T00:00:09Z" }),
        ),
        (
            DestinationFact::Enabled { id },
            "event_destination.enabled",
            only.clone(),
        ),
        (
            DestinationFact::Disabled {
                id,
                reason: DisableReason::Failing,
            },
            "event_destination.disabled",
            json!({ "destination_id": id.to_string(), "reason": "failing" }),
        ),
        (DestinationFact::Removed { id }, "event_destination.removed", only),
    ];
    let facts = facts.into_iter();
    facts
        .map(|(fact, event_type, data)| (TenantEvent::Destination(fact), event_type, json!(null), data))
        .collect()
}
