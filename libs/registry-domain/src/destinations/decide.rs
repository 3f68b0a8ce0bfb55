//! What somebody wants of destinations, and which facts follow.

use chrono::{DateTime, TimeDelta, Utc};

use super::{DESTINATIONS_MAX, Destination, DestinationFact, DisableReason, Target, Wants};
use crate::alerts::{Severity, Subject};
use crate::ids::{DestinationId, Version};
use crate::merchant::SecretText;
use crate::text::Label;

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
