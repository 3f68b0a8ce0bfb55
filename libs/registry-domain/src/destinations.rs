//! Event destinations: to whom and to what a tenant's alerts are carried. Where one leads and with what its messages are signed
//! stands sealed in the events that said so; everything else about it is known here.

use chrono::{DateTime, TimeDelta, Utc};

use crate::alerts::{Severity, Subject};
use crate::ids::{DestinationId, Seq, Stamp, Version};
use crate::merchant::SecretText;
use crate::text::Label;
use crate::words::words;

#[cfg(test)]
mod tests;

/// Most destinations of a tenant.
pub const DESTINATIONS_MAX: usize = 20;

/// What carries messages there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DestinationKind {
    /// A mail to one address: a digest.
    Mail,
    /// A channel that takes messages of Slack's form: a digest.
    Slack,
    /// A channel that takes plain JSON: a digest.
    Chat,
    /// A program that takes signed messages (Standard Webhooks): each event.
    Webhook,
}

words!(DestinationKind {
    Mail => "mail",
    Slack => "slack",
    Chat => "chat",
    Webhook => "webhook",
});

impl DestinationKind {
    /// Whether it gets a digest for each rule and window, and not each event.
    pub const fn takes_digests(self) -> bool {
        match self {
            Self::Mail | Self::Slack | Self::Chat => true,
            Self::Webhook => false,
        }
    }

    /// Whether its messages are signed.
    pub const fn is_signed(self) -> bool {
        match self {
            Self::Webhook => true,
            Self::Mail | Self::Slack | Self::Chat => false,
        }
    }
}

/// Where a destination leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What carries messages there.
    pub kind: DestinationKind,
    /// The mail address, or the URL. Whoever knows the URL of a channel can write to it.
    pub address: SecretText,
}

/// Which alerts are carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    /// Those of these rules, each once; those of all if there is none.
    pub subjects: Vec<Subject>,
    /// Those that are as bad as this, or worse.
    pub least: Severity,
}

impl Wants {
    /// Whether an alert is among them.
    pub fn include(&self, subject: Subject, severity: Severity) -> bool {
        severity >= self.least && (self.subjects.is_empty() || self.subjects.contains(&subject))
    }
}

/// Why a destination gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisableReason {
    /// Somebody wanted that.
    Asked,
    /// Nothing has arrived there for days.
    Failing,
    /// It said itself that it is gone.
    Gone,
}

words!(DisableReason {
    Asked => "asked",
    Failing => "failing",
    Gone => "gone",
});

/// A destination gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabled {
    /// Why.
    pub reason: DisableReason,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A signing secret that is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldSecret {
    /// The event that holds it.
    pub stands_at: Seq,
    /// Until when messages are signed with it too.
    pub works_until: DateTime<Utc>,
}

/// A destination of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its id.
    pub id: DestinationId,
    /// What its owner calls it.
    pub name: Label,
    /// What carries messages there.
    pub kind: DestinationKind,
    /// What is carried.
    pub wants: Wants,
    /// It gets nothing, and why.
    pub disabled: Option<Disabled>,
    /// It gets what stands behind this position of the log.
    pub from: Seq,
    /// The event that says where it leads.
    pub target_at: Seq,
    /// The event that holds the secret with which its messages are signed, if they are.
    pub secret_at: Option<Seq>,
    /// The secret before that, for as long as both work.
    pub old_secret: Option<OldSecret>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The event of the tenant's stream that changed it last.
    pub version: Version,
}

/// What happens to destinations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationFact {
    /// One was made.
    Created {
        /// Its id.
        id: DestinationId,
        /// What its owner calls it.
        name: Label,
        /// Where it leads.
        target: Target,
        /// What is carried.
        wants: Wants,
        /// With what its messages are signed, if they are.
        secret: Option<SecretText>,
    },
    /// Something about it is different from now on.
    Changed {
        /// Which.
        id: DestinationId,
        /// What its owner calls it.
        name: Label,
        /// Where it leads, if that is elsewhere.
        target: Option<Target>,
        /// What is carried.
        wants: Wants,
    },
    /// Its messages are signed with another secret.
    SecretRotated {
        /// Which.
        id: DestinationId,
        /// The secret.
        secret: SecretText,
        /// Until when messages are signed with the old one too.
        old_works_until: DateTime<Utc>,
    },
    /// It gets what happens from now on.
    Enabled {
        /// Which.
        id: DestinationId,
    },
    /// It gets nothing from now on.
    Disabled {
        /// Which.
        id: DestinationId,
        /// Why.
        reason: DisableReason,
    },
    /// It is no more.
    Removed {
        /// Which.
        id: DestinationId,
    },
}

