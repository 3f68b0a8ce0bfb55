//! Destinations of alerts as they are written, in events and in the tenant's row. Where they lead, and the secrets, are sealed.

use chrono::{DateTime, Utc};
use registry_domain::destinations::{
    Destination, DestinationFact, DestinationKind, DisableReason, Disabled, OldSecret, Target, Wants,
};
use registry_domain::merchant::SecretText;
use registry_domain::{DestinationId, Label, Seq, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::alerts::{severity, subject};
use super::personal::{Personal, label};
use super::{StoredError, read, to_json, word};

#[derive(Serialize, Deserialize)]
struct StoredWants {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<String>,
    least: String,
}

impl From<&Wants> for StoredWants {
    fn from(wants: &Wants) -> Self {
        Self {
            rules: wants.subjects.iter().map(|it| it.as_str().to_owned()).collect(),
            least: wants.least.as_str().to_owned(),
        }
    }
}

impl StoredWants {
    fn read(&self) -> Result<Wants, StoredError> {
        Ok(Wants {
            subjects: self.rules.iter().map(|rule| subject(rule)).collect::<Result<_, _>>()?,
            least: severity(&self.least)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Created {
    destination_id: Uuid,
    name: String,
    kind: String,
    #[serde(flatten)]
    wants: StoredWants,
}

#[derive(Serialize, Deserialize)]
struct Changed {
    destination_id: Uuid,
    name: String,
    /// Where it leads elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(flatten)]
    wants: StoredWants,
}

#[derive(Serialize, Deserialize)]
struct SecretRotated {
    destination_id: Uuid,
    old_works_until: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct OfDestination {
    destination_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct StoredDisabled {
    destination_id: Uuid,
    reason: String,
}

/// The stored shape of a fact: its type, its open data, and what is sealed.
pub(super) fn from_fact(fact: &DestinationFact) -> (&'static str, String, Option<Personal>) {
    match fact {
        DestinationFact::Created {
            id,
            name,
            target,
            wants,
            secret,
        } => {
            let data = Created {
                destination_id: id.as_uuid(),
                name: name.as_str().to_owned(),
                kind: target.kind.as_str().to_owned(),
                wants: wants.into(),
            };
            let sealed = sealed(Some(target), secret.as_ref());
            ("event_destination.created", to_json(&data), Some(sealed))
        }
        DestinationFact::Changed {
            id,
            name,
            target,
            wants,
        } => {
            let data = Changed {
                destination_id: id.as_uuid(),
                name: name.as_str().to_owned(),
                kind: target.as_ref().map(|target| target.kind.as_str().to_owned()),
                wants: wants.into(),
            };
            let sealed = target.as_ref().map(|target| sealed(Some(target), None));
            ("event_destination.changed", to_json(&data), sealed)
        }
        DestinationFact::SecretRotated {
            id,
            secret,
            old_works_until,
        } => {
            let data = SecretRotated {
                destination_id: id.as_uuid(),
                old_works_until: *old_works_until,
            };
            let sealed = sealed(None, Some(secret));
            ("event_destination.secret_rotated", to_json(&data), Some(sealed))
        }
        DestinationFact::Enabled { id } => ("event_destination.enabled", of(*id), None),
        DestinationFact::Disabled { id, reason } => {
            let data = StoredDisabled {
                destination_id: id.as_uuid(),
                reason: reason.as_str().to_owned(),
            };
            ("event_destination.disabled", to_json(&data), None)
        }
        DestinationFact::Removed { id } => ("event_destination.removed", of(*id), None),
    }
}

fn of(id: DestinationId) -> String {
    to_json(&OfDestination {
        destination_id: id.as_uuid(),
    })
}

fn sealed(target: Option<&Target>, secret: Option<&SecretText>) -> Personal {
    Personal {
        target: target.map(|target| target.address.expose().to_owned()),
        signing_secret: secret.map(|secret| secret.expose().to_owned()),
        ..Personal::default()
    }
}

/// The fact of a type; none if it is none of these.
pub(super) fn into_fact(
    event_type: &str,
    data: &str,
    personal: &Personal,
) -> Result<Option<DestinationFact>, StoredError> {
    let secret = |text: &Option<String>| SecretText::new(text.clone().unwrap_or_default());
    let target = |kind: DestinationKind| Target {
        kind,
        address: secret(&personal.target),
    };
    let id = DestinationId::from_uuid;
    let fact = match event_type {
        "event_destination.created" => {
            let data: Created = read(event_type, data)?;
            let kind = kind(&data.kind)?;
            DestinationFact::Created {
                id: id(data.destination_id),
                name: label("name", &data.name)?,
                target: target(kind),
                wants: data.wants.read()?,
                secret: kind.is_signed().then(|| secret(&personal.signing_secret)),
            }
        }
        "event_destination.changed" => {
            let data: Changed = read(event_type, data)?;
            DestinationFact::Changed {
                id: id(data.destination_id),
                name: label("name", &data.name)?,
                target: data.kind.as_deref().map(kind).transpose()?.map(target),
                wants: data.wants.read()?,
            }
        }
        "event_destination.secret_rotated" => {
            let data: SecretRotated = read(event_type, data)?;
            DestinationFact::SecretRotated {
                id: id(data.destination_id),
                secret: secret(&personal.signing_secret),
                old_works_until: data.old_works_until,
            }
        }
        "event_destination.enabled" => DestinationFact::Enabled {
            id: id(read::<OfDestination>(event_type, data)?.destination_id),
        },
        "event_destination.disabled" => {
            let data: StoredDisabled = read(event_type, data)?;
            DestinationFact::Disabled {
                id: id(data.destination_id),
                reason: reason(&data.reason)?,
            }
        }
        "event_destination.removed" => DestinationFact::Removed {
            id: id(read::<OfDestination>(event_type, data)?.destination_id),
        },
        _ => return Ok(None),
    };
    Ok(Some(fact))
}

fn kind(text: &str) -> Result<DestinationKind, StoredError> {
    word("kind", DestinationKind::from_word(text))
}

fn reason(text: &str) -> Result<DisableReason, StoredError> {
    word("reason", DisableReason::from_word(text))
}

/// A destination of a tenant's row.
#[derive(Serialize, Deserialize)]
pub(super) struct DestinationRow {
    id: Uuid,
    name: String,
    kind: String,
    #[serde(flatten)]
    wants: StoredWants,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled: Option<DisabledRow>,
    from: u64,
    target_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old_secret: Option<OldSecretRow>,
    created_at: DateTime<Utc>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct DisabledRow {
    reason: String,
    since: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct OldSecretRow {
    stands_at: u64,
    works_until: DateTime<Utc>,
}

impl From<&Destination> for DestinationRow {
    fn from(made: &Destination) -> Self {
        Self {
            id: made.id.as_uuid(),
            name: made.name.as_str().to_owned(),
            kind: made.kind.as_str().to_owned(),
            wants: (&made.wants).into(),
            disabled: made.disabled.map(|disabled| DisabledRow {
                reason: disabled.reason.as_str().to_owned(),
                since: disabled.since,
            }),
            from: made.from.0,
            target_at: made.target_at.0,
            secret_at: made.secret_at.map(|seq| seq.0),
            old_secret: made.old_secret.map(|old| OldSecretRow {
                stands_at: old.stands_at.0,
                works_until: old.works_until,
            }),
            created_at: made.created_at,
            version: made.version.0,
        }
    }
}

impl DestinationRow {
    pub(super) fn into_domain(self) -> Result<Destination, StoredError> {
        let disabled = self.disabled.map(|row| {
            Ok(Disabled {
                reason: reason(&row.reason)?,
                since: row.since,
            })
        });
        Ok(Destination {
            id: DestinationId::from_uuid(self.id),
            name: word("name", Label::recorded(&self.name).ok())?,
            kind: kind(&self.kind)?,
            wants: self.wants.read()?,
            disabled: disabled.transpose()?,
            from: Seq(self.from),
            target_at: Seq(self.target_at),
            secret_at: self.secret_at.map(Seq),
            old_secret: self.old_secret.map(|old| OldSecret {
                stands_at: Seq(old.stands_at),
                works_until: old.works_until,
            }),
            created_at: self.created_at,
            version: Version(self.version),
        })
    }
}