/// What shall be different about a destination. What is none stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DestinationChange {
    /// What its owner calls it.
    pub name: Option<Label>,
    /// Where it leads; of the same kind.
    pub target: Option<Target>,
    /// Which rules are carried.
    pub subjects: Option<Vec<Subject>>,
    /// How bad they must be.
    pub least: Option<Severity>,
    /// Whether it gets anything.
    pub enabled: Option<bool>,
}

/// What somebody wants of destinations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationWish {
    /// Make one.
    Create {
        /// Its id.
        id: DestinationId,
        /// What its owner calls it.
        name: Label,
        /// Where it leads.
        target: Target,
        /// What is carried.
        wants: Wants,
        /// With what its messages are signed, where they are.
        secret: SecretText,
    },
    /// Change one.
    Change {
        /// Which.
        id: DestinationId,
        /// What shall be different.
        change: DestinationChange,
        /// Only if it was changed last by this event.
        expected: Option<Version>,
    },
    /// Sign its messages with another secret.
    RotateSecret {
        /// Which.
        id: DestinationId,
        /// The secret.
        secret: SecretText,
        /// For how long the old one works beside it.
        overlap: TimeDelta,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Let it get nothing any more, for it does not arrive.
    Disable {
        /// Which.
        id: DestinationId,
        /// Why.
        reason: DisableReason,
    },
    /// Remove one.
    Remove {
        /// Which.
        id: DestinationId,
    },
}

/// Why a wish about destinations was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationRefusal {
    /// There is none with this id.
    #[error("no such event destination")]
    NoSuchDestination,
    /// There are as many as a tenant may have.
    #[error("the tenant has too many event destinations")]
    TooMany,
    /// It has changed since it was seen.
    #[error("the event destination has changed")]
    Changed,
    /// Another one was made with this id.
    #[error("an event destination with this id exists")]
    IdTaken,
    /// Messages of this kind are not signed.
    #[error("messages to this kind of event destination are not signed")]
    NotSigned,
    /// It would be of another kind.
    #[error("an event destination keeps its kind")]
    AnotherKind,
}

/// Which facts follow from a wish. None, if it is fulfilled already.
pub fn decide(known: &[Destination], wish: DestinationWish) -> Result<Vec<DestinationFact>, DestinationRefusal> {
    match wish {
        DestinationWish::Create {
            id,
            name,
            target,
            wants,
            secret,
        } => create(known, id, name, target, wants, secret),
        DestinationWish::Change { id, change, expected } => change_one(found(known, id)?, change, expected),
        DestinationWish::RotateSecret {
            id,
            secret,
            overlap,
            now,
        } => {
            found(known, id)?.secret_at.ok_or(DestinationRefusal::NotSigned)?;
            Ok(vec![DestinationFact::SecretRotated {
                id,
                secret,
                old_works_until: now + overlap,
            }])
        }
        DestinationWish::Disable { id, reason } => {
            let is_on = found(known, id)?.disabled.is_none();
            let disabled = is_on.then_some(DestinationFact::Disabled { id, reason });
            Ok(disabled.into_iter().collect())
        }
        DestinationWish::Remove { id } => {
            found(known, id)?;
            Ok(vec![DestinationFact::Removed { id }])
        }
    }
}

/// A wish that comes again, under the id that it had the first time, is fulfilled already.
fn create(
    known: &[Destination],
    id: DestinationId,
    name: Label,
    target: Target,
    wants: Wants,
    secret: SecretText,
) -> Result<Vec<DestinationFact>, DestinationRefusal> {
    if let Some(made) = known.iter().find(|it| it.id == id) {
        let is_same = made.kind == target.kind && made.name == name && made.wants == wants;
        return if is_same {
            Ok(vec![])
        } else {
            Err(DestinationRefusal::IdTaken)
        };
    }
    if known.len() >= DESTINATIONS_MAX {
        return Err(DestinationRefusal::TooMany);
    }
    let secret = target.kind.is_signed().then_some(secret);
    Ok(vec![DestinationFact::Created {
        id,
        name,
        target,
        wants,
        secret,
    }])
}

fn change_one(
    made: &Destination,
    change: DestinationChange,
    expected: Option<Version>,
) -> Result<Vec<DestinationFact>, DestinationRefusal> {
    let DestinationChange {
        name,
        target,
        subjects,
        least,
        enabled,
    } = change;
    let id = made.id;
    if expected.is_some_and(|expected| expected != made.version) {
        return Err(DestinationRefusal::Changed);
    }
    if target.as_ref().is_some_and(|target| target.kind != made.kind) {
        return Err(DestinationRefusal::AnotherKind);
    }
    let name = name.unwrap_or_else(|| made.name.clone());
    let wants = Wants {
        subjects: subjects.unwrap_or_else(|| made.wants.subjects.clone()),
        least: least.unwrap_or(made.wants.least),
    };
    let is_news = target.is_some() || name != made.name || wants != made.wants;
    let changed = is_news.then_some(DestinationFact::Changed {
        id,
        name,
        target,
        wants,
    });
    let switched = match (enabled, made.disabled) {
        (Some(true), Some(_)) => Some(DestinationFact::Enabled { id }),
        (Some(false), None) => Some(DestinationFact::Disabled {
            id,
            reason: DisableReason::Asked,
        }),
        (Some(true), None) | (Some(false), Some(_)) | (None, _) => None,
    };
    Ok(changed.into_iter().chain(switched).collect())
}

fn found(known: &[Destination], id: DestinationId) -> Result<&Destination, DestinationRefusal> {
    let made = known.iter().find(|it| it.id == id);
    made.ok_or(DestinationRefusal::NoSuchDestination)
}

impl DestinationFact {
    /// Changes what is known of a tenant's destinations.
    pub(crate) fn apply_to(&self, destinations: &mut Vec<Destination>, stamp: Stamp) {
        let mut with = |id: DestinationId, change: &dyn Fn(&mut Destination)| {
            if let Some(made) = destinations.iter_mut().find(|it| it.id == id) {
                change(made);
                made.version = stamp.version;
            }
        };
        match self {
            Self::Created {
                id,
                name,
                target,
                wants,
                secret,
            } => destinations.push(Destination {
                id: *id,
                name: name.clone(),
                kind: target.kind,
                wants: wants.clone(),
                disabled: None,
                from: stamp.seq,
                target_at: stamp.seq,
                secret_at: secret.as_ref().map(|_| stamp.seq),
                old_secret: None,
                created_at: stamp.recorded_at,
                version: stamp.version,
            }),
            Self::Changed {
                id,
                name,
                target,
                wants,
            } => with(*id, &|made| {
                made.name.clone_from(name);
                made.wants.clone_from(wants);
                if target.is_some() {
                    made.target_at = stamp.seq;
                }
            }),
            Self::SecretRotated {
                id,
                secret: _,
                old_works_until,
            } => with(*id, &|made| {
                made.old_secret = made.secret_at.map(|stands_at| OldSecret {
                    stands_at,
                    works_until: *old_works_until,
                });
                made.secret_at = Some(stamp.seq);
            }),
            Self::Enabled { id } => with(*id, &|made| {
                made.disabled = None;
                made.from = stamp.seq;
            }),
            Self::Disabled { id, reason } => with(*id, &|made| {
                made.disabled = Some(Disabled {
                    reason: *reason,
                    since: stamp.recorded_at,
                });
            }),
            Self::Removed { id } => destinations.retain(|it| it.id != *id),
        }
    }
}
